"""What is missing, and why: the rules over a case, and how their rows become findings.

    case (read-only) -> facts -> rules -> rows -> resolve -> fold -> `report.gaps`

- Facts (`gaps.facts`, ONE FILE = ONE FACT TABLE) are temporary tables that several rules share: what each call of a
  run consists of, which streams a run lacks, where a stream was silent. They may use everything the engine has.
- Rules (`auditrail.rules`, ONE FILE = ONE RULE) are one SELECT each over the case and the facts, in the portable
  dialect that gives the same rows on DuckDB and on Spark. See `auditrail.rules` for how one is written.
- Rows: one for each thing that is missing in one run, with the columns of `gaps.terms.FINDING`. Several rules may speak
  of the same missing thing: `run` and `what` name it.
- `resolve` keeps one row for each missing thing, that with the strongest evidence (declared, cross-witness, counted,
  statistical, none), and drops what a missing stream explains: a trace that was sampled out is not forty lost spans.
- `fold` groups what is left by rule, cause, agent, layer, stream, tool and detail, because a person must read it.
"""
