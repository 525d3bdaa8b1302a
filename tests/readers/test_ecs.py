"""Elastic Common Schema needs no reader of its own: `jsonl` knows its names, with dots and nested."""

from __future__ import annotations

from typing import Any

import pytest

from tests.readers._stores import TIME, TRACE, ids, read

DOTTED: dict[str, Any] = {
    "@timestamp": "2026-09-17T10:00:00.000Z", "ecs.version": "8.11.0", "log.level": "info", "message": "called",
    "service.name": "care", "trace.id": TRACE, "span.id": "a1b2c3d4e5f60718", "event.action": "tool_call",
    "event.outcome": "failure", "event.sequence": 7, "error.message": "boom", "user.name": "jo",
    "gen_ai.request.model": "m-1", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 6,
    "gen_ai.agent.name": "planner", "gen_ai.tool.name": "refund",
}  # fmt: skip


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for dotted, value in flat.items():
        *outer, last = dotted.split(".")
        holder = made
        for key in outer:
            holder = holder.setdefault(key, {})
        holder[last] = value
    return made


@pytest.mark.parametrize("record", [DOTTED, nested(DOTTED)], ids=["dotted", "nested"])
def test_every_field_that_an_investigator_needs_has_its_column(record: dict[str, Any]) -> None:
    reading = read(record)
    (event,) = reading.events
    assert reading.reader == "jsonl"
    assert (event["ts_ns"], event["stream"], event["name"]) == (TIME, "care", "tool_call")
    assert (event["status"], event["error"], event["seq"]) == ("error", "boom", 7)
    assert (event["model"], event["tokens_in"], event["tokens_out"]) == ("m-1", 5, 6)
    assert (event["agent"], event["tool"], event["principal"]) == ("planner", "refund", "jo")
    assert (ids(reading, "trace"), ids(reading, "span")) == ([TRACE], ["a1b2c3d4e5f60718"])


@pytest.mark.parametrize("record", [DOTTED, nested(DOTTED)], ids=["dotted", "nested"])
def test_an_outcome_alone_is_the_status(record: dict[str, Any]) -> None:
    for outcome, status in (("success", "ok"), ("failure", "error"), ("unknown", "unknown")):
        flat = {**DOTTED, "event.outcome": outcome}
        del flat["error.message"]
        (event,) = read(flat if record is DOTTED else nested(flat)).events
        assert event["status"] == status
