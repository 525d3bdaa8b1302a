-- id: content-truncated
-- title: Arguments, results or messages were cut
-- severity: medium
-- confidence: proven
-- cause: truncation
-- evidence: declared
-- scope: content
-- facts: content_marks, content_cuts
-- controls: EU AI Act 12(2); NIST 800-53 AU-3; SOC 2 CC7.3; ISO 27001 A.8.15
-- says: {detail}, in {stream}
-- explains: in {count} record(s) of {stream}, in {runs} run(s): {detail}. A mark at the end tells it, or JSON that stops
--     in the middle, or values that all stop at one length
-- risk: the end of a long value is where an injected instruction or the one decisive row may stand
-- example: a mail is logged up to its 256th character; the instruction that the agent followed stood behind it
-- remedy: raise the limit that cut the value, or store long values apart and log where they are; read the value where
--     it is still held
-- remedy.otlp: OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT, OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT,
--     OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: unset or raise them; Collector, processors.transform: truncate_all
-- remedy.cloudwatch: an event holds up to 1 MB (256 KB in older agents): write long values to a bucket; Logs Insights
--     shows the start of @message only: export the log group, or use get-log-record
-- remedy.litellm: MAX_STRING_LENGTH_PROMPT_IN_DB, and MAX_BASE64_LENGTH_FOR_LOGGING for data URLs
-- remedy.splunk: TRUNCATE (10000) of the sourcetype in props.conf
-- remedy.loki: limits_config.max_line_size, with max_line_size_truncate: false
-- remedy.crewai: CREWAI_OTEL_MAX_ATTR_BYTES
-- remedy.docker: lines over 16 KiB are split by the driver: load all pieces, in order

SELECT m.run AS run,
       m.what AS what,
       m.event AS event,
       m.witness AS witness,
       m.agent AS agent,
       m.layer AS layer,
       m.format AS format,
       m.stream AS stream,
       m.tool AS tool,
       CASE WHEN m.witness IS NOT NULL THEN 'low' ELSE 'medium' END AS severity,
       'proven' AS confidence,
       'declared' AS evidence,
       m.ts_ns AS first_ns,
       'a mark at its end says that it was cut' AS note,
       'still holds the value' AS witness_note,
       m.held || ' cut, as a mark says' || coalesce('; ' || m.witness_stream || ' still holds the value', '') AS detail
FROM content_marks m
WHERE m.state = 'truncated'
UNION ALL
SELECT c.run AS run,
       c.what AS what,
       c.event AS event,
       c.witness AS witness,
       c.agent AS agent,
       c.layer AS layer,
       c.format AS format,
       c.stream AS stream,
       c.tool AS tool,
       CASE WHEN c.witness IS NOT NULL THEN 'low' ELSE 'medium' END AS severity,
       c.confidence AS confidence,
       c.evidence AS evidence,
       c.ts_ns AS first_ns,
       'stops after ' || CAST(c.cap AS STRING) || ' characters: ' || c.sign AS note,
       'still holds the value' AS witness_note,
       c.held || ' cut'
           || CASE WHEN c.confidence = 'strong' THEN ' after ' || CAST(c.cap AS STRING) || ' characters' ELSE '' END
           || ' (' || c.sign || ')'
           || coalesce('; ' || c.witness_stream || ' still holds the value', '') AS detail
FROM content_cuts c
