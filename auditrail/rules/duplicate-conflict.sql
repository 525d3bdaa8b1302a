-- id: duplicate-conflict
-- title: Records that claim to be one say different things
-- severity: high
-- confidence: proven
-- cause: duplicate-conflict
-- evidence: declared
-- scope: content
-- facts: acts
-- controls: NIST 800-53 AU-9; NIST 800-53 AU-10; SEC 17a-4(f)(2)(i); ISO 27001 A.8.15
-- says: {count} record(s) of {stream} stand more than once, and differ
-- explains: {count} record(s) of {stream} carry the key of a record that is held already, and do not agree with it: one
--     of the two is not what was first written. All are kept, and none is preferred
-- risk: one of the two versions is wrong; whoever changed it may have changed others
-- example: one export says that 140 EUR were paid, another, with the same span id, 1,400 EUR
-- remedy: compare the records at these places with the producer's own store; see which of the exports was made first

SELECT a.run AS run,
       'duplicate:' || CAST(c.of AS STRING) || ':' || CAST(c.event AS STRING) AS what,
       c.event AS event,
       c.of AS witness,
       a.agent AS agent,
       a.layer AS layer,
       a.format AS format,
       a.stream AS stream,
       a.tool AS tool,
       a.ts_ns AS first_ns,
       'one of the contents' AS note,
       'the other one' AS witness_note
FROM copies c
JOIN acts a ON a.event = c.event
WHERE c.same_content = false
