-- id: stream-absent
-- title: A run lacks a stream that the agent's other runs have
-- severity: high
-- confidence: weak
-- cause: unknown
-- evidence: none
-- scope: stream
-- facts: absences
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2; ISO 42001 A.6.2.8
-- says: {agent}: {runs} run(s) have no record of {stream}
-- explains: the agent's other runs have records of {stream}, and {runs} have none. Neither a sampler, nor an outage, a
--     retention, a cut dump or records that stand loose explain it; {detail}
-- risk: what happened in this stream cannot be told, and nobody knows why
-- example: one trace of two hundred is missing on an ordinary day, while its neighbours are there
-- remedy: look for the agent's host and process at this moment; load further files of that stream
-- remedy.otlp: look for queue_full and dropped spans (OTEL_BSP_MAX_QUEUE_SIZE), and for a process that ended without
--     force_flush

SELECT a.run AS run,
       a.what AS what,
       a.lacks AS lacks,
       a.event AS event,
       a.witness AS witness,
       a.agent AS agent,
       a.layer AS layer,
       a.format AS format,
       a.stream AS stream,
       a.cause AS cause,
       a.evidence AS evidence,
       a.confidence AS confidence,
       CASE WHEN a.cause = 'unknown' THEN 'high' ELSE 'medium' END AS severity,
       a.from_ns AS first_ns,
       a.to_ns AS last_ns,
       'first record of the run' AS note,
       coalesce(a.detail, 'no cause is known') AS detail
FROM absences a
WHERE a.cause IN ('unknown', 'crash', 'lost')
