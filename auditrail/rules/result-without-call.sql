-- id: result-without-call
-- title: The result of a tool call is held, and not its begin
-- severity: medium
-- confidence: strong
-- cause: lost
-- evidence: statistical
-- scope: record
-- facts: missing_records
-- controls: EU AI Act 12(1); NIST 800-53 AU-3; NIST 800-53 AU-12
-- says: {agent}: the begin of {count} call(s) of {tool} is missing in {stream}
-- explains: {stream} writes when a call begins, and lacks the begin of {count} call(s) of {tool} of which it or another
--     stream holds other records: single records were lost
-- risk: the arguments of a call usually stand in the record of its begin
-- example: the log says that a refund was paid, and the line with the amount is gone
-- remedy: look for lost lines at this moment: a full queue, a rotation, a shipper that was restarted

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
       'another record of the call' AS note
FROM missing_records m
WHERE m.kind = 'call' AND m.joint = false
