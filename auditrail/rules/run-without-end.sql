-- id: run-without-end
-- title: A run began and never ended
-- severity: high
-- confidence: strong
-- cause: crash
-- evidence: counted
-- scope: record
-- facts: missing_records
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2; ISO 42001 A.6.2.8
-- says: {agent}: {runs} run(s) began and never ended
-- explains: {stream} writes when a run ends, and holds no end of {runs} run(s): the agent was killed, crashed, or its
--     last records were never written. The evidence names the last record of each run
-- risk: what the agent did last, and whether it finished, is not on record; a harmful action may be the one that is
--     missing
-- example: an agent starts a refund, the host is restarted, and no record says whether the payment went out
-- remedy: write the end of a run in a handler that also runs on errors and signals, flush the log at each record, and
--     look for a crash, a kill or a restart of the agent at these moments
-- remedy.otlp: spans are exported when they end: shut the tracer provider down on signals (force_flush), and lower
--     OTEL_BSP_SCHEDULE_DELAY, so that a crash loses less

SELECT m.run AS run,
       m.what AS what,
       m.lacks AS lacks,
       m.event AS event,
       m.agent AS agent,
       m.layer AS layer,
       m.format AS format,
       m.stream AS stream,
       m.from_ns AS first_ns,
       'last record of the run' AS note
FROM missing_records m
WHERE m.kind = 'end'
