-- id: content-dropped-counts
-- title: Attributes, events or links of a span were dropped by a limit
-- severity: medium
-- confidence: proven
-- cause: truncation
-- evidence: declared
-- scope: content
-- facts: attribute_losses
-- controls: NIST 800-53 AU-3; NIST 800-53 AU-4; ISO 27001 A.8.15
-- says: {detail}, in {stream}
-- explains: {count} record(s) of {stream}, in {runs} run(s), say themselves that a limit of the SDK dropped some of
--     content: {detail}. What was dropped is in no log
-- risk: the dropped attribute may be the argument, the error or the id that joins two streams; long conversations are
--     hit first, because each message takes several attributes
-- example: the 129th attribute of a span was dropped; the messages of a conversation had used up the 128 before it
-- remedy: raise the limit, or write messages as one JSON attribute instead of one attribute per member
-- remedy.otlp: OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT (128), OTEL_SPAN_EVENT_COUNT_LIMIT, OTEL_SPAN_LINK_COUNT_LIMIT,
--     OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT, OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: raise the one that was hit

SELECT l.run AS run,
       'dropped-' || l.code || ':' || CAST(l.event AS STRING) AS what,
       l.event AS event,
       l.agent AS agent,
       l.layer AS layer,
       l.format AS format,
       l.stream AS stream,
       l.tool AS tool,
       l.ts_ns AS first_ns,
       'dropped ' || l.code || ': ' || CAST(l.number AS STRING) AS note,
       l.code || ' dropped by a limit' AS detail
FROM attribute_losses l
WHERE l.code IN ('attributes', 'events', 'links')
