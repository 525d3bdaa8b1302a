-- id: tool-without-decision
-- title: A tool was called without a decision of the policy
-- severity: high
-- confidence: strong
-- cause: policy-missing
-- evidence: statistical
-- scope: record
-- facts: missing_records
-- layers: policy
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2; ISO 42001 A.6.2.8
-- says: {agent}: {count} call(s) of {tool} ran, and {stream} holds no decision on them
-- explains: {stream} holds the decisions on the other calls of {tool} by {agent}, and none on {count} call(s) that were
--     carried out: the policy was not asked, or its decision was not logged
-- risk: an action was taken that nobody can show was allowed
-- example: a refund is paid through a path that does not ask the policy engine
-- remedy: let the tool refuse requests without a decision id, and log the id with the call
-- remedy.opa: see that decision_logs has a sink, that no drop rule of system.log covers these paths, and that
--     decision_logs.reporting.max_decisions_per_second is not set

SELECT m.run AS run,
       m.what AS what,
       CASE WHEN m.what LIKE 'stream:%' THEN 'stream' ELSE 'record' END AS scope,
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
WHERE m.kind = 'decision' AND m.joint = false
