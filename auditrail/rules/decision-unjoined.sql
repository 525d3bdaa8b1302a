-- id: decision-unjoined
-- title: Decisions belong to no run
-- severity: medium
-- confidence: strong
-- cause: siloed
-- evidence: counted
-- scope: source
-- facts: acts
-- controls: NIST 800-53 AU-12(1); NIST 800-53 AU-10; SOC 2 CC6.1
-- says: {count} decision(s) of {stream} belong to no run
-- explains: {stream} holds {count} decision(s) that carry no id by which they could be joined to a run, though runs went on at
--     about that time. Whose action was allowed or denied cannot be told
-- risk: a denial that cannot be joined to a run cannot show that the run obeyed it
-- example: the policy engine logs agent and tool, and neither a request nor a tool call id
-- remedy: hand the id of the request, the tool call or the trace to the policy engine, and have it logged
-- remedy.opa: put the id into the input, or use decision_logs.request_context.http.headers

WITH hours AS (
    SELECT DISTINCT a.ts_ns - a.ts_ns % 3600000000000 AS hour
    FROM acts a
    JOIN runs r ON r.run = a.run
    WHERE r.id_kind IN ('run', 'trace') AND a.kind <> 'decision' AND a.ts_ns IS NOT NULL
), near AS (
    SELECT hour FROM hours
    UNION
    SELECT hour - 3600000000000 FROM hours
    UNION
    SELECT hour + 3600000000000 FROM hours
)
SELECT d.source AS source,
       min(d.event) AS event,
       'source:' || CAST(d.source AS STRING) || ':decisions:' || d.stream AS what,
       d.layer AS layer,
       d.format AS format,
       d.stream AS stream,
       min(d.ts_ns) AS first_ns,
       max(d.ts_ns) AS last_ns,
       count(*) AS count,
       'a decision that no run has' AS note
FROM acts d
JOIN near n ON n.hour = d.ts_ns - d.ts_ns % 3600000000000
LEFT JOIN runs o ON o.run = d.run AND o.id_kind IN ('run', 'trace')
WHERE d.kind = 'decision' AND o.run IS NULL
GROUP BY d.source, d.layer, d.format, d.stream
