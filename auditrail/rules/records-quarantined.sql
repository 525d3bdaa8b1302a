-- id: records-quarantined
-- title: Records could not be read
-- severity: medium
-- confidence: proven
-- cause: truncation
-- evidence: declared
-- scope: source
-- facts:
-- controls: NIST 800-53 AU-9; ISO 27001 A.8.15
-- says: {count} record(s) of {stream} could not be read: {detail}
-- explains: {count} record(s) of {stream} are in quarantine, with their place, their hash and the reason: {detail}.
--     Whatever they told is in no run
-- risk: the one record that explains an incident may be the one that could not be read
-- example: a log line that was cut in the middle when the process was killed
-- remedy: look at the records (auditrail query "SELECT * FROM quarantine"), and mend the writer or the copy that broke
--     them

SELECT q.source AS source,
       q.record AS record,
       'source:' || CAST(q.source AS STRING) || ':quarantined:' || CAST(q.byte_offset AS STRING) AS what,
       CASE WHEN q.code = 'torn-tail' THEN 'crash'
            WHEN q.code IN ('oversized', 'broken-frame') OR q.reason LIKE '%; the record ends early' THEN 'truncation'
            ELSE 'unknown' END AS cause,
       CASE WHEN q.code = 'torn-tail' THEN 'low' ELSE 'medium' END AS severity,
       s.format AS format,
       coalesce(s.stream, s.path) AS stream,
       s.layer AS layer,
       s.first_ts AS first_ns,
       s.last_ts AS last_ns,
       q.reason AS note,
       q.code AS detail
FROM quarantine q
JOIN sources s ON s.source = q.source
