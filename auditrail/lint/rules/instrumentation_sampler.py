"""An Instrumentation of the OpenTelemetry Operator samples when a trace begins.

Facts: opentelemetry-operator, docs/api/instrumentations.md; OpenTelemetry specification, SDK environment variables
(OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "instrumentation-sampler"
TITLE = "An Instrumentation records a share of traces, or none"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("instrumentation",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "The operator hands spec.sampler to each program that it instruments. What is sampled when a trace begins is "
    "decided before anything has failed: a run that is not chosen leaves no span anywhere, failed runs and policy "
    "decisions included."
)
EXAMPLE = """kind: Instrumentation
spec:
  sampler: {type: parentbased_traceidratio, argument: "0.25"}
"""
REMEDY = "type: parentbased_always_on; sample in the Collector's tail, with policies that keep failed runs"
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent")
FORMATS = ("otlp", "otlp_protobuf", "jaeger", "zipkin", "phoenix")
_CHANGE = "type: parentbased_always_on"


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a sampler that leaves traces out, or whose decision is made elsewhere."""
    setting = config.member("spec.sampler.type")
    kind = values.text(setting.node) if setting is not None else None
    if setting is None or kind is None:
        return
    name, line, column = config.name, setting.line, setting.column
    if kind in ("always_off", "parentbased_always_off"):
        which = "no trace" if kind == "always_off" else "no trace that begins there"
        said = f"{name} samples {kind}: {which} of what it instruments is recorded."
        yield Hit(line, column, said, _CHANGE, "sampler", severity="critical", signals=("traces",))
    elif kind in ("jaeger_remote", "parentbased_jaeger_remote", "xray"):
        said = f"{name} samples {kind}: a server decides at run time which runs are recorded."
        yield Hit(
            line, column, said, _CHANGE, "sampler", severity="medium", confidence="weak", signals=("traces",)
        )  # fmt: skip
    elif kind in ("traceidratio", "parentbased_traceidratio"):
        argument = config.member("spec.sampler.argument")
        share = values.number(argument.node) if argument is not None else None
        if argument is not None and share is not None and 0 <= share < 1:
            said = f"{name} records {share * 100:g} % of the traces that begin in what it instruments, failed or not."
            yield Hit(argument.line, argument.column, said, 'argument: "1"', "sampler", signals=("traces",))
