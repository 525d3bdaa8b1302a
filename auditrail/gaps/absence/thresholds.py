"""Whether a sampler explains which traces are held: kept and missing trace ids lie on two sides of one value.

If the choice had nothing to do with a sampler's number, each order of kept and missing ids would be as likely as any
other: that n kept ones all lie beyond k of m missing ones or more has a chance of C(n + m - k, n) in C(n + m, n). A
claim needs less than one in a million, with the kinds of sampler that were tried and the exceptions that were allowed
counted in.

Where no other stream names the missing traces, the kept ones alone can tell: n ids spread evenly over the upper part
only have a chance of (1 - T)^n.
"""

from __future__ import annotations

from math import lgamma, log, log1p, sqrt
from typing import NamedTuple

import numpy as np

from auditrail.gaps.absence.randomness import Floats, fractions, numbers

# Of the natural logarithm of the chance.
_SURE = 13.5
# Of the kept ones, so many may lie on the wrong side: kept by another rule, or sampled before an id was shortened.
_EXCEPTIONS = 0.02
# Of the missing ones, so many must lie on the dropped side: others may be missing for another cause.
_LEAST_DROPPED = 0.3
# Ids that are counters or begin with a time lie in so narrow a range that it would be a rate nobody sets.
_LEAST_RATE = 0.002


class Threshold(NamedTuple):
    """A sampler that fits: traces are kept whose number lies `above` (else below) `bound`.

    rate, low, high: of the kept, with the interval that the ids leave open (of 95 % where there are no missing ids).
    witnessed: the missing ids were known, and lie on the other side.
    """

    kind: str
    above: bool
    bound: float
    rate: float
    low: float
    high: float
    kept: int
    dropped: int
    witnessed: bool


def infer(kept: list[str], missing: list[str]) -> Threshold | None:
    """The sampler that tells kept from missing trace ids, or that the kept ones betray; None if none does."""
    if not kept:
        return None
    kept_numbers, missing_numbers = fractions(*numbers(kept)), fractions(*numbers(missing))
    tried = log(2 * len(kept_numbers))
    best: tuple[float, Threshold] | None = None
    for kind, values in kept_numbers.items():
        for above in (True, False):
            mine, other = values, missing_numbers[kind]
            if not above:
                mine, other = 1 - mine, 1 - other
            found = _split(kind, above, np.sort(mine), np.sort(other))
            if found and found[0] - tried > _SURE and (best is None or found[0] > best[0]):
                best = found
    return best[1] if best else None


def drops(threshold: Threshold, traces: list[str]) -> list[bool]:
    """Whether the sampler drops each of these traces."""
    values = fractions(*numbers(traces))[threshold.kind]
    dropped = values < threshold.bound if threshold.above else values >= threshold.bound
    return [bool(value) for value in dropped]


def _split(kind: str, above: bool, kept: Floats, missing: Floats) -> tuple[float, Threshold] | None:
    """How surely one value parts the two (minus the log of the chance).

    With all numbers turned so that above is kept.
    """
    n = len(kept)
    allowed = int(n * _EXCEPTIONS)
    best: tuple[float, Threshold] | None = None
    for exceptions in range(allowed + 1):
        edge = float(kept[exceptions])
        k = int(np.searchsorted(missing, edge))
        penalty = _choose(n, exceptions)
        if k and k >= len(missing) * _LEAST_DROPPED:
            bottom = float(missing[k - 1])
            m = len(missing)
            sure = _choose(n + m, n) - _choose(n + m - k, n) - penalty
            made = _made(kind, above, (bottom + edge) / 2, edge, bottom, n - exceptions, k, witnessed=True)
        elif not len(missing) and edge <= 1 - _LEAST_RATE and _is_even(kept[exceptions:], edge):
            sure = -n * log1p(-edge) - penalty
            span = 1 - edge
            made = _made(kind, above, edge - span / n, edge, edge - 3 * span / n, n - exceptions, 0, witnessed=False)
        else:
            continue
        if best is None or sure > best[0]:
            best = (sure, made)
    return best


def _made(
    kind: str, above: bool, bound: float, top: float, bottom: float, kept: int, dropped: int, *, witnessed: bool
) -> Threshold:
    bound, bottom = max(bound, 0.0), max(bottom, 0.0)
    return Threshold(
        kind, above, bound if above else 1 - bound, 1 - bound, 1 - top, 1 - bottom, kept, dropped, witnessed
    )


def _is_even(kept: Floats, edge: float) -> bool:
    """Whether the numbers are spread evenly above the edge: ids that are no random numbers must prove nothing."""
    scaled = (kept - edge) / (1 - edge)
    return bool(abs(float(scaled.mean()) - 0.5) < 3 / sqrt(12 * len(kept)) and float(scaled.max()) > 1 - 12 / len(kept))


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
