"""One entry of an incident ledger: what it is about, who says so, when it happened and when it was written down.

An entry is the body of a record of a sealed log:

    {"at": …, "data": {…}, "incident": "INC-2026-0001", "kind": "action", "operator": "…", "recorded": "clock",
     "schema": "auditrail.incident-entry/1"}

`at` is when the thing happened, as the operator says; the record's own `time` is when it was written down. `recorded`
is `clock` if the machine's clock gave that time and `given` if the caller did. `incident` is null for an alert that
belongs to none yet. `data` by kind:

| kind | data |
|---|---|
| open | `title`, `runs[]` |
| note | `text` |
| action | `action` (one of `ACTIONS`), `what`, `by`; `framework` for a notification |
| attach | `name`, `file` (below the ledger's folder), `bytes`, `sha256`, `source` |
| alert | what raised it: `id`, `rule`, `severity`, `title`, … |
| freeze | `folder`, `head`: hash of the last record of its manifest |
| close | `cause`, `changed[]` |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from auditrail import times
from auditrail.errors import UsageError

SCHEMA = "auditrail.incident-entry/1"
OPEN, NOTE, ACTION, ATTACH, ALERT, FREEZE, CLOSE = "open", "note", "action", "attach", "alert", "freeze", "close"
KINDS = (OPEN, NOTE, ACTION, ATTACH, ALERT, FREEZE, CLOSE)

# What was done; the first two are moments from which deadlines are counted.
ACTIONS = {
    "aware": "somebody learned of it",
    "classify": "its severity was decided",
    "pause": "the agent was paused",
    "resume": "the agent was let run again",
    "revoke": "a permission, token or tool was taken away",
    "hotfix": "a fault was corrected in place",
    "rollback": "an earlier version was put back",
    "redeploy": "a version was deployed",
    "restore": "what was damaged was put right",
    "preserve": "evidence was secured",
    "notify": "somebody was told: an authority, a customer, a person concerned",
    "other": "something else was done",
}
# The one member without which an entry of a kind says nothing.
_WANTED = {
    OPEN: "title",
    NOTE: "text",
    ACTION: "what",
    ATTACH: "file",
    ALERT: "id",
    FREEZE: "folder",
    CLOSE: "cause",
}
# The options of `auditrail incident` by which it is said.
_OPTIONS = {OPEN: "--title", CLOSE: "--cause"}
GIVEN, CLOCK = "given", "clock"
ID = re.compile(r"INC-\d{4}-\d{4,}\Z", re.ASCII)
# Longer texts belong into an attachment; a ledger must stay quick to read.
MOST_TEXT = 64 << 10
MOST_RUNS = 10_000


class Entry(NamedTuple):
    """What is to be written. `at_ns`: when it happened, None: when it is written down."""

    kind: str
    incident: str | None
    operator: str
    data: Mapping[str, Any] = MappingProxyType({})
    at_ns: int | None = None


class Recorded(NamedTuple):
    """An entry as it stands in the ledger.

    Attributes:
        seq, hash: of its record in the sealed log. path, line: where it stands.
        recorded_ns: when it was written down. source: `clock` or `given`.
    """

    kind: str
    incident: str | None
    operator: str
    at_ns: int
    recorded_ns: int
    source: str
    data: Mapping[str, Any]
    seq: int
    hash: str
    path: str
    line: int


def body(entry: Entry, recorded_ns: int, source: str) -> dict[str, Any]:
    """The body of the record.

    Raises:
        UsageError: the entry lacks something that its kind needs, or holds something that it may not.
    """
    check(entry)
    from auditrail.seal.records import plain

    return {
        "schema": SCHEMA,
        "kind": entry.kind,
        "incident": entry.incident,
        "operator": entry.operator,
        "at": times.iso(recorded_ns if entry.at_ns is None else entry.at_ns, digits=6),
        "recorded": source,
        "data": plain(dict(entry.data)),
    }


def check(entry: Entry) -> None:
    """Holds an entry to the table above.

    Raises:
        UsageError: it does not fit; the message says what is missing.
    """
    if entry.kind not in KINDS:
        raise UsageError(f"there is no entry of kind {entry.kind!r}", hint=f"kinds: {', '.join(KINDS)}")
    if not isinstance(entry.operator, str) or not entry.operator.strip():
        raise UsageError("nobody is named as operator", hint="name yourself with --operator, or in AUDITRAIL_OPERATOR")
    if entry.incident is None and entry.kind != ALERT:
        raise UsageError(f"an entry of kind {entry.kind} belongs to an incident")
    if entry.incident is not None and not ID.match(entry.incident):
        raise UsageError(f"{entry.incident!r} is no id of an incident", hint="it looks like INC-2026-0001")
    name = _WANTED[entry.kind]
    value = entry.data.get(name)
    if not isinstance(value, str) or not value.strip():
        option = _OPTIONS.get(entry.kind)
        raise UsageError(
            f"an entry of kind {entry.kind} needs a {name} that is not blank",
            hint=f"say it with {option} TEXT" if option else "",
        )
    for key, text in entry.data.items():
        if isinstance(text, str) and len(text) > MOST_TEXT:
            raise UsageError(
                f"{key} is longer than {MOST_TEXT:,} characters", hint="put it into a file: auditrail incident attach"
            )
    if entry.kind == ACTION and entry.data.get("action") not in ACTIONS:
        raise UsageError(f"there is no action {entry.data.get('action')!r}", hint=f"actions: {', '.join(ACTIONS)}")
    runs = entry.data.get("runs", ())
    if entry.kind == OPEN and (
        not isinstance(runs, (list, tuple)) or len(runs) > MOST_RUNS or not all(isinstance(run, str) for run in runs)
    ):
        raise UsageError(f"runs: a list of at most {MOST_RUNS:,} ids")


def parse(value: Any) -> tuple[Entry, str] | None:
    """The entry that the body of a record says, and where its time of recording came from; None: it is none of ours."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA or not isinstance(value.get("data"), dict):
        return None
    moment = times.parse(value.get("at")) if isinstance(value.get("at"), str) else None
    kind, incident, operator = value.get("kind"), value.get("incident"), value.get("operator")
    if moment is None or not isinstance(kind, str) or not isinstance(operator, str):
        return None
    if incident is not None and not isinstance(incident, str):
        return None
    source = GIVEN if value.get("recorded") == GIVEN else CLOCK
    return Entry(kind, incident, operator, value["data"], moment.ns), source
