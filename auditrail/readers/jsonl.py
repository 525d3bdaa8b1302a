"""Logs of agent runtimes of any make: one JSON object per record, field names recognised by a table of aliases.

What a name means is in `_aliases.toml`; which path of a record feeds which column is decided once per shape of
records (`_jsonl_plans.plan`); what kind of event it is, in `_jsonl_kinds.classify`. What remains for a record:

- The first usable value of a slot becomes the column and leaves the attributes; any other value stays there, under
  its own place: a time that is none, a number where a text is needed, an id that is `0` or `null`.
- Status, decision, level, durations and the message are read and stay in the attributes too: the columns hold words
  of auditrail's own.
- A usable begin with an end (or a duration whose name tells its unit) makes `ts_ns` the begin; else `ts_ns` is the
  time of the record. An end before the begin stays in the attributes. A duration beside a plain time gives no end:
  writers stamp a record at the begin or at the end, and do not say which.
- The status is what the record says; else `error` if it has an error, or a name that says so; else `error` if its
  level does and there is no decision.
- A list of tool calls in the shape of OpenAI, Anthropic or LangChain gives one more event per call: the model asked
  for it (layer `llm`, kind `call`).
- JSON in a message text stays text.

Not read: lines that are no JSON (logfmt, plain text), and what a mapping does not name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.jsontext import content, dumps
from auditrail.model import ID_KINDS, Event, Id, has_content
from auditrail.readers import _jsonl_kinds as kinds
from auditrail.readers._aliases import MISSING, Mapping, Path, fetch, fold, table
from auditrail.readers._jsonl_calls import asked, tool_calls
from auditrail.readers._jsonl_plans import CONTENT, MAX_KEYS, READ_ONLY, Plan, Shape, build, plan, plan_of, shape_of
from auditrail.readers._jsonl_times import when
from auditrail.readers._jsonl_values import DURATIONS, USABLE, id_of

__all__ = ["Mapping", "Plan", "plan", "plan_of", "read", "shape_of", "sniff"]

NAME = "jsonl"
TITLE = "Agent runtime logs, JSON lines of any make"
LAYER = "other"
TESTED_ON = "real files of the agent-governance-toolkit and AEGIS; documentation only: ECS, structlog, pino, loguru"
NEVER_RECORDS = "Which fields its writer left out: a log without a schema cannot tell a missing field from none."
IDS = ID_KINDS
CAPTURES = {
    "time": "partly: most writers log one; without a zone UTC is assumed and counted",
    "run": "partly: if the writer logs it under a name that the table of aliases knows",
    "parent": "partly: span and parent ids, where the writer logs them",
    "call": "partly: many tool logs have none, and calls of one tool at one time can't be told apart",
    **dict.fromkeys(("arguments", "results", "model", "tokens", "decision", "errors"), "partly: up to the writer"),
    "end": "partly: up to the writer",
}


class _Step(NamedTuple):
    """How a slot is read: `column` is the place of its column in an event, or -1 if more is to be decided."""

    slot: str
    column: int
    fact: int
    usable: Callable[[Any], Any]
    key: str | None  # the first path, where it is one key that all records of the shape have
    paths: tuple[Path, ...]


class _Program(NamedTuple):
    """A plan, made ready to run."""

    plan: Plan
    steps: tuple[_Step, ...]
    contents: tuple[tuple[int, int, int, tuple[Path, ...]], ...]  # column, column of the state, fact, paths
    ids: tuple[tuple[str, str | None, Path, bool], ...]


_COLUMN = {name: place for place, name in enumerate(Event._fields)}
_BLANK = list(Event())
_FACTS = {
    "tool": kinds.TOOL, "model": kinds.MODEL, "tokens_in": kinds.TOKENS, "tokens_out": kinds.TOKENS,
    "agent": kinds.AGENT, "error": kinds.ERROR, "policy": kinds.POLICY, "rule": kinds.POLICY,
    **dict.fromkeys(DURATIONS, kinds.DONE),
}  # fmt: skip
_DECIDED_LATER = frozenset({"status", "decision"})
(_TS, _END, _OBSERVED, _SOURCE, _ASSUMED, _STREAM, _LAYER, _KIND, _NAME, _STATUS, _ERROR, _DECISION, _RESULT, _SEQ_KIND,
 _ATTRIBUTES, _IDS) = (
    _COLUMN[name] for name in (
        "ts_ns", "end_ns", "observed_ns", "ts_source", "tz_assumed", "stream", "layer", "kind", "name", "status",
        "error", "decision", "result", "seq_kind", "attributes", "ids",
    )
)  # fmt: skip


def _program(shape: Shape, mapping: Mapping | None) -> _Program:
    made = build(shape, mapping)
    steps = []
    for slot, paths in made.slots.items():
        if slot in USABLE:
            column = -1 if slot in _DECIDED_LATER else _COLUMN.get(slot, -1)
            steps.append(_Step(slot, column, _FACTS.get(slot, 0), USABLE[slot], _key(paths[0], shape), paths))
    contents = tuple(
        (_COLUMN[slot], _COLUMN[f"{slot}_state"], fact, made.slots[slot])
        for slot, fact in (("args", kinds.ARGS), ("result", kinds.RESULT))
        if slot in made.slots
    )
    ids = tuple((kind, _key(path, shape), path, text_only) for kind, path, text_only in made.ids)
    return _Program(made, tuple(steps), contents, ids)


_remembered = lru_cache(maxsize=1024)(_program)


def _key(path: Path, shape: Shape) -> str | None:
    return path[0] if len(path) == 1 and isinstance(path[0], str) and path[0] in set(_keys(shape)) else None


def _keys(shape: Shape) -> list[str]:
    return [item if isinstance(item, str) else item[0] for item in shape]


def read(value: Any, record: Record, mapping: Sequence[Mapping] = ()) -> list[Event]:  # noqa: ARG001 - the contract
    """One record -> its event, and one more for each tool call that it lists.

    Args:
        value: the parsed record.
        record: where it stood; not needed.
        mapping: what `config.mapping_for` gives for the source; the first that fits the record is used.

    Raises:
        RecordError: `not-an-object`, or `too-deep` for a record that cannot be written again.
    """
    if type(value) is not dict:
        raise RecordError("not-an-object", "a log record is a JSON object")
    mine = next((m for m in mapping if m.fits(value)), None) if mapping else None
    shape = shape_of(value)
    program = (_remembered if len(shape) <= MAX_KEYS else _program)(shape, mine)
    row = _BLANK.copy()
    got: dict[str, Any] = {}
    changes: dict[Path, bool] = {}
    facts = _columns(value, program, row, got, changes)
    ids: list[Id] = []
    for kind, key, path, text_only in program.ids:
        one = id_of(kind, value[key] if key is not None else fetch(value, path), text_only=text_only)
        if one is None:
            changes[path] = False
        elif one not in ids:
            ids.append(one)
            if kind == "run":
                facts |= kinds.RUN
    row[_IDS] = tuple(ids)
    result: Any = None
    for column, state, fact, paths in program.contents:
        raw = _content(value, paths, changes)
        if raw is not MISSING:
            row[column], row[state] = content(raw), state_of(raw)
            if raw is not None:  # a producer that writes all its columns each time says null where it has nothing
                facts |= fact
            if column == _RESULT:
                result = raw
    made = program.plan
    _finish(row, got, made, mine, facts, changes)
    rest = _left(value, made, changes)
    row[_ATTRIBUTES] = dumps(rest) if rest else None
    event = Event._make(row)
    if type(result) is not dict and "tool_calls" not in made.slots:
        return [event]
    return [event, *(asked(event, *call) for call in tool_calls(value, result, made))]


def _columns(
    value: dict[str, Any], program: _Program, row: list[Any], got: dict[str, Any], changes: dict[Path, bool]
) -> int:
    """Puts usable values into `row` or `got`; notes paths used or not used against the plan; gives the facts."""
    facts = 0
    for slot, column, fact, usable, key, paths in program.steps:
        path = paths[0]
        raw = value[key] if key is not None else fetch(value, path)
        found = usable(raw)
        if found is None:
            found, path = _second_choice(value, slot, usable, paths, changes, got)
            if found is None:
                continue
        facts |= fact
        if column < 0:
            got[slot] = found
        else:
            row[column] = found
            if slot == "seq":
                row[_SEQ_KIND] = str(path[-1])
    return facts


def _second_choice(
    value: dict[str, Any],
    slot: str,
    usable: Callable[[Any], Any],
    paths: tuple[Path, ...],
    changes: dict[Path, bool],
    got: dict[str, Any],
) -> tuple[Any, Path]:
    """The first usable value of the further paths of a slot, whose first path holds none."""
    if slot not in READ_ONLY:
        changes[paths[0]] = False
    if slot == "error":
        got["failed"] = any(_tells_failure(fetch(value, path)) for path in paths)
    for path in paths[1:]:
        found = usable(fetch(value, path))
        if found is not None:
            if slot not in READ_ONLY:
                changes[path] = True
            return found, path
    return None, paths[0]


def _tells_failure(raw: Any) -> bool:
    return raw is not MISSING and raw is not False and raw != 0 and has_content(raw)


def _content(value: dict[str, Any], paths: tuple[Path, ...], changes: dict[Path, bool]) -> Any:
    """Arguments or result: the first value that holds anything, else the first that is there, else MISSING."""
    first = fetch(value, paths[0])
    if has_content(first) and first is not MISSING:
        return first
    chosen = paths[0] if first is not MISSING else None
    for path in paths[1:]:
        raw = fetch(value, path)
        if raw is not MISSING and (has_content(raw) or chosen is None):
            chosen, first = path, raw
            if has_content(raw):
                break
    if chosen != paths[0]:
        changes[paths[0]] = False
        if chosen is not None:
            changes[chosen] = True
    return first


def _finish(
    row: list[Any], got: dict[str, Any], made: Plan, mine: Mapping | None, facts: int, changes: dict[Path, bool]
) -> None:
    """Decides times, status, decision, layer and kind."""
    begin, end, assumed, refused = when(got, mine.tz if mine else None)
    for slot in refused:
        changes.update(dict.fromkeys(made.slots[slot], False))
    observed = got.get("observed")
    row[_OBSERVED] = observed.ns if observed else None
    row[_TS], row[_END], row[_ASSUMED] = row[_OBSERVED] if begin is None else begin, end, assumed
    row[_SOURCE] = "event" if begin is not None else "observed" if observed else "order"
    status, decision = got.get("status") or got.get("status_not"), got.get("decision") or got.get("decision_not")
    if status is not None:
        facts |= kinds.BEGUN if status == "begun" else kinds.DONE
    facts |= (kinds.DECISION if decision else 0) | (kinds.SPAN if end is not None else 0)
    failed = row[_ERROR] is not None or bool(got.get("failed"))
    verdict = kinds.classify(row[_NAME], facts | (kinds.ERROR if failed else 0))
    if mine is not None:
        row[_STREAM] = mine.stream or row[_STREAM]
        verdict = _overruled(verdict, row[_NAME], mine)
    row[_DECISION] = decision or verdict.decision
    if status is None or status == "begun":
        failed = failed or verdict.status == "error" or ("level" in got and row[_DECISION] is None)
        status = "error" if failed else "unknown"
    row[_STATUS], row[_LAYER], row[_KIND] = status, verdict.layer, verdict.kind


def _overruled(verdict: kinds.Verdict, name: str | None, mine: Mapping) -> kinds.Verdict:
    """What the user's mapping says of layer and kind."""
    said = next((kind for own, kind in mine.kinds if name is not None and fold(own) == fold(name)), None)
    if said is not None:
        layer, _, kind = said.rpartition("/")
        verdict = verdict._replace(layer=layer or verdict.layer, kind=kind)
    return verdict._replace(layer=mine.layer) if mine.layer else verdict


def _left(value: dict[str, Any], made: Plan, changes: dict[Path, bool]) -> dict[str, Any]:
    """The attributes."""
    if not changes and made.attributes is not None:
        return _kept(value, made.attributes)
    used = set(made.taken)
    for path, is_used in changes.items():
        (used.add if is_used else used.discard)(path)
    return _without(value, used, ())


def _kept(value: dict[str, Any], rest: tuple[Any, ...]) -> dict[str, Any]:
    """The attributes, as the plan knows them."""
    kept = {}
    for item in rest:
        if type(item) is str:
            kept[item] = value[item]
        else:
            kept[item[0]] = _kept(value[item[0]], item[1])
    return kept


def _without(value: dict[str, Any], used: set[Path], parents: Path) -> dict[str, Any]:
    """The attributes, found record by record: everything that is not at a used path."""
    opened = {path[len(parents)] for path in used if len(path) > len(parents) + 1 and path[: len(parents)] == parents}
    kept: dict[str, Any] = {}
    for key, below in value.items():
        path = (*parents, key)
        if path in used:
            continue
        if key in opened and type(below) is dict and below:
            if inner := _without(below, used, path):
                kept[key] = inner
        else:
            kept[key] = below
    return kept


# --- sniff ----------------------------------------------------------------------------------------------------------

_STRONG = {"agent", "tool", "decision"}
_STRONG_IDS = {"run", "session"}
# Members that only other formats have, whole sets of them.
_FOREIGN = (
    {"traceId", "id", "timestamp", "duration"},  # Zipkin
    {"id", "source", "action", "args"},  # OpenHands
    {"id", "source", "observation", "extras"},
    {"traceID", "spans", "processes"},  # Jaeger
    {"trajectory", "history"},  # SWE-agent
)


def sniff(head: Head) -> float:
    """How likely the content is a log of this kind, judged by most of its samples.

    0.2 for lines with a time and one more known field; 0.15 for arrays and pretty-printed objects that also name an
    agent, tool, decision, run or session; 0.1 for lines without time that name an event and an agent, tool or run.
    """
    records = [sample for sample in head.samples if type(sample) is dict and sample]
    shown = len(head.samples)
    if head.framing == "lines" and not head.top_array:
        shown = max(shown, min(50, sum(1 for line in head.lines if line.strip())))
    if not records or len(records) * 2 <= shown:
        return 0.0
    loose = head.framing == "lines" and not head.top_array
    if head.framing == "length-prefixed" or any(
        _is_foreign(r, alone=len(records) == 1 or not loose, lone=shown == 1 and not loose and not head.top_array)
        for r in records
    ):
        return 0.0
    marks = [_marks(sample) for sample in records]
    if loose and sum(timed and known for timed, known, _, _ in marks) * 2 > shown:
        return 0.2
    if not loose and sum(timed and strong for timed, _, strong, _ in marks) * 2 > shown:
        return 0.15
    if loose and sum(named for _, _, _, named in marks) * 2 > shown:
        return 0.1
    return 0.0


def _is_foreign(sample: dict[str, Any], *, alone: bool, lone: bool) -> bool:
    """Whether a sample is of a format of its own, or one large document and not a record.

    `alone`: it is the only line, or no line; then lists of objects make it a document. `lone`: it is one object
    over several lines; then objects inside unknown objects do as well.
    """
    if any(members <= sample.keys() for members in _FOREIGN):
        return True
    if alone and any(
        type(v) is list and v and type(v[0]) is dict and fold(k) != "toolcalls" for k, v in sample.items()
    ):
        return True
    known = table()
    return lone and any(
        type(v) is dict and any(type(below) is dict for below in v.values())
        for k, v in sample.items()
        if fold(k) not in known.containers | known.heads and known.names.get(fold(k), ("", 0))[0] not in CONTENT
    )


def _marks(sample: dict[str, Any]) -> tuple[bool, bool, bool, bool]:
    """(has a time, has one more known field, names an agent or the like, has no time but names an event)."""
    made = plan_of(sample)
    got = {
        slot
        for slot, paths in made.slots.items()
        if slot in USABLE and any(USABLE[slot](fetch(sample, path)) is not None for path in paths)
    }
    ids = {kind for kind, path, text_only in made.ids if id_of(kind, fetch(sample, path), text_only=text_only)}
    message = any(type(fetch(sample, path)) is str for path in made.slots.get("message", ()))
    timed = bool(got & {"ts", "start"})
    known = bool(got - {"ts", "start", "end", "observed"} or ids or message)
    strong = bool(got & _STRONG or ids & _STRONG_IDS)
    named = not timed and "name" in got and bool(got & {"agent", "tool"} or "run" in ids)
    return timed, known, strong, named
