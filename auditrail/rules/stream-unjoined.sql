-- id: stream-unjoined
-- title: Records of a stream are held, but cannot be joined to the run
-- severity: high
-- confidence: strong
-- cause: siloed
-- evidence: cross-witness
-- scope: stream
-- facts: absences
-- controls: NIST 800-53 AU-12(1); NIST 800-53 AU-6(3); EU AI Act 12(1)
-- says: {agent}: {stream} cannot be joined to {runs} run(s)
-- explains: {runs} run(s) of {agent} should have records of {stream}; in their time {stream} holds records that belong to no
--     run, or to a piece of one: they carry no id that any other stream has. {detail}
-- risk: the records are there, and nobody can say whose action they tell
-- example: the payment service logs its own request ids, and the agent never sends one along
-- remedy: send one id along: the trace context (traceparent), or the run or tool call id in a header, and log it there
-- remedy.otlp: propagate W3C trace context to the service (OTEL_PROPAGATORS=tracecontext,baggage; for MCP in
--     params._meta.traceparent)
-- remedy.opa: put the request or tool call id into the input, or into decision_logs.request_context.http.headers
-- remedy.litellm: send litellm_session_id or metadata.trace_id with each request

SELECT a.run AS run,
       a.what AS what,
       a.lacks AS lacks,
       a.event AS event,
       a.witness AS witness,
       a.agent AS agent,
       a.layer AS layer,
       a.format AS format,
       a.stream AS stream,
       a.confidence AS confidence,
       CASE WHEN a.confidence = 'weak' THEN 'medium' ELSE 'high' END AS severity,
       a.from_ns AS first_ns,
       a.to_ns AS last_ns,
       'first record of a run that the stream is not joined to' AS note,
       'stands loose in the time of the run' AS witness_note,
       a.detail AS detail
FROM absences a
WHERE a.cause = 'siloed'
