-- id: content-hashed
-- title: Arguments or results were replaced by a hash
-- severity: medium
-- confidence: strong
-- cause: redaction
-- evidence: declared
-- scope: content
-- facts: content_marks
-- controls: EU AI Act 12(2); NIST 800-53 AU-3; ISO 27001 A.8.15; GDPR 5(1)(c)
-- says: {detail}, in {stream}
-- explains: in {count} record(s) of {stream}, in {runs} run(s): {detail}. Equal hashes still join, and a suspected
--     value can be hashed and compared; the value itself is not here
-- risk: a value that nobody suspects cannot be read back; an unkeyed hash of a short value can be guessed by anybody
-- example: the account number of a refund is a SHA-256; it is the same in three runs, and no log tells whose it is
-- remedy: read the value where it is still held, or hash the values that are suspected with the same function and
--     compare; for what comes, use a keyed hash, and keep the values for as long as an inquiry may take
-- remedy.otlp: Collector, processors.redaction.hash_function, or processors.attributes with action: hash: keep the full
--     value in a second pipeline with its own access rights

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
       'a hash in place of the value' || coalesce(': ' || m.told, '') AS note,
       'still holds the value' AS witness_note,
       m.held || ' hashed' || coalesce(' (' || m.told || ')', '')
           || coalesce('; ' || m.witness_stream || ' still holds the value', '') AS detail
FROM content_marks m
WHERE m.state = 'hashed'
