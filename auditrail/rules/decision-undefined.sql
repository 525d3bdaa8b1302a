-- id: decision-undefined
-- title: A policy was asked and decided nothing
-- severity: medium
-- confidence: proven
-- cause: policy-missing
-- evidence: declared
-- scope: record
-- facts: acts
-- controls: NIST 800-53 AC-3; NIST 800-53 AU-12; SOC 2 CC6.1; EU AI Act 12(1)
-- says: {agent}: {count} decision(s) on {tool} are undefined
-- explains: {stream} was asked {count} time(s) about {tool} and gave no answer: no rule applied, or it failed. What then
--     happened was decided by whoever asked, and no policy stands behind it
-- risk: what an undefined answer means is up to the caller; one that reads it as yes has no policy at all
-- example: the policy's path is misspelt, every answer is undefined, and the agent goes on
-- remedy: give the policy a default rule (default allow := false), and treat undefined as a denial in the caller
-- remedy.opa: default allow := false in the package that is queried, and check the path of the query

SELECT a.run AS run,
       'undefined:' || CAST(a.event AS STRING) AS what,
       a.event AS event,
       a.agent AS agent,
       a.layer AS layer,
       a.format AS format,
       a.stream AS stream,
       a.tool AS tool,
       a.ts_ns AS first_ns,
       'the policy gives no answer' AS note
FROM acts a
WHERE a.decision = 'undefined'
