"""The records of a made-up fleet, with handles for whoever spoils them, and the truth of what was spoilt.

A record keeps where its contents, times and joining ids stand inside its document, so that a fault can act on any
producer's shape. What a fault did is marked at the record; the truth is read from the marks at the end: every run that
still can be seen, and really lost something, with the cause that acted first.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from _quarter import SECOND, Call, Run


class Mark(NamedTuple):
    """What was done to a record: the cause, further causes that would be right answers, and to what of it, if named."""

    cause: str
    also: frozenset[str] = frozenset()
    thing: str = ""


class Slot(NamedTuple):
    """A value inside a document: holder[key]; `text`: the value stands there as JSON text. `role`: args, result, id.

    Where the value hangs on a member of a list (an attribute of OTLP), `among` is that list, and `member` its member.
    """

    role: str
    holder: dict[str, Any]
    key: str
    text: bool = False
    among: list[Any] | None = None
    member: Any = None

    def get(self) -> Any:
        """The value, parsed; a text that is no JSON (any more) as it is; None where it was dropped."""
        value = self.holder.get(self.key)
        if self.text and isinstance(value, str):
            try:
                return orjson.loads(value)
            except orjson.JSONDecodeError:
                return value
        return value

    def put(self, value: Any) -> None:
        self.holder[self.key] = orjson.dumps(value).decode() if self.text and not isinstance(value, str) else value

    def drop(self) -> None:
        if self.among is not None:
            self.among[:] = [member for member in self.among if member is not self.member]
        self.holder.pop(self.key, None)


class Time(NamedTuple):
    """A time inside a document: holder[key] is written as `form(ns)`."""

    holder: dict[str, Any]
    key: str
    form: Callable[[int], Any]
    ns: int


@dataclass(slots=True, eq=False)
class Record:
    """One record of a stream; `at` is when it was written, `kind` what it tells.

    Kinds: start, end, call, result, decision, request, response, span, llm, log.
    """

    stream: str
    at: int
    doc: Any
    run: Run
    kind: str
    call: Call | None = None
    slots: list[Slot] = field(default_factory=list)
    times: list[Time] = field(default_factory=list)
    trace: str = ""
    span: str = ""
    times_written: int = 1
    shifted: int = 0  # how far its clock was off: files keep the order of writing, collectors the time of arrival
    body: dict[str, Any] | None = None  # the object that further members may be added to: the span, the decision
    deny: Callable[[], None] | None = None
    gone: Mark | None = None
    marks: list[Mark] = field(default_factory=list)
    cut: Callable[[bytes], bytes] | None = None

    def contents(self, role: str = "") -> list[Slot]:
        return [slot for slot in self.slots if slot.role != "id" and role in ("", slot.role)]

    def joins(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.role == "id"]

    def lose(self, cause: str, *also: str) -> None:
        """Takes the record away, if no fault did before."""
        if self.gone is None:
            self.gone = Mark(cause, frozenset(also))

    def mark(self, cause: str, *, thing: str = "") -> None:
        """Says that the record, or one thing of it (args, result, messages), was spoilt; it stays."""
        self.marks.append(Mark(cause, frozenset(), thing))

    def effects(self) -> Iterator[tuple[Mark, bool]]:
        """What is missing of the record, and whether that can be asked for: of two faults on one thing, the first."""
        if self.gone:
            yield self.gone, True
            return
        things: set[str] = set()
        loose = any(mark.cause == "siloed" for mark in self.marks)  # what its clock says touches no run that is known
        for mark in self.marks:
            first = mark.thing not in things and not (loose and mark.cause == "clock")
            things |= {mark.thing} - {""}
            yield mark, first

    def shift(self, ns: int) -> None:
        """Writes all times of the record so much later."""
        self.at += ns
        self.shifted += ns
        self.times = [time._replace(ns=time.ns + ns) for time in self.times]
        for time in self.times:
            time.holder[time.key] = time.form(time.ns)


class Missing(NamedTuple):
    """A run that lost something to `cause`; an answer in `right` is right; `touched`: (stream, kind) of the records.

    With `asked` False the answer is right, and nobody has to give it: another fault acted on the same thing before.
    """

    run: Run
    cause: str
    right: frozenset[str]
    touched: tuple[tuple[str, str], ...]
    asked: bool


@dataclass
class Fleet:
    """All records of a fleet; `roles` says what each stream is: agent, spans, llm, tool or policy."""

    runs: list[Run]
    roles: dict[str, str]
    formats: dict[str, str]  # stream -> format that its records are of
    draw: random.Random
    write_stream: Callable[[str, list[Record], Path], None]
    records: list[Record] = field(default_factory=list)
    # Streams whose dump was cut: the writer leaves its format's mark of an answer that is not whole.
    cut_short: set[str] = field(default_factory=set)
    facts: dict[str, Any] = field(default_factory=dict)
    counted: str = ""
    count: Callable[[list[Record]], None] | None = None

    def number(self) -> None:
        """Numbers the records of the stream that counts, but those that were never written."""
        if self.count is not None:
            written = [r for r in self.records if r.stream == self.counted
                       and not (r.gone and r.gone.cause == "policy-missing")]  # fmt: skip
            self.count(sorted(written, key=lambda record: record.at))

    def streams(self, *roles: str) -> list[str]:
        return [name for name, role in self.roles.items() if role in roles]

    def held(self, *streams: str) -> Iterator[Record]:
        """The records that no fault has taken, of these streams, or of all."""
        return (r for r in self.records if r.gone is None and (not streams or r.stream in streams))

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        by_stream: dict[str, list[Record]] = {}
        for record in self.held():
            by_stream.setdefault(record.stream, []).append(record)
        for stream, records in by_stream.items():
            records.sort(key=lambda record: record.at - record.shifted)
            self.write_stream(stream, records, folder)

    def truth(self) -> list[Missing]:
        """What is missing of every run of which anything is left."""
        seen = {record.run.number for record in self.held()}
        found: dict[tuple[int, str], set[str]] = {}
        touched: dict[tuple[int, str], set[tuple[str, str]]] = {}
        asked: set[tuple[int, str]] = set()
        for record in self.records:
            for mark, first in record.effects():
                if first:
                    asked.add((record.run.number, mark.cause))
                found.setdefault((record.run.number, mark.cause), set()).update((mark.cause, *mark.also))
                touched.setdefault((record.run.number, mark.cause), set()).add((record.stream, record.kind))
        runs = {run.number: run for run in self.runs}
        return [
            Missing(
                runs[number], cause, frozenset(right), tuple(sorted(touched[number, cause])), (number, cause) in asked
            )
            for (number, cause), right in sorted(found.items())
            if number in seen
        ]


def iso(ns: int, digits: int = 6) -> str:
    seconds, rest = divmod(ns, SECOND)
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}"[: 20 + digits] + "Z"


def seconds(ns: int) -> float:
    return ns / SECOND


def millis(ns: int) -> int:
    return ns // 1_000_000


def lines(records: Iterable[Record], path: Path) -> None:
    """Writes JSON lines; a record that came twice stands twice."""
    with path.open("wb") as out:
        for record in records:
            data = orjson.dumps(record.doc)
            for _ in range(record.times_written):
                out.write((record.cut(data) if record.cut else data) + b"\n")
