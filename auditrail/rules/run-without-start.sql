-- id: run-without-start
-- title: The begin of a run is missing
-- severity: medium
-- confidence: strong
-- cause: lost
-- evidence: statistical
-- scope: record
-- facts: missing_records
-- controls: EU AI Act 12(1); NIST 800-53 AU-3; NIST 800-53 AU-12; ISO 42001 A.6.2.8
-- says: {agent}: {runs} run(s) have no begin in {stream}
-- explains: {stream} writes when a run begins, holds other records of {runs} run(s), and not their begin
-- risk: who started the run, with which input and which version of the agent, usually stands in that record only
-- example: a run pays a refund, and the record that names the user who asked for it is gone
-- remedy: look for a lost line, a rotated file or a late start of the log shipper at the begin of these runs
-- remedy.docker: raise log-opts max-size and max-file, or ship before rotation
-- remedy.cri: raise containerLogMaxSize and containerLogMaxFiles of the kubelet, or ship before rotation

SELECT m.run AS run,
       m.what AS what,
       m.lacks AS lacks,
       m.event AS event,
       m.agent AS agent,
       m.layer AS layer,
       m.format AS format,
       m.stream AS stream,
       m.from_ns AS first_ns,
       'the first record of the run that is held' AS note
FROM missing_records m
WHERE m.kind = 'start'
