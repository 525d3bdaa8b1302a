-- id: stream-silent
-- title: A stream was silent while others spoke
-- severity: high
-- confidence: strong
-- cause: outage
-- evidence: statistical
-- scope: stream
-- facts: stream_losses
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
WHERE l.cause = 'outage'
