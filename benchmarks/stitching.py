"""How well runs are put together: pairwise precision and recall on made-up fleets whose truth is known.

Two events are a pair if one run holds both. Precision: the share of the pairs put together that are truly of one run.
Recall: the share of true pairs that were put together; an event in no run is alone. Exact and linked joins are judged
by themselves, since an inferred join says that it is a guess. `python benchmarks/stitching.py [--quick] [--runs N]`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from _fleet import Truth, fleet

from auditrail import case
from auditrail.correlate.settle import settle
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader

# (name, loss, least precision, least recall): what the project promises.
FLEETS = (("no loss", 0.0, 0.999, 0.99), ("5 % of records lost", 0.05, 0.99, None))


class Score(NamedTuple):
    """Pairwise precision and recall, 0..1, the number of events judged, and how many of them are in a run."""

    precision: float
    recall: float
    events: int
    placed: int


def score(truth: Truth, placed: list[tuple[str, int, int | None]]) -> Score:
    """Judges events (file, record, run or None) against the truth."""
    both: Counter[tuple[str, int]] = Counter()
    true: Counter[str] = Counter()
    ours: Counter[int] = Counter()
    for file, record, run in placed:
        own = truth[file, record]
        true[own] += 1
        if run is not None:
            ours[run] += 1
            both[own, run] += 1
    pairs = [sum(n * (n - 1) // 2 for n in counts.values()) for counts in (both, ours, true)]
    return Score(pairs[0] / (pairs[1] or 1), pairs[0] / (pairs[2] or 1), len(placed), ours.total())


def stitch(runs: int, loss: float, seed: int) -> tuple[Score, Score]:
    """Loads and correlates one fleet; the score of exact and linked joins, and that of all joins."""
    with tempfile.TemporaryDirectory() as folder:
        truth = fleet(runs, seed=seed, loss=loss).write(Path(folder))
        with case.open_write(Path(folder) / "auditrail.duckdb") as connection:
            Loader(connection).load_all(expand(sorted(Path(folder).glob("*.jsonl"))))
            settle(connection)
            rows = connection.execute(
                "SELECT s.path, e.record, m.run, m.confidence FROM events e JOIN sources s ON s.source = e.source "
                "LEFT JOIN run_members m ON m.event = e.event WHERE e.event NOT IN (SELECT event FROM copies)"
            ).fetchall()
    events = [(Path(path).name, record, run, confidence) for path, record, run, confidence in rows]
    firm = score(truth, [(f, r, None if c == "inferred" else run) for f, r, run, c in events])
    every = score(truth, [(f, r, run) for f, r, run, _ in events])
    return firm, every


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int)
    options = parser.parse_args()
    runs = options.runs or (300 if options.quick else 4_000)
    for name, loss, least_precision, least_recall in FLEETS:
        firm, every = stitch(runs, loss, seed=7)
        bars = f"bars {least_precision}" + (f" and {least_recall}" if least_recall else "")
        print(
            f"| stitching {runs:,} runs, {firm.events:,} events, {name}: exact and linked joins | "
            f"precision {firm.precision:.5f}, recall {firm.recall:.5f} ({bars}) |"
        )
        print(
            f"| the same with the {every.placed - firm.placed:,} inferred joins | "
            f"precision {every.precision:.5f}, recall {every.recall:.5f} |"
        )


if __name__ == "__main__":
    main()
