-- id: request-without-response
-- title: A model was asked, and no answer is held
-- severity: medium
-- confidence: strong
-- cause: lost
-- evidence: statistical
-- scope: record
-- facts: unanswered_requests
-- controls: EU AI Act 12(2); NIST 800-53 AU-12; ISO 42001 A.6.2.8
-- says: {agent}: {count} request(s) to a model in {stream} have no answer
-- explains: {stream} holds the answers of nearly all requests to a model, and none of {count} request(s) in {runs} run(s):
--     the answer was not written, its record was lost, or the run broke off while it waited
-- risk: what the model told the agent to do is not on record
-- example: the request that led to a payment is there, and the answer with its tool call is not
-- remedy: look for the answer in the gateway's log and in the provider's own; log the end of a request also where it
--     fails or times out
-- remedy.litellm: failure_callback beside success_callback, so that failed requests are logged

SELECT u.run AS run,
       'response:' || CAST(u.event AS STRING) AS what,
       u.format || '/' || u.stream || CASE WHEN u.last THEN ',~crash' ELSE '' END AS lacks,
       u.event AS event,
       u.agent AS agent,
       'llm' AS layer,
       u.format AS format,
       u.stream AS stream,
       u.ts_ns AS first_ns,
       'request without an answer' AS note
FROM unanswered_requests u
