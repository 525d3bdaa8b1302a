"""Why a run lacks a stream, decided on evidence, the strongest first.

0. Records of the stream carry an id of the run, and stand minutes or hours away from it (clock).
1. The dump says that it is cut, and the run lies in what it leaves out (export-cut, declared).
2. Another record of the run says that its trace was not sampled, or the stream's own declared threshold drops the
   run's trace id, or the trace ids that are held and those that are not lie on two sides of one value (sampling).
3. Records of the stream stand loose in the time of the run (siloed, another stream's records being the witness; where
   few runs lack it so: lost, as the record that joins them is gone).
4. The stream was silent: everything before a day is gone (retention), it came back (outage), it never came back
   (logging-disabled, or export-cut where it holds a round number of records).
5. Its records declare a probability, or the runs that lack it are scattered over time at a steady rate (sampling).
6. A run whose end is missing, too, never came to write it: no row, the missing end tells it (spans that never ended:
   crash).
7. Nothing tells (unknown): only of a stream that tells of runs from begin to end. What a stream should have that hears
   of single calls is left to what finds single records.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from auditrail.gaps.absence import silence
from auditrail.gaps.absence.clocks import in_words
from auditrail.gaps.absence.edges import Case, Quiet, cause_of
from auditrail.gaps.absence.expect import Expected
from auditrail.gaps.absence.fragments import Loose, shifted
from auditrail.gaps.absence.grid import Grid
from auditrail.gaps.absence.samplers import Sampler, Traces, rate

if TYPE_CHECKING:
    import duckdb

# A habit is broken by sampling only if so many runs, and such a share, lack the stream here and there.
_SAMPLED_RUNS, _SAMPLED_SHARE = 8, 0.04
# Where so many of an agent's runs are not joined to a stream, joining is what is broken.
_SILOED_SHARE = 0.1
# Stretches that a steady rate is tested over, runs in each, and how far they may be apart.
_STRETCHES, _STRETCH, _SIGMAS = 10, 10, 4.0
# Of an agent's runs outside of a silence, fewer than this tell nothing; else so many must have the stream.
_FEW_OUTSIDE, _HALF = 4, 0.5
# A stream that so many agents write to is the house's.
_SHARED = 2
# One record lost at random empties a stream that should have fewer than this.
_FEW_RECORDS = 3
# A sampler explains a silence if it is known to drop so many runs in it.
_MANY = 3


class Why(NamedTuple):
    """A cause for one run and stream, with what it rests on."""

    cause: str
    evidence: str
    confidence: str
    detail: str
    witness: int | None = None


@dataclass(slots=True)
class Study:
    """All that was found: expectation -> place of run -> why; silences; samplers."""

    grid: Grid
    parts: list[Expected]
    whys: list[dict[int, Why]] = field(default_factory=list)
    quiet: list[Quiet] = field(default_factory=list)
    samplers: list[Sampler] = field(default_factory=list)
    rates: list[tuple[float, float, float]] = field(default_factory=list)


def study(connection: duckdb.DuckDBPyConnection, grid: Grid, parts: list[Expected]) -> Study:
    """Decides for every run and stream of these expectations; `acts`, `cuts` and `held_streams` must stand."""
    made = Study(grid, parts)
    if all(part.present.all() for part in parts):
        return made
    case = Case.load(connection, grid, parts)
    traces = Traces(connection, grid, parts)
    unjoined = [(part.stream.format, part.stream.stream) for part in parts if part.stream.loose]
    loose = Loose(connection, unjoined)
    apart = shifted(connection, unjoined)
    usual = [part for part in parts if not part.thin or (part.unnamed and not part.stream.has_spans)]
    made.quiet = _silences(case, grid, usual, traces)
    silent = _by_part(grid, made.quiet, parts)
    pooled = traces.pooled(parts, silent)
    asked = {
        number: traces.sampler(part, silent[number], pooled.get(part.stream.format))
        for number, part in enumerate(parts)
        if silent[number] and not part.thin
    }
    before = list(map(len, silent))
    _unsampled(made, silent, asked)
    for number, part in enumerate(parts):
        if part.present.all():
            made.samplers.append(Sampler(None, None, {}))
            made.rates.append((1.0, 1.0, 1.0))
            made.whys.append({})
            continue
        # To ask for a sampler costs most of all here: once is enough where nothing changed.
        sampler = asked.get(number) if len(silent[number]) == before[number] else None
        sampler = sampler or traces.sampler(part, silent[number], pooled.get(part.stream.format))
        found = loose.during(grid, part) if part.stream.loose else {}
        if part.thin and len(found) * 2 < int((~part.present).sum()):
            found = {}
        found = part.beside or found
        quiet = silent[number]
        outside = np.array([int(place) not in quiet for place in part.at], np.bool_) & part.counts
        made.samplers.append(sampler)
        made.rates.append(rate(part, outside))
        whys: dict[int, Why] = {}
        for place in (int(place) for place in part.at[~part.present]):
            if part.unnamed and part.stream.has_spans and int(grid.run[place]) not in sampler.traces:
                continue
            by = apart.get((part.stream.format, part.stream.stream), {}).get(int(grid.run[place]))
            why = _clock(by) if by is not None else _strong(case, grid, part, place, traces, sampler)
            if why is None and place in found:
                why = _unjoined(grid, part, place, found)
            if why is None and place in quiet:
                one = quiet[place]
                why = Why(one.cause, one.evidence, one.confidence, one.detail)
            if why is not None:
                whys[place] = why
        if not part.thin:
            _rest(grid, part, sampler, whys)
        made.whys.append(whys)
    _few(made)
    _collateral(connection, made, silent)
    return made


def _unsampled(made: Study, silent: list[dict[int, Quiet]], samplers: dict[int, Sampler]) -> None:
    """Takes away silences that a sampler explains: of the runs in it whose traces are known, it drops nearly all.

    In a real silence, those are missing, too, that it would have kept: by its rate, so many of all; half of that number
    is asked for.
    """
    known: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for number, sampler in samplers.items():
        for place, one in silent[number].items():
            run, found = int(made.grid.run[place]), sampler.threshold
            if found is not None and sampler.traces.get(run):
                known[id(one)].append((found.rate, not sampler.drops(run)))
    explained = {
        key
        for key, proofs in known.items()
        if len(proofs) >= _MANY and 2 * sum(kept for _, kept in proofs) < sum(rate for rate, _ in proofs)
    }
    made.quiet = [one for one in made.quiet if id(one) not in explained]
    for quiet in silent:
        for place in [place for place, one in quiet.items() if id(one) in explained]:
            del quiet[place]


def _collateral(connection: duckdb.DuckDBPyConnection, made: Study, silent: list[dict[int, Quiet]]) -> None:
    """A stream that only spans join to a run stands loose where these are gone: that is no gap of its own.

    That spans join it is told by the agent's runs that have both; where it stands as loose in runs that have their
    spans, or is joined to these by a guess, something else is the reason. Where most of an agent's runs in that time
    show it so, the others are no silence of the stream for this agent alone: what a stream has of an agent is known
    only where what joins the two is held.
    """
    guessed = {
        (run, *place)
        for run, *place in connection.execute(
            "SELECT run, format, stream FROM signal_streams WHERE inferred = events"
        ).fetchall()
    }
    gone: set[int] = set()
    for part, whys in zip(made.parts, made.whys, strict=True):
        if part.stream.has_spans:
            gone.update(place for place, why in whys.items() if why.cause not in ("siloed", "lost", "unknown", "clock"))
    blind: list[Quiet] = []
    for part, whys, quiet in zip(made.parts, made.whys, silent, strict=True):
        if part.stream.has_spans:
            continue
        siloed = {place for place, why in whys.items() if why.cause == "siloed"}
        rest = [int(place) for place in part.at if int(place) not in gone]
        here = (part.stream.format, part.stream.stream)
        apart = sum(1 for place in rest if place in siloed or (int(made.grid.run[place]), *here) in guessed)
        if rest and apart * 2 > len(rest):
            continue
        loose = [place for place in siloed if place in gone]
        alone = {place: one for place, one in quiet.items() if one.agent is not None and place in gone}
        alone = {place: one for place, one in alone.items() if place in whys and whys[place].cause == one.cause}
        if alone and len(loose) >= len(alone):
            blind += [one for one in alone.values() if one.whole <= gone]
            loose += alone
        for place in loose:
            del whys[place]
    made.quiet = [one for one in made.quiet if not any(one is other for other in blind)]


def _few(made: Study) -> None:
    """An agent of whose runs too few are left, or named, to tell: the other agents' spans of the format do."""
    lacking: dict[str, int] = defaultdict(int)
    sampled: dict[str, int] = defaultdict(int)
    for part, whys in zip(made.parts, made.whys, strict=True):
        if not part.thin and part.stream.has_spans:
            lacking[part.stream.format] += int((~part.present).sum())
            sampled[part.stream.format] += sum(1 for why in whys.values() if why.cause == "sampling")
    for part, whys, sampler in zip(made.parts, made.whys, made.samplers, strict=True):
        name = part.stream.format
        some = part.present.any() or part.unnamed
        if part.thin and part.stream.has_spans and some and sampled[name] * 2 > lacking[name]:
            for place in part.at[~part.present]:
                if part.unnamed and int(made.grid.run[place]) not in sampler.traces:
                    continue
                whys.setdefault(int(place), Why("sampling", "statistical", "weak", "as the format's other streams are"))


def _clock(by: int) -> Why:
    """Records with an id of the run stand far from it in time: the stream's clock, or its zone, is another."""
    return Why("clock", "cross-witness", "strong", f"{in_words(by)}, so far that it is not joined")


def _unjoined(grid: Grid, part: Expected, place: int, found: dict[int, int]) -> Why | None:
    """Records that stand loose.

    Where that is the rule, the stream is not joined; else the record that joins them is gone, or was never written by a
    run that broke off, and then its missing end tells it.
    """
    if not part.thin and len(found) < _SILOED_SHARE * len(part.at):
        if grid.unended[place] and not grid.unbegun[place]:
            return None
        return Why(
            "lost",
            "cross-witness",
            "weak",
            "its records are held, and the record that joins them is gone",
            found[place],
        )
    return Why("siloed", "cross-witness", "strong", "", found[place])


def _strong(case: Case, grid: Grid, part: Expected, place: int, traces: Traces, sampler: Sampler) -> Why | None:
    """A cause that is declared or proven for this very run."""
    for cut in case.declared(part.stream):
        if cut.covers(int(grid.start[place]), int(grid.end[place])):
            return Why("export-cut", "declared", "strong", cut.detail)
    run = int(grid.run[place])
    if part.stream.has_spans and run in traces.unsampled:
        return Why("sampling", "declared", "proven", "a record of the run says that its trace was not sampled")
    how = sampler.drops(run)
    if how == "declared":
        return Why("sampling", "declared", "proven", f"declared probability {sampler.declared:.4g}")
    if how and sampler.threshold is not None:
        found = sampler.threshold
        side = "above" if found.above else "below"
        return Why(
            "sampling", how, "proven",
            f"kept are traces whose {found.kind} lie {side} {found.bound:.4f}: {100 * found.rate:.1f} %",
        )  # fmt: skip
    return None


def _rest(grid: Grid, part: Expected, sampler: Sampler, whys: dict[int, Why]) -> None:
    """What no strong evidence explains: a steady rate, a crash, or nothing."""
    absent = part.at[~part.present]
    records = dict(zip((int(place) for place in absent), (int(n) for n in part.records(grid)), strict=True))
    left = [int(place) for place in absent if int(place) not in whys]
    seen = int((part.present & part.counts).sum()) + len(left)
    share = len(left) / seen if seen else 0.0
    enough = len(left) >= _SAMPLED_RUNS and share >= _SAMPLED_SHARE and _is_steady(part, whys)
    policy = part.stream.layers == ("policy",)
    for place in left:
        seen_trace = sampler.threshold is not None and int(grid.run[place]) in sampler.traces
        if sampler.declared is not None:
            whys[place] = Why("sampling", "declared", "strong", f"declared probability {sampler.declared:.4g}")
        elif sampler.threshold is not None and not seen_trace:
            rate_text = f"trace ids betray a rate of {100 * sampler.threshold.rate:.1f} %"
            whys[place] = Why("sampling", "statistical", "strong", rate_text)
        elif enough and not seen_trace and not (part.habit and policy):
            sure = "weak" if part.habit else "strong"
            whys[place] = Why("sampling", "statistical", sure, _rate_text(share, part, grid))
        elif grid.unended[place]:
            if part.stream.has_spans and part.habit and share < _SAMPLED_SHARE * 2:
                whys[place] = Why(
                    "crash", "counted", "weak", "the run never ended, and a span that never ends is never written"
                )
        elif records[place] >= _FEW_RECORDS and part.tells_runs:
            whys[place] = Why("unknown", "none", "weak", "")


def _is_steady(part: Expected, whys: dict[int, Why]) -> bool:
    """Whether runs without the stream are spread over time as a steady rate spreads them, by chi-square."""
    keep = np.array([int(place) not in whys for place in part.at], np.bool_) & part.counts
    present = part.present[keep]
    stretches = np.array_split(present, max(2, min(_STRETCHES, len(present) // _STRETCH)))
    share = float(present.mean())
    if not 0 < share < 1:
        return False
    spread = sum(
        (float(one.sum()) - len(one) * share) ** 2 / (len(one) * share * (1 - share)) for one in stretches if len(one)
    )
    free = len(stretches) - 1
    return spread < free + _SIGMAS * float(np.sqrt(2 * free))


def _rate_text(share: float, part: Expected, grid: Grid) -> str:
    failed = grid.failed[part.at]
    kept_failed = int((failed & part.present).sum())
    if failed.sum() >= _SAMPLED_RUNS and kept_failed == int(failed.sum()):
        return f"about {100 * (1 - share):.0f} % of the runs are kept, scattered over time, and all failed ones"
    return f"about {100 * (1 - share):.0f} % of the runs are kept, scattered over time"


def _silences(case: Case, grid: Grid, parts: list[Expected], traces: Traces) -> list[Quiet]:
    """The silences of all streams of a format, of each stream, and of each stream of each agent."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        groups[part.stream.format,].append(number)
        groups[part.stream.format, part.stream.stream].append(number)
        shared = case.users[part.stream.format, part.stream.stream] > 1
        # A stream that is thinned out anyway has no silence for one agent alone.
        if (part.habit or not shared) and not part.unnamed:
            groups[part.stream.format, part.stream.stream, grid.agents[part.agent]].append(number)
    found: list[Quiet] = []
    seen_of = {key: silence.member(grid, [parts[number] for number in numbers]) for key, numbers in groups.items()}
    lacking = Counter(len(key) for key, (seen, _) in seen_of.items() if not seen.present.all())
    for key in sorted(groups, key=lambda key: (len(key), key)):
        members = [parts[number] for number in groups[key]]
        seen, at = seen_of[key]
        if not seen.present.all():
            kept = min(traces.declared(part) or 1.0 for part in members)
            for one in silence.silences(seen, case.times(key, members), kept, lacking[len(key)]):
                quiet = cause_of(case, key, one, at, seen.present)
                wider = next((other for other in found if other.covers(quiet)), None)
                if wider is None:
                    found.append(quiet)
                else:
                    wider.add(quiet)
    return [one for one in found if not any(other.explains(one) for other in found)]


def _by_part(grid: Grid, quiet: list[Quiet], parts: list[Expected]) -> list[dict[int, Quiet]]:
    """For each expectation: place of a run -> the silence that it lies in; the widest first."""
    made: list[dict[int, Quiet]] = [{} for _ in parts]
    for one in quiet:
        for number, part in enumerate(parts):
            # Of a run whose agent nobody names, a stream that only one agent writes to tells nothing.
            if one.concerns(part) and not (part.unnamed and one.stream is not None and one.users < _SHARED):
                wide = part.thin and (part.unnamed or _has_outside(grid, one, part))
                for place in part.at[~part.present]:
                    if int(place) in one.whole or (wide and one.holds(grid, int(place))):
                        made[number].setdefault(int(place), one)
    return made


def _has_outside(grid: Grid, one: Quiet, part: Expected) -> bool:
    """Whether most runs of the agent outside of the silence have the stream, or too few are left to tell.

    Runs that never have it lack it inside of a silence for the same reason as outside.
    """
    outside = np.array([not one.holds(grid, int(place)) for place in part.at], np.bool_)
    return int(outside.sum()) < _FEW_OUTSIDE or float(part.present[outside].mean()) >= _HALF
