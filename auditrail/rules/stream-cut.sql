-- id: stream-cut
-- title: Runs lie beyond the end of a dump
-- severity: high
-- confidence: strong
-- cause: export-cut
-- evidence: declared
-- scope: stream
-- facts: stream_losses, cuts, missing_records
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

SELECT l.run AS run,
       l.what AS what,
       l.scope AS scope,
       l.lacks AS lacks,
       l.event AS event,
       l.agent AS agent,
       l.layer AS layer,
       l.format AS format,
       l.stream AS stream,
       l.tool AS tool,
       l.evidence AS evidence,
       l.confidence AS confidence,
       CASE WHEN l.scope = 'stream' THEN 'high' ELSE 'medium' END AS severity,
       l.first_ns AS first_ns,
       l.last_ns AS last_ns,
       l.note AS note,
       l.detail AS detail
FROM stream_losses l
WHERE l.cause = 'export-cut'
UNION ALL
SELECT m.run, m.what, 'record', m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool, 'declared', 'strong',
       'medium', m.from_ns, m.to_ns, 'shows that a record is missing', c.code || ': ' || c.detail
FROM missing_records m
JOIN cuts c ON c.format = m.format AND c.stream = m.stream
WHERE c.declared
  AND (c.to_ns IS NULL OR m.from_ns <= c.to_ns)
  AND (c.from_ns IS NULL OR coalesce(m.to_ns, m.from_ns) >= c.from_ns)
