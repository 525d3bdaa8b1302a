"""Why a run lacks a stream, decided on evidence, the strongest first.

1. The dump says that it is cut, and the run lies in what it leaves out (export-cut, declared).
2. Another record of the run says that its trace was not sampled, or the stream's own declared threshold drops the run's trace
   id, or the trace ids that are held and those that are not lie on two sides of one value (sampling).
3. Records of the stream stand loose in the time of the run (siloed, another stream's records being the witness).
4. The stream was silent: everything before a day is gone (retention), it came back (outage), it never came back
   (logging-disabled, or export-cut where it holds a round number of records).
5. Its records declare a probability, or the runs that lack it are scattered over time at a steady rate (sampling).
6. Nothing tells (unknown).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from auditrail.gaps.absence import silence
from auditrail.gaps.absence.edges import Case, Quiet, cause_of
from auditrail.gaps.absence.expect import Expected
from auditrail.gaps.absence.fragments import Loose
from auditrail.gaps.absence.grid import Bools, Grid
from auditrail.gaps.absence.samplers import Sampler, Traces, rate

if TYPE_CHECKING:
    import duckdb

# A habit is broken by sampling only if so many runs, and such a share, lack the stream here and there.
_SAMPLED_RUNS, _SAMPLED_SHARE = 8, 0.04
# One record lost at random empties a stream that should have fewer than this.
_FEW_RECORDS = 3


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
    """Decides for every run and stream of these expectations; `acts`, `cuts` and `run_streams` must stand."""
    made = Study(grid, parts)
    if all(part.present.all() for part in parts):
        return made
    case = Case.load(connection, grid, parts)
    traces = Traces(connection, grid, parts)
    loose = Loose(connection, grid, [(part.stream.format, part.stream.stream) for part in parts])
    made.quiet = _silences(case, grid, parts)
    silent = _by_part(made.quiet, parts)
    for number, part in enumerate(parts):
        sampler = traces.sampler(part)
        found = loose.during(grid, part)
        quiet = silent[number]
        outside = np.array([int(place) not in quiet for place in part.at], np.bool_)
        made.samplers.append(sampler)
        made.rates.append(rate(part, outside))
        whys: dict[int, Why] = {}
        for place in (int(place) for place in part.at[~part.present]):
            why = _strong(case, grid, part, place, traces, sampler)
            if why is None and place in found:
                why = Why("siloed", "cross-witness", "strong", "", found[place])
            if why is None and place in quiet:
                one = quiet[place]
                why = Why(one.cause, one.evidence, one.confidence, one.detail)
            if why is not None:
                whys[place] = why
        _rest(grid, part, sampler, outside, whys)
        made.whys.append(whys)
    return made


def _strong(
    case: Case, grid: Grid, part: Expected, place: int, traces: Traces, sampler: Sampler
) -> Why | None:
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


def _rest(grid: Grid, part: Expected, sampler: Sampler, outside: Bools, whys: dict[int, Why]) -> None:
    """What no strong evidence explains: a steady rate, or nothing."""
    absent = part.at[~part.present]
    left = [int(place) for place in absent if int(place) not in whys]
    seen = int(part.present.sum()) + len(left)
    records = dict(zip((int(place) for place in absent), (int(n) for n in part.records(grid)), strict=True))
    share = len(left) / seen if seen else 0.0
    steady = not part.habit or (len(left) >= _SAMPLED_RUNS and share >= _SAMPLED_SHARE)
    for place in left:
        if sampler.declared is not None:
            whys[place] = Why("sampling", "declared", "strong", f"declared probability {sampler.declared:.4g}")
        elif records[place] < _FEW_RECORDS and part.habit:
            whys[place] = Why("unknown", "none", "weak", "")
        elif sampler.threshold is not None and place not in sampler.traces:
            whys[place] = Why("sampling", "statistical", "strong", f"trace ids betray a rate of {100 * sampler.threshold.rate:.1f} %")
        elif steady and (sampler.threshold is None or place not in sampler.traces):
            whys[place] = Why("sampling", "statistical", "strong" if not part.habit else "weak", _rate_text(share, part, grid))
        else:
            whys[place] = Why("unknown", "none", "weak", "")


def _rate_text(share: float, part: Expected, grid: Grid) -> str:
    failed = grid.failed[part.at]
    kept_failed = int((failed & part.present).sum())
    if failed.sum() >= _SAMPLED_RUNS and kept_failed == int(failed.sum()):
        return f"about {100 * (1 - share):.0f} % of the runs are kept, scattered over time, and all failed ones"
    return f"about {100 * (1 - share):.0f} % of the runs are kept, scattered over time"


def _silences(case: Case, grid: Grid, parts: list[Expected]) -> list[Quiet]:
    """The silences of all streams of a format, of each stream, and of each stream of each agent."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        groups[part.stream.format,].append(number)
        groups[part.stream.format, part.stream.stream].append(number)
        groups[part.stream.format, part.stream.stream, grid.agents[part.agent]].append(number)
    found: list[Quiet] = []
    for key in sorted(groups, key=lambda key: (len(key), key)):
        members = [parts[number] for number in groups[key]]
        seen, at = silence.member(grid, members)
        if not seen.present.all():
            for one in silence.silences(seen, case.times(key, members)):
                found.append(cause_of(case, key, one, at, seen.present))
    return found


def _by_part(quiet: list[Quiet], parts: list[Expected]) -> list[dict[int, Quiet]]:
    """For each expectation: place of a run -> the silence that it lies in; the widest first."""
    made: list[dict[int, Quiet]] = [{} for _ in parts]
    for one in quiet:
        whole = {int(place) for place in one.whole}
        for number, part in enumerate(parts):
            if one.concerns(part):
                for place in part.at[~part.present]:
                    if int(place) in whole:
                        made[number].setdefault(int(place), one)
    return made
