-- id: zone-assumed
-- title: Times carry no zone
-- severity: low
-- confidence: proven
-- cause: clock
-- evidence: declared
-- scope: source
-- facts: acts
-- controls: NIST 800-53 AU-8; ISO 27001 A.8.17; PCI DSS 10.6
-- says: {count} record(s) of {stream} carry a time without a zone
-- explains: {count} record(s) of {stream} carry a time without a zone, and UTC was assumed. If the host's zone is another, they
--     stand hours away from what they belong to
-- risk: a wrong order of events names a wrong cause
-- example: a container logs local time; in summer its records are two hours late
-- remedy: log times in UTC, with the zone (ISO 8601 with Z), or name the zone in auditrail.toml (tz of the reader)

SELECT a.source AS source,
       min(a.event) AS event,
       'source:' || CAST(a.source AS STRING) || ':zone:' || a.stream AS what,
       a.format AS format,
       a.stream AS stream,
       min(a.ts_ns) AS first_ns,
       max(a.ts_ns) AS last_ns,
       count(*) AS count,
       'first time without a zone' AS note
FROM acts a
WHERE a.tz_assumed
GROUP BY a.source, a.format, a.stream
