"""Which share of traces each stream keeps: as its records declare, as its trace ids betray, or as its runs show.

1. Declared: a probability below 1 on the records themselves.
2. From trace ids: a sampler that decides by the id keeps what lies on one side of a bound. Where kept and missing ids
   part like that (`gaps.absence.thresholds`), the bound is the rate (`gaps.estimate.threshold_rate`). Missing ids are
   those that other streams name in runs of which the stream has nothing; without any, the kept ones alone can tell.
3. From runs: where rules found that runs were sampled out and nothing tells how, the share of runs that are there.

Each is for one stream and all its agents, or for one agent whose sampler is another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from auditrail.gaps import build
from auditrail.gaps.estimate import Rate, threshold_rate
from auditrail.report.gap_types import Estimate

if TYPE_CHECKING:
    import duckdb

    from auditrail.gaps.absence.thresholds import Threshold

# Fewer kept ids prove no threshold.
_FEWEST = 20
_Z = 1.96

_Key = tuple[str, str, str | None]


def estimate(connection: duckdb.DuckDBPyConnection) -> tuple[Estimate, ...]:
    """The rates of all streams that are sampled; `findings` and `acts` must stand."""
    build.build(connection, ["acts", "stream_habits"])
    made: dict[tuple[str, str | None], Estimate] = {}
    for each in (*_declared(connection), *_by_ids(connection), *_by_runs(connection)):
        made.setdefault((each.stream or "", each.agent), each)
    told = {stream for stream, agent in made if agent is None}
    return tuple(
        each
        for (stream, agent), each in sorted(made.items(), key=lambda item: (item[0][0], item[0][1] or ""))
        if agent is None or stream not in told
    )


def _declared(connection: duckdb.DuckDBPyConnection) -> list[Estimate]:
    rows = connection.execute(
        """
        SELECT stream, sampling_probability, count(*) AS records FROM acts
        WHERE sampling_probability > 0 AND sampling_probability < 1 GROUP BY ALL
        ORDER BY stream NULLS LAST, records DESC NULLS LAST, sampling_probability NULLS LAST
        """
    ).fetchall()
    by_stream: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for stream, probability, records in rows:
        by_stream[stream].append((probability, records))
    made = []
    for stream, said in by_stream.items():
        value = said[0][0]
        low, high = min(each[0] for each in said), max(each[0] for each in said)
        others = f"; {len(said) - 1} other value(s) from {low:.4g} to {high:.4g}" if len(said) > 1 else ""
        made.append(
            Estimate(
                "sampling-rate", None, stream, value, low, high, "declared",
                f"{said[0][1]:,} record(s) declare {value:.4g}{others}",
                f"{stream} says itself that it keeps {100 * value:.3g} % of its traces",
            )
        )  # fmt: skip
    return made


class _Found(NamedTuple):
    """A sampler that decides by the trace id: its kind and side, its rate, and from how many ids that is told."""

    sampler: Threshold
    rate: Rate
    kept: int
    missing: int


def _by_ids(connection: duckdb.DuckDBPyConnection) -> list[Estimate]:
    """Streams with spans whose trace ids lie on one side of a bound.

    Told from the ids of the stream, else of single agents in it, else of all streams of its format, whose spans
    belong to the same traces.
    """
    kept, missing = _ids(connection)
    made = []
    for form in sorted({key[0] for key in kept}):
        own = [key for key in kept if key[0] == form]
        shared = _find(*_sides(own, kept, missing))
        for stream in sorted({key[1] for key in own}):
            keys = [key for key in own if key[1] == stream]
            found = _find(*_sides(keys, kept, missing))
            # An unsampled stream may name an agent only where the sampled one does: kept ids alone prove nothing then.
            alone = [] if found else [(key, _sides([key], kept, missing)) for key in keys if key[2]]
            single = [(key, _find(*sides)) for key, sides in alone if sides[1]]
            if found:
                made.append(_told(stream, None, found, ""))
            elif any(one for _, one in single):
                made += [_told(stream, key[2], one, "") for key, one in single if one]
            elif shared and _fits(shared, _sides(keys, kept, missing)):
                made.append(_told(stream, None, shared, f" in all streams of {form}"))
    return made


def _sides(
    keys: list[_Key], kept: Mapping[_Key, set[str]], missing: Mapping[_Key, set[str]]
) -> tuple[list[str], list[str]]:
    have = {trace for key in keys for trace in kept[key]}
    return sorted(have), sorted({trace for key in keys for trace in missing.get(key, ())} - have)


def _fits(found: _Found, sides: tuple[list[str], list[str]]) -> bool:
    """Whether a sampler keeps what a stream has, and drops most of what it lacks."""
    from auditrail.gaps.absence import thresholds

    have, lack = sides
    gone = thresholds.drops(found.sampler, lack) if lack else []
    return not any(thresholds.drops(found.sampler, have)) and 2 * sum(gone) >= len(gone)


def _ids(connection: duckdb.DuckDBPyConnection) -> tuple[dict[_Key, set[str]], dict[_Key, set[str]]]:
    """(format, stream, agent) -> trace ids that the stream holds, and those that only others name."""
    connection.execute(
        """
        CREATE TEMP TABLE span_streams AS
        SELECT format, stream FROM stream_habits WHERE spans > 0 AND runs > 0
        """
    )
    kept: dict[_Key, set[str]] = defaultdict(set)
    for form, stream, agent, trace in connection.execute(
        """
        SELECT DISTINCT a.format, a.stream, r.agent, a.trace FROM acts a
        JOIN span_streams s ON s.format = a.format AND s.stream = a.stream JOIN runs r ON r.run = a.run
        WHERE a.trace IS NOT NULL AND a.kind = 'span' AND NOT a.inferred AND r.status NOT IN ('error', 'denied')
        """
    ).fetchall():
        kept[form, stream, agent].add(trace)
    missing: dict[_Key, set[str]] = defaultdict(set)
    for form, stream, agent, trace in connection.execute(
        """
        WITH present AS (
            SELECT DISTINCT a.run, a.format, a.stream FROM acts a
            JOIN span_streams s ON s.format = a.format AND s.stream = a.stream WHERE a.run IS NOT NULL
        ), bare AS (
            SELECT r.run, r.agent FROM runs r
            WHERE r.id_kind IN ('run', 'trace') AND r.agent IN (SELECT agent FROM agent_streams)
        ), named AS (
            SELECT DISTINCT a.run, a.trace, b.agent FROM acts a JOIN bare b ON b.run = a.run
            WHERE a.trace IS NOT NULL AND a.kind <> 'span'
        ), usual AS (
            SELECT DISTINCT r.agent, p.format, p.stream FROM present p JOIN runs r ON r.run = p.run
        )
        SELECT DISTINCT u.format, u.stream, n.agent, n.trace FROM named n JOIN usual u ON u.agent = n.agent
        LEFT JOIN present p ON p.run = n.run AND p.format = u.format AND p.stream = u.stream
        WHERE p.run IS NULL
        """
    ).fetchall():
        missing[form, stream, agent].add(trace)
    return kept, missing


def _find(have: list[str], lack: list[str]) -> _Found | None:
    """The sampler that parts kept from missing trace ids, if one does."""
    if len(have) < _FEWEST:
        return None
    from auditrail.gaps.absence import randomness, thresholds

    found = thresholds.infer(have, lack)
    if found is None or found.rate >= 1:
        return None
    sides = []
    for ids in (have, lack):
        values = randomness.fractions(*randomness.numbers(ids))[found.kind]
        sides.append([float(value) for value in (1 - values if found.above else values)])
    rate = threshold_rate(*sides)
    return _Found(found, rate, len(have), len(lack)) if rate is not None else None


def _told(stream: str, agent: str | None, found: _Found, where: str) -> Estimate:
    rate, sampler = found.rate, found.sampler
    side = "above" if sampler.above else "below"
    lack = f"{found.missing:,} missing ones" if found.missing else "no missing ones that are known"
    edge = 1 - rate.value if sampler.above else rate.value
    return Estimate(
        "sampling-rate", agent, stream, round(rate.value, 5), round(rate.low, 5), round(rate.high, 5),
        "threshold on trace ids, likelihood of a change, 95 %",
        f"{found.kept:,} kept trace ids and {lack}{where}; the {sampler.kind} of kept ones lie {side} {edge:.4f} of "
        "their range",
        f"{stream} keeps {_percent(rate)} of its traces, chosen by the trace id: which runs are missing was decided "
        "before they did anything, so what is kept is a fair sample, and a missing run proves nothing about itself",
    )  # fmt: skip


def _by_runs(connection: duckdb.DuckDBPyConnection) -> list[Estimate]:
    """The share of runs that a stream has, where rules found runs of it sampled out (Wilson's interval)."""
    rows = connection.execute(
        """
        SELECT f.stream, f.agent, count(DISTINCT f.run), max(s.runs) FROM findings f
        JOIN agent_streams s ON s.agent = f.agent AND s.stream = f.stream
        WHERE f.cause = 'sampling' AND f.scope = 'stream' AND f.run IS NOT NULL
        GROUP BY f.stream, f.agent ORDER BY f.stream NULLS LAST, f.agent NULLS LAST
        """
    ).fetchall()
    made = []
    for stream, agent, gone, held in rows:
        rate = _wilson(held, held + gone)
        made.append(
            Estimate(
                "sampling-rate", agent, stream, round(rate.value, 5), round(rate.low, 5), round(rate.high, 5),
                "share of runs, Wilson, 95 %",
                f"{held:,} of {held + gone:,} runs are there, the others were sampled out by the findings",
                f"{stream} keeps about {_percent(rate)} of the runs of {agent}; by what it chooses is not known, so "
                "what is kept may not be a fair sample",
            )
        )  # fmt: skip
    return made


def _wilson(held: int, total: int) -> Rate:
    share = held / total
    middle = (share + _Z * _Z / (2 * total)) / (1 + _Z * _Z / total)
    half = _Z * sqrt(share * (1 - share) / total + _Z * _Z / (4 * total * total)) / (1 + _Z * _Z / total)
    return Rate(share, middle - half, middle + half)


def _percent(rate: Rate) -> str:
    return f"{100 * rate.value:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"
