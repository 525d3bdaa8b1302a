-- id: record-lost
-- title: A record is missing that all others like it have
-- severity: medium
-- confidence: strong
-- cause: lost
-- evidence: statistical
-- scope: record
-- facts: missing_records, sampled_decisions, missing_streams
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2
-- says: {count} record(s) of {stream} are missing: {detail}
-- explains: nearly every call, request or answer of {agent} leaves such a record in {stream}; {count} left none, though
--     {stream} holds other records of the same run: single records were lost ({detail})
-- risk: what the lost record told is not known; where one record is lost unseen, others may be
-- example: a service logs that a request was received, and the line that says what it did is gone
-- remedy: look for a full queue, a size limit, a rotation or a restart of the shipper at these moments
-- remedy.otlp: raise OTEL_BSP_MAX_QUEUE_SIZE, enable sending_queue.storage and retry_on_failure of the exporter, and
--     look at otelcol_exporter_enqueue_failed_spans
-- remedy.docker: raise log-opts max-size and max-file
-- remedy.cri: raise containerLogMaxSize and containerLogMaxFiles of the kubelet

SELECT m.run AS run,
       m.what AS what,
       m.lacks AS lacks,
       m.event AS event,
       m.agent AS agent,
       m.layer AS layer,
       m.format AS format,
       m.stream AS stream,
       m.tool AS tool,
       m.from_ns AS first_ns,
       m.to_ns AS last_ns,
       m.lacking AS count,
       'what is held of it' AS note,
       CASE WHEN m.kind = 'span' THEN 'spans'
            WHEN m.kind = 'response' THEN 'answers of a model'
            ELSE 'log lines' END AS detail
FROM missing_records m
LEFT JOIN (SELECT DISTINCT run, call FROM sampled_decisions) d  -- it may have been denied, and never have got there
       ON d.run = m.run AND d.call = m.call AND m.kind = 'line'
LEFT JOIN (SELECT DISTINCT run, call FROM missing_records WHERE kind = 'decision') u  -- so may a call without its decision
       ON u.run = m.run AND u.call = m.call AND m.kind = 'line'
LEFT JOIN (SELECT DISTINCT run FROM missing_streams WHERE layers = 'policy') p  -- so may any of a run that lacks the policy's stream
       ON p.run = m.run AND m.call IS NOT NULL AND m.kind = 'line'
WHERE d.run IS NULL AND u.run IS NULL AND p.run IS NULL AND m.by_habit AND m.joint = false AND m.kind IN ('span', 'line', 'response')
