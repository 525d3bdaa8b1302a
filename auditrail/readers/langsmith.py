"""LangSmith runs: exports of the SDK and the UI (JSON, JSON lines, CSV), pages of the API, bulk exports (Parquet).

Facts: langsmith 0.15.1, schemas.py (RunBase, Run), _internal/_otel_utils.py and _internal/otel/_otel_exporter.py;
docs.langchain.com, "Run data format" (the bulk export has the same fields, inputs and outputs as JSON text).

- A LangSmith run is a span: `id` is the id `span`. The run that an investigator means is its trace: `trace_id`
  (UUID of the root) is the id `run`, and without its dashes the id `trace`, which the SDK gives to the same spans
  when it exports them over OpenTelemetry.
- `parent_span` is `parent_run_id`, else the last but one of `dotted_order`. That order names all ancestors: they
  are in `attributes."langsmith.ancestors"`, root first, so that missing ones show from one record.
- `session_id` is the id of the PROJECT: it stays an attribute. The conversation is `thread_id`, `session_id` or
  `conversation_id` in `extra.metadata`.
- Layers: llm and embedding; tool; chain is the agent's own code; retriever, prompt and parser are other. Inputs and
  outputs are args and result. `{}` is what LANGSMITH_HIDE_INPUTS leaves, and no sign of it.
- Tool calls in a model's output are an event `call` each. `child_runs` are read, too.
- Times without a zone are UTC (the SDK reads them so). A run without `start_time` (a query may leave it out) began
  when the last step of `dotted_order` says.
- The dedupe key has the end beside the id: a run posted at its begin and patched at its end are two records of it.
  A patch in a batch (`{"post": [...], "patch": [...]}`, langsmith-sdk js/src/tests/test_data) has no type, and no id
  but the last of `dotted_order`; with `ls_model_type` it is a model's. Its tokens stand in `outputs.usage_metadata`.

Not read: feedback, datasets. Tested on the SDK's own test data, else on the documentation.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.jsontext import dumps
from auditrail.model import Event, Id
from auditrail.readers._contract import Reading
from auditrail.readers._spans import Moment, Span, events_of, remark_of, text_id, unpacked, utc

NAME = "langsmith"
TITLE = "LangSmith runs (SDK, UI and API JSON, CSV, bulk export in Parquet)"
LAYER = "agent"
TESTED_ON = "real files of the SDK's test data (batches); else langsmith 0.15.1 schemas.py and the run data format"
NEVER_RECORDS = "Runs that client-side sampling left out, and what HIDE_INPUTS and HIDE_OUTPUTS replaced by {}."
ARRAYS = ("runs", "post", "patch")
IDS = (
    "run", "trace", "span", "parent_span", "conversation", "tool_call", "user", "linked_trace", "linked_span",
)  # fmt: skip
CAPTURES = {
    "time": "yes: begin and end of every run; a run that has no end was pending when it was exported",
    "run": "yes: trace_id, the id of the root run",
    "parent": "yes: parent_run_id, and all ancestors in dotted_order",
    "call": "partly: where LangChain puts tool_call_id on a tool run; always on the calls in a model's output",
    "arguments": "yes: inputs; {} where the client hides them",
    "results": "yes: outputs; {} where the client hides them",
    "model": "yes: ls_model_name or the invocation parameters of an llm run",
    "tokens": "yes: prompt_tokens and completion_tokens",
    "decision": "never: a guardrail is a run like any other",
    "errors": "yes: error and status",
    "end": "partly: the root run's end_time, written by an update that a killed process never sends",
}

_TYPES = frozenset({"llm", "chain", "tool", "retriever", "embedding", "prompt", "parser"})
_BEGUN = re.compile(r"(?:\A|\.)(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{6})Z[^.]*\Z", re.ASCII)
_STEP = re.compile(r"\A[0-9TZ.:+-]*Z([0-9a-fA-F-]{32,36})\Z")
_CONVERSATION = ("thread_id", "session_id", "conversation_id")
_MODELS = ("ls_model_name", "model", "model_name", "model_id", "deployment_name")
_USED = frozenset(
    {"id", "trace_id", "parent_run_id", "name", "start_time", "end_time", "run_type", "inputs", "outputs", "error"}
    | {"prompt_tokens", "completion_tokens", "status", "child_runs", "events", "dotted_order"}
)
_MOST_NESTED = 50


def sniff(head: Head) -> float:
    """0.95 for a run type beside the ids of a LangSmith run, 0.9 by the raw text alone, 0.8 beside id and begin."""
    best = 0.0
    for sample in head.samples:
        for value in _candidates(sample):
            best = max(best, _score(value))
    if not head.samples and not head.keys.isdisjoint((*ARRAYS, "id")):  # longer than the head
        run = b'"run_type"' in head.raw and (b'"dotted_order"' in head.raw or b'"trace_id"' in head.raw)
        return 0.9 if run else 0.0
    return best


def _candidates(sample: Any) -> list[Any]:
    if isinstance(sample, dict):
        held = [item for key in ARRAYS if isinstance(sample.get(key), list) for item in sample[key][:3]]
        return held or [sample]
    return []


def _score(value: Any) -> float:
    if not isinstance(value, dict):
        return 0.0
    if _ancestors(value.get("dotted_order")) and isinstance(value.get("trace_id"), str):
        return 0.95  # an update says neither type nor, where the SDK sends it in a batch, id
    kind = value.get("run_type")
    if not isinstance(kind, str) or kind not in _TYPES or "id" not in value:
        return 0.0
    if any(isinstance(value.get(key), str) for key in ("dotted_order", "trace_id", "session_id")):
        return 0.95
    return 0.8 if "start_time" in value and ("inputs" in value or "outputs" in value) else 0.0


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One run -> its span, the tool calls in it, and its child runs.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a run is a JSON object")
    return _run(value, 0)


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """A cursor to a further page of the API's answer."""
    cursors = wrapper.header.get("cursors")
    following = cursors.get("next") if isinstance(cursors, dict) else wrapper.header.get("next_cursor")
    return remark_of(following, "next-page-left", "the answer goes on behind the cursor")


def _run(value: dict[str, Any], level: int) -> list[Event]:
    ancestors = _ancestors(value.get("dotted_order"))
    if "run_type" not in value and "id" not in value and not ancestors:
        return [Event(ts_source="order", attributes=dumps(value) if value else None)]
    extra = unpacked(value.get("extra"))
    extra = extra if isinstance(extra, dict) else {}
    metadata = extra.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    own = value.get("id") or (ancestors[-1] if ancestors else None)
    trace = value.get("trace_id") or (ancestors[0] if ancestors else None)
    parent = value.get("parent_run_id") or (ancestors[-2] if len(ancestors) > 1 else None)
    if trace is None and parent is None:
        trace = own  # the root: the SDK takes it so
    failed = value.get("status") == "error" or (isinstance(value.get("error"), str) and bool(value["error"].strip()))
    span = Span(
        trace.replace("-", "") if isinstance(trace, str) else None,
        own,
        parent,
        value.get("name"),
        utc(value.get("start_time")) or _begun(value.get("dotted_order")),
        utc(value.get("end_time")),
        None,
        _attributes(value, extra, metadata, ancestors),
        error=(value["error"] if isinstance(value.get("error"), str) else "") if failed else None,
        ok=value.get("status") == "success",
        moments=_moments(value.get("events")),
        links=_links(metadata),
    )
    ids: list[Id] = [*text_id("run", trace)]
    for key in _CONVERSATION:
        ids += text_id("conversation", metadata.get(key))
    ids += text_id("user", metadata.get("user_id"))
    events = events_of(span, NAME, ids=ids)
    children = value.get("child_runs")
    if isinstance(children, list) and level < _MOST_NESTED:
        for child in children:
            events += _run(child, level + 1) if isinstance(child, dict) else []
    elif children:
        events.append(Event(ts_source="order", name="child_runs", attributes=dumps({"child_runs": children})))
    return events


def _begun(order: Any) -> int | None:
    """When the last step of the order began, in its usual form: `20260216T013518573255Z<id>`."""
    match = _BEGUN.search(order) if isinstance(order, str) else None
    return utc("{}-{}-{}T{}:{}:{}.{}Z".format(*match.groups())) if match else None


def _ancestors(order: Any) -> list[str]:
    """Ids of the runs from the root down to this one; none if the order is not of its form."""
    steps = [_STEP.match(step) for step in order.split(".")] if isinstance(order, str) and order else []
    # The time before each id may hold a dot of its own: 2026-01-01T00:00:00.5Z<id>.
    if not steps or steps[-1] is None:
        return []
    return [match.group(1) for match in steps if match is not None]


def _attributes(
    value: dict[str, Any], extra: dict[str, Any], metadata: dict[str, Any], ancestors: list[str]
) -> dict[str, Any]:
    kind = value.get("run_type") or ("llm" if "ls_model_type" in metadata else None)
    made: dict[str, Any] = {"langsmith.span.kind": kind}
    for key, target in (("inputs", "gen_ai.prompt"), ("outputs", "gen_ai.completion")):
        if (content := unpacked(value.get(key))) is not None:
            made[target] = content
    if kind in ("llm", "embedding"):
        parameters = extra.get("invocation_params")
        places = (metadata, parameters if isinstance(parameters, dict) else {})
        model = next((place[key] for key in _MODELS for place in places if isinstance(place.get(key), str)), None)
        if model:
            made["gen_ai.request.model"] = model
        outputs = unpacked(value.get("outputs"))
        usage = outputs.get("usage_metadata") if isinstance(outputs, dict) else None
        counted = usage if isinstance(usage, dict) else {}
        for key, target in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")):
            if (count := value.get(key, counted.get(target))) is not None:
                made[f"gen_ai.usage.{target}"] = count
    if kind == "tool":
        made["gen_ai.tool.name"] = value.get("name")
        call = next((an_id for an_id in _call_ids(value, extra, metadata) if an_id), None)
        if call is not None:
            made["gen_ai.tool.call.id"] = call
    if len(ancestors) > 1:
        made["langsmith.ancestors"] = ancestors[:-1]
    for key in ("start_time", "end_time"):
        if value.get(key) is not None and utc(value[key]) is None:
            made[f"langsmith.{key}"] = value[key]
    rest = {
        key: unpacked(inner)
        for key, inner in value.items()
        if key not in _USED or (key == "dotted_order" and not ancestors)
    }
    if kind not in ("llm", "embedding"):
        # A chain repeats the sum of the runs below it.
        rest |= {key: value[key] for key in ("prompt_tokens", "completion_tokens") if key in value}
    rest |= {key: value[key] for key in ("events",) if value.get(key) and not _moments(value[key])}
    made |= {f"langsmith.{key}": inner for key, inner in rest.items() if inner not in (None, [], {}, "")}
    if value.get("status") not in (None, "success", "error"):
        made["langsmith.status"] = value["status"]
    return {key: inner for key, inner in made.items() if inner is not None}


def _call_ids(value: dict[str, Any], extra: dict[str, Any], metadata: dict[str, Any]) -> list[Any]:
    """Where LangChain leaves the id of the call that a tool run executes."""
    found = [extra.get("tool_call_id"), metadata.get("tool_call_id")]
    for key in ("outputs", "inputs"):
        held = unpacked(value.get(key))
        for _ in range(3):
            if not isinstance(held, dict):
                break
            found.append(held.get("tool_call_id"))
            held = held.get("output", held.get("kwargs"))
    return found


def _moments(value: Any) -> tuple[Moment, ...]:
    """Events of a run: the begin and end of its stream, and tokens."""
    events = unpacked(value)
    made = []
    for item in events if isinstance(events, list) else ():
        if not isinstance(item, dict):
            return ()
        name = item.get("name")
        rest = {key: inner for key, inner in item.items() if key not in ("name", "time")}
        made.append(Moment(name if isinstance(name, str) else None, utc(item.get("time")), rest))
    return tuple(made)


def _links(metadata: dict[str, Any]) -> tuple[tuple[Any, Any], ...]:
    """The OpenTelemetry span that was open around the run, where someone noted it."""
    trace, span = metadata.get("otel_trace_id"), metadata.get("otel_span_id")
    return ((trace, span),) if isinstance(trace, str) and trace else ()
