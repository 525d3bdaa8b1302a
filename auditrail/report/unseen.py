"""How many runs no stream holds, estimated from what is held.

Runs that no stream holds leave no trace, but streams that lose runs independently of each other tell how many they are:
what share of the runs of one stream does the other hold? Streams are the lists of a capture-recapture estimate
(`gaps.estimate`). Its assumptions are checked, and what cannot be checked is said:

1. A list must be able to tell of a run that no other stream holds: its records name runs (a run or trace id), and
   agents, where the estimate is of one agent, by the same name as the others do.
2. Lists must be independent. Streams that keep and lose the same runs (spans of one trace, samplers on one id) are one
   list. Whether two do is seen in the runs of a third stream: among those, the odds of being in the one must not
   depend on being in the other. Without a third stream this is said to be unchecked.
3. Where the shares held change from week to week in both streams together, each week is estimated by itself.
4. Of two lists with fewer than seven shared runs nothing is estimated.

Dependence that is left makes the estimate too low, nearly always: streams fail together more often than in turn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from math import ceil, floor, sqrt
from typing import TYPE_CHECKING, NamedTuple

from auditrail.gaps.estimate import Total, chapman, several
from auditrail.report.gap_types import Estimate

if TYPE_CHECKING:
    import duckdb

# Chapman's estimate has next to no bias from so many shared runs on (Robson and Regier 1964).
_SHARED = 7
# A stream is a list of an agent if it holds at least so many of its runs.
_FEWEST = 10
# This share of a stream's runs must be named by its own records.
_NAMED = 0.9
# So many standard errors from independence are no chance, with all pairs that are looked at.
_SURE = 3.5
# Fewer runs that both miss prove nothing.
_MISSED = 3
_LISTS = 8
_SHOWN = 5
# Chi-squared per degree of freedom from which on the weeks differ.
_UNEVEN = 2.0

# (which lists hold them, week) -> how many runs
Patterns = Counter[tuple[frozenset[int], int]]


class _List(NamedTuple):
    """One list: the streams of which each run of it has records, by their numbers."""

    members: frozenset[int]
    runs: int


class Stream(NamedTuple):
    """A stream whose records name runs; whether it holds spans, and whether its records name agents, too."""

    format: str
    stream: str
    spans: bool
    agents: bool


def estimate(
    connection: duckdb.DuckDBPyConnection, *, one_agent: bool = False
) -> tuple[tuple[Estimate, ...], tuple[str, ...]]:
    """How many runs of each agent no stream holds; and a sentence for each agent of which that cannot be told.

    Where that can be told of no agent, all runs are estimated as one, unless the question is about `one_agent`: a run
    that only a stream without names of agents holds would be missed.

    `cover_runs` of `report.coverage` must stand.
    """
    streams = _streams(connection)
    by_agent = _patterns(connection, streams)
    made: list[Estimate] = []
    not_told: dict[str, list[str]] = defaultdict(list)
    for agent, patterns in sorted(by_agent.items(), key=lambda item: (item[0] is None, item[0] or "")):
        if agent is None:
            continue
        found = of_patterns(agent, patterns, {key: each for key, each in streams.items() if each.agents})
        if isinstance(found, Estimate):
            made.append(found)
        else:
            not_told[found].append(agent)
    if not made and by_agent and not one_agent:
        found = of_patterns(None, *_fleet(by_agent, streams))
        if isinstance(found, Estimate):
            return (found,), ()
        return (), (f"how many runs no stream holds: {found}",)
    return tuple(made), tuple(
        f"how many runs of {_some(agents)} no stream holds: {why}" for why, agents in sorted(not_told.items())
    )


def _some(agents: list[str]) -> str:
    more = len(agents) - _SHOWN
    return ", ".join(agents[:_SHOWN]) + (f" and {more} more agents" if more > 0 else "")


def _streams(connection: duckdb.DuckDBPyConnection) -> dict[int, Stream]:
    """The streams whose own records name runs."""
    rows = connection.execute(
        """
        WITH own AS (
            SELECT coalesce(s.inner_formats, s.format) AS format, coalesce(e.stream, s.stream, s.path) AS stream,
                   count(*) FILTER (WHERE e.run_id IS NOT NULL OR e.trace_id IS NOT NULL) AS names,
                   count(e.agent) AS agents, bool_or(e.kind = 'span') AS spans
            FROM events e JOIN sources s ON s.source = e.source GROUP BY 1, 2
        )
        SELECT o.format, o.stream, o.spans, o.names, o.agents, h.runs FROM own o
        JOIN stream_habits h ON h.format = o.format AND h.stream = o.stream
        WHERE h.runs > 0 ORDER BY h.runs DESC NULLS LAST, o.format NULLS LAST, o.stream NULLS LAST
        """
    ).fetchall()
    named = [row for row in rows if row[3] >= row[5] * _NAMED]
    return {
        number: Stream(form, stream, spans, agents >= runs * _NAMED)
        for number, (form, stream, spans, _, agents, runs) in enumerate(named)
    }


def _patterns(connection: duckdb.DuckDBPyConnection, streams: dict[int, Stream]) -> dict[str | None, Patterns]:
    """Agent -> how many runs of each week are held by which streams."""
    connection.execute("CREATE TEMP TABLE capture_lists (number BIGINT, format VARCHAR, stream VARCHAR)")
    for number, each in streams.items():
        connection.execute("INSERT INTO capture_lists VALUES (?, ?, ?)", [number, each.format, each.stream])
    rows = connection.execute(
        """
        WITH held AS (
            SELECT a.run, c.agent, c.day // 7 AS week, l.number
            FROM acts a JOIN cover_runs c ON c.run = a.run AND c.grade <> 'fragment'
            JOIN capture_lists l ON l.format = a.format AND l.stream = a.stream
            WHERE NOT a.inferred
            GROUP BY a.run, c.agent, week, l.number
            HAVING c.agent IS NULL OR bool_or(a.agent = c.agent)
        ), sets AS (SELECT run, agent, week, list_sort(list(number)) AS lists FROM held GROUP BY run, agent, week)
        SELECT agent, coalesce(week, 0), lists, count(*) FROM sets GROUP BY ALL
        """
    ).fetchall()
    made: dict[str | None, Patterns] = defaultdict(Counter)
    for agent, week, lists, runs in rows:
        made[agent][frozenset(lists), week] += runs
    return made


def _fleet(by_agent: dict[str | None, Patterns], streams: dict[int, Stream]) -> tuple[Patterns, dict[int, Stream]]:
    """All runs as one, by the streams that every agent of some size logs to: who never logs there is not missed."""
    common = set(streams)
    for agent, patterns in by_agent.items():
        if agent is not None and patterns.total() >= _FEWEST:
            common &= set().union(*(lists for lists, _ in patterns))
    whole: Patterns = Counter()
    for patterns in by_agent.values():
        whole.update(patterns)
    return whole, {number: each for number, each in streams.items() if number in common}


def of_patterns(agent: str | None, patterns: Patterns, streams: dict[int, Stream]) -> Estimate | str:
    """The estimate, or why there is none."""
    who = agent or "all agents together"
    lists, notes, checked = _lists(patterns, streams)
    if len(lists) < 2:
        return f"fewer than two streams that fail independently name runs{_after(notes)}"
    counted = _collapse(patterns, lists)
    shared = sum(runs for (held, _), runs in counted.items() if len(held) > 1)
    if shared < _SHARED:
        return f"fewer than {_SHARED} runs stand in more than one stream"
    total, seen, method = _total(counted, len(lists))
    # The number is a whole one: an interval that ends at 0.4 does not rule out a single run.
    value, low, high = max(0.0, total.value - seen), float(floor(total.low) - seen), float(ceil(total.high) - seen)
    names = [_name(each, streams) for each in lists]
    lengths = [sum(runs for (held, _), runs in counted.items() if number in held) for number in range(len(lists))]
    evidence = ", ".join(f"{name}: {runs:,} runs" for name, runs in zip(names, lengths, strict=True))
    return Estimate(
        "unseen-runs", agent, None, round(value, 1), max(low, 0.0), high, method,
        f"{evidence}; {shared:,} in more than one, {seen:,} in all",
        _meaning(who, names, value, low, high, notes, checked=checked),
    )  # fmt: skip


def _after(notes: list[str]) -> str:
    return f" ({'; '.join(notes)})" if notes else ""


def _meaning(
    who: str, names: list[str], value: float, low: float, high: float, notes: list[str], *, checked: bool
) -> str:
    if value < 0.5:
        text = f"No run of {who} seems to be missing from all of {' and '.join(names)}"
        text += f" (at most {high:,.0f})" if high > 1 else ""
    else:
        text = f"About {value:,.0f} run(s) of {who} ({low:,.0f} to {high:,.0f}) are in none of {' and '.join(names)}"
    text += ", if losing a run in one says nothing about losing it in the other"
    text += "" if checked else ", which could not be checked, because no third stream names these runs"
    text += ". What all lose together, such as in an outage of the host, is not counted: there may be more"
    return f"{text}. {'. '.join(note[0].upper() + note[1:] for note in notes)}" if notes else text


def _name(each: _List, streams: dict[int, Stream]) -> str:
    return " with ".join(streams[number].stream for number in sorted(each.members))


def _lists(patterns: Patterns, streams: dict[int, Stream]) -> tuple[list[_List], list[str], bool]:
    """Streams put together where they are not independent, largest first; what was found; whether there was a third."""
    lengths: Counter[int] = Counter()
    for (held, _), runs in patterns.items():
        for number in held & streams.keys():
            lengths[number] += runs
    chosen = [number for number, runs in lengths.most_common() if runs >= _FEWEST][:_LISTS]
    groups = [frozenset({number}) for number in sorted(chosen)]
    notes: list[str] = []
    # Spans of one trace are kept or dropped as one, whatever service wrote them.
    by_form = defaultdict(list)
    for group in groups:
        (number,) = group
        by_form[streams[number].format if streams[number].spans else (number,)].append(group)
    groups = [frozenset().union(*same) for same in by_form.values()]
    sets: Counter[frozenset[int]] = Counter()
    for (held, _), runs in patterns.items():
        sets[held & frozenset(chosen)] += runs
    checked = len(groups) > 2
    while (pair := _dependent(sets, groups)) is not None:
        first, second = pair
        words = [_name(_List(group, 0), streams) for group in pair]
        notes.append(f"{words[0]} and {words[1]} keep and lose the same runs, and count as one")
        groups = [group for group in groups if group not in pair] + [first | second]
    made = [_List(group, sum(runs for held, runs in sets.items() if held & group)) for group in groups]
    return sorted(made, key=lambda each: (-each.runs, sorted(each.members))), notes, checked


def _dependent(
    sets: Counter[frozenset[int]], groups: list[frozenset[int]]
) -> tuple[frozenset[int], frozenset[int]] | None:
    """The two lists that depend on each other most surely, seen in the runs of a third; None if none do."""
    worst: tuple[float, tuple[frozenset[int], frozenset[int]]] | None = None
    for first, second in combinations(groups, 2):
        for third in groups:
            if third in (first, second):
                continue
            cells = [0] * 4
            for held, runs in sets.items():
                if held & third:
                    cells[2 * bool(held & first) + bool(held & second)] += runs
            sure = _together(*cells)
            if sure > _SURE and (worst is None or sure > worst[0]):
                worst = (sure, (first, second))
    return worst[1] if worst else None


def _together(neither: int, second: int, first: int, both: int) -> float:
    """How many standard deviations more runs than chance would have it are in neither (hypergeometric)."""
    total = neither + second + first + both
    no_first, no_second = neither + second, neither + first
    if total < 2 or neither < _MISSED:
        return 0.0
    expected = no_first * no_second / total
    spread = expected * (total - no_first) * (total - no_second) / (total * (total - 1))
    return (neither - expected) / sqrt(spread) if spread else 0.0


def _collapse(patterns: Patterns, lists: list[_List]) -> Patterns:
    """The same runs by the lists that hold them; those that none holds go."""
    made: Patterns = Counter()
    for (held, week), runs in patterns.items():
        inside = frozenset(number for number, each in enumerate(lists) if held & each.members)
        if inside:
            made[inside, week] += runs
    return made


def _total(counted: Patterns, lists: int) -> tuple[Total, int, str]:
    """How many runs there were, how many are seen, and how that was estimated."""
    seen = counted.total()
    lengths = [sum(runs for (held, _), runs in counted.items() if number in held) for number in range(lists)]
    if lists > 2:
        return several(lengths, seen), seen, f"capture-recapture over {lists} lists (Darroch), profile likelihood, 95 %"
    both = sum(runs for (held, _), runs in counted.items() if len(held) == 2)
    whole = chapman(lengths[0], lengths[1], both)
    method = "capture-recapture over 2 lists (Chapman), profile likelihood, 95 %"
    weeks = _weeks(counted)
    if not _uneven(weeks):
        return whole, seen, method
    parts = [chapman(one + two, one + other, one) for one, two, other in weeks]
    value = sum(part.value for part in parts)
    # Independent weeks: their variances add up, each taken from its own interval.
    below = sqrt(sum((part.value - part.low) ** 2 for part in parts))
    above = sqrt(sum((part.high - part.value) ** 2 for part in parts))
    return (
        Total(value, max(float(seen), value - below), value + above), seen,
        "capture-recapture over 2 lists (Chapman), each week by itself because the shares held differ, 95 %",
    )  # fmt: skip


def _weeks(counted: Patterns) -> list[tuple[int, int, int]]:
    """Runs of each week in both lists, in the first only and in the second only; sparse weeks are put together."""
    by_week: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (held, week), runs in counted.items():
        by_week[week][0 if len(held) == 2 else 1 if 0 in held else 2] += runs
    made: list[list[int]] = []
    for _, cells in sorted(by_week.items()):
        if made and made[-1][0] < _SHARED:
            made[-1] = [a + b for a, b in zip(made[-1], cells, strict=True)]
        else:
            made.append(cells)
    if len(made) > 1 and made[-1][0] < _SHARED:
        last = made.pop()
        made[-1] = [a + b for a, b in zip(made[-1], last, strict=True)]
    return [(both, first, second) for both, first, second in made]


def _uneven(weeks: list[tuple[int, int, int]]) -> bool:
    """Whether the share that each list holds of the other's runs differs from week to week, in both lists."""
    if len(weeks) < 2:
        return False
    return all(
        _chi([(both, cells[other]) for cells in weeks for both in (cells[0],)]) > _UNEVEN * (len(weeks) - 1)
        for other in (1, 2)
    )


def _chi(rows: list[tuple[int, int]]) -> float:
    """Chi-squared of homogeneity over rows of (held, not held)."""
    held, total = sum(row[0] for row in rows), sum(sum(row) for row in rows)
    if held in (0, total):
        return 0.0
    share = held / total
    return sum((row[0] - sum(row) * share) ** 2 / (sum(row) * share * (1 - share)) for row in rows if sum(row))
