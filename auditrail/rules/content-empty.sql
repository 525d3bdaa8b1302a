-- id: content-empty
-- title: Arguments are empty where the tool needs some
-- severity: medium
-- confidence: strong
-- cause: unknown
-- evidence: counted
-- scope: content
-- facts: content_blanks
-- controls: EU AI Act 12(2); NIST 800-53 AU-3; OWASP AISVS 9.4.3
-- says: {detail}, in {stream}
-- explains: {count} record(s) of {stream}, in {runs} run(s), say that there was nothing where there was something:
--     {detail}. An empty object or
--     null in place of a value removes it without a mark
-- risk: an empty value looks like a harmless call, and is not what was done
-- example: each call of send_email is logged with {}, although its schema requires a recipient
-- remedy: look for the setting that hides content, and read the value where it is still held
-- remedy.adk: ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS=true: otherwise {} is written
-- remedy.langsmith: unset LANGSMITH_HIDE_INPUTS and LANGSMITH_HIDE_OUTPUTS: otherwise {} is written
-- remedy.openai-agents: OPENAI_AGENTS_TRACE_INCLUDE_SENSITIVE_DATA=true: otherwise null is written
-- remedy.otlp: ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS=true, OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT
--     =span_and_event

SELECT b.run AS run,
       b.what AS what,
       b.event AS event,
       b.witness AS witness,
       b.agent AS agent,
       b.layer AS layer,
       b.format AS format,
       b.stream AS stream,
       b.tool AS tool,
       CASE WHEN b.witness IS NOT NULL THEN 'low' ELSE 'medium' END AS severity,
       b.evidence AS evidence,
       b.ts_ns AS first_ns,
       'is empty' AS note,
       'holds the value' AS witness_note,
       b.held || ' empty' || coalesce(', and the schema requires ' || b.needs, '')
           || coalesce('; ' || b.witness_stream || ' holds the value', '') AS detail
FROM content_blanks b
WHERE b.state = 'empty'
