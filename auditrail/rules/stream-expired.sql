-- id: stream-expired
-- title: Older records of a stream are gone
-- severity: high
-- confidence: strong
-- cause: retention
-- evidence: statistical
-- scope: stream
-- facts: absences, cut_runs, missing_records, silences
-- controls: EU AI Act 19(1); EU AI Act 26(6); NIST 800-53 AU-11; PCI DSS 10.5.1; SEC 17a-4
-- says: {agent}: {stream} holds nothing of {runs} older run(s)
-- explains: all runs before one moment lack {stream}, and after it they have it, while other streams go further back:
--     {detail}. That is how a store deletes by age
-- risk: a run can be told in full only as far back as the shortest retention of its streams
-- example: log groups keep 90 days, the traces 14; of the run of last month only the log lines are left
-- remedy: set one retention for all streams of an agent, as long as the strictest rule asks, and export before deletion
-- remedy.otlp: the trace store's retention (Tempo: compactor.compaction.block_retention; Jaeger: ES_INDEX_CLEANER days),
--     and rotation.max_days and max_backups of the Collector's file exporter
-- remedy.cloudwatch: aws logs put-retention-policy, retentionInDays of the log group
-- remedy.claude_code: cleanupPeriodDays in settings.json (30 days if unset)
-- remedy.litellm: general_settings.maximum_spend_logs_retention_period
-- remedy.loki: limits_config.retention_period

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
WHERE a.cause = 'retention'
UNION ALL
SELECT c.run, 'part:' || c.format || '/' || c.stream, 'record', c.format || '/' || c.stream, c.event, c.agent,
       CAST(NULL AS STRING), c.format, c.stream, CAST(NULL AS STRING), c.evidence, c.confidence, 'medium', c.from_ns,
       c.to_ns, 'a run of which the stream has only a part', c.detail
FROM cut_runs c
WHERE c.cause = 'retention'
  AND NOT EXISTS (
      SELECT 1 FROM missing_records m
      WHERE m.run = c.run AND m.format = c.format AND m.stream = c.stream
  )
UNION ALL
SELECT m.run, m.what, 'record', m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool, s.evidence,
       s.confidence, 'medium', m.from_ns, m.to_ns, 'shows that a record is missing', s.detail
FROM missing_records m
JOIN silences s ON s.format = m.format AND s.stream = m.stream AND (s.agent IS NULL OR s.agent = m.agent)
WHERE s.cause = 'retention'
  AND (s.to_ns IS NULL OR m.from_ns <= s.to_ns)
  AND (s.from_ns IS NULL OR coalesce(m.to_ns, m.from_ns) >= s.from_ns)
