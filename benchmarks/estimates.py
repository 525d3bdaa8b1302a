"""How near the estimates of `auditrail gaps` come, and how often their intervals hold the truth, by simulation.

    python benchmarks/estimates.py [--fleets N]

Bars: a sampling rate within 2 percentage points at 300 surviving traces; the capture-recapture interval holds the truth
in at least 90 of 100 fleets, also where two of three streams fail together, and where both had a bad week.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter

from auditrail.gaps.estimate import threshold_rate
from auditrail.report import unseen
from auditrail.report.gap_types import Estimate

_NAMES = "abcd"


def fleet(draw: random.Random, runs: int, shares: tuple[float, ...], twins: bool, bad: int) -> unseen.Patterns:
    """Runs by the streams that hold them; with `twins` the first two fail together, and `bad` more have a bad week."""
    made: unseen.Patterns = Counter()
    for run in range(runs + bad):
        late = run >= runs
        held = {number for number, share in enumerate(shares) if draw.random() < (0.3 if late else share)}
        if twins:
            held = (held - {1}) | ({1} if 0 in held and draw.random() < 0.97 else set())
        if held:
            made[frozenset(held), 20 if late else run * 12 // runs] += 1
    return made


def unseen_runs(fleets: int) -> bool:
    """Prints how often the interval holds the truth; whether the bar is met everywhere."""
    met = True
    for runs, shares, twins, bad in (
        (2000, (0.9, 0.8), False, 0),
        (2000, (0.5, 0.3), False, 0),
        (200, (0.7, 0.6), False, 0),
        (2000, (0.1, 0.95), False, 0),
        (2000, (0.9, 0.8, 0.6), False, 0),
        (2000, (0.99, 0.98, 0.97, 0.9), False, 0),
        (500, (0.6, 0.6, 0.7), True, 0),
        (600, (0.95, 0.9), False, 200),
    ):
        draw = random.Random(f"{runs} {shares} {twins} {bad}")
        streams = {number: unseen.Stream("x", _NAMES[number], False, True) for number in range(len(shares))}
        right, error = 0, 0.0
        for _ in range(fleets):
            made = fleet(draw, runs, shares, twins, bad)
            found = unseen.of_patterns("x", made, streams)
            assert isinstance(found, Estimate)
            truth = runs + bad - made.total()
            right += found.low <= truth <= found.high
            error += abs(found.value - truth) / fleets
        met &= right >= 0.9 * fleets
        more = ("; two fail together" if twins else "") + (f"; {bad} runs in a bad week" if bad else "")
        print(f"unseen runs: {runs:,} runs, held {shares}{more}: interval right {right}/{fleets}, off by {error:.1f}")
    return met


def sampling_rates(fleets: int) -> bool:
    """Prints how far the rate is off at 300 surviving traces; whether the bar is met everywhere."""
    met = True
    for rate in (0.01, 0.1, 0.25, 0.5, 0.9, 0.95):
        for exceptions in (0.0, 0.02):
            draw = random.Random(f"{rate} {exceptions}")
            worst, right = 0.0, 0
            for _ in range(fleets):
                kept: list[float] = []
                missing: list[float] = []
                while len(kept) < 300:
                    number = draw.random()
                    (kept if number < rate or draw.random() < exceptions else missing).append(number)
                made = threshold_rate(kept, missing)
                assert made is not None
                worst = max(worst, abs(made.value - rate))
                right += made.low <= rate <= made.high
            met &= worst < 0.02
            print(
                f"sampling rate {rate}, {exceptions:.0%} kept all the same: worst {worst:.4f}, {right}/{fleets} right"
            )
    return met


def main() -> int:
    """Prints all figures; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fleets", type=int, default=100)
    options = parser.parse_args()
    return 0 if all([unseen_runs(options.fleets), sampling_rates(options.fleets)]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
