"""Rates of samplers: declared, from trace ids with and without witnesses, and none where nothing is sampled."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from auditrail.report.gap_types import Estimate
from auditrail.report.gaps import gaps
from tests.gaps._case import loaded

START = 1_785_600_000


def span(trace: str, at: int, agent: str, state: str) -> dict[str, Any]:
    made = {
        "traceId": trace, "spanId": trace[:16], "name": f"invoke_agent {agent}", "kind": 1,
        "startTimeUnixNano": str(at * 10**9), "endTimeUnixNano": str((at + 3) * 10**9),
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}},
                       {"key": "gen_ai.agent.name", "value": {"stringValue": agent}}],
        "status": {"code": 1},
    }  # fmt: skip
    return {**made, "traceState": state} if state else made


def written(
    folder: Path, keep: Callable[[int], bool], *, runs: int = 900, witness: bool = True, state: str = ""
) -> tuple[Estimate, ...]:
    """A fleet whose tracer keeps the traces that `keep` says, by their number; a log names every trace, or none."""
    draw = random.Random("sampling")
    spans, log = [], []
    for number in range(runs):
        trace = draw.getrandbits(128)
        at = START + number * 5000
        base = {"run_id": f"run-{number}", "agent": "a", "service": "log", "trace_id": f"{trace:032x}"}
        log.append({"timestamp": at, "event": "run_started", **base})
        log.append({"timestamp": at + 3, "event": "run_finished", "status": "ok", **base})
        if keep(trace):
            spans.append(span(f"{trace:032x}", at, "a", state))
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "tracer"}}]}
    (folder / "spans.jsonl").write_bytes(
        b"".join(
            orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [each]}]}]}) + b"\n"
            for each in spans
        )
    )
    if witness:
        (folder / "log.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in log))
    with loaded(folder) as connection:
        return tuple(each for each in gaps(connection).estimates if each.kind == "sampling-rate")


@pytest.mark.parametrize("witness", [True, False])
@pytest.mark.parametrize("rate", [0.35, 0.6])
def test_a_threshold_on_the_low_bits(tmp_path: Path, rate: float, witness: bool) -> None:
    (found,) = written(tmp_path, lambda trace: (trace & (2**56 - 1)) / 2**56 >= 1 - rate, witness=witness)
    assert found.stream == "tracer"
    assert abs(found.value - rate) < 0.02
    assert found.low <= rate <= found.high
    assert "above" in found.evidence
    assert ("no missing ones" in found.evidence) != witness


def test_a_ratio_sampler_keeps_the_low_side(tmp_path: Path) -> None:
    (found,) = written(tmp_path, lambda trace: (trace & (2**64 - 1)) / 2**64 < 0.25)
    assert found.low <= 0.25 <= found.high
    assert "below" in found.evidence


def test_a_declared_rate_is_taken_as_it_stands(tmp_path: Path) -> None:
    (found,) = written(tmp_path, lambda trace: (trace & (2**56 - 1)) >> 52 >= 12, state="ot=th:c")
    assert (found.value, found.method) == (0.25, "declared")


def test_what_is_not_sampled_has_no_rate(tmp_path: Path) -> None:
    assert written(tmp_path, lambda _: True, runs=300) == ()


def test_loss_at_random_is_no_sampler_by_ids(tmp_path: Path) -> None:
    draw = random.Random("loss")
    assert [
        each for each in written(tmp_path, lambda _: draw.random() < 0.7, runs=400) if "trace ids" in each.method
    ] == []
