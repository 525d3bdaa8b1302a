-- id: run-without-end
-- title: A run began and never ended
-- severity: high
-- confidence: strong
-- cause: crash
-- evidence: counted
-- scope: record
-- facts: missing_records, stream_losses
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2; ISO 42001 A.6.2.8
-- says: {agent}: {runs} run(s) began, and no record tells how they ended
-- explains: {stream} writes when a run ends, and holds no end of {runs} run(s). The evidence names the last record of
--     each: {detail}
-- risk: what the agent did last, and whether it finished, is not on record; a harmful action may be the one that is
--     missing
-- example: an agent starts a refund, the host is restarted, and no record says whether the payment went out
-- remedy: write the end of a run in a handler that also runs on errors and signals, flush the log at each record, and
--     look for a crash, a kill or a restart of the agent at these moments
-- remedy.otlp: spans are exported when they end: shut the tracer provider down on signals (force_flush), and lower
--     OTEL_BSP_SCHEDULE_DELAY, so that a crash loses less

SELECT m.run AS run,
       m.what AS what,
       CASE WHEN m.crashed THEN 'run' ELSE 'record' END AS scope,
       CASE WHEN m.crashed THEN '~crash' ELSE m.lacks END AS lacks,
       CASE WHEN m.crashed THEN 'crash' ELSE 'lost' END AS cause,
       CASE WHEN m.crashed AND m.by_number = false THEN 'counted' ELSE 'statistical' END AS evidence,
       CASE WHEN m.by_number THEN 'weak' END AS confidence,
       CASE WHEN m.crashed THEN 'high' ELSE 'medium' END AS severity,
       m.event AS event,
       m.agent AS agent,
       m.layer AS layer,
       m.format AS format,
       m.stream AS stream,
       m.from_ns AS first_ns,
       m.sign AS note,
       CASE WHEN m.by_number THEN 'many more ends are missing than other records of the stream, so these runs broke off'
            WHEN m.crashed THEN 'the run broke off: calls are open, a root span was never exported, or nothing of the run'
                                || ' follows in any stream'
            ELSE 'the run went on to its end in other streams: only the record of the end is gone' END AS detail
FROM missing_records m
LEFT JOIN (  -- where the whole stream was silent when the end was to be written, it tells nothing of the run
    SELECT DISTINCT run FROM stream_losses WHERE what = 'end' AND confidence <> 'weak'
) l ON l.run = m.run
WHERE m.kind = 'end' AND l.run IS NULL
