-- id: content-offloaded
-- title: Arguments or results stand elsewhere, and that place is not loaded
-- severity: medium
-- confidence: proven
-- cause: siloed
-- evidence: declared
-- scope: content
-- facts: content_marks
-- controls: NIST 800-53 AU-3; NIST 800-53 AU-6(3); ISO 27001 A.8.15
-- says: {detail}, in {stream}
-- explains: {count} record(s) of {stream}, in {runs} run(s), only name the place where a value stands: {detail}. What
--     is there was not loaded
-- risk: the value is kept under other retention and other access rights than the log that names it, and may be deleted
--     first
-- example: a request over 100 KB stands in a bucket, and only its path is in the log; the bucket deletes after 30 days
-- remedy: load the place that the record names (its attributes have the path), and give it the retention of the log
-- remedy.bedrock-invocation: load the S3 objects under largeDataDeliveryS3Config, and set the same retention on that
--     bucket as on the log group
-- remedy.claude-code: load the folder tool-results beside the transcript

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
       m.ts_ns AS first_ns,
       'names the place of the value' AS note,
       'still holds the value' AS witness_note,
       m.held || ' stored elsewhere' || coalesce('; ' || m.witness_stream || ' still holds the value', '') AS detail
FROM content_marks m
WHERE m.state = 'offloaded'
