-- id: stream-sampled
-- title: Runs were sampled out of a stream
-- severity: high
-- confidence: strong
-- cause: sampling
-- evidence: statistical
-- scope: stream
-- facts: absences, missing_records, samplers
-- controls: EU AI Act 12(1); NIST 800-53 AU-12; SOC 2 CC7.2; ISO 27001 A.8.15
-- says: {agent}: {runs} run(s) were sampled out of {stream}
-- explains: {runs} run(s) of {agent} have no record of {stream}, because a sampler dropped them: {detail}. A run
--     that failed, or in which something was denied, is critical: a sampler has no business with it
-- risk: what was sampled out is gone for good, and sampling does not ask whether a run was harmless
-- example: one trace in ten is kept; the run that paid the attacker is among the other nine
-- remedy: keep every run of an agent that can act: sample at 100 %, or sample at the end of a run with a rule that
--     keeps failures, denials and tool calls
-- remedy.otlp: OTEL_TRACES_SAMPLER=parentbased_always_on; in the Collector no probabilistic_sampler, or a tail_sampling
--     with policies for status_code ERROR and for gen_ai.operation.name (decision_wait longer than a run)
-- remedy.otlp_protobuf: OTEL_TRACES_SAMPLER=parentbased_always_on; in the Collector no probabilistic_sampler, or a
--     tail_sampling with policies for status_code ERROR and for gen_ai.operation.name
-- remedy.opa: decision_logs without a drop_decision rule and without max_decisions_per_second
-- remedy.langfuse: LANGFUSE_SAMPLE_RATE=1.0
-- remedy.langsmith: LANGSMITH_TRACING_SAMPLING_RATE=1.0
-- remedy.mlflow: MLFLOW_TRACE_SAMPLING_RATIO=1.0
-- remedy.jaeger: sampling strategies: default_strategy of type const with param 1
-- remedy.datadog: DD_TRACE_SAMPLE_RATE=1.0, and no rate limit (DD_TRACE_RATE_LIMIT)

SELECT a.run AS run,
       a.what AS what,
       'stream' AS scope,
       a.lacks AS lacks,
       a.event AS event,
       a.agent AS agent,
       a.layer AS layer,
       a.format AS format,
       a.stream AS stream,
       CAST(NULL AS STRING) AS tool,
       a.evidence AS evidence,
       a.confidence AS confidence,
       CASE WHEN a.failed OR a.layer = 'policy' THEN 'critical' ELSE 'high' END AS severity,
       a.from_ns AS first_ns,
       a.to_ns AS last_ns,
       'first record of a run that was sampled out' AS note,
       a.detail AS detail
FROM absences a
WHERE a.cause = 'sampling'
UNION ALL
SELECT m.run, m.what, 'record', m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool, 'declared', 'strong',
       CASE WHEN m.layer = 'policy' THEN 'critical' ELSE 'high' END,
       m.from_ns, m.to_ns, 'shows that a record is missing',
       'single records of the stream are sampled, as others of it declare'
FROM missing_records m
JOIN (
    SELECT format, stream, min(declared) AS declared FROM samplers WHERE declared < 1 GROUP BY format, stream
) s ON s.format = m.format AND s.stream = m.stream
WHERE m.kind NOT IN ('span', 'end', 'start')
