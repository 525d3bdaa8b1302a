-- id: capture-never-on
-- title: A stream records calls and never their content
-- severity: low
-- confidence: strong
-- cause: logging-disabled
-- evidence: counted
-- scope: source
-- facts: content_never
-- controls: EU AI Act 12(1); NIST 800-53 AU-3; ISO 42001 A.6.2.8; OWASP AISVS 9.4.3
-- says: {stream} never records {detail}
-- explains: {count} record(s) of {stream} ({agent}) tell that something was called, and none tells with what: {detail}.
--     No run is named, because it is so in all of them: most instrumentations record content only if asked to
-- risk: as long as another stream holds the content it can be looked up there; if that stream is lost, or kept for a
--     shorter time, the runs can no longer be told
-- example: spans of tool calls without arguments; the gateway has them, and deletes after 30 days
-- remedy: switch content capture on where the law and the data allow it, or see to it that the stream that holds the
--     content is kept as long as this one
-- remedy.otlp: OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=span_and_event (true in older versions), with
--     OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental; TRACELOOP_TRACE_CONTENT=true; unset OPENINFERENCE_HIDE_*
-- remedy.claude-code: OTEL_LOG_TOOL_DETAILS=1 for the exported events; transcripts hold the content
-- remedy.bedrock-invocation: loggingConfig.textDataDeliveryEnabled: true

SELECT n.what AS what,
       n.event AS event,
       n.witness AS witness,
       n.agent AS agent,
       n.layer AS layer,
       n.format AS format,
       n.stream AS stream,
       CASE WHEN n.held_number * 2 < n.number AND n.layer = 'tool' THEN 'medium' ELSE 'low' END AS severity,
       n.first_ns AS first_ns,
       n.last_ns AS last_ns,
       n.number AS count,
       'the first record without it' AS note,
       'holds the value' AS witness_note,
       n.held || coalesce('; ' || n.witness_stream || ' holds them for '
           || CASE WHEN n.held_number = n.number THEN 'all calls' ELSE CAST(n.held_number AS STRING) || ' of '
              || CAST(n.number AS STRING) END, '; no loaded stream holds them for the same calls') AS detail
FROM content_never n
