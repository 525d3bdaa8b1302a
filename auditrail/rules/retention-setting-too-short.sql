-- id: retention-setting-too-short
-- title: A log group deletes its records sooner than is asked for
-- severity: medium
-- confidence: proven
-- cause: retention
-- evidence: declared
-- scope: source
-- facts: log_groups
-- controls: EU AI Act 19(1); EU AI Act 26(6); PCI DSS 10.5.1; NIST 800-53 AU-11; SEC 17a-4(a); SOX 210.2-06;
--     HIPAA 164.316(b)(2)(i); NYDFS 500.06
-- params: required_days=0
-- says: {stream} deletes its records after {detail}
-- explains: by its own setting, {stream} deletes its records after {detail}. What is deleted is in no later export, and
--     nothing shows that it was ever there
-- risk: by the time somebody asks about a run, its records may be gone by design, and no backup is owed to anybody
-- example: an auditor asks in December for a refund of March, and the group of the payment service kept 30 days
-- remedy: raise the retention of the group (aws logs put-retention-policy --retention-in-days 400), or export its
--     records to a store that keeps them before they are deleted. Six months are not 180 days: the next step is 365

SELECT g.source AS source,
       'source:' || CAST(g.source AS STRING) || ':retention:' || g.log_group AS what,
       g.format AS format,
       coalesce(g.stream, g.log_group) AS stream,
       CAST(g.days AS STRING) || ' day(s), and ' || CAST(r.value AS STRING) || ' are asked for' AS detail,
       'retentionInDays of ' || g.log_group || ' is ' || CAST(g.days AS STRING) AS note
FROM log_groups g
JOIN params r ON r.name = 'retention-setting-too-short.required_days'
WHERE g.days < r.value
