-- id: declared-more
-- title: A record declares more spans than are held
-- severity: high
-- confidence: proven
-- cause: lost
-- evidence: declared
-- scope: record
-- facts: declared_counts
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2
-- says: {agent}: {count} span(s) are missing of those that {stream} says there are
-- explains: traces of {stream} declare more spans than any loaded stream holds: {count} span(s) of {runs} run(s) were
--     left out of the export, or were never stored
-- risk: steps of the run are missing, and nothing else may name them
-- example: a trace declares 14 spans, and the export holds 9
-- remedy: export the trace again with its spans, and look for a limit on the size of a trace in its store
-- remedy.mlflow: fetch the trace with get_trace, not from the table of search_traces with a limit on its fields; see
--     that the artifact with the spans was uploaded (MLFLOW_ASYNC_TRACE_LOGGING_MAX_QUEUE_SIZE bounds what waits)

SELECT d.run AS run,
       'declared:' || CAST(d.event AS STRING) AS what,
       'spans' AS lacks,
       d.event AS event,
       d.agent AS agent,
       d.format AS format,
       d.stream AS stream,
       d.ts_ns AS first_ns,
       d.declared - d.held AS count,
       'declares ' || CAST(d.declared AS STRING) || ' spans, of which ' || CAST(d.held AS STRING) || ' are held' AS note
FROM declared_counts d
