"""A sampler is told from the trace ids that it kept, and only then."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.gaps.absence.randomness import fractions, numbers
from auditrail.gaps.absence.thresholds import drops, infer

KINDS = list(fractions(*numbers(["0" * 32])))


def ids(count: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    return [f"{draw.getrandbits(128):032x}" for _ in range(count)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("above", [True, False])
def test_each_sampler_is_told_by_what_it_keeps_and_drops(kind: str, above: bool) -> None:
    traces = ids(3000, 7)
    values = fractions(*numbers(traces))[kind]
    keeps = values >= 0.9 if above else values < 0.1
    kept = [trace for trace, keep in zip(traces, keeps, strict=True) if keep]
    missing = [trace for trace, keep in zip(traces, keeps, strict=True) if not keep]
    found = infer(kept, missing)
    assert found is not None
    assert found.witnessed
    assert abs(found.rate - 0.1) < 0.02
    assert all(drops(found, missing))
    assert not any(drops(found, kept))
    alone = infer(kept, [])
    assert alone is not None
    assert (alone.kind, alone.above, alone.witnessed) == (kind, above, False)
    assert abs(alone.rate - 0.1) < 0.02


@given(st.integers(0, 10_000), st.integers(1, 400), st.integers(0, 400))
def test_chance_is_no_sampler(seed: int, kept: int, missing: int) -> None:
    traces = ids(kept + missing, seed)
    assert infer(traces[:kept], traces[kept:]) is None


def test_ids_that_are_no_random_numbers_prove_nothing() -> None:
    assert infer([f"{number:032x}" for number in range(500)], []) is None


def test_hostile_ids_are_taken() -> None:
    high, low = numbers(["", "xyz", "f" * 40, "0x1"])
    assert len(high) == len(low) == 4


def test_the_hash_of_the_collector() -> None:
    """The vector of the processor's own test: sixteen zero bytes with seed 0."""
    zero = np.zeros(1, np.uint64)
    assert float(fractions(zero, zero)["FNV-1a, seed 0"][0]) * (1 << 14) == 0x2455
