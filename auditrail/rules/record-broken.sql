-- id: record-broken
-- title: Records were changed after they were written
-- severity: critical
-- confidence: proven
-- cause: integrity
-- evidence: declared
-- scope: run
-- facts: broken_records
-- controls: NIST 800-53 AU-9; NIST 800-53 AU-10; SOC 2 CC7.2; ISO 27001 A.8.15; PCI DSS 10.3.4; SEC 17a-4(f)(2);
--     HIPAA 164.312(c)
-- says: {stream}: {count} record(s) {detail}
-- explains: the hash chain or signature of {stream} does not fit at {count} place(s) ({detail}): what stands there is
--     not what was written first. {runs} run(s) rest on them
-- risk: what an investigation concludes from a changed record is worth nothing, and whoever could change one may have
--     changed others that nothing protects
-- example: an amount in a refund's arguments was edited in the log file after the incident
-- remedy: compare the records with a copy from before (a backup, the collector, another stream), find out who could
--     write to the file, and look at the chain itself: auditrail verify FILE. So that it cannot be done unseen again,
--     ship records to a store that the agent's host cannot write to, and seal logs: auditrail seal FILE

SELECT b.run AS run,
       'integrity:' || CAST(b.source AS STRING) || ':' || coalesce(CAST(b.record AS STRING), 'file') || ':' || b.kind
       AS what,
       CASE WHEN b.run IS NULL THEN 'source' ELSE 'run' END AS scope,
       b.event AS event,
       b.source AS source,
       b.record AS record,
       b.agent AS agent,
       b.layer AS layer,
       b.format AS format,
       b.stream AS stream,
       b.tool AS tool,
       b.from_ns AS first_ns,
       b.to_ns AS last_ns,
       b.note AS note,
       b.kind AS detail
FROM broken_records b
WHERE b.kind <> 'missing-file'
