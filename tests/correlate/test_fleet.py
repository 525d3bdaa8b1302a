"""Made-up fleets whose truth is known: what the benchmark measures on thousands of runs holds on a hundred."""

from __future__ import annotations

import stitching

RUNS = 100


def test_a_fleet_without_loss_is_put_together_whole() -> None:
    firm, every = stitching.stitch(RUNS, loss=0.0, seed=3)
    assert firm.events > 5_000
    assert firm.precision >= 0.999
    assert firm.recall >= 0.99
    assert every.precision >= 0.999


def test_loss_mixes_no_runs() -> None:
    firm, _ = stitching.stitch(RUNS, loss=0.05, seed=4)
    assert firm.precision >= 0.99
    assert firm.recall >= 0.9


def test_the_score_tells_a_mixed_run_from_a_split_one() -> None:
    truth = {("f", n): "A" if n < 4 else "B" for n in range(8)}
    whole = [("f", n, 1 if n < 4 else 2) for n in range(8)]
    assert stitching.score(truth, whole)[:2] == (1.0, 1.0)
    mixed = stitching.score(truth, [("f", n, 1) for n in range(8)])
    assert mixed.precision < 0.5
    assert mixed.recall == 1.0
    split = stitching.score(truth, [("f", n, n % 2 + (10 if n < 4 else 20)) for n in range(8)])
    assert split.precision == 1.0
    assert split.recall < 0.5
    assert stitching.score(truth, [("f", n, None) for n in range(8)]).recall == 0.0
