-- id: child-run-absent
-- title: A run that another run names is not held
-- severity: high
-- confidence: strong
-- cause: siloed
-- evidence: cross-witness
-- scope: record
-- facts: missing_records
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; ISO 42001 A.6.2.8
-- says: {agent}: {count} run(s) that it started, or was started by, are not held
-- explains: {detail}; no loaded stream holds a record of {count} such run(s)
-- risk: what a subagent did in the name of this run is not on record
-- example: an agent hands the check of an identity to another agent, whose log was never loaded
-- remedy: load the log of the other agent; pass the trace context on with the call
-- remedy.claude-code: load the folder <session>/subagents beside the transcript

SELECT m.run AS run,
       m.what AS what,
       CASE WHEN m.have > 0 THEN 'unknown' END AS cause,
       CASE WHEN m.have > 0 THEN 'none' END AS evidence,
       CASE WHEN m.sign = 'parent' THEN 'medium' END AS severity,
       m.event AS event,
       m.agent AS agent,
       m.from_ns AS first_ns,
       CASE WHEN m.sign = 'parent' THEN 'names its parent run ' || substring(m.what, 7)
            WHEN m.sign = 'result' THEN 'names the run that it started: ' || substring(m.what, 7)
            ELSE 'a call that starts a run' END AS note,
       CASE WHEN m.sign = 'parent' THEN 'a run names its parent run'
            WHEN m.sign = 'result' THEN 'the result of a call names the run that it started'
            ELSE 'nearly all such calls start a run' END AS detail
FROM missing_records m
WHERE m.kind = 'child'
