"""The numbers that samplers compute from trace ids: each kind of sampler keeps what lies on one side of a bound.

- `low 56 bits`: consistent probability sampling; the trace is kept if they are at least T (OpenTelemetry
  specification, tracestate-probability-sampling).
- `low 64 bits`: TraceIdRatioBased of the SDKs for Python and Go (the latter drops one bit), and Jaeger's: kept if below.
- `low 63 bits`: the ratio samplers of older SDKs.
- `low 64 bits, absolute`: that of Java, and Brave's boundary sampler: the number is signed, and its sign is dropped.
- `xor of 32-bit words`: that of JavaScript (sdk-trace-base, TraceIdRatioBasedSampler).
- `Knuth hash`: Datadog's tracers: id * 1111111111111111111 modulo 2^64.
- `FNV-1a, seed n`: the Collector's probabilistic sampler in its mode hash_seed: the low 14 bits of a 32-bit FNV-1a over the
  seed, least byte first, and the id (opentelemetry-collector-contrib, processor/probabilisticsamplerprocessor).
- `high 64 bits`: services that look at the begin of the id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_KNUTH = 1_111_111_111_111_111_111
_FNV_START, _FNV_PRIME = 0x811C9DC5, 0x01000193
_BUCKET_BITS = 14
# The default, and the one that the processor's own documentation shows.
_SEEDS = (0, 22)
_TRACE_DIGITS = 32


def numbers(traces: Iterable[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The upper and lower halves of trace ids in hex; an id that is no hex is 0."""
    high, low = [], []
    for trace in traces:
        try:
            number = int(trace, 16) if len(trace) <= _TRACE_DIGITS else 0
        except ValueError:
            number = 0
        high.append(number >> 64)
        low.append(number & 0xFFFFFFFFFFFFFFFF)
    return np.array(high, np.uint64), np.array(low, np.uint64)


def fractions(high: npt.NDArray[np.uint64], low: npt.NDArray[np.uint64]) -> Mapping[str, Floats]:
    """Kind of sampler -> its number for each id, from 0 to below 1."""
    mask32 = np.uint64(0xFFFFFFFF)
    words = (high >> np.uint64(32)) ^ (high & mask32) ^ (low >> np.uint64(32)) ^ (low & mask32)
    with np.errstate(over="ignore"):
        knuth = low * np.uint64(_KNUTH)
    signed = low.view(np.int64)
    return {
        "low 56 bits": (low & np.uint64((1 << 56) - 1)).astype(np.float64) / 2**56,
        "low 64 bits": low.astype(np.float64) / 2**64,
        "low 63 bits": (low & np.uint64((1 << 63) - 1)).astype(np.float64) / 2**63,
        "low 64 bits, absolute": np.abs(signed.astype(np.float64)) / 2**63,
        "xor of 32-bit words": words.astype(np.float64) / 2**32,
        "Knuth hash": knuth.astype(np.float64) / 2**64,
        "high 64 bits": high.astype(np.float64) / 2**64,
        **{f"FNV-1a, seed {seed}": _fnv_buckets(high, low, seed) for seed in _SEEDS},
    }


def _fnv_buckets(high: npt.NDArray[np.uint64], low: npt.NDArray[np.uint64], seed: int) -> Floats:
    hashed = np.full(len(low), _FNV_START, np.uint64)
    mask = np.uint64(0xFFFFFFFF)

    def take(byte: npt.NDArray[np.uint64]) -> None:
        nonlocal hashed
        hashed = ((hashed ^ byte) * np.uint64(_FNV_PRIME)) & mask

    for shift in range(0, 32, 8):
        take(np.full(len(low), (seed >> shift) & 0xFF, np.uint64))
    for half in (high, low):
        for shift in range(56, -8, -8):
            take((half >> np.uint64(shift)) & np.uint64(0xFF))
    buckets = hashed & np.uint64((1 << _BUCKET_BITS) - 1)
    return buckets.astype(np.float64) / (1 << _BUCKET_BITS)
