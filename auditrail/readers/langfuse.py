"""Langfuse observations and traces: answers of the API, exports (JSON, JSON lines, CSV, Parquet), ingestion batches.

Facts: langfuse 5.0.4 (api/commons/types/observation_v2.py, _client/attributes.py), langfuse/langfuse
fern/apis/server/definition (commons.yml at 0010e28, ingestion.yml), langfuse.com "Blob storage export field reference".
Names are camelCase in the API and snake_case in exports: both are read. Exports have objects as JSON text, and times
without a zone, which the reference defines as UTC.

- An observation is a span: `id`, `traceId`, `parentObservationId`. GENERATION and EMBEDDING are llm, TOOL is tool,
  AGENT and CHAIN agent, GUARDRAIL policy, anything else other. An EVENT has no duration and is a `log`; its
  id is `other`.
- Columns come from the vocabularies, under the names that Langfuse has over OpenTelemetry: `langfuse.observation.*`.
- `level` ERROR is status error, with `statusMessage`. A WARNING stays an attribute.
- A trace gives one event `start` of the agent, with input and output as args and result, and the observations in it.
  Ids of observations alone (the list of traces) stay in `attributes."langfuse.observations"`: what should be there.
- An ingestion batch is a log of what a client sent: a `create` is the span as far as it was known, an `update`
  is a `log` below it with what it adds, so that nothing counts twice.
- What the interface downloads of one trace is `{trace, observations}`: a trace whose observations stand beside it
  (the project's own test data, packages/shared/scripts/seeder/utils/framework-traces).
- The answer's `meta` says whether pages or a cursor follow (remarks `next-page-left`).

Not read: datasets, prompts; scores are kept as `log` events, those inside a trace as its attribute.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.jsontext import content, dumps, parse
from auditrail.model import Event, Id
from auditrail.readers._contract import Ignored, Reading
from auditrail.readers._spans import Span, events_of, remark_of, text_id, unpacked, utc
from auditrail.readers._vocabulary import state

NAME = "langfuse"
TITLE = "Langfuse observations and traces (API, exports as JSON, CSV and Parquet, ingestion batches)"
LAYER = "agent"
TESTED_ON = (
    "real files of langfuse/langfuse (downloads of one trace); documentation only: types of langfuse 5.0.4, API "
    "definition at 0010e28, blob export field reference"
)
NEVER_RECORDS = "Observations that client-side sampling left out, and content that a mask function replaced before."
ARRAYS = ("data", "batch")
IDS = ("trace", "span", "parent_span", "session", "user", "tool_call", "other")
CAPTURES = {
    "time": "yes: begin and end of every observation; an EVENT has one time",
    "run": "partly: the trace; Langfuse has no run of its own",
    "parent": "yes: parentObservationId",
    "call": "partly: ids of the calls in a generation's output; a TOOL observation where output or tracer says it",
    "arguments": "yes: input, unless a mask function or LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED=false took it",
    "results": "yes: output, as arguments",
    "model": "yes: model of a generation",
    "tokens": "yes: usageDetails of a generation",
    "decision": "partly: a GUARDRAIL observation, without a word for its verdict",
    "errors": "yes: level ERROR with statusMessage",
    "end": "partly: the trace's root observation, if it was updated with an end",
}

_TYPES = frozenset(
    {"SPAN", "GENERATION", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL"}
)
_SNAKE = {
    "trace_id": "traceId", "parent_observation_id": "parentObservationId", "start_time": "startTime",
    "end_time": "endTime", "status_message": "statusMessage", "session_id": "sessionId", "user_id": "userId",
    "provided_model_name": "providedModelName", "usage_details": "usageDetails", "trace_name": "traceName",
    "completion_start_time": "completionStartTime", "project_id": "projectId", "cost_details": "costDetails",
    "model_parameters": "modelParameters", "created_at": "createdAt", "updated_at": "updatedAt",
}  # fmt: skip
_OBSERVATION = frozenset(
    {"parentObservationId", "usageDetails", "statusMessage", "completionStartTime", "level", "costDetails", "traceName"}
)
_TRACE = frozenset({"observations", "sessionId", "userId", "htmlPath", "public", "bookmarked", "tags", "release"})
_USED = frozenset(
    {"id", "traceId", "parentObservationId", "name", "startTime", "endTime", "type", "input", "output", "level"}
    | {"statusMessage", "sessionId", "userId", "model", "providedModelName"}
)
_TRACE_USED = frozenset({"id", "timestamp", "name", "input", "output", "sessionId", "userId", "observations"})
_INPUT = ("input", "prompt_tokens", "promptTokens", "input_tokens", "inputTokens")
_OUTPUT = ("output", "completion_tokens", "completionTokens", "output_tokens", "outputTokens")
_KINDS_SENT = ("-create", "-update")
# What Langfuse's OpenTelemetry end point has no field for stands below `metadata.attributes`, named as the tracer did.
# Counts are not taken from there: agents repeat the sums of their generations.
_TRACED = (
    ("gen_ai.tool.name", ("gen_ai.tool.name", "tool.name")),
    ("gen_ai.tool.call.id", ("gen_ai.tool.call.id", "tool_call.id", "tool.id")),
    ("gen_ai.agent.name", ("gen_ai.agent.name", "agent.name")),
)
_EXECUTED = "execute_tool "


def sniff(head: Head) -> float:
    """0.95 for observations and batches, 0.9 for traces and for what only the raw text shows."""
    best = 0.0
    for sample in head.samples:
        held = [sample] if isinstance(sample, dict) else []
        for key in ARRAYS:
            if held and isinstance(sample.get(key), list):
                held = sample[key][:3]
                break
        best = max([best, *map(_score, held)])
    if not head.samples and not head.keys.isdisjoint((*ARRAYS, "observations", "id")):
        return 0.9 if b'"parentObservationId"' in head.raw and b'"traceId"' in head.raw else 0.0
    return best


def _score(value: Any) -> float:
    if not isinstance(value, dict):
        return 0.0
    if _is_sent(value):
        return 0.95
    value = _camel(_joined(value))
    kind = value.get("type")
    if isinstance(kind, str) and kind.upper() in _TYPES and "traceId" in value and "startTime" in value:
        marks = len(_OBSERVATION & value.keys())
        return 0.95 if marks > 1 or "parentObservationId" in value else 0.8 if marks else 0.0
    if "id" in value and "timestamp" in value and "type" not in value and "traceId" not in value:
        observations = unpacked(value.get("observations"))
        if isinstance(observations, list) and any(
            isinstance(item, dict) and "traceId" in _camel(item) for item in observations[:3]
        ):
            return 0.9
        return 0.8 if len(_TRACE & value.keys()) > 3 and {"sessionId", "userId"} & value.keys() else 0.0
    return 0.0


def _is_sent(value: dict[str, Any]) -> bool:
    """Whether it is an event of an ingestion batch: an envelope around a body."""
    kind = value.get("type")
    return (
        isinstance(value.get("body"), dict)
        and isinstance(kind, str)
        and (kind.endswith(_KINDS_SENT) or kind == "sdk-log")
    )


def _joined(value: dict[str, Any]) -> dict[str, Any]:
    """The trace with its observations, which the UI's download has beside it."""
    trace = value.get("trace")
    if not isinstance(trace, dict) or "id" in value or not isinstance(value.get("observations"), list):
        return value
    return {**trace, **{key: item for key, item in value.items() if key != "trace"}}


def _camel(value: dict[str, Any]) -> dict[str, Any]:
    if _SNAKE.keys().isdisjoint(value):
        return value
    return {_SNAKE.get(key, key) if _SNAKE.get(key) not in value else key: inner for key, inner in value.items()}


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One observation, trace or event of a batch -> its events.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an observation is a JSON object")
    if _is_sent(value):
        return _sent(value)
    value = _camel(_joined(value))
    if "type" in value and ("startTime" in value or "traceId" in value):
        return _observation(value)
    if "id" in value and "timestamp" in value and "traceId" not in value:
        return _trace(value)
    return [_other(value)] if value else Ignored("empty-object")


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """What the answer's meta says of pages that are not here."""
    meta = wrapper.header.get("meta")
    if not isinstance(meta, dict):
        return []
    found = remark_of(meta.get("cursor"), "next-page-left", "the answer goes on behind the cursor")
    page, pages = meta.get("page"), meta.get("totalPages")
    if isinstance(page, int) and isinstance(pages, int) and page < pages:
        found.append(("next-page-left", f"page {page} of {pages}, {meta.get('totalItems')} items in all"))
    return found


def _shared_ids(value: dict[str, Any]) -> tuple[Id, ...]:
    return (*text_id("session", value.get("sessionId")), *text_id("user", value.get("userId")))


def _observation(value: dict[str, Any]) -> list[Event]:
    kind = value["type"].upper() if isinstance(value.get("type"), str) else ""
    failed = value.get("level") == "ERROR"
    message = value.get("statusMessage")
    answer = _tool_message(value, kind)
    if not failed and answer is not None and answer.get("status") == "error":
        failed, message = True, message or answer.get("content")
    span = Span(
        value.get("traceId"),
        value.get("id"),
        value.get("parentObservationId"),
        value.get("name"),
        utc(value.get("startTime")),
        utc(value.get("endTime")),
        None,
        _attributes(value, kind, answer, failed=failed),
        error=(message if isinstance(message, str) else "") if failed else None,
    )
    events = events_of(span, NAME, ids=_shared_ids(value))
    user = value.get("userId")
    if isinstance(user, str) and user.strip():
        events = [event._replace(principal=event.principal or user) for event in events]
    if kind == "EVENT":
        first = events[0]
        ids = tuple(Id("other", an_id.value) if an_id.kind == "span" else an_id for an_id in first.ids)
        events[0] = first._replace(kind="log", ids=ids)
    return events


def _tool_message(value: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """The message with which a tool of LangChain answers a call, where it is the whole output of a step."""
    held = unpacked(value.get("output")) if kind in ("SPAN", "TOOL", "") else None
    if not isinstance(held, dict) or held.get("type") != "tool" or "content" not in held:
        return None
    call = held.get("tool_call_id")
    return held if isinstance(call, str) and call else None


def _traced(value: dict[str, Any]) -> dict[str, str]:
    metadata = unpacked(value.get("metadata"))
    attributes = unpacked(metadata.get("attributes")) if isinstance(metadata, dict) else None
    if not isinstance(attributes, dict):
        return {}
    made: dict[str, str] = {}
    for target, names in _TRACED:
        found = next((attributes[name] for name in names if isinstance(attributes.get(name), str)), None)
        if found:
            made[target] = found
    return made


def _names(value: dict[str, Any], kind: str, answer: dict[str, Any] | None) -> dict[str, Any]:
    """Who acted, and which call of a model a tool answers."""
    made: dict[str, Any] = {}
    name = value.get("name")
    if isinstance(name, str) and kind in ("TOOL", "AGENT"):
        made["gen_ai.tool.name" if kind == "TOOL" else "gen_ai.agent.name"] = name.removeprefix(_EXECUTED) or name
    made |= _traced(value)
    if answer is not None:
        # Integrations with LangChain may call the run of a tool a SPAN.
        if kind != "TOOL":
            made |= {"langfuse.observation.type": "tool", "langfuse.type": value.get("type") or "none"}
        made["gen_ai.tool.call.id"] = answer["tool_call_id"]
        if isinstance(called := answer.get("name") or name, str):
            made["gen_ai.tool.name"] = called
    return made


def _attributes(value: dict[str, Any], kind: str, answer: dict[str, Any] | None, *, failed: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"langfuse.observation.type": kind.lower() or value.get("type")}
    for key in ("input", "output"):
        if (held := _content_of(value.get(key))) is not None:
            made[f"langfuse.observation.{key}"] = held
    made |= _names(value, kind, answer)
    model = value.get("model") or value.get("providedModelName")
    if isinstance(model, str) and model:
        made["langfuse.observation.model.name"] = model
    usage = unpacked(value.get("usageDetails")) or unpacked(value.get("usage"))
    places = [usage, value] if isinstance(usage, dict) else [value]
    for keys, target in ((_INPUT, "input_tokens"), (_OUTPUT, "output_tokens")):
        for place in places:
            # `input` and `output` of the observation itself are content, and no count.
            names = keys if place is usage else keys[1:]
            count = next((place[key] for key in names if place.get(key) is not None), None)
            if count is not None and f"gen_ai.usage.{target}" not in made:
                made[f"gen_ai.usage.{target}"] = count
    for key in ("startTime", "endTime"):
        if value.get(key) is not None and utc(value[key]) is None:
            made[f"langfuse.{key}"] = value[key]
    if value.get("level") not in (None, "DEFAULT", "ERROR"):
        made["langfuse.level"] = value["level"]
    if not failed and value.get("statusMessage"):
        made["langfuse.statusMessage"] = value["statusMessage"]
    for key, inner in value.items():
        if key not in _USED and inner not in (None, "", [], {}):
            made[f"langfuse.{key}"] = unpacked(inner)
    return made


def _content_of(value: Any) -> Any:
    """Content of a trace or observation. Downloads may hold JSON text of what the tracer gave as JSON text already."""
    if isinstance(value, str) and value[:2] in ('"{', '"[') and value[-1:] == '"':
        try:
            once, flags = parse(value.encode("utf-8", "surrogatepass"))
        except RecordError:
            return value
        inner = unpacked(once)
        return value if flags or isinstance(inner, str) else inner
    return unpacked(value)


def _trace(value: dict[str, Any]) -> list[Event]:
    begun = utc(value.get("timestamp"))
    observations = unpacked(value.get("observations"))
    held = [_camel(item) for item in observations if isinstance(item, dict)] if isinstance(observations, list) else []
    rest = {
        key: unpacked(inner)
        for key, inner in value.items()
        if key not in _TRACE_USED and inner not in (None, "", [], {})
    }
    if isinstance(observations, list) and (ids := [item for item in observations if not isinstance(item, dict)]):
        rest["observations"] = ids
    elif observations is not None and not isinstance(observations, list):
        rest["observations"] = observations
    if begun is None:
        rest["timestamp"] = value.get("timestamp")
    own = value.get("id")
    sent, got = _content_of(value.get("input")), _content_of(value.get("output"))
    name, user = value.get("name"), value.get("userId")
    start = Event(
        ts_ns=begun,
        ts_source="event" if begun is not None else "order",
        layer="agent",
        kind="start",
        name=name if isinstance(name, str) and name else None,
        principal=user if isinstance(user, str) and user.strip() else None,
        args=content(sent),
        args_state=state(sent, given="input" in value),
        result=content(got),
        result_state=state(got, given="output" in value),
        dedupe_key=f"langfuse:trace/{own}" if isinstance(own, str) and own else None,
        attributes=dumps({f"langfuse.{key}": inner for key, inner in rest.items()}) if rest else None,
        ids=(*text_id("trace", own), *_shared_ids(value)),
    )
    # Observations inside a trace may leave out what the trace says.
    shared: dict[str, Any] = {key: value[key] for key in ("sessionId", "userId") if key in value}
    return [start, *(event for item in held for event in _observation({"traceId": value.get("id"), **shared, **item}))]


def _other(value: dict[str, Any]) -> Event:
    """A score, or anything else: kept as it stands."""
    when = utc(value.get("timestamp")) or utc(value.get("createdAt"))
    name = value.get("name")
    return Event(
        ts_ns=when,
        ts_source="event" if when is not None else "order",
        name=name if isinstance(name, str) and name else None,
        attributes=dumps(value),
        ids=(*text_id("trace", value.get("traceId")), *text_id("parent_span", value.get("observationId"))),
    )


def _sent(value: dict[str, Any]) -> list[Event]:
    """An event of an ingestion batch: `type` says what its body is, and whether it is new."""
    kind, body = value["type"], _camel(value["body"])
    sent_ns = utc(value.get("timestamp"))
    what, _, action = kind.partition("-")
    envelope = {key: inner for key, inner in value.items() if key not in ("body", "type") and inner is not None}
    if what == "trace":
        events = _trace({"timestamp": value.get("timestamp"), **body})
    elif what in ("span", "generation", "event", "observation") or (what.upper() in _TYPES and action):
        events = _observation({"type": what.upper() if what != "observation" else "SPAN", **body})
    else:
        events = [_other(body)]
    key = value.get("id")
    made = []
    for number, read_as in enumerate(events):
        event = read_as
        change: dict[str, Any] = {"observed_ns": sent_ns}
        if isinstance(key, str) and key:
            change["dedupe_key"] = f"langfuse:sent/{key}" + (f"#{number}" if number else "")
        if number == 0:
            attributes = unpacked(event.attributes) if event.attributes else {}
            change["attributes"] = dumps({**attributes, "langfuse.sent": {"type": kind, **envelope}})
            if action == "update":
                change |= _as_update(event, kind)
        event = event._replace(**change)
        if event.ts_ns is None and sent_ns is not None:
            event = event._replace(ts_ns=sent_ns, ts_source="observed")
        made.append(event)
    return made


def _as_update(event: Event, kind: str) -> dict[str, Any]:
    """An update adds to a span that its create has given: a record below it, at the time that it tells."""
    when = event.end_ns if event.end_ns is not None else event.ts_ns
    ids = tuple(
        Id("parent_span", an_id.value) if an_id.kind == "span" else an_id
        for an_id in event.ids
        if an_id.kind != "parent_span"
    )
    return {
        "kind": "log",
        "name": event.name or kind,
        "ts_ns": when,
        "end_ns": None,
        "ts_source": "event" if when is not None else "order",
        "ids": ids,
    }
