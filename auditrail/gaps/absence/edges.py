"""What a silence means.

It came back (outage), it never came back (switched off, or the dump ends), or nothing is older.

A stream whose oldest record is a usual retention before the end of the case, or whose first records are the rest of
runs that began before them, was cut by retention. Where neither is so, nothing in the data tells a stream whose old
records were deleted from one that was switched on that day; several agents that appear in it at one moment speak for
deletion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from auditrail.gaps.absence import signals
from auditrail.gaps.absence.expect import Expected
from auditrail.gaps.absence.grid import SLACK_NS, Bools, Grid, Ints, Stream
from auditrail.gaps.absence.silence import FOREVER, Silence

if TYPE_CHECKING:
    import duckdb

DAY_NS = 86_400_000_000_000
# Retentions that stores offer, in days (CloudWatch Logs' list, and the defaults of others).
_RETENTIONS = (1, 3, 5, 7, 14, 30, 45, 60, 90, 120, 150, 180, 365, 400, 545, 731)
_FEW_DAYS = 2
# A stream that ends so shortly before the rest may only be late.
_UNFINISHED = 0.03
_SHARED_EDGE_NS = 2 * DAY_NS
_MANY = 3


class Cut(NamedTuple):
    """A range that a source does not hold; None is without end."""

    from_ns: int | None
    to_ns: int | None
    declared: bool
    detail: str

    def covers(self, start: int, end: int) -> bool:
        """Whether a run lies in it, or reaches into it."""
        return (self.from_ns is None or end >= self.from_ns) and (self.to_ns is None or start <= self.to_ns)


class Quiet(NamedTuple):
    """A silence with its cause. `agent` is None where the whole stream is silent.

    `stream` where all of the format are. `users`: how many agents write to the stream.
    """

    format: str
    stream: str | None
    agent: str | None
    from_ns: int | None
    to_ns: int | None
    whole: set[int]
    cut: Ints
    cause: str
    evidence: str
    confidence: str
    detail: str
    agents: tuple[str, ...]
    users: int = 0

    def covers(self, other: Quiet) -> bool:
        """Whether another silence is (nearly) a part of this one: of the same format, at the same time."""
        if self.format != other.format or self.stream not in (None, other.stream):
            return False
        low, high = max(self.start, other.start), min(self.stop, other.stop)
        return (high - low) * 2 > other.stop - other.start

    def explains(self, other: Quiet) -> bool:
        """Whether this is one agent's long silence, and the other nothing but a part of it.

        While an agent's stream is off, every pause of the other agents looks like a silence of all. A pause cuts a run
        or two by chance.
        """
        return (
            self.agent is not None
            and other.agent is None
            and self.format == other.format
            and other.stream in (None, self.stream)
            and len(other.cut) < _MANY
            and other.whole < self.whole
            and self.start <= other.start
            and other.stop <= self.stop
        )

    @property
    def start(self) -> int:
        """Its begin as a number."""
        return -FOREVER if self.from_ns is None else self.from_ns

    @property
    def stop(self) -> int:
        """Its end as a number."""
        return FOREVER if self.to_ns is None else self.to_ns

    def add(self, other: Quiet) -> None:
        """Takes over the runs of a part of it."""
        self.whole.update(other.whole)

    def holds(self, grid: Grid, place: int) -> bool:
        """Whether a run lies in it."""
        return int(grid.start[place]) >= self.start - SLACK_NS and int(grid.end[place]) <= self.stop + SLACK_NS

    def concerns(self, part: Expected) -> bool:
        """Whether it is one of this stream of this agent."""
        return (
            part.stream.format == self.format
            and self.stream in (None, part.stream.stream)
            and (self.agent is None or self.agent == self.agents[part.agent])
        )


@dataclass(slots=True)
class Case:
    """What the judgement needs of the case beside the grid."""

    connection: duckdb.DuckDBPyConnection
    grid: Grid
    first_ns: int
    last_ns: int
    cuts: dict[tuple[str, str], list[Cut]]
    users: dict[tuple[str, str], int]

    @classmethod
    def load(cls, connection: duckdb.DuckDBPyConnection, grid: Grid, parts: list[Expected]) -> Case:
        """Reads it; `cuts` and `acts` must stand."""
        cuts: dict[tuple[str, str], list[Cut]] = {}
        for format_name, stream, from_ns, to_ns, declared, code, detail in connection.execute(
            "SELECT format, stream, from_ns, to_ns, declared, code, detail FROM cuts ORDER BY ALL"
        ).fetchall():
            text = f"{code}: {detail}" if declared else detail
            cuts.setdefault((format_name, stream), []).append(Cut(from_ns, to_ns, declared, text))
        users: dict[tuple[str, str], int] = {}
        for part in parts:
            key = (part.stream.format, part.stream.stream)
            users[key] = users.get(key, 0) + (not part.unnamed)
        return cls(connection, grid, int(grid.start.min()), int(grid.end.max()), cuts, users)

    def declared(self, stream: Stream) -> list[Cut]:
        """The cuts that sources of the stream declare."""
        return self.declared_of(stream.format, stream.stream)

    def declared_of(self, format_name: str, stream: str | None) -> list[Cut]:
        """The cuts that sources of a stream, or of all streams of a format, declare."""
        return [
            cut
            for key, cuts in sorted(self.cuts.items())
            if key[0] == signals.format_of(format_name) and stream in (None, key[1])
            for cut in cuts
            if cut.declared
        ]

    def round_number(self, format_name: str, stream: str | None) -> str:
        """The round number of records that a source of these streams holds, in words, or a blank text."""
        for key, cuts in sorted(self.cuts.items()):
            if key[0] == signals.format_of(format_name) and stream in (None, key[1]):
                for cut in cuts:
                    if not cut.declared:
                        return f"its file holds exactly {cut.detail}"
        return ""

    def times(self, key: tuple[str, ...], parts: list[Expected]) -> Ints:
        """When the records of a format, of a stream, or of a stream for an agent were written, sorted."""
        if len(key) == len(("format", "stream", "agent")):
            inside = [np.isin(part.stream.at, part.at) for part in parts]
            edges = [
                np.concatenate([part.stream.first[mine], part.stream.last[mine]])
                for part, mine in zip(parts, inside, strict=True)
            ]
            return np.sort(np.concatenate(edges))
        wanted = " AND ".join(("format = ?", "stream = ?")[: len(key)])
        rows: dict[str, Any] = self.connection.execute(
            f"SELECT ts_ns FROM signal_acts WHERE {wanted} AND ts_ns IS NOT NULL", list(key)
        ).fetchnumpy()
        return np.sort(np.asarray(np.ma.filled(rows["ts_ns"], 0), np.int64))


def cause_of(case: Case, key: tuple[str, ...], one: Silence, at: Ints, present: Bools) -> Quiet:
    """The cause of a silence of a format, a stream, or a stream of an agent; `at`: places of the members' runs."""
    stream = key[1] if len(key) > 1 else None
    agent = key[2] if len(key) > len(("format", "stream")) else None
    shared = stream is not None and case.users.get((key[0], stream), 0) > 1
    if one.begins and one.ends:
        if agent is not None and shared:
            why = ("logging-disabled", "statistical", "weak", "the stream goes on for other agents")
        else:
            sure = "strong" if len(one.whole) + len(one.cut) >= _MANY else "weak"
            why = ("outage", "statistical", sure, "silent, and back")
    elif one.begins:
        why = _never_back(case, key[0], stream, one, alone=agent is not None or not shared)
    else:
        why = _nothing_older(case, one, at, present, agent_only=agent is not None and shared)
    from_ns = one.from_ns if one.begins else None
    to_ns = one.to_ns if one.ends else None
    return Quiet(
        key[0],
        stream,
        agent,
        from_ns,
        to_ns,
        {int(place) for place in at[one.whole]},
        at[one.cut],
        *why,
        case.grid.agents,
        case.users.get((key[0], stream), 0) if stream is not None else 0,
    )


_Words = tuple[str, str, str, str]


def _never_back(case: Case, format_name: str, stream: str | None, one: Silence, *, alone: bool) -> _Words:
    for cut in case.declared_of(format_name, stream):
        if cut.from_ns is not None and abs(cut.from_ns - one.from_ns) <= SLACK_NS:
            return "export-cut", "declared", "strong", cut.detail
    number = case.round_number(format_name, stream)
    if number:
        return "export-cut", "counted", "strong", f"nothing after its last record, and {number}"
    left = (case.last_ns - one.from_ns) / max(case.last_ns - case.first_ns, 1)
    if left < _UNFINISHED and not alone:
        return "outage", "statistical", "weak", "silent until the end of the case"
    return "logging-disabled", "statistical", "strong", "stops, and never comes back while the rest goes on"


def _nothing_older(case: Case, one: Silence, at: Ints, present: Bools, *, agent_only: bool) -> _Words:
    days = (case.last_ns - one.to_ns) / DAY_NS
    usual = next((number for number in _RETENTIONS if abs(days - number) <= min(1.0, number / 7)), None)
    if agent_only:
        return "logging-disabled", "statistical", "weak", "not yet switched on for this agent"
    if len(one.cut):
        return (
            "retention", "statistical", "strong",
            f"nothing older than {days:.0f} days, and the edge cuts {len(one.cut)} run(s) in the middle",
        )  # fmt: skip
    if usual is not None:
        return "retention", "statistical", "strong", f"nothing older than {usual} days"
    soon = present & (case.grid.start[at] < one.to_ns + _SHARED_EDGE_NS)
    if len(np.unique(case.grid.agent[at[soon]])) > 1:
        return "retention", "statistical", "weak", f"nothing older than {days:.0f} days, for several agents at once"
    return "logging-disabled", "statistical", "weak", "not yet switched on"
