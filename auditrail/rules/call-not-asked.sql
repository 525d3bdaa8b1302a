-- id: call-not-asked
-- title: A tool was called, and no model's answer asks for it
-- severity: high
-- confidence: strong
-- cause: lost
-- evidence: statistical
-- scope: record
-- facts: missing_records
-- layers: llm
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2
-- says: {agent}: no answer of a model asks for {count} call(s) of {tool} that were carried out
-- explains: {stream} holds the answers of the model that ask for the other calls of {tool} by {agent}, and none that
--     asks for {count} call(s): the record of that answer was lost, or something else than the model called the tool
-- risk: why the tool was called is not on record; a call that no model asked for may come from an intruder
-- example: a payment was made in the name of an agent, and the model was never asked
-- remedy: look for the answer in the gateway's own store, and see who else can call the tool with this agent's rights

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
       'record of the call' AS note
FROM missing_records m
WHERE m.kind = 'request' AND m.joint = false
