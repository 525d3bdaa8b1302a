"""Producers of made-up fleets: ONE FILE = ONE FAMILY, `_family_<name>.py` with a class `Family`.

A family says which agents there are and how each thing that happened is told by which stream, in the shapes of formats
that auditrail reads. Whatever a fault may act on is registered with the record: contents, times, joining ids.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from _quarter import Agent, Call, Run, Turn, quarter
from _streams import Fleet, Record, Slot, Time, lines

FAMILIES = tuple(sorted(path.stem.removeprefix("_family_") for path in Path(__file__).parent.glob("_family_*.py")))


def family(name: str) -> Producer:
    made: Producer = importlib.import_module(f"_family_{name}").Family()
    return made


class Producer:
    """Tells a quarter to streams; a family overrides what its streams hear of."""

    agents: ClassVar[tuple[Agent, ...]]
    roles: ClassVar[dict[str, str]]  # stream -> agent, spans, llm, tool or policy
    formats: ClassVar[dict[str, str]]  # stream -> the format of its records
    facts: ClassVar[dict[str, Any]] = {}  # what faults must know of the family
    counted: ClassVar[str] = ""  # a stream that numbers its records as they are written

    def fleet(self, runs: int, seed: int) -> Fleet:
        """An intact fleet."""
        self.draw = random.Random(seed * 7919 + 17)
        self.skew = {stream: int(self.draw.uniform(-0.02, 0.02) * 1e9) for stream in self.roles}
        self.made = Fleet(
            quarter(self.agents, runs, seed), dict(self.roles), dict(self.formats), self.draw, self.write_stream
        )
        self.made.facts |= self.facts
        for run in self.made.runs:
            self.run(run)
        if self.counted:
            self.made.counted = self.counted
            self.made.count = self.count
            self.made.number()
        return self.made

    def run(self, run: Run) -> None:
        """Tells one run."""
        self.started(run)
        for turn in run.turns:
            self.turn(run, turn)
            for call in turn.calls:
                self.called(run, call)
            if turn.child:
                self.handed(run, turn)
        self.finished(run)

    def started(self, run: Run) -> None: ...

    def turn(self, run: Run, turn: Turn) -> None: ...

    def called(self, run: Run, call: Call) -> None: ...

    def handed(self, run: Run, turn: Turn) -> None: ...

    def finished(self, run: Run) -> None: ...

    def count(self, records: list[Record]) -> None:
        """Numbers the records of the stream that counts."""

    def write_stream(self, stream: str, records: list[Record], folder: Path) -> None:
        """Writes one stream; those of `self.made.cut_short` with the mark of their format for a dump that broke off."""
        lines(records, folder / f"{stream}.jsonl")

    def put(
        self, stream: str, run: Run, kind: str, at: int, doc: Any, *, call: Call | None = None,
        slots: Sequence[Slot] = (), times: Sequence[tuple[dict[str, Any], str, Any, int]] = (), **more: Any,
    ) -> Record:  # fmt: skip
        """Adds a record, written at `at`; each of `times` is (holder, key, form, ns), and is filled in here."""
        skew = self.skew[stream]
        made = [Time(holder, key, form, ns + skew) for holder, key, form, ns in times]
        for time in made:
            time.holder[time.key] = time.form(time.ns)
        record = Record(stream, at + skew, doc, run, kind, call, list(slots), made, **more)
        self.made.records.append(record)
        return record
