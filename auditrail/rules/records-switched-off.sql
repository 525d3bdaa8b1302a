-- id: records-switched-off
-- title: A kind of record was written in each run, and stopped
-- severity: high
-- confidence: strong
-- cause: logging-disabled
-- evidence: counted
-- scope: record
-- facts: record_switches
-- controls: EU AI Act 12(1); NIST 800-53 AU-5; NIST 800-53 AU-12; SOC 2 CC7.2; PCI DSS 10.7; ISO 42001 A.6.2.8
-- says: {stream} no longer holds {detail}
-- explains: {stream} goes on, and {runs} run(s) of it lack one kind of record that each run had: {detail}. Records that
--     are lost do not all go at one time: writing them was switched off, or a filter drops them
-- risk: the log looks alive, and nobody sees that the half of it that an inquiry needs is no longer written
-- example: since a release no results of tool calls are logged; that each call was made still is
-- remedy: compare version, log level and filters of the producer before and after that time; raise an alarm on the
--     number of records by kind, and not only on the silence of a stream
-- remedy.otlp: look for a filter processor (traces.span, logs.log_record), for
--     OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT=false, and for an instrumentation that is no longer installed
-- remedy.jsonl: look for a raised log level and for a changed list of loggers

SELECT s.run AS run,
       s.what AS what,
       s.lacks AS lacks,
       s.event AS event,
       s.witness AS witness,
       s.agent AS agent,
       s.layer AS layer,
       s.format AS format,
       s.stream AS stream,
       CASE WHEN s.witness IS NOT NULL THEN 'cross-witness' ELSE 'counted' END AS evidence,
       s.ts_ns AS first_ns,
       'the stream has records of this run, and none of this kind' AS note,
       'shows that there was something to record' AS witness_note,
       'records of kind ' || s.kind || ' (' || s.layer || '): ' || s.detail AS detail
FROM record_switches s
