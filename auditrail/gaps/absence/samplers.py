"""How each stream of each agent is sampled: what its records declare, and what its trace ids betray."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from auditrail.gaps.absence import thresholds
from auditrail.gaps.absence.expect import Expected
from auditrail.gaps.absence.grid import Grid
from auditrail.gaps.absence.thresholds import Threshold

if TYPE_CHECKING:
    import duckdb

_WITNESS = 0.8
_CONSISTENT = "low 56 bits"


class Sampler(NamedTuple):
    """What is known of the sampling of one stream of one agent.

    declared: the probability that its records declare, below 1; threshold: what its trace ids betray.
    traces: run -> the traces that it should have in the stream, as other streams name them.
    """

    declared: float | None
    threshold: Threshold | None
    traces: dict[int, list[str]]

    def drops(self, run: int) -> str:
        """How it is known that this run was sampled out: declared, cross-witness or a blank text."""
        traces = self.traces.get(run, [])
        if not traces:
            return ""
        if self.declared is not None and self._declared_fits():
            bound = 1 - self.declared
            said = Threshold(_CONSISTENT, True, bound, self.declared, self.declared, self.declared, 0, 0, False)
            if all(thresholds.drops(said, traces)):
                return "declared"
        if self.threshold is not None and all(thresholds.drops(self.threshold, traces)):
            return "cross-witness"
        return ""

    def _declared_fits(self) -> bool:
        """Whether the declared probability is that of a threshold on the id's low bits, and not of another choice."""
        found = self.threshold
        return found is None or (found.kind == _CONSISTENT and found.above)


class Traces:
    """The traces of runs, by stream, and what spans declare; `acts` must stand."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, grid: Grid, parts: list[Expected]) -> None:
        self._grid = grid
        self._by_run: dict[int, list[tuple[tuple[str, str], str]]] = defaultdict(list)
        places: dict[tuple[str, str], tuple[str, str]] = {}  # each once: they are compared by the million
        self._declared: dict[tuple[str, str, str], float] = {}
        self._held: dict[tuple[str, str, int], dict[int, set[str]]] = {}
        self.unsampled: set[int] = set()
        self._pooled_witnesses: set[tuple[str, str]] = set()
        wanted = {(part.stream.format, part.stream.stream) for part in parts}
        if not wanted:
            return
        for run, format_name, stream, trace in connection.execute(
            "SELECT DISTINCT run, format, stream, trace FROM signal_acts WHERE run IS NOT NULL AND trace IS NOT NULL"
        ).fetchall():
            place = (format_name, stream)
            self._by_run[run].append((places.setdefault(place, place), trace))
        for format_name, stream, agent, probability in connection.execute(
            "SELECT format, stream, coalesce(agent, ''), max(sampling_probability) FROM signal_acts "
            "WHERE sampling_probability IS NOT NULL GROUP BY ALL HAVING max(sampling_probability) < 1"
        ).fetchall():
            self._declared[format_name, stream, agent] = probability
        self.unsampled = {
            run
            for (run,) in connection.execute(
                "SELECT DISTINCT run FROM signal_acts WHERE sampled IS FALSE AND run IS NOT NULL"
            ).fetchall()
        }

    def pooled(self, parts: list[Expected], silent: Sequence[Container[int]]) -> dict[str, Threshold]:
        """Format -> the sampler that all agents' spans of the format share, where one fits them together."""
        kept: dict[str, set[str]] = defaultdict(set)
        dropped: dict[str, set[str]] = defaultdict(set)
        for part, quiet in zip(parts, silent, strict=True):
            if part.stream.has_spans and not part.present.all():
                mine, other, _ = self._sides(part, quiet)
                kept[part.stream.format].update(mine)
                dropped[part.stream.format].update(other)
        found = {name: thresholds.infer(sorted(kept[name]), sorted(dropped[name] - kept[name])) for name in kept}
        return {name: threshold for name, threshold in found.items() if threshold is not None}

    def sampler(self, part: Expected, quiet: Container[int], pooled: Threshold | None) -> Sampler:
        """What is known of this stream of this agent.

        Args:
            part: the stream and the agent.
            quiet: places of runs that lie in silences: their traces tell nothing of a sampler.
            pooled: the sampler of the format, for an agent whose own runs are too few.
        """
        declared = self.declared(part)
        kept, dropped, traces = self._sides(part, quiet)
        own = thresholds.infer(sorted(kept), sorted(dropped)) if kept and not part.thin else None
        if own is None and pooled is not None and (dropped or part.thin):
            fits = thresholds.drops(pooled, sorted(dropped)) if dropped else []
            own = pooled if sum(fits) * 2 >= len(fits) and not any(thresholds.drops(pooled, sorted(kept))) else None
        return Sampler(declared, own, traces)

    def declared(self, part: Expected) -> float | None:
        """The probability that the stream's records declare, of this agent or of all; below 1."""
        here = (part.stream.format, part.stream.stream)
        declared = self._declared.get((*here, self._grid.agents[part.agent]))
        if declared is None:
            said = [value for key, value in self._declared.items() if key[:2] == here]
            declared = max(said) if said else None
        if declared is None and part.thin:
            said = [value for key, value in self._declared.items() if key[0] == here[0]]
            declared = max(said) if said else None
        return declared

    def _sides(self, part: Expected, quiet: Container[int]) -> tuple[set[str], set[str], dict[int, list[str]]]:
        """Trace ids that the stream holds (of runs that did not fail), those that it lacks, and the latter by run."""
        grid, here = self._grid, (part.stream.format, part.stream.stream)
        has = [int(run) for run in grid.run[part.at[part.present]]]
        own = self._own(part, has)
        if sum(1 for traces in own.values() if traces) < _WITNESS * len(has):
            return set(), set(), {}
        witnesses = self._witnesses(own, here) if has else self._pooled_witnesses
        self._pooled_witnesses |= witnesses
        absent = part.at[~part.present]
        lacking = {}
        dropped: set[str] = set()
        for absence in absent:
            run = int(grid.run[absence])
            traces = sorted({trace for place, trace in self._by_run.get(run, ()) if place in witnesses})
            if traces:
                lacking[run] = traces
                dropped.update(traces if int(absence) not in quiet else ())
        ok = {int(run) for run in grid.run[part.at[part.present & ~grid.failed[part.at]]]}
        kept = {trace for run, traces in own.items() if run in ok for trace in traces}
        return kept, dropped - kept, lacking

    def _own(self, part: Expected, has: list[int]) -> dict[int, set[str]]:
        """The traces that the stream names of these runs of the agent, told once: both who pools and who asks do."""
        here = (part.stream.format, part.stream.stream)
        key = (*here, part.agent)
        if key not in self._held:
            self._held[key] = {
                run: {trace for place, trace in self._by_run[run] if place == here}
                for run in has
                if run in self._by_run
            }
        return self._held[key]

    def _witnesses(self, own: dict[int, set[str]], here: tuple[str, str]) -> set[tuple[str, str]]:
        """Streams whose trace ids are those of this one, in runs that have both."""
        same: dict[tuple[str, str], int] = defaultdict(int)
        every: dict[tuple[str, str], int] = defaultdict(int)
        for run, traces in own.items():
            for place, trace in self._by_run.get(run, ()):
                if place != here:
                    every[place] += 1
                    same[place] += trace in traces
        return {place for place, number in every.items() if same[place] >= _WITNESS * number}


def rate(part: Expected, outside: np.typing.NDArray[np.bool_]) -> tuple[float, float, float]:
    """The share of runs that have the stream, of those outside of silences, with its interval (Wilson, 95 %)."""
    n = int(outside.sum())
    if not n:
        return 1.0, 0.0, 1.0
    share = float(part.present[outside].mean())
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    return share, middle - half, middle + half
