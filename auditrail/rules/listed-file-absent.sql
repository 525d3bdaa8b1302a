-- id: listed-file-absent
-- title: A file that a signed list names is not here
-- severity: high
-- confidence: proven
-- cause: lost
-- evidence: declared
-- scope: source
-- facts: broken_records
-- controls: NIST 800-53 AU-9; NIST 800-53 AU-10; ISO 27001 A.5.28; ISO 27001 A.8.15; PCI DSS 10.3.4
-- says: {count} file(s) that {stream} lists are not here
-- explains: {stream} names {count} file(s) of the log that were delivered, with their hashes, and they are not among what was
--     loaded: they were not handed in, or somebody removed them. What they told is in no run
-- risk: one removed file is an hour of which nobody can tell, and the rest of the log looks whole without it
-- example: the digest of nine o'clock lists three log files, and the folder holds two
-- remedy: get the files from where the log is kept, and load them; if they are not there either, find out who could
--     delete them, and look at the list itself: auditrail verify FOLDER
-- remedy.cloudtrail_digest: aws s3 cp of the keys named here; object lock and versioning on the bucket of the trail

SELECT b.source AS source,
       b.record AS record,
       'integrity:' || CAST(b.source AS STRING) || ':' || coalesce(CAST(b.record AS STRING), 'file') || ':' || b.note
       AS what,
       b.layer AS layer,
       b.format AS format,
       b.stream AS stream,
       b.from_ns AS first_ns,
       b.to_ns AS last_ns,
       b.note AS note
FROM broken_records b
WHERE b.kind = 'missing-file'
