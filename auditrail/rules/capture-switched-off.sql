-- id: capture-switched-off
-- title: Arguments or results were always logged, and stopped
-- severity: medium
-- confidence: strong
-- cause: logging-disabled
-- evidence: statistical
-- scope: content
-- facts: content_switches
-- controls: EU AI Act 12(1); NIST 800-53 AU-5; NIST 800-53 AU-12; SOC 2 CC7.2; PCI DSS 10.7; ISO 42001 A.6.2.8
-- says: {detail}, in {stream}
-- explains: {stream} stopped to log what it always logged, in {count} record(s) of {runs} run(s): {detail}. Single
--     values that are missing do not look like this: it was switched off, or a new version does not write it
-- risk: nobody can tell what was asked for and what came back while it was off; who wants no traces switches this off
-- example: until a release on Tuesday each call has its arguments, and since then none has; the flag for content
--     capture was lost in the new deployment
-- remedy: compare the producer's version and environment before and after that time, switch capture on again, and raise
--     an alarm when the share of calls with arguments falls
-- remedy.otlp: OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=span_and_event (true in older versions),
--     TRACELOOP_TRACE_CONTENT=true, OPENINFERENCE_HIDE_INPUTS and _OUTPUTS unset, ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS
--     =true; and look for an attributes, transform or redaction processor that deletes the keys without a mark
-- remedy.litellm: litellm_settings.turn_off_message_logging: false; general_settings.store_prompts_in_spend_logs: true
-- remedy.langsmith: unset LANGSMITH_HIDE_INPUTS and LANGSMITH_HIDE_OUTPUTS
-- remedy.langfuse: LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED=true
-- remedy.openai-agents: OPENAI_AGENTS_TRACE_INCLUDE_SENSITIVE_DATA=true
-- remedy.bedrock-invocation: loggingConfig.textDataDeliveryEnabled: true
-- remedy.opa: the mask rules in package system.log, or a caller that no longer puts the arguments into the input

SELECT s.run AS run,
       s.what AS what,
       s.event AS event,
       s.witness AS witness,
       s.agent AS agent,
       s.layer AS layer,
       s.format AS format,
       s.stream AS stream,
       s.tool AS tool,
       CASE WHEN s.witness IS NOT NULL THEN 'low' ELSE 'medium' END AS severity,
       s.ts_ns AS first_ns,
       'has none' AS note,
       'still holds the value' AS witness_note,
       s.held || ' no longer logged: ' || s.detail
           || coalesce('; ' || s.witness_stream || ' still holds the value', '') AS detail
FROM content_switches s
