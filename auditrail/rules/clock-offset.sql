-- id: clock-offset
-- title: The clock of a stream is off
-- severity: medium
-- confidence: strong
-- cause: clock
-- evidence: cross-witness
-- scope: content
-- facts: absences, clock_offsets, held_streams
-- controls: NIST 800-53 AU-8; NIST 800-53 AU-12(1); ISO 27001 A.8.17; PCI DSS 10.6
-- params: bound_ns=1_000_000_000, severe_ns=5_000_000_000
-- says: {stream}: its clock is {detail}, in {runs} run(s)
-- explains: records of {stream} do not lie inside of the calls, requests and spans that caused them, unless its clock is {detail}.
--     Nearly all runs of that time agree. Times are shown as they were written; the order against other streams is not safe
-- risk: cause and effect trade places: a denial seems to come after the act that it should have prevented
-- example: the policy engine's host is three minutes late, and every decision seems to follow its tool call
-- remedy: synchronise the host's clock (NTP or chrony, with an alert on the offset), log UTC with the zone, and state the
--     offset wherever these records are used
-- remedy.jsonl: synchronise the clock of the host that writes it, and log UTC with the zone; a wrong zone is set right with
--     tz in auditrail.toml

SELECT s.run AS run,
       'clock:' || s.format || '/' || s.stream AS what,
       'content' AS scope,
       CAST(NULL AS STRING) AS lacks,
       s.event AS event,
       s.format AS format,
       s.stream AS stream,
       CASE WHEN c.offset_ns > p.value OR c.offset_ns < -p.value THEN 'medium' ELSE 'low' END AS severity,
       s.first_ns AS first_ns,
       s.last_ns AS last_ns,
       'first record of the run with this clock' AS note,
       c.detail AS detail
FROM clock_offsets c
JOIN held_streams s ON s.format = c.format AND s.stream = c.stream
JOIN params p ON p.name = 'clock-offset.severe_ns'
WHERE (c.from_ns IS NULL OR s.last_ns - c.offset_ns >= c.from_ns)
  AND (c.to_ns IS NULL OR s.first_ns - c.offset_ns <= c.to_ns + 600000000000)
UNION ALL
SELECT a.run, 'clock:' || a.format || '/' || a.stream, 'stream', a.lacks, a.event, a.format, a.stream, 'medium', a.from_ns,
       a.to_ns, 'first record of a run that the stream is too far away from', a.detail
FROM absences a
WHERE a.cause = 'clock'
