-- id: export-incomplete
-- title: A source says that it does not hold everything
-- severity: medium
-- confidence: proven
-- cause: export-cut
-- evidence: declared
-- scope: source
-- facts: answered_pages
-- controls: NIST 800-53 AU-9; ISO 27001 A.5.28; SOC 2 CC7.2
-- says: {stream} is incomplete: {detail}
-- explains: the file itself says that there was more than it holds ({detail}): a page that was not fetched, a limit, a query
--     that did not finish, a part of the store that did not answer. Which runs that touches is told apart
-- risk: a dump that ends early looks like an agent that did nothing
-- example: nextToken stands at the end of an answer, and nobody fetched the next page
-- remedy: export again, following every page token, in slices of time that stay below the limit
-- remedy.cloudwatch: aws logs filter-log-events without --max-items, following nextToken, or create-export-task
-- remedy.cloudwatch_insights: a query returns 10,000 rows at most: split it by time
-- remedy.elasticsearch: search_after with a point in time, and look at _shards.failures
-- remedy.loki: slices of time that stay below limits_config.max_entries_limit_per_query

SELECT r.source AS source,
       r.record AS record,
       'source:' || CAST(r.source AS STRING) || ':' || r.code || ':' || coalesce(CAST(r.byte_offset AS STRING), '') AS what,
       CASE WHEN r.code IN ('compression-damaged', 'array-unclosed', 'wrapper-incomplete') THEN 'truncation'
            WHEN r.code IN ('samples-missing', 'processing-failed', 'entries-dropped', 'offset-hole') THEN 'lost'
            ELSE 'export-cut' END AS cause,
       CASE WHEN r.code IN ('limit-suspected', 'no-log-group') THEN 'low' ELSE 'medium' END AS severity,
       CASE WHEN r.code = 'limit-suspected' THEN 'weak' ELSE 'proven' END AS confidence,
       s.format AS format,
       coalesce(s.stream, s.path) AS stream,
       s.layer AS layer,
       s.first_ts AS first_ns,
       s.last_ts AS last_ns,
       r.detail AS note,
       r.code AS detail
FROM remarks r
JOIN sources s ON s.source = r.source
LEFT JOIN answered_pages a ON a.source = r.source AND a.code = r.code AND a.byte_offset = r.byte_offset
WHERE s.superseded_by IS NULL
  AND a.source IS NULL
  AND r.code IN (
      'next-token-left', 'next-page-left', 'limit-reached', 'limit-suspected', 'query-status', 'answer-is-partial',
      'shards-failed', 'entries-dropped', 'offset-hole', 'samples-missing', 'processing-failed', 'wrapper-incomplete',
      'array-unclosed', 'compression-damaged'
  )
