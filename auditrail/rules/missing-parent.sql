-- id: missing-parent
-- title: A span that others name as their parent is missing
-- severity: high
-- confidence: strong
-- cause: lost
-- evidence: statistical
-- scope: record
-- facts: missing_records
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2
-- says: {count} record(s) of {stream} are missing that others name as their parent
-- explains: {count} span(s), or lines of a transcript, are named as parents, and no loaded stream holds them: {detail}
-- risk: the missing span is the step that caused the others: which tool was called, with which arguments, is not known
-- example: the span of a payment is gone, and only the request that it sent to the payment service is held
-- remedy: look for spans that were dropped at export (queue full, shutdown, size limit), and for the stream of the
--     process that the parent ran in
-- remedy.otlp: raise OTEL_BSP_MAX_QUEUE_SIZE and OTEL_BSP_EXPORT_TIMEOUT, enable sending_queue.storage and
--     retry_on_failure in the Collector, and see that no filter processor drops parents of spans that stay

SELECT m.run AS run,
       m.what AS what,
       m.lacks AS lacks,
       CASE WHEN m.have > 0 OR m.sign = 'local' THEN 'lost'
            WHEN m.sign = 'remote joined' AND m.of_all < 3 THEN 'lost'
            WHEN m.sign = 'unknown' AND m.of_all < 10 THEN 'unknown'
            ELSE 'siloed' END AS cause,
       CASE WHEN m.sign = 'unknown' AND m.have = 0 AND m.of_all < 10 THEN 'none' END AS evidence,
       CASE WHEN m.sign = 'untraced' OR m.sign <> 'local' AND m.have = 0 AND m.of_all >= 10 THEN 'low' END AS severity,
       m.event AS event,
       m.agent AS agent,
       m.format AS format,
       m.stream AS stream,
       m.from_ns AS first_ns,
       m.to_ns AS last_ns,
       CASE WHEN m.sign = 'untraced' THEN 'was written in span ' || substring(m.what, 6)
            ELSE 'names span ' || substring(m.what, 6) || ' as its parent' END AS note,
       CASE WHEN m.sign = 'untraced'
            THEN 'no span at all is loaded, so traces are kept elsewhere'
            WHEN m.have > 0 THEN 'the parents of other such records are held, so single spans were lost'
            WHEN m.sign = 'local' THEN 'they ran in the process of their children'
            WHEN m.sign = 'remote joined' AND m.of_all < 3
            THEN 'they ran in another process, of which other spans are held'
            WHEN m.sign = 'unknown' AND m.of_all < 10 THEN 'nothing tells in which process they ran'
            WHEN m.of_all >= 10 THEN 'no parent of any such record is held, so the spans of the caller go elsewhere'
            ELSE 'they ran in a process of which no such span is loaded' END AS detail
FROM missing_records m
WHERE m.kind = 'span' AND m.by_habit = false
