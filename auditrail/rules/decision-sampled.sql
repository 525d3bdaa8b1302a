-- id: decision-sampled
-- title: Policy decisions were sampled out
-- severity: critical
-- confidence: strong
-- cause: sampling
-- evidence: statistical
-- scope: record
-- facts: sampled_decisions
-- layers: policy
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2; ISO 42001 A.6.2.8
-- says: {agent}: {count} call(s) of {tool} ran, and {stream} holds only a sample of the decisions
-- explains: {stream} holds {detail}. The share is the same for each tool and all the time, as a sampler makes it and a
--     rule of the policy does not
-- risk: nobody can show that the calls whose decisions were dropped had been allowed
-- example: three decisions in ten are logged to save storage; the payment in dispute is among the other seven
-- remedy: log every decision: no sampling and no rate limit on decision logs
-- remedy.opa: decision_logs without a drop rule (system.log.drop) and without
--     decision_logs.reporting.max_decisions_per_second

SELECT s.run AS run,
       'decision:' || s.label AS what,
       'policy,' || s.format || '/' || s.stream AS lacks,
       s.event AS event,
       s.agent AS agent,
       'policy' AS layer,
       s.format AS format,
       s.stream AS stream,
       s.tool AS tool,
       s.from_ns AS first_ns,
       s.to_ns AS last_ns,
       'record of a call that was carried out' AS note,
       CAST(s.decided AS STRING) || ' decision(s) on ' || CAST(s.of_calls AS STRING)
           || ' calls that were carried out' AS detail
FROM sampled_decisions s
