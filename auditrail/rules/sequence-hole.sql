-- id: sequence-hole
-- title: A producer counts its records, and numbers are missing
-- severity: medium
-- confidence: strong
-- cause: lost
-- evidence: counted
-- scope: record
-- facts: sequence_holes, missing_records
-- columns: seq
-- controls: NIST 800-53 AU-5; NIST 800-53 AU-9; ISO 27001 A.8.15
-- says: {count} record(s) of {stream} are missing in its own count
-- explains: {stream} numbers its records one by one, nearly without a hole, and {count} number(s) are missing: these
--     records were written, and are not here
-- risk: somebody removed records, or they were lost on the way; what they told is not known
-- example: of the decisions 4711 to 4713, number 4712 is not here, and a payment of that second has no decision
-- remedy: look for the missing numbers in the producer's own store; look for a full buffer or an upload that failed
-- remedy.opa: raise decision_logs.reporting.buffer_size_limit_bytes, set no max_decisions_per_second, and look for
--     rules of system.log that drop decisions
-- remedy.journald: raise RateLimitBurst and SystemMaxUse in journald.conf

SELECT m.run AS run,
       m.what AS what,
       m.lacks AS lacks,
       m.event AS event,
       max(h.event) AS witness,
       m.agent AS agent,
       m.layer AS layer,
       m.format AS format,
       m.stream AS stream,
       m.tool AS tool,
       m.from_ns AS first_ns,
       m.to_ns AS last_ns,
       'its record should be in ' || m.stream AS note,
       'a number before this record is missing' AS witness_note
FROM missing_records m
JOIN sequence_holes h ON h.format = m.format AND h.stream = m.stream
 AND h.from_ns - 5000000000 <= coalesce(m.to_ns, m.from_ns) AND h.to_ns + 5000000000 >= m.from_ns
WHERE m.joint = false
GROUP BY m.run, m.what, m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool, m.from_ns, m.to_ns
UNION ALL
SELECT h.run AS run,
       'sequence:' || h.format || '/' || h.stream || ':' || CAST(h.first_seq AS STRING) || ':'
       || CAST(h.event AS STRING) AS what,
       h.format || '/' || h.stream AS lacks,
       h.event AS event,
       CAST(NULL AS BIGINT) AS witness,
       h.agent AS agent,
       h.layer AS layer,
       h.format AS format,
       h.stream AS stream,
       CAST(NULL AS STRING) AS tool,
       h.from_ns AS first_ns,
       h.to_ns AS last_ns,
       'number ' || CAST(h.first_seq AS STRING) || ' is missing before this record' AS note,
       CAST(NULL AS STRING) AS witness_note
FROM sequence_holes h
WHERE NOT EXISTS (
    SELECT 1 FROM missing_records m
    WHERE h.format = m.format AND h.stream = m.stream AND m.joint = false
      AND h.from_ns - 5000000000 <= coalesce(m.to_ns, m.from_ns) AND h.to_ns + 5000000000 >= m.from_ns
)
