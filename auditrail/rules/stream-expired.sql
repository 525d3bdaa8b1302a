-- id: stream-expired
-- title: Older records of a stream are gone
-- severity: high
-- confidence: strong
-- cause: retention
-- evidence: statistical
-- scope: stream
-- facts: stream_losses
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
WHERE l.cause = 'retention'
