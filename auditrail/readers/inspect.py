"""Inspect AI evaluation logs: the JSON log, and the members of an `.eval` archive.

After UKGovernmentBEIS/inspect_ai `src/inspect_ai/log/_log.py` (EvalLog, EvalSample, EvalSampleSummary) and
`src/inspect_ai/event/`. Shapes:

- JSON log `{version, status, eval, plan, results, stats, error, samples[], reductions[]}`: each sample is a record;
  what the log says of the whole evaluation is one `log` event beside the first of them.
- Members of an archive: `header.json` and `_journal/start.json` (the same without samples),
  `samples/<id>_epoch_<n>.json` (one sample), `summaries.json` and `_journal/summaries/<n>.json` (a `log` event for
  each sample), `reductions.json`.

One sample in one epoch is one run. Newer logs give it a `uuid`, which names the run in both shapes; else it is named
after the file, the sample and the epoch. The evaluation's `run_id` is a session: it groups the runs of one evaluation;
in an archive, whose samples do not name it, it is an id of the evaluation's own two records.

- `attachment://<hash>` stands for a text in the sample's `attachments` and is put back; where the text is not there,
  the state of arguments or result is `offloaded`. The oldest logs have `transcript{events, content}` and `tc://<hash>`
  instead. `input_refs` of newer logs point into a pool of messages.
- `span_begin` is a `span` that ends with its `span_end` (kept as a `log` event); older logs have `step` events instead.
  A span of type agent names the agent.
- `model`: a span of layer llm, then a `call` for each tool call of its output. `tool`: a span of layer tool, with the
  tool call's id; older logs nest the events of a tool or subtask inside it. `approval`: a decision.
- A sample without events is told by its messages. With events its messages and output repeat them: not told again.
- The end of a run is made of the sample's scores, limit, error and times. A log can be `cancelled` with samples that
  are complete: the status of the log is not that of its runs.

Tested on real files of the JSON log; the archive after the source of its recorder.

Not read: `.eval` archives whose members are compressed by LZMA or encrypted; data frames made of logs.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers import _inspect_events as transcript
from auditrail.readers._contract import Reading
from auditrail.readers._conversation import Run, Telling, of_run
from auditrail.readers._scope import NOWHERE, Origin

NAME = "inspect"
TITLE = "Inspect AI evaluation log (JSON, or members of an .eval archive)"
LAYER = "agent"
TESTED_ON = "real files of Inspect AI: three JSON logs; documentation only for the archive and for approvals"
NEVER_RECORDS = "Samples that had not finished when the log was written, but for what a journal of summaries says."
IDS = ("run", "session", "span", "parent_span", "tool_call", "response", "message", "other")
CAPTURES = {
    "time": "yes: with zone; samples without events have none",
    "run": "yes: a uuid for each sample and epoch since 2025; before that only its place in the log",
    "parent": "yes: spans; older logs nest by begin and end of steps",
    "call": "yes: the model's own id, on the call, the tool's execution and the approval",
    "arguments": "yes: as parsed, before and after an approver modified them",
    "results": "yes: cut at the tool's output limit, which is told",
    "model": "yes: for each request",
    "tokens": "yes: where the provider told them",
    "decision": "opt-in: approvals, where an approval policy is set",
    "errors": "yes: failed tools, failed model requests, and the error or limit that ended a sample",
    "end": "yes: every sample has an end, with its error or limit",
}
ARRAYS = ("samples",)

_LOG = frozenset({"version", "eval"})
_SAMPLE = frozenset({"id", "epoch", "input", "target"})
_REPEATED = ("events", "messages", "output", "attachments", "events_data", "transcript")
_STATUS = {"success": "ok", "error": "error"}


def sniff(head: Head) -> float:
    """0.95 for a log, a sample, or a summary of one; 0.8 for reductions alone."""
    records = [sample for sample in head.samples if isinstance(sample, dict)]
    for record in records[:5]:
        if _is_log(record) or _is_sample(record):
            return 0.95
        if isinstance(record.get("scorer"), str) and _are_reduced(record.get("samples")):
            return 0.8
    if records:
        return 0.0
    return 0.95 if head.keys >= _LOG | {"status"} or head.keys >= _SAMPLE else 0.0


def _is_log(value: dict[str, Any]) -> bool:
    about = value.get("eval")
    return (
        "version" in value
        and isinstance(about, dict)
        and "task" in about
        and bool({"run_id", "created"} & about.keys())
    )


def _is_sample(value: dict[str, Any]) -> bool:
    return value.keys() >= _SAMPLE and bool(
        value.keys() & {"events", "messages", "scores", "model_usage", "completed", "output", "transcript"}
    )


def _are_reduced(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) and "sample_id" in each for each in value[:3])


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """One sample as a run; or what a log says of a whole evaluation."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a sample or a log is a JSON object")
    header = record.header or {}
    before = [_evaluation(header)] if header and record.number == 1 else []
    if "epoch" in value and "id" in value:
        return [*before, *_sample(value, record, origin, header)]
    if isinstance(value.get("eval"), dict):
        samples = value.get("samples")
        rest = {key: item for key, item in value.items() if key != "samples" or samples is None}
        inner = [event for each in (samples if isinstance(samples, list) else ()) if isinstance(each, dict)
                 for event in _sample(each, record, origin, rest)]  # fmt: skip
        return [_evaluation(rest, grouped=bool(inner)), *inner]
    kind = "reduction" if "sample_id" in value else "unknown"
    return [*before, _loose(value, kind, header)]


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """A log that says that its evaluation did not come to its end, and a count of samples that is not reached."""
    status = wrapper.header.get("status")
    found = []
    if status in ("started", "cancelled", "error"):
        found.append(("evaluation-not-finished", f"the log's status is {status!r}"))
    expected = gateway.member(wrapper.header, "results", "total_samples")
    if isinstance(expected, int) and not isinstance(expected, bool) and wrapper.elements < expected:
        found.append(("samples-missing", f"the log tells of {expected} samples and holds {wrapper.elements}"))
    return found


def _evaluation(header: dict[str, Any], *, grouped: bool = True) -> Event:
    """What a log says of the evaluation. Samples of an archive do not name it: alone, it groups no runs."""
    fields = gateway.Fields(header)
    about = fields.get("eval")
    about = about if isinstance(about, dict) else {}
    at = gateway.Fields(about).moment("created")
    error = fields.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    status = fields.get("status")
    model = about.get("model")
    return Event(
        ts_ns=at.ns if at else None,
        ts_source="event" if at else "order",
        tz_assumed=bool(at and at.tz_assumed),
        layer="agent",
        kind="log",
        name="evaluation",
        status=_STATUS.get(status, "unknown") if isinstance(status, str) else "unknown",
        error=str(message)[:300] if gateway.is_text(message) else None,
        model=model if gateway.is_text(model) else None,
        attributes=fields.attributes(),
        ids=tuple(_session(header, "session" if grouped else "other")),
    )


def _loose(value: dict[str, Any], name: str, header: dict[str, Any]) -> Event:
    rest = {**value, **({"scorer": header["scorer"]} if "scorer" in header else {})}
    fields = gateway.Fields(rest)
    return Event(
        ts_source="order", layer="agent", kind="log", name=name, attributes=fields.attributes(),
        ids=tuple(_session(header)),
    )  # fmt: skip


def _session(header: dict[str, Any], kind: str = "session") -> list[Id]:
    ids: list[Id] = []
    id_text.add(ids, kind, gateway.member(header, "eval", "run_id"))
    return ids


def _sample(value: dict[str, Any], record: Record, origin: Origin, header: dict[str, Any]) -> list[Event]:
    session = _session(header)
    if isinstance(value.get("uuid"), str) and (own := id_text.normalise("run", value["uuid"])):
        name = own
    else:
        folder = next((part for part in reversed(origin.parts) if part.endswith(".eval")), None)
        name = origin.run_of(record, folder, f"sample-{value.get('id')}", f"epoch-{value.get('epoch')}")
    task, model = gateway.member(header, "eval", "task"), gateway.member(header, "eval", "model")
    run = Run(
        name,
        agent=task if gateway.is_text(task) else None,
        model=model if gateway.is_text(model) else None,
        more=tuple(session),
    )
    if not value.keys() & {"events", "messages", "transcript"}:  # a summary is no run: without a uuid it names none
        if name != value.get("uuid"):
            return [_loose(value, "sample summary", header)]
        return [of_run(run, layer="agent", kind="log", name="sample summary", rest=value)]
    events = transcript.events(value, run)
    if not events:
        events = _by_messages(value, run)
    return [*events, _end(value, run, events)]


def _by_messages(value: dict[str, Any], run: Run) -> list[Event]:
    telling = Telling(run)
    texts = transcript.Attachments(value.get("attachments"))
    messages = value.get("messages")
    told = (texts.put_back(each) for each in (messages if isinstance(messages, list) else ()))
    return [event for message in told for event in telling.message(transcript.as_chat(message))]


def _end(value: dict[str, Any], run: Run, events: list[Event]) -> Event:
    fields = gateway.Fields({key: item for key, item in value.items() if key not in _REPEATED})
    for key in ("events", "messages"):
        if isinstance(value.get(key), list):
            fields.put(f"{key}_told", len(value[key]))
    error, limit = value.get("error"), value.get("limit")
    message = error.get("message") if isinstance(error, dict) else error
    failure = str(message)[:300] if gateway.is_text(message) else "error" if error else None
    kind = limit.get("type") if isinstance(limit, dict) else limit
    if failure is None and kind:
        failure = f"limit: {kind}"[:300]
    at = fields.moment("completed_at")
    last = max((event.end_ns or event.ts_ns for event in events if event.ts_ns is not None), default=None)
    made = of_run(
        run, at=at, layer="agent", kind="end", name="sample", status="error" if failure else "ok", error=failure,
    )  # fmt: skip
    if at is None and last is not None:
        made = made._replace(ts_ns=last, ts_source="event")
    return made._replace(attributes=fields.attributes())
