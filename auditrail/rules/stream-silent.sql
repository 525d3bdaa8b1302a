-- id: stream-silent
-- title: A stream was silent while others spoke
-- severity: high
-- confidence: strong
-- cause: outage
-- evidence: statistical
-- scope: stream
-- facts: absences, cut_runs, missing_records, silences
-- controls: NIST 800-53 AU-5; PCI DSS 10.7; SOC 2 CC7.2; EU AI Act 12(1)
-- says: {agent}: {stream} was silent, and {runs} run(s) lack records of it
-- explains: no record of {stream} was written for a time in which runs of {agent} went on that should have records in it:
--     {detail}. Nights and quiet days are not counted: what the other streams wrote meanwhile is the measure
-- risk: whoever knows of an outage, or brings it about, acts unseen
-- example: the collector's disk is full from Tuesday evening to Wednesday noon; every trace of that time is lost
-- remedy: alert when a stream falls silent while its agents act, buffer on disk before sending, and look in the
--     shipper's own log for this time
-- remedy.otlp: exporters: sending_queue with storage (file_storage), retry_on_failure.max_elapsed_time 0, and an alert
--     on otelcol_exporter_send_failed_spans
-- remedy.opa: decision_logs.reporting.buffer_size_limit_bytes large enough for an outage, and an alert on failed uploads
-- remedy.cloudwatch: an alarm on IncomingLogEvents of the log group falling to 0, and the agent's own log

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
WHERE a.cause = 'outage'
UNION ALL
SELECT c.run, 'part:' || c.format || '/' || c.stream, 'record', c.format || '/' || c.stream, c.event, c.agent,
       CAST(NULL AS STRING), c.format, c.stream, CAST(NULL AS STRING), c.evidence, c.confidence, 'medium', c.from_ns,
       c.to_ns, 'a run of which the stream has only a part', c.detail
FROM cut_runs c
WHERE c.cause = 'outage'
  AND NOT EXISTS (
      SELECT 1 FROM missing_records m
      WHERE m.run = c.run AND m.format = c.format AND m.stream = c.stream
  )
UNION ALL
SELECT m.run, m.what, 'record', m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool, s.evidence,
       s.confidence, 'medium', m.from_ns, m.to_ns, 'shows that a record is missing', s.detail
FROM missing_records m
JOIN silences s ON s.format = m.format AND s.stream = m.stream AND (s.agent IS NULL OR s.agent = m.agent)
WHERE s.cause = 'outage'
  AND (s.to_ns IS NULL OR m.from_ns <= s.to_ns)
  AND (s.from_ns IS NULL OR coalesce(m.to_ns, m.from_ns) >= s.from_ns)
