"""Real records of the agent-governance-toolkit: the counts of their answer key; skipped where they are absent."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from auditrail import times
from tests.conformance import _pipeline as pipeline

SHARED = Path(__file__).parents[3] / "shared"
TRAILS = SHARED / "corpus" / "agt-policy"
CHAINS = SHARED / "chains" / "agent-governance-toolkit-core"

pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not TRAILS.is_dir(), reason="the samples are not here")]
needs_chains = pytest.mark.skipif(not CHAINS.is_dir(), reason="the chains are not here")


def read(path: Path) -> pipeline.Reading:
    return pipeline.read(path.read_bytes(), path=str(path))


@pytest.mark.parametrize(
    ("name", "types", "agents", "tools", "span"),
    [
        ("aml_audit_trail.json", {"ALLOWED": 55, "CHECKPOINT": 26, "BLOCKED": 6}, 4, 12,
         ("2026-02-28T20:02:37.225944", "2026-02-28T20:02:37.234386")),
        ("soc2_audit_trail.json", {"ALLOWED": 4, "TRANSACTION": 2, "BLOCKED": 3}, 3, 3,
         ("2026-03-01T10:59:34.901929", "2026-03-01T10:59:34.902457")),
    ],
)  # fmt: skip
def test_a_trail_has_the_decisions_of_its_key(
    name: str, types: dict[str, int], agents: int, tools: int, span: tuple[str, str]
):
    reading = read(TRAILS / name)
    rows = reading.events
    assert (reading.reader, reading.tally.quarantined) == ("agt", 0)
    assert Counter(row["name"] for row in rows) == types
    assert len({row["agent"] for row in rows}) == agents
    assert len({row["tool"] for row in rows if row["tool"]}) == tools
    moments = [times.parse(text) for text in span]
    assert [rows[0]["ts_ns"], rows[-1]["ts_ns"]] == [moment.ns for moment in moments if moment]
    assert all(row["tz_assumed"] for row in rows)
    allowed = Counter(row["decision"] for row in rows if row["name"] == "ALLOWED")
    assert (allowed, Counter(row["decision"] for row in rows)["deny"]) == (
        {"allow": types["ALLOWED"]},
        types["BLOCKED"],
    )
    # Nothing in these records joins them to a run: the agent, the tool and the time are all there is.
    assert not any(row[f"{kind}_id"] for row in rows for kind in ("run", "trace", "session", "request", "tool_call"))


def test_a_checkpoint_decides_nothing_and_a_transaction_may_wait():
    rows = read(TRAILS / "aml_audit_trail.json").events
    assert {(row["kind"], row["decision"]) for row in rows if row["name"] == "CHECKPOINT"} == {("log", None)}
    rows = read(TRAILS / "soc2_audit_trail.json").events
    assert [row["decision"] for row in rows if row["name"] == "TRANSACTION"] == ["allow", "ask"]


@needs_chains
@pytest.mark.parametrize("name", ["audit.jsonl", "auditlog_entries.jsonl", "cloudevents.jsonl"])
def test_three_forms_of_one_chain_hold_the_same_events(name: str):
    reading = read(CHAINS / name)
    assert (reading.reader, reading.tally.events, reading.tally.quarantined) == ("agt-mesh", 20, 0)
    assert Counter((row["layer"], row["kind"]) for row in reading.events) == {
        ("tool", "call"): 6, ("tool", "result"): 6, ("llm", "span"): 3, ("policy", "decision"): 2,
        ("agent", "start"): 1, ("agent", "end"): 1, ("agent", "log"): 1,
    }  # fmt: skip
    assert {row["run_id"] for row in reading.events} == {"run-0001"}
    assert [row["rule"] for row in reading.events if row["decision"] == "deny"] == ["no-shell"]
    calls = [row for row in reading.events if row["kind"] == "call"]
    assert [row["args_state"] for row in calls].count("empty") == 1
    # What makes a copy, and what must be equal in it for it not to contradict the first.
    columns = ("dedupe_key", "ts_ns", "name", "status", "args", "result", "decision", "error")
    signed = read(CHAINS / "audit.jsonl").events
    assert [[row[name] for name in columns] for row in reading.events] == [
        [row[name] for name in columns] for row in signed
    ]


@needs_chains
def test_hashes_and_signatures_are_kept_for_whoever_verifies_them():
    def kept(name: str) -> list[dict[str, Any]]:
        return [json.loads(row["attributes"]) for row in read(CHAINS / name).events]

    signed = kept("audit.jsonl")
    assert [row["previous_hash"] for row in signed[1:]] == [row["content_hash"] for row in signed[:-1]]
    assert all(len(row["signature"]) == 64 for row in signed)
    plain = kept("auditlog_entries.jsonl")
    assert [row["previous_hash"] for row in plain[1:]] == [row["entry_hash"] for row in plain[:-1]]
    events = kept("cloudevents.jsonl")
    assert [row["agentmeshentryhash"] for row in events] == [row["entry_hash"] for row in plain]


@needs_chains
def test_rotated_and_tampered_files_are_read_as_they_stand():
    for path in sorted(CHAINS.glob("*.jsonl")):
        lines = [line for line in path.read_bytes().splitlines() if line.strip()]
        reading = read(path)
        assert (reading.reader, reading.tally.events, reading.tally.quarantined) == ("agt-mesh", len(lines), 0), (
            path.name
        )
