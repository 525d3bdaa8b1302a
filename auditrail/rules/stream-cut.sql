-- id: stream-cut
-- title: Runs lie beyond the end of a dump
-- severity: high
-- confidence: strong
-- cause: export-cut
-- evidence: declared
-- scope: stream
-- facts: absences, cut_runs, cuts, missing_records, silences
-- controls: NIST 800-53 AU-9; ISO 27001 A.5.28; SOC 2 CC7.2
-- says: {agent}: the dump of {stream} ends before {runs} run(s)
-- explains: the dump of {stream} does not hold all that its store has, and {runs} run(s) of {agent} lie in what it leaves out:
--     {detail}. The records may still be there: fetch them again
-- risk: a dump that ends early looks like an agent that did nothing
-- example: a query returns its limit of 10,000 events; the incident is event 10,001
-- remedy: export again, following every page token, or in slices of time that stay below the limit
-- remedy.cloudwatch: aws logs filter-log-events without --max-items, following nextToken, or create-export-task
-- remedy.cloudwatch_insights: a query returns 10,000 rows at most: split it by time, or use create-export-task
-- remedy.elasticsearch: search_after with a point in time instead of from and size (10,000 hits at most)
-- remedy.loki: --limit 0 is not enough: logcli query --parallel-duration, or slices of time
-- remedy.splunk: export search (not a saved one), maxout=0

SELECT a.run AS run,
       'stream:' || a.format || '/' || a.stream AS what,
       'stream' AS scope,
       a.lacks AS lacks,
       a.event AS event,
       a.agent AS agent,
       a.layer AS layer,
       a.format AS format,
       a.stream AS stream,
       CAST(NULL AS STRING) AS tool,
       a.evidence AS evidence,
       a.confidence AS confidence,
       'high' AS severity,
       a.from_ns AS first_ns,
       a.to_ns AS last_ns,
       'first record of a run that has nothing of the stream' AS note,
       a.detail AS detail
FROM absences a
WHERE a.cause = 'export-cut'
UNION ALL
SELECT c.run, 'part:' || c.format || '/' || c.stream, 'record', c.format || '/' || c.stream, c.event, c.agent,
       CAST(NULL AS STRING), c.format, c.stream, CAST(NULL AS STRING), c.evidence, c.confidence, 'medium', c.from_ns,
       c.to_ns, 'a run of which the stream has only a part', c.detail
FROM cut_runs c
WHERE c.cause = 'export-cut'
  AND NOT EXISTS (
      SELECT 1 FROM missing_records m
      WHERE m.run = c.run AND m.format = c.format AND m.stream = c.stream
  )
UNION ALL
SELECT m.run, m.what, 'record', m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool, s.evidence,
       s.confidence, 'medium', m.from_ns, m.to_ns, 'shows that a record is missing', s.detail
FROM missing_records m
JOIN silences s ON s.format = m.format AND s.stream = m.stream AND (s.agent IS NULL OR s.agent = m.agent)
WHERE s.cause = 'export-cut'
  AND (s.to_ns IS NULL OR m.from_ns <= s.to_ns)
  AND (s.from_ns IS NULL OR coalesce(m.to_ns, m.from_ns) >= s.from_ns)
UNION ALL
SELECT m.run, m.what, 'record', m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool, 'declared', 'strong',
       'medium', m.from_ns, m.to_ns, 'shows that a record is missing', c.code || ': ' || c.detail
FROM missing_records m
JOIN cuts c ON c.format = m.format AND c.stream = m.stream
WHERE c.declared
  AND (c.to_ns IS NULL OR m.from_ns <= c.to_ns)
  AND (c.from_ns IS NULL OR coalesce(m.to_ns, m.from_ns) >= c.from_ns)
