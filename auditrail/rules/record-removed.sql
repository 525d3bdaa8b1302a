-- id: record-removed
-- title: A record is missing where the hash chain says that one was removed
-- severity: critical
-- confidence: proven
-- cause: integrity
-- evidence: declared
-- scope: record
-- facts: broken_records, missing_records
-- controls: NIST 800-53 AU-9; SOC 2 CC7.2; PCI DSS 10.3.4; SEC 17a-4(f)(2)
-- says: {agent}: {count} record(s) of {stream} are missing where its hash chain is broken
-- explains: {runs} run(s) lack record(s) of {stream} that other records imply, and the hash chain of {stream} has a hole
--     at just that time: they were written, and removed afterwards
-- risk: somebody took away what an agent did
-- example: the call that sent the payment is gone from the agent's log; its result is still there, and the chain has a
--     hole between the two records around it
-- remedy: get the file from a backup or the collector; find out who could write to it; keep the head of each chain
--     elsewhere (auditrail verify --save-anchor), and seal logs: auditrail seal FILE

SELECT m.run AS run,
       m.what AS what,
       m.lacks AS lacks,
       m.event AS event,
       max(b.event) AS witness,
       m.agent AS agent,
       m.layer AS layer,
       m.format AS format,
       m.stream AS stream,
       m.tool AS tool,
       m.from_ns AS first_ns,
       'implies the missing record' AS note,
       'the hash chain has a hole before this record' AS witness_note
FROM missing_records m
JOIN broken_records b ON b.format = m.format AND b.stream = m.stream
WHERE b.kind = 'deleted'
  AND (m.from_ns IS NULL OR b.to_ns IS NULL OR m.from_ns <= b.to_ns)
  AND (m.to_ns IS NULL OR b.from_ns IS NULL OR m.to_ns >= b.from_ns)
GROUP BY m.run, m.what, m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool, m.from_ns
