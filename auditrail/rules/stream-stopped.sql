-- id: stream-stopped
-- title: A stream is switched off while its agent goes on
-- severity: high
-- confidence: strong
-- cause: logging-disabled
-- evidence: statistical
-- scope: stream
-- facts: stream_losses
-- controls: NIST 800-53 AU-5; NIST 800-53 AU-12; PCI DSS 10.7; EU AI Act 12(1); SOC 2 CC8.1
-- says: {agent}: {stream} is switched off for {runs} run(s)
-- explains: from one run on (or up to one), no run of {agent} has records of {stream}, and the agent's other streams go on:
--     {detail}. Nothing marks an outage; it looks like a change of the configuration or of the version
-- risk: an agent that no longer logs to a stream acts unseen from then on; whether somebody meant it is not on record
-- example: with version 2 the tracer's environment variable is not set any more, and nobody notices for a quarter
-- remedy: compare the agent's configuration and version on both sides of this moment; treat logging settings as changes
--     that need approval
-- remedy.otlp: OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER and OTEL_LOGS_EXPORTER (none), OTEL_TRACES_SAMPLER (always_off)
-- remedy.claude_code: CLAUDE_CODE_ENABLE_TELEMETRY
-- remedy.langfuse: LANGFUSE_TRACING_ENABLED
-- remedy.opa: decision_logs in OPA's configuration: a service, console: true or a plugin
-- remedy.litellm: litellm_settings.callbacks, and general_settings.disable_spend_logs
-- remedy.bedrock_invocation: put-model-invocation-logging-configuration (logging is off by default)

SELECT l.run AS run,
       l.what AS what,
       l.scope AS scope,
       l.lacks AS lacks,
       l.event AS event,
       l.agent AS agent,
       l.layer AS layer,
       l.format AS format,
       l.stream AS stream,
       l.tool AS tool,
       l.evidence AS evidence,
       l.confidence AS confidence,
       CASE WHEN l.scope = 'stream' AND coalesce(l.confidence, '') <> 'weak' THEN 'high' ELSE 'low' END AS severity,
       l.first_ns AS first_ns,
       l.last_ns AS last_ns,
       l.note AS note,
       l.detail AS detail
FROM stream_losses l
WHERE l.cause = 'logging-disabled'
