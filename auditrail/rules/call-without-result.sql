-- id: call-without-result
-- title: A tool call began, and no record tells how it ended
-- severity: medium
-- confidence: strong
-- cause: lost
-- evidence: statistical
-- scope: record
-- facts: missing_records
-- controls: EU AI Act 12(1); NIST 800-53 AU-3; NIST 800-53 AU-12; ISO 42001 A.6.2.8
-- says: {agent}: {count} call(s) of {tool} have no result in {stream}
-- explains: {stream} holds the begin of {count} call(s) of {tool} and not how they ended: {detail}
-- risk: whether the tool did what it was asked, and what it answered, is not on record
-- example: a transfer was started, and no record says whether the money was sent
-- remedy: write the result of a call also when it fails or times out; look for lost lines at this moment, and ask the
--     tool for its own log

SELECT m.run AS run,
       m.what AS what,
       m.lacks AS lacks,
       CASE WHEN m.of_all >= 20 AND m.have * 10 >= m.of_all * 9 THEN 'lost' ELSE 'unknown' END AS cause,
       CASE WHEN m.of_all >= 20 AND m.have * 10 >= m.of_all * 9 THEN 'statistical' ELSE 'none' END AS evidence,
       m.event AS event,
       m.agent AS agent,
       m.layer AS layer,
       m.format AS format,
       m.stream AS stream,
       m.tool AS tool,
       m.from_ns AS first_ns,
       'begin of the call' AS note,
       CASE WHEN m.of_all >= 20 AND m.have * 10 >= m.of_all * 9
            THEN 'it holds the result of nearly all other calls, so single records were lost'
            ELSE 'a crash, a time-out or a lost record' END AS detail
FROM missing_records m
WHERE m.kind = 'result' AND m.joint = false
