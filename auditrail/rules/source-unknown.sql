-- id: source-unknown
-- title: A file is of no known format
-- severity: low
-- confidence: proven
-- cause: unknown
-- evidence: declared
-- scope: source
-- facts:
-- controls: NIST 800-53 AU-6(3)
-- says: {stream} is of no format that is known
-- explains: the file was handed in, and no reader knows its format; it is named and counted, and nothing of it is in any run
-- risk: a log that nobody can read may be the one that matters
-- example: a binary dump of a database beside the log files
-- remedy: export it in a format that is known (auditrail formats), or map its fields in auditrail.toml

SELECT s.source AS source,
       'source:' || CAST(s.source AS STRING) || ':unknown-format' AS what,
       s.path AS stream,
       'no reader knows this file' AS note,
       coalesce(s.error, 'no reader knows it') AS detail
FROM sources s
WHERE s.status = 'unknown-format' AND s.superseded_by IS NULL
