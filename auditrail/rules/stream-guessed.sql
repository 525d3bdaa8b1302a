-- id: stream-guessed
-- title: Records of a stream stand in a run by a guess only
-- severity: medium
-- confidence: strong
-- cause: siloed
-- evidence: counted
-- scope: content
-- facts: held_streams
-- controls: NIST 800-53 AU-12(1); NIST 800-53 AU-10; EU AI Act 12(1)
-- says: {agent}: {stream} is joined to {runs} run(s) by agent, tool and time only
-- explains: {stream} carries ids that join it to most runs, and none for {runs} run(s) of {agent}: its records there were
--     placed by agent, tool and time, where exactly one run fits. That is a guess, and no proof
-- risk: a decision or an act that is only guessed to be of a run can be disputed
-- example: one agent does not hand its request id to the policy engine; its decisions can be told from others' by time only
-- remedy: send one id along (trace context, request id or tool call id) and have the stream log it
-- remedy.opa: put the request or tool call id into the input, or into decision_logs.request_context.http.headers

WITH told AS (
    SELECT s.run, s.format, s.stream, s.event, s.events, s.first_ns, s.last_ns, r.agent,
           CASE WHEN s.inferred = s.events THEN 1 ELSE 0 END AS guessed
    FROM held_streams s
    JOIN runs r ON r.run = s.run
    WHERE r.id_kind IN ('run', 'trace')
), streams AS (
    SELECT format, stream, count(*) AS runs, sum(guessed) AS guessed FROM told GROUP BY format, stream
), agents AS (
    SELECT format, stream, agent, count(*) AS runs, sum(guessed) AS guessed FROM told GROUP BY format, stream, agent
)
SELECT t.run AS run,
       'guessed:' || t.format || '/' || t.stream AS what,
       t.event AS event,
       t.agent AS agent,
       t.format AS format,
       t.stream AS stream,
       t.events AS count,
       t.first_ns AS first_ns,
       t.last_ns AS last_ns,
       'its place in the run is a guess' AS note
FROM told t
JOIN streams s ON s.format = t.format AND s.stream = t.stream
JOIN agents a ON a.format = t.format AND a.stream = t.stream AND a.agent = t.agent
WHERE t.guessed = 1
  AND s.guessed * 2 < s.runs
  AND a.guessed >= 3
  AND a.guessed * 10 >= a.runs
