"""Events of a run as reports show them, made by hand."""

from __future__ import annotations

from typing import Any

from auditrail.report.types import Place, RunEventView, Stitch

SECOND = 10**9
EXACT = Stitch("run", "r1", "exact", None)


def view(number: int, at: float | None = None, layer: str = "agent", kind: str = "log", **more: Any) -> RunEventView:
    """An event in record `number` of the file `<stream>.jsonl`, at a second; what is not given is blank."""
    stream = more.setdefault("stream", "a")
    end = more.pop("end", None)
    record = more.pop("record", number)
    fields: dict[str, Any] = dict.fromkeys(
        name for name in RunEventView._fields if name not in RunEventView._field_defaults
    )
    fields.update(
        id=f"1:{number}",
        key=number,
        ts_ns=None if at is None else round(at * SECOND),
        end_ns=None if end is None else round(end * SECOND),
        ts_source="event",
        tz_assumed=False,
        layer=layer,
        kind=kind,
        status="unknown",
        args_state="absent",
        result_state="absent",
        stitched_by=EXACT,
        source=Place(f"{stream}.jsonl", record, 0, record * 100, 99, f"{record:064x}"),
    )
    return RunEventView(**{**fields, **more})


def span(number: int, name: str, at: float, end: float, parent: str | None = None, **more: Any) -> RunEventView:
    """A span of the agent, unless a layer is given."""
    layer = more.pop("layer", "agent")
    return view(number, at, layer, "span", end=end, span_id=name, parent_span_id=parent, **more)


def call(number: int, at: float, name: str, **more: Any) -> RunEventView:
    """The begin of a tool call in the agent's log."""
    return view(number, at, more.pop("layer", "agent"), "call", tool_call_id=name, tool="t", **more)


def result(number: int, at: float, name: str, **more: Any) -> RunEventView:
    """The result of a tool call in the agent's log."""
    return view(number, at, more.pop("layer", "agent"), "result", tool_call_id=name, tool="t", **more)


def asked(number: int, at: float, name: str, **more: Any) -> RunEventView:
    """A call that a model asks for."""
    return call(number, at, name, layer="llm", **more)
