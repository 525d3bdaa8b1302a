-- id: source-unreadable
-- title: A file could not be read
-- severity: medium
-- confidence: proven
-- cause: unknown
-- evidence: declared
-- scope: source
-- facts:
-- controls: NIST 800-53 AU-9; ISO 27001 A.5.28
-- says: {stream} could not be read
-- explains: the file was handed in as evidence and could not be read: {detail}. Whatever it holds is in no run
-- risk: the one file that explains an incident may be the one that could not be read
-- example: an archive whose password nobody gave, a disk with a bad block
-- remedy: hand in a good copy of the file, and load again

SELECT s.source AS source,
       'source:' || CAST(s.source AS STRING) || ':unreadable' AS what,
       s.format AS format,
       s.path AS stream,
       'not one record of it could be read' AS note,
       coalesce(s.error, 'no reason is known') AS detail
FROM sources s
WHERE s.status = 'unreadable' AND s.superseded_by IS NULL
