"""Which runs should have records of a stream: told by the agent's other runs, and by what the run itself did.

1. A stream that only hears of some calls (a tool's service, a policy, a gateway) is needed only by runs that made such
   calls, as the other streams tell: runs that called a tool that the stream names, runs that talked to a model.
2. While the stream is in use (from its first to its last run of the agent), nearly all runs that need it have it: a habit.
3. Fewer have it, but those that do are told by it from begin to end, so nothing that a run does can make the difference: the
   stream is thinned out. Whether that is sampling is not judged here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from auditrail.gaps.absence.grid import Bools, Grid, Ints, Stream

if TYPE_CHECKING:
    import duckdb

# Of the runs that need it while it is in use.
_HABIT = 0.8
_FEWEST, _FEWEST_WITH = 4, 3
# A stream that is thinned out is known by so many runs that have it, and so many that have not.
_THINNED_WITH, _THINNED_WITHOUT = 5, 8
# A condition holds for a stream if so many of the runs that have the stream meet it.
_NEEDED = 0.95
_TELLS_RUNS = 0.8


class Expected(NamedTuple):
    """The runs of an agent that should have a stream, in order of their begin, and which do.

    habit: nearly all have it; else it is thinned out.
    share: events of the stream for each event of the other streams, in a usual run that has it.
    """

    agent: int
    stream: Stream
    at: Ints
    present: Bools
    habit: bool
    share: float

    def records(self, grid: Grid) -> Ints:
        """How many records each run that has none should have, by the usual share."""
        return np.asarray(np.rint(grid.events[self.at[~self.present]] * self.share), np.int64)


def expected(connection: duckdb.DuckDBPyConnection, grid: Grid) -> list[Expected]:
    """What each agent's runs should have, also where all have it; `run_streams` must stand."""
    runs_of = [np.flatnonzero(grid.agent == number) for number in range(len(grid.agents))]
    tools = _Tools(connection, grid)
    made = []
    for stream in grid.streams:
        mine = np.zeros(len(grid.run), np.bool_)
        mine[stream.at] = True
        for agent in np.unique(grid.agent[stream.at]):
            found = _expected(grid, stream, int(agent), runs_of[agent], mine, tools)
            if found:
                made.append(found)
    return made


def _expected(
    grid: Grid, stream: Stream, agent: int, runs: Ints, mine: Bools, tools: _Tools
) -> Expected | None:
    has = mine[runs]
    if len(runs) < _FEWEST:
        return None
    if has.all():
        return Expected(agent, stream, runs, has, True, 0.0)
    inside = np.isin(stream.at, runs, assume_unique=True)
    tells_runs = float((stream.edges[inside] > 0).mean()) >= _TELLS_RUNS
    needs, covers = runs, tells_runs
    if not tells_runs:
        needs, covers = _needing(grid, stream, runs, has, tools)
    present = mine[needs]
    if len(needs) < _FEWEST or present.sum() < _FEWEST_WITH:
        return None
    if present.all():
        return Expected(agent, stream, needs, present, True, 0.0)
    where = np.flatnonzero(present)
    inner = present[where[0] : where[-1] + 1]
    rate = float(inner.mean())
    events = stream.events[inside]
    others = np.maximum(grid.events[stream.at[inside]] - events, 1)
    share = float(np.median(events / others))
    if rate >= _HABIT and len(inner) >= _FEWEST:
        return Expected(agent, stream, needs, present, True, share)
    if covers and present.sum() >= _THINNED_WITH and (~present).sum() >= _THINNED_WITHOUT:
        return Expected(agent, stream, needs, present, False, share)
    return None


def _needing(grid: Grid, stream: Stream, runs: Ints, has: Bools, tools: _Tools) -> tuple[Ints, bool]:
    """The runs that did what the stream hears of, and whether that is known to be all that it takes."""
    needs, covers = runs, False
    for meets in (tools.called(stream, runs, has), tools.talked(stream, runs)):
        if meets is None:
            continue
        known = float(meets[has].mean()) >= _NEEDED
        if known:
            keep = meets[np.searchsorted(runs, needs)]
            needs, covers = needs[keep], True
    return needs, covers


class _Tools:
    """What runs did, as streams other than the one in question tell: tools called, models asked."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, grid: Grid) -> None:
        self._connection, self._grid = connection, grid
        self._loaded = False
        self._llm = np.zeros(len(grid.run), np.int64)
        for stream in grid.streams:
            self._llm[stream.at] += stream.llm

    def talked(self, stream: Stream, runs: Ints) -> Bools | None:
        """Runs of which another stream tells that a model was asked; None where the stream is of no model."""
        if not stream.llm.any():
            return None
        others = self._llm.copy()
        others[stream.at] -= stream.llm
        return np.asarray(others[runs] > 0)

    def called(self, stream: Stream, runs: Ints, has: Bools) -> Bools | None:
        """Runs of which another stream tells a call of a tool that this one hears of; None where it hears of none."""
        if not self._loaded:
            self._load()
        number = self._grid.streams.index(stream)
        place = np.searchsorted(runs, self._at)
        place[place == len(runs)] = 0
        here = np.flatnonzero(runs[place] == self._at) if len(self._at) else np.zeros(0, np.int64)
        place, tool, of = place[here], self._tool[here], self._stream[here]
        others = of != number
        if not others.any():
            return None
        heard = np.unique(tool[~others])
        # Tools that other streams know by the same name; a stream that names its tools otherwise tells nothing here.
        heard = heard[np.isin(heard, tool[others])]
        if not len(heard):
            heard = _learnt(place[others], tool[others], has)
        met = np.zeros(len(runs), np.bool_)
        met[place[others][np.isin(tool[others], heard)]] = True
        return met

    def _load(self) -> None:
        self._loaded = True
        rows = self._connection.execute(
            "SELECT DISTINCT run, format, stream, tool FROM acts WHERE run IS NOT NULL AND tool IS NOT NULL"
        ).fetchnumpy()
        grid = self._grid
        numbers = {f"{stream.format}/{stream.stream}": number for number, stream in enumerate(grid.streams)}
        order = np.argsort(grid.run)
        at = np.searchsorted(grid.run[order], rows["run"])
        at[at == len(grid.run)] = 0
        known = grid.run[order][at] == rows["run"] if len(grid.run) else np.zeros(len(at), np.bool_)
        self._at: Ints = order[at[known]] if len(grid.run) else np.zeros(0, np.int64)
        names, tool = np.unique(rows["tool"][known].astype(str), return_inverse=True)
        self._tool: Ints = np.asarray(tool, np.int64)
        self._stream: Ints = np.array(
            [
                numbers.get(f"{format_name}/{stream}", -1)
                for format_name, stream in zip(rows["format"][known], rows["stream"][known], strict=True)
            ],
            np.int64,
        )


def _learnt(place: Ints, tool: Ints, has: Bools) -> Ints:
    """The tools that bring a stream along which names none: with one of them a run has it, without any it has not."""
    found: list[int] = []
    left = np.ones(len(has), np.bool_)
    best = 0.0
    for _ in range(len(np.unique(tool))):
        scores = []
        for number in np.unique(tool):
            runs = np.unique(place[tool == number])
            runs = runs[left[runs]]
            if number not in found and len(runs) >= _FEWEST:
                scores.append((float(has[runs].mean()), len(runs), -int(number)))
        if not scores:
            break
        rate, _, negative = max(scores)
        if rate <= 0 or rate < best / 2:
            break
        best = max(best, rate)
        found.append(-negative)
        left[np.unique(place[tool == -negative])] = False
    return np.array(found, np.int64)
