-- id: denied-but-executed
-- title: A call was denied, and carried out all the same
-- severity: critical
-- confidence: strong
-- cause: policy-missing
-- evidence: cross-witness
-- scope: record
-- facts: denied_calls
-- layers: policy
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2; ISO 42001 A.6.2.8
-- says: {agent}: {count} call(s) of {tool} were denied by {stream}, and carried out
-- explains: {stream} denied {count} call(s) of {tool}; other records show that they were carried out, and none that
--     they failed: either the denial was not enforced, or the decision that allowed them later is missing
-- risk: the agent did what it was forbidden to do
-- example: a transfer over the limit is denied, and the bank's log shows that it was booked
-- remedy: stop the agent's use of this tool, and undo what was done; enforce decisions where the tool is called, and not
--     in the agent
-- remedy.opa: query the decision in the tool's own service, and fail closed

SELECT d.run AS run,
       'denied:' || d.label AS what,
       d.event AS event,
       d.witness AS witness,
       d.agent AS agent,
       'policy' AS layer,
       d.format AS format,
       d.stream AS stream,
       d.tool AS tool,
       d.ts_ns AS first_ns,
       'denies the call' AS note,
       'shows that it was carried out' AS witness_note
FROM denied_calls d
WHERE d.witness IS NOT NULL
