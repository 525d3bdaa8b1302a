-- id: call-not-executed
-- title: A model asked for a tool call, and no record shows that it ran
-- severity: high
-- confidence: strong
-- cause: unknown
-- evidence: none
-- scope: record
-- facts: missing_records
-- layers: llm
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2; ISO 42001 A.6.2.8
-- says: {agent}: {count} call(s) of {tool} were asked for, and no stream shows that they ran
-- explains: {count} call(s) of {tool} stand in a model's answer; neither the agent's nor a tool's records hold them,
--     though they hold other calls: either they did not run, or their records are missing. Which of the two cannot be
--     told from these logs
-- risk: an action may have been taken of which no record tells, or an action that people rely on was never taken
-- example: the model asks to notify the refund desk, and nobody can say whether the desk was told
-- remedy: ask the owner of the tool for its own log of that moment; let the runtime log every call that it drops, with
--     the reason

SELECT m.run AS run,
       m.what AS what,
       m.lacks AS lacks,
       m.event AS event,
       m.agent AS agent,
       m.layer AS layer,
       m.tool AS tool,
       m.from_ns AS first_ns,
       'asks for the call' AS note
FROM missing_records m
WHERE m.kind = 'execution'
