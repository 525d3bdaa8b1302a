-- id: run-not-held
-- title: A run that the inventory lists is in no stream
-- severity: high
-- confidence: strong
-- cause: unknown
-- evidence: cross-witness
-- scope: run
-- facts: expected_runs
-- controls: EU AI Act 12(1); SOC 2 CC7.2; NIST 800-53 AU-12; ISO 42001 A.6.2.8
-- says: {agent}: {runs} run(s) of the inventory are in no stream{detail}
-- explains: the inventory given with --expected lists {runs} run(s) of which no loaded record carries the id{detail}.
--     Why cannot be told from the evidence, because nothing of them is in it
-- risk: a run of which nothing is held cannot be examined, counted or explained; what it did is known to its tools only
-- example: the scheduler started 480 jobs, the bill has 480, and the traces of 466 are there
-- remedy: load the logs of that time, if there are more; look at what these runs have in common (host, hour, version),
--     and compare the count of the scheduler with that of the logs each day

SELECT CAST(NULL AS BIGINT) AS run,
       e.id AS run_id,
       'run:' || e.id AS what,
       -1 AS source,
       e.record AS record,
       e.agent AS agent,
       e.ts_ns AS first_ns,
       CASE WHEN h.held = 0 THEN 'weak' ELSE 'strong' END AS confidence,
       CASE WHEN h.held = 0 THEN '; none of its ids is held: they may be of another kind'
            WHEN e.ts_ns < h.oldest_ns THEN '; they began before the first record that is held'
            WHEN e.ts_ns > h.newest_ns THEN '; they began after the last record that is held'
            ELSE '' END AS detail,
       'the inventory lists it' AS note
FROM expected_runs e
CROSS JOIN (
    SELECT (SELECT count(*) FROM expected_runs WHERE held) AS held,
           (SELECT min(first_ts) FROM sources) AS oldest_ns,
           (SELECT max(last_ts) FROM sources) AS newest_ns
) h
WHERE NOT e.held
