-- id: stream-stopped
-- title: A stream is switched off while its agent goes on
-- severity: high
-- confidence: strong
-- cause: logging-disabled
-- evidence: statistical
-- scope: stream
-- facts: absences, cut_runs, missing_records, silences
-- controls: NIST 800-53 AU-5; NIST 800-53 AU-12; PCI DSS 10.7; EU AI Act 12(1); SOC 2 CC8.1
-- says: {agent}: {stream} is switched off for {runs} run(s)
-- explains: from one run on (or up to one), no run of {agent} has records of {stream}, and the agent's other streams go on:
--     {detail}. Nothing marks an outage; it looks like a change of the configuration or of the version
-- risk: an agent that no longer logs to a stream acts unseen from then on; whether somebody meant it is not on record
-- example: with version 2 the tracer's environment variable is not set any more, and nobody notices for a quarter
-- remedy: compare the agent's configuration and version on both sides of this moment; treat logging settings as changes
--     that need approval
-- remedy.otlp: OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER and OTEL_LOGS_EXPORTER (none), OTEL_TRACES_SAMPLER (always_off)
-- remedy.claude_code: CLAUDE_CODE_ENABLE_TELEMETRY
-- remedy.langfuse: LANGFUSE_TRACING_ENABLED
-- remedy.opa: decision_logs in OPA's configuration: a service, console: true or a plugin
-- remedy.litellm: litellm_settings.callbacks, and general_settings.disable_spend_logs
-- remedy.bedrock_invocation: put-model-invocation-logging-configuration (logging is off by default)

SELECT a.run AS run,
       'stream:' || a.format || '/' || a.stream AS what,
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
       CASE WHEN a.confidence = 'weak' THEN 'low' ELSE 'high' END AS severity,
       a.from_ns AS first_ns,
       a.to_ns AS last_ns,
       'first record of a run that has nothing of the stream' AS note,
       a.detail AS detail
FROM absences a
WHERE a.cause = 'logging-disabled'
UNION ALL
SELECT c.run, 'part:' || c.format || '/' || c.stream, 'record', c.format || '/' || c.stream, c.event, c.agent,
       CAST(NULL AS STRING), c.format, c.stream, CAST(NULL AS STRING), c.evidence, c.confidence, 'low', c.from_ns,
       c.to_ns, 'a run of which the stream has only a part', c.detail
FROM cut_runs c
WHERE c.cause = 'logging-disabled'
  AND NOT EXISTS (
      SELECT 1 FROM missing_records m
      WHERE m.run = c.run AND m.format = c.format AND m.stream = c.stream
  )
UNION ALL
SELECT m.run, m.what, 'record', m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool, s.evidence,
       s.confidence, 'low', m.from_ns, m.to_ns, 'shows that a record is missing', s.detail
FROM missing_records m
JOIN silences s ON s.format = m.format AND s.stream = m.stream AND (s.agent IS NULL OR s.agent = m.agent)
WHERE s.cause = 'logging-disabled'
  AND (s.to_ns IS NULL OR m.from_ns <= s.to_ns)
  AND (s.from_ns IS NULL OR coalesce(m.to_ns, m.from_ns) >= s.from_ns)
