"""Estimates as pure functions: the rate of a threshold sampler, and how many runs no list holds.

Threshold sampler. A trace is kept if the number made of its id, evenly spread over [0, 1), lies below the rate (all
numbers are given as their distance from the kept side). Each kept number is then even over [0, rate), and each missing
one lies above it, but for a few exceptions on either side: kept by another rule, or missing for another reason. The
likelihood of a change at p, with k kept and m missing ones below it, is that of

    kept:     k ln(k / p) + (n - k) ln((n - k) / (1 - p))       the density of kept numbers on either side
    missing:  two binomials, kept against missing, on either side

where any kept number above p costs ln n once, so that chance makes no exception. The interval holds every p at most
2.996 below the best: where all kept numbers lie below p this is exactly max * 0.05^(-1/n), the 95 % bound for the end
of an even distribution.

Lists. With k independent lists of N runs, of which list j holds n_j and all together hold S, the likelihood of N is

    ln N! - ln (N - S)! + sum_j [ n_j ln(n_j / N) + (N - n_j) ln((N - n_j) / N) ]

(Darroch 1958, "The multiple-recapture census"). Two lists: Chapman's (n1 + 1)(n2 + 1) / (m + 1) - 1, which has next
to no bias from seven shared runs on. The interval is that of the profile likelihood, 1.92 below the best (95 %): near
S, where an interval around the estimate would be far too short, it stays right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import expm1, lgamma, log
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# Half of the 95 % points of chi-squared with two and with one degrees of freedom.
_DROP_END = 2.9957
# With exceptions on either side the edge can lie on both sides of the best one: simulated, for 95 %.
_DROP_CHANGE = 4.5
_DROP_COUNT = 1.9207
_MOST = 1e12


class Rate(NamedTuple):
    """Share of traces that are kept, 0..1, with its interval of 95 %."""

    value: float
    low: float
    high: float


class Total(NamedTuple):
    """How many runs there were in all, with its interval of 95 %."""

    value: float
    low: float
    high: float


def threshold_rate(kept: Sequence[float], missing: Sequence[float] = ()) -> Rate | None:
    """The rate of a sampler from the numbers of kept and of missing traces; None without kept ones.

    Args:
        kept: numbers of traces that are held, in [0, 1), as the distance from the side that is kept.
        missing: those of traces that another stream names, and that are not held.
    """
    import numpy as np

    if not len(kept):
        return None
    have, lack = np.sort(np.asarray(kept, float)), np.sort(np.asarray(missing, float))
    n, gone = len(have), len(lack)
    edges = np.unique(np.concatenate([[0.0], have, lack, [1.0]]))
    left, right = edges[:-1], edges[1:]
    # Between two neighbours the counts on either side stay the same; the likelihood is best at the left end of kept
    # numbers, and falls from there on.
    k = np.searchsorted(have, left, side="right").astype(float)
    m = np.searchsorted(lack, left, side="right").astype(float)
    scores = _change(k, m, n, gone, np.maximum(left, 1e-12))
    best = int(np.argmax(scores))
    pure = k[best] == n and m[best] == 0
    limit = scores[best] - (_DROP_END if pure else _DROP_CHANGE)
    inside = np.flatnonzero(scores >= limit)
    low = float(left[inside[0]])
    last = inside[-1]
    end = _last_above(
        lambda p: float(_change(k[last : last + 1], m[last : last + 1], n, gone, np.array([p]))[0]),
        max(float(left[last]), 1e-12), float(right[last]), float(limit),
    )  # fmt: skip
    top = float(left[best])
    if gone and bool((lack > top).any()):
        value = (top + float(right[best])) / 2
    else:
        value = min(top * (1 + 1 / max(float(k[best]), 1.0)), float(right[best]))
    return Rate(value, min(low, value), max(end, value))


def _change(k: Floats, m: Floats, n: int, gone: int, p: Floats) -> Floats:
    """The likelihood of a change at p with k of n kept and m of `gone` missing numbers below it; arrays alike."""
    import numpy as np

    def term(count: Floats, share: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(count > 0, count * np.log(count / np.maximum(share, 1e-300)), 0.0)

    above, less = n - k, gone - m
    density = term(k, n * p) + term(above, n * (1 - p))
    # More kept on the far side than on the near one is no sampler of this side.
    density = np.where(k * (1 - p) >= above * p, density - np.where(above > 0, np.log(n), 0.0), -np.inf)
    if not gone:
        return density
    sides = term(k, k + m) + term(m, k + m) + term(above, above + less) + term(less, above + less)
    return density + sides


def _last_above(score: Callable[[float], float], low: float, high: float, limit: float) -> float:
    """The largest x in [low, high] with score(x) >= limit, for a score that falls from low on."""
    if score(high) >= limit:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        if score(middle) >= limit:
            low = middle
        else:
            high = middle
    return low


def chapman(first: int, second: int, both: int) -> Total:
    """How many runs there were, from two independent lists: their lengths, and the runs that stand in both."""
    seen = first + second - both
    value = (first + 1) * (second + 1) / (both + 1) - 1
    low, high = _profile([first, second], seen)
    return Total(max(value, seen), low, max(high, value))


def several(lengths: Sequence[int], seen: int) -> Total:
    """How many runs there were, from two or more independent lists: their lengths, and the runs in any of them."""
    low, high = _profile(lengths, seen)
    return Total(_peak(lengths, seen), low, high)


def _likelihood(lengths: Sequence[int], seen: int, total: float) -> float:
    value = lgamma(total + 1) - lgamma(total - seen + 1)
    for length in lengths:
        value += length * log(length / total) if length else 0.0
        rest = total - length
        value += rest * log(rest / total) if rest > 0 else 0.0
    return value


def _peak(lengths: Sequence[int], seen: int) -> float:
    """The most likely total: the likelihood has one peak, found by golden section over the logarithm of the unseen."""
    low, high = 0.0, log(_MOST)
    ratio = 0.6180339887498949

    def at(x: float) -> float:
        return _likelihood(lengths, seen, seen + _unlog(x))

    a, b = high - ratio * (high - low), low + ratio * (high - low)
    fa, fb = at(a), at(b)
    for _ in range(120):
        if fa >= fb:
            high, b, fb = b, a, fa
            a = high - ratio * (high - low)
            fa = at(a)
        else:
            low, a, fa = a, b, fb
            b = low + ratio * (high - low)
            fb = at(b)
    return seen + _unlog((low + high) / 2)


def _unlog(x: float) -> float:
    return expm1(x)


def _profile(lengths: Sequence[int], seen: int) -> tuple[float, float]:
    peak = _peak(lengths, seen)
    limit = _likelihood(lengths, seen, peak) - _DROP_COUNT

    def score(total: float) -> float:
        return _likelihood(lengths, seen, total)

    if score(seen) >= limit:
        low = float(seen)
    else:
        below, above = float(seen), peak
        for _ in range(80):
            middle = (below + above) / 2
            if score(middle) >= limit:
                above = middle
            else:
                below = middle
        low = above
    high = max(peak, seen + 1.0)
    while score(high) >= limit and high < _MOST:
        high = seen + (high - seen) * 2
    return low, _last_above(score, peak, high, limit)
