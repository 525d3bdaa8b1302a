"""Tail sampling decides before long runs end.

Facts: tailsamplingprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import sampling, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-short-decision-wait"
TITLE = "Tail sampling decides before long runs end"
SEVERITY = "low"
CONFIDENCE = "weak"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "The decision falls decision_wait (30 s if not set) after the first span of a trace arrives. An error or "
    "a denial that comes later is not seen by the policies: the run is dropped as harmless, and its later "
    "spans with it. Agent runs last minutes. With --case it is held against the longest runs that the case "
    "holds."
)
EXAMPLE = """processors:
  tail_sampling:
    decision_wait: 10s
"""
REMEDY = (
    "decision_wait longer than the longest run (with num_traces to match), or a policy that keeps agents' "
    "traces whatever happens"
)
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent", "decision-sampled")
FORMATS = collector.FORMATS
PARAMS = {"seconds": 60.0}

_DEFAULT = 30.0


def check(config: Collector, context: Context) -> Iterator[Hit]:
    """One hit for each sampler: by the runs of the case where one is given, else below the parameter `seconds`."""
    for sampler, policies in sampling.samplers(config):
        setting = sampler.node.member("decision_wait")
        wait = values.seconds(setting.node) if setting is not None else _DEFAULT
        if wait is None or sampling.keeps_all(policies):
            continue
        place = setting or sampler.member
        said = f"{sampler.id} decides after {values.spoken(wait)}{'' if setting else ' (the default)'}"
        change = "decision_wait: longer than the longest run, with num_traces to match"
        if context.evidence is not None and context.evidence.runs:
            longer = [run for run in context.evidence.longest if run.seconds > wait]
            if longer:
                shown = f"run {longer[0].id} of the case took {values.spoken(longer[0].seconds)}"
                yield Hit(
                    place.line, place.column, f"{said}, and {shown}: what fails later is not seen.", change,
                    sampler.id, severity="high", confidence="strong", signals=("traces",),
                )  # fmt: skip
        elif wait < context.param(ID, "seconds"):
            yield Hit(
                place.line, place.column, f"{said}: what fails in a run later than that is not seen.", change,
                sampler.id, signals=("traces",),
            )  # fmt: skip
