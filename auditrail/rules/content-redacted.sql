-- id: content-redacted
-- title: Arguments, results or messages were redacted
-- severity: medium
-- confidence: proven
-- cause: redaction
-- evidence: declared
-- scope: content
-- facts: content_marks, attribute_losses
-- controls: EU AI Act 12(2); NIST 800-53 AU-3; SOC 2 CC7.3; ISO 27001 A.8.15; GDPR 5(1)(c); OWASP AISVS 9.4.3
-- says: {detail}, in {stream}
-- explains: in {count} record(s) of {stream}, in {runs} run(s): {detail}. A mark stands in place of the value, or the
--     redactor itself lists what it took
-- risk: what was done is on record, and not with what: to which account, for how much, with whose data
-- example: a bank transfer is logged with iban "[REDACTED]", and nobody can tell whose account was paid
-- remedy: read the value where it is still held; from now on keep a keyed digest in its place (equal values still
--     join, and a suspected value can be checked), and redact single members instead of whole arguments
-- remedy.otlp: Collector, processors.redaction: list gen_ai.tool.call.arguments and gen_ai.tool.call.result in
--     allowed_keys, set hash_function in place of asterisks, and summary: debug, so that each span names what was
--     taken; or keep the full value in a second pipeline with its own access rights
-- remedy.opa: the mask rules in package system.log name the paths: mask the one member and not its parent, and use
--     "op": "upsert" with a keyed digest in place of "op": "remove"
-- remedy.litellm: litellm_settings.turn_off_message_logging: false, or per call metadata
--     "turn_off_message_logging"; redact in the log store and not at the source
-- remedy.langfuse: narrow the mask function given to Langfuse(mask=...), and let it return a digest; a mask that fails
--     removes everything
-- remedy.langsmith: unset LANGSMITH_HIDE_INPUTS and LANGSMITH_HIDE_OUTPUTS, or hide single members with an anonymizer
-- remedy.openai-agents: OPENAI_AGENTS_TRACE_INCLUDE_SENSITIVE_DATA=true, and redact in a trace processor of your own
-- remedy.strands: add the attribute to gen_ai_unredacted_attributes in OTEL_SEMCONV_STABILITY_OPT_IN
-- remedy.cloudtrail: the service itself hides these members: take them from the service's own log

SELECT m.run AS run,
       m.what AS what,
       m.event AS event,
       m.witness AS witness,
       m.agent AS agent,
       m.layer AS layer,
       m.format AS format,
       m.stream AS stream,
       m.tool AS tool,
       CASE WHEN m.witness IS NOT NULL THEN 'low' ELSE 'medium' END AS severity,
       m.ts_ns AS first_ns,
       'redacted: ' || coalesce(m.told, 'a mark in place of the value') AS note,
       'still holds the value' AS witness_note,
       m.held || ' redacted' || coalesce(' (' || m.told || ')', '')
           || coalesce('; ' || m.witness_stream || ' still holds the value', '') AS detail
FROM content_marks m
WHERE m.state = 'redacted'
UNION ALL
SELECT l.run AS run,
       'attributes-redacted:' || CAST(l.event AS STRING) || ':' || l.code AS what,
       l.event AS event,
       CAST(NULL AS BIGINT) AS witness,
       l.agent AS agent,
       l.layer AS layer,
       l.format AS format,
       l.stream AS stream,
       l.tool AS tool,
       'low' AS severity,
       l.ts_ns AS first_ns,
       'attributes ' || l.code || ': ' || coalesce(l.keys, 'not named') AS note,
       CAST(NULL AS STRING) AS witness_note,
       'attributes ' || l.code || ' by the redaction processor'
           || coalesce(' (' || l.keys || ')', ' (it does not say which)') AS detail
FROM attribute_losses l
WHERE l.code IN ('masked', 'removed') AND l.side IS NULL
