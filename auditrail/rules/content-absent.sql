-- id: content-absent
-- title: Single arguments or results are absent, and another stream has them
-- severity: low
-- confidence: strong
-- cause: unknown
-- evidence: cross-witness
-- scope: content
-- facts: content_blanks
-- controls: NIST 800-53 AU-3; ISO 27001 A.8.15
-- says: {detail}, in {stream}
-- explains: {stream} has this content as a rule, and not in {count} record(s) of {runs} run(s): {detail}. No mark says
--     why: a filter may have removed it, or the producer failed to write it
-- risk: who reads this stream alone does not see that anything is missing
-- example: 99 of 100 calls of a tool are logged with their arguments, and one without; the gateway shows that it had
--     some
-- remedy: read the value in the stream that holds it, and look for a filter that removes it without a mark
-- remedy.otlp: look for attributes and transform processors (delete, delete_key, keep_keys) in the Collector

SELECT b.run AS run,
       b.what AS what,
       b.event AS event,
       b.witness AS witness,
       b.agent AS agent,
       b.layer AS layer,
       b.format AS format,
       b.stream AS stream,
       b.tool AS tool,
       b.ts_ns AS first_ns,
       'has none' AS note,
       'holds the value' AS witness_note,
       b.held || ' absent; ' || b.witness_stream || ' holds the value' AS detail
FROM content_blanks b
WHERE b.state = 'absent' AND b.witness IS NOT NULL
