"""Which runs should have records of a stream: told by the agent's other runs, and by what the run itself did.

1. A stream that only hears of some calls (a tool's service, a policy, a gateway) is needed only by runs that made such
   calls, as the other streams tell: runs that called a tool that the stream names, runs that talked to a model.
2. While the stream is in use (from its first to its last run of the agent), nearly all runs that need it have it: a
   habit.
3. Fewer have it, but those that do are told by it from begin to end, so nothing that a run does can make the
   difference: the stream is thinned out. Whether that is sampling is not judged here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from auditrail.gaps.absence.grid import Bools, Grid, Ints, Stream
from auditrail.gaps.absence.tables import numbered
from auditrail.gaps.absence.within import Heard, heard

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
# So many agents with spans of their own make a habit of the house.
_TRACED_AGENTS = 2


class Expected(NamedTuple):
    """The runs of an agent that should have a stream, in order of their begin, and which do.

    habit: nearly all have it; else it is thinned out.
    tells_runs: it holds the begin or the end of nearly all runs that it has.
    unnamed: runs whose agent no record names, perhaps because the stream that would is missing: only runs count of
        which another stream names the trace.
    beside: place of a run -> a record of the stream that stands inside a call of it, where that is why it is expected.
    thin: hardly any run has it, so that only proof (a sampled trace, a loose record) may say that it is missing.
    share: events of the stream for each event of the other streams, in a usual run that has it.
    shown: runs that would be known without the stream, too; None: all. A run that only the stream itself tells of has
        it by necessity: where another stream is cut or silent, such runs are all that is left, and would make the
        stream look whole there.
    """

    agent: int
    stream: Stream
    at: Ints
    present: Bools
    habit: bool
    share: float
    thin: bool = False
    tells_runs: bool = False
    unnamed: bool = False
    beside: dict[int, int] | None = None
    shown: Bools | None = None

    @property
    def counts(self) -> Bools:
        """Which of the runs count where the share that has the stream is asked for."""
        return np.ones(len(self.at), np.bool_) if self.shown is None else self.shown

    def records(self, grid: Grid) -> Ints:
        """How many records each run that has none should have, by the usual share."""
        return np.asarray(np.rint(grid.events[self.at[~self.present]] * self.share), np.int64)


def expected(connection: duckdb.DuckDBPyConnection, grid: Grid) -> list[Expected]:
    """What each agent's runs should have, also where all have it; `held_streams` must stand."""
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
    made = [part._replace(shown=_shown(grid, part)) for part in made]
    told = {(part.agent, part.stream.format, part.stream.stream) for part in made}
    inside = [_inside(grid, one) for one in heard(connection, grid, told)]
    told.update((part.agent, part.stream.format, part.stream.stream) for part in inside)
    thin = inside + _thin(grid, told, runs_of, tools)
    return made + thin + _untraced(grid, made, runs_of) + _unnamed(grid, made, runs_of)


def _shown(grid: Grid, part: Expected) -> Bools | None:
    """As `shown` of `Expected`: another stream tells the begin or the end of the run, or, where none does, has it.

    Streams of spans of one format are lost and sampled together, and are no witnesses of one another.
    """
    edged, held = np.zeros(len(grid.run), np.bool_), np.zeros(len(grid.run), np.bool_)
    for stream in grid.streams:
        joint = stream.format == part.stream.format and stream.has_spans and part.stream.has_spans
        if stream is not part.stream and not joint:
            held[stream.at] = True
            edged[stream.at[stream.edges > 0]] = True
    absent = ~part.present
    if absent.all() or part.present.all():
        return None
    # What shows the runs that lack the stream has to show those that have it.
    other = edged if float(edged[part.at[absent]].mean()) >= _TELLS_RUNS else held
    return np.asarray(absent | other[part.at])


def _inside(grid: Grid, one: Heard) -> Expected:
    """The runs inside of whose calls the stream has records that stand in no run."""
    at = np.array(sorted(one.at), np.int64)
    share = _share(grid, one.stream, np.ones(len(one.stream.at), np.bool_))
    return Expected(one.agent, one.stream, at, np.zeros(len(at), np.bool_), False, share, thin=True, beside=one.at)


def _untraced(grid: Grid, made: list[Expected], runs_of: list[Ints]) -> list[Expected]:
    """Agents without any span in a format in which each of several other agents has a stream of its own.

    All their traces may be gone; or they are not traced at all. Proof must tell.
    """
    own: dict[str, dict[int, Stream]] = {}
    for part in made:
        if part.stream.has_spans and part.stream.stream == grid.agents[part.agent]:
            own.setdefault(part.stream.format, {})[part.agent] = part.stream
    found = []
    for format_name, streams in sorted(own.items()):
        held = np.concatenate([stream.at for stream in grid.streams if stream.format == format_name])
        for agent, runs in enumerate(runs_of):
            if len(streams) < _TRACED_AGENTS or agent in streams or grid.agents[agent].startswith("/"):
                continue
            if not len(runs) or np.isin(runs, held).any():
                continue
            like = max(streams.values(), key=lambda stream: len(stream.at))
            ghost = like.of_another(grid.agents[agent])
            share = _share(grid, like, np.ones(len(like.at), np.bool_))
            found.append(Expected(agent, ghost, runs, np.zeros(len(runs), np.bool_), False, share, True))
    return found


def _unnamed(grid: Grid, made: list[Expected], runs_of: list[Ints]) -> list[Expected]:
    """Runs that only a stream knows which names no agent, where the runs of agents that it hears of have another.

    What would name the agent may be what is missing: a gateway knows the trace of a request, and not who sent it. So
    such runs are expected to have spans, and to stand in a log that tells runs of several agents from begin to end.
    """
    found = []
    for agent, runs in enumerate(runs_of):
        if not len(runs) or not grid.agents[agent].startswith("/"):
            continue
        home = next((one for one in grid.streams if f"/{one.format}/{one.stream}" == grid.agents[agent]), None)
        for stream in grid.streams if home is not None else ():
            if stream is home or home is None or np.isin(runs, stream.at).any():
                continue
            named = [part for part in made if part.stream is stream and not grid.agents[part.agent].startswith("/")]
            if not stream.has_spans and not (len(named) > 1 and float((stream.edges > 0).mean()) >= _TELLS_RUNS):
                continue
            having = np.concatenate([part.at[part.present] for part in named]) if named else runs[:0]
            if len(having) >= _FEWEST and np.isin(having, home.at).mean() >= _TELLS_RUNS:
                share = _share(grid, stream, np.ones(len(stream.at), np.bool_))
                none = np.zeros(len(runs), np.bool_)
                found.append(Expected(agent, stream, runs, none, False, share, thin=True, unnamed=True))
    return found


def _thin(grid: Grid, told: set[tuple[int, str, str]], runs_of: list[Ints], tools: _Tools) -> list[Expected]:
    """Streams that hardly any run of an agent has, though something speaks for it that they should.

    A few runs have it: where other agents' runs show a silence or a sampler, it counts for these, too. Or the stream
    holds records that stand in no run: of this agent, or of nobody, where the runs did what it hears of.
    """
    found = []
    for stream in grid.streams:
        mine = np.zeros(len(grid.run), np.bool_)
        mine[stream.at] = True
        for agent, runs in enumerate(runs_of):
            if (agent, stream.format, stream.stream) in told or not len(runs):
                continue
            if mine[runs].any():
                needs = _needing(stream, runs, mine[runs], tools)[0]
            elif stream.loose:
                needs = runs if grid.agents[agent] in stream.loose else _hearing(stream, runs, tools)
            else:
                continue
            if len(needs) and not mine[needs].all():
                share = _share(grid, stream, np.ones(len(stream.at), np.bool_))
                found.append(Expected(agent, stream, needs, mine[needs], False, share, True))
    return found


def _hearing(stream: Stream, runs: Ints, tools: _Tools) -> Ints:
    """The runs that called a tool which the stream names; none where loose records name agents, but not this one."""
    if None not in stream.loose:
        return runs[:0]
    called = tools.called(stream, runs, None)
    return runs[:0] if called is None else runs[called]


def _of(grid: Grid, stream: Stream, agent: int) -> Bools:
    """Which of the stream's runs are of this agent."""
    return np.asarray(grid.agent[stream.at] == agent)


def _share(grid: Grid, stream: Stream, inside: Bools) -> float:
    if not inside.any():
        return 0.0
    events = stream.events[inside]
    return float(np.median(events / np.maximum(grid.events[stream.at[inside]] - events, 1)))


def _expected(grid: Grid, stream: Stream, agent: int, runs: Ints, mine: Bools, tools: _Tools) -> Expected | None:
    has = mine[runs]
    if len(runs) < _FEWEST:
        return None
    if has.all():
        return Expected(agent, stream, runs, has, True, _share(grid, stream, _of(grid, stream, agent)))
    inside = _of(grid, stream, agent)
    tells_runs = float((stream.edges[inside] > 0).mean()) >= _TELLS_RUNS
    needs, covers = runs, tells_runs
    if not tells_runs:
        needs, covers = _needing(stream, runs, has, tools)
    present = mine[needs]
    if len(needs) < _FEWEST or present.sum() < _FEWEST_WITH:
        return None
    if present.all():
        return Expected(agent, stream, needs, present, True, _share(grid, stream, inside))
    where = np.flatnonzero(present)
    inner = present[where[0] : where[-1] + 1]
    rate = float(inner.mean())
    share = _share(grid, stream, inside)
    if rate >= _HABIT and len(inner) >= _FEWEST:
        return Expected(agent, stream, needs, present, True, share, tells_runs=tells_runs)
    if covers and present.sum() >= _THINNED_WITH and (~present).sum() >= _THINNED_WITHOUT:
        return Expected(agent, stream, needs, present, False, share, tells_runs=tells_runs)
    return None


def _needing(stream: Stream, runs: Ints, has: Bools, tools: _Tools) -> tuple[Ints, bool]:
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


# Which tools runs called, by stream, as numbers. Those are left out that were denied and none of whose calls in the run
# was let through.
_CALLED = """
WITH denied AS (
    SELECT run, tool FROM signal_acts WHERE run IS NOT NULL AND tool IS NOT NULL GROUP BY run, tool
    HAVING bool_or(decision IN ('deny', 'ask', 'not_run') OR status = 'denied') AND NOT bool_or(
        decision IN ('allow', 'modify', 'flag')
        OR status = 'ok' AND layer <> 'llm' AND kind IN ('result', 'span', 'end')
    )
), called AS (
    SELECT DISTINCT a.run, a.format, a.stream, a.tool FROM signal_acts a
    LEFT JOIN denied d ON d.run = a.run AND d.tool = a.tool
    WHERE a.tool IS NOT NULL AND d.run IS NULL
), tools AS (
    SELECT tool, row_number() OVER (ORDER BY tool) - 1 AS number FROM (SELECT DISTINCT tool FROM called)
)
SELECT c.run, coalesce(s.number, -1) AS stream, t.number AS tool
FROM called c JOIN tools t ON t.tool = c.tool
LEFT JOIN {streams} s ON s.format = c.format AND s.stream = c.stream
"""


class _Tools:
    """What runs did, as streams other than the one in question tell: tools called, models asked.

    A tool all of whose calls were denied in a run does not count there: its service may never have heard of them.
    """

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

    def called(self, stream: Stream, runs: Ints, has: Bools | None) -> Bools | None:
        """Runs of which another stream tells a call of a tool that this one hears of; None where it hears of none.

        The runs are of one agent.
        """
        if not self._loaded:
            self._load()
        number = self._grid.streams.index(stream)
        agent = int(self._grid.agent[runs[0]])
        mine = slice(*np.searchsorted(self._agent, [agent, agent + 1]).tolist())
        at, tool, of = self._at[mine], self._tool[mine], self._stream[mine]
        place = np.searchsorted(runs, at)
        place[place == len(runs)] = 0
        here = np.flatnonzero(runs[place] == at)
        place, tool, of = place[here], tool[here], of[here]
        others = of != number
        if not others.any():
            return None
        heard = self._named[number]
        # Tools that other streams know by the same name; a stream that names its tools otherwise tells nothing here.
        heard = heard[np.isin(heard, tool[others])]
        if not len(heard):
            if has is None:
                return None
            heard = _learnt(place[others], tool[others], has)
        met = np.zeros(len(runs), np.bool_)
        met[place[others][np.isin(tool[others], heard)]] = True
        return met

    def _load(self) -> None:
        self._loaded = True
        grid = self._grid
        with numbered(self._connection, [(stream.format, stream.stream) for stream in grid.streams]) as table:
            rows = self._connection.execute(_CALLED.format(streams=table)).fetchnumpy()
        order = np.argsort(grid.run)
        runs = np.asarray(np.ma.filled(rows["run"], -1), np.int64)
        at = np.searchsorted(grid.run[order], runs)
        at[at == len(grid.run)] = 0
        # Tools that stand in no run tell what the stream hears of, and nothing of a run: their place is -1.
        at = np.where(grid.run[order][at] == runs, order[at], -1)
        tool, stream = np.asarray(rows["tool"], np.int64), np.asarray(rows["stream"], np.int64)
        self._named: list[Ints] = [np.unique(tool[stream == number]) for number in range(len(grid.streams))]
        agent = np.where(at < 0, -1, grid.agent[at])
        by = np.argsort(agent, kind="stable")
        self._agent, self._at, self._tool, self._stream = agent[by], at[by], tool[by], stream[by]


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
