"""Redaction of raw records: what is withheld is nowhere in the case, what is read by stays, and a leak stops it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditrail.check import frozen, loading
from auditrail.config import Config
from auditrail.errors import UsageError
from auditrail.incident import freeze, ledger, state
from auditrail.incident.ledger import Ledger
from auditrail.incident.select import FreezeError
from auditrail.incident.withhold import Withholder
from tests.incident import _demo

try:
    Withholder("contents", None)
except UsageError:
    pytestmark = pytest.mark.skip("this installation has no redaction")


def frozen_at(folder: Path, connection: object, runs: list[str], policy: str) -> Path:
    with Ledger(folder / "incidents", operator="ada", recorded_ns=_demo.MORNING) as made:
        name, _ = made.open("t", runs)
    incident = state.one(ledger.read(folder / "incidents").entries, name)
    freeze.freeze(
        connection, incident, folder / "case", Config(), withholder=Withholder(policy, None), recorded_ns=_demo.MORNING
    )  # type: ignore[arg-type]
    return folder / "case"


def everything(case: Path) -> str:
    return "".join(path.read_text() for path in case.rglob("*") if path.is_file())


def test_contents_are_nowhere_and_the_case_still_tells_the_same(tmp_path: Path) -> None:
    case = frozen_at(tmp_path, _demo.connection(), [_demo.RUN], "contents")
    told = everything(case)
    for secret in ("XX00DEMO000042000042", "customer.70355", "Refunded as requested", "T-88310"):
        assert secret not in told
    for kept in ("run-7f3a91", "issue_refund", "transfer_limit", "withheld:arguments:"):
        assert kept in told
    assert [check.outcome for check in frozen.check(case)] == ["passed"] * 6
    denied = [
        s for run in json.loads((case / "expected.json").read_text())["runs"] for s in run["steps"] if s["decision"]
    ]
    assert [step["decision"] for step in denied].count("deny") == 1


def test_names_of_members_are_withheld_where_they_hold_an_address(tmp_path: Path) -> None:
    rows = [
        {"run_id": "run-a", "agent": "a", "event": "run_started", "ts": "2026-09-17T10:00:00Z"},
        {
            "run_id": "run-a", "agent": "a", "event": "tool_call", "tool": "send", "tool_call_id": "c1",
            "ts": "2026-09-17T10:00:01Z", "args": {"to": {"someone@example.com": 17}, "text": "to someone@example.com"},
        },
        {"run_id": "run-a", "agent": "a", "event": "run_finished", "ts": "2026-09-17T10:00:02Z"},
    ]  # fmt: skip
    log = tmp_path / "agent.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with loading.held([log], Config()) as held:
        case = frozen_at(tmp_path, held.connection, ["run-a"], "personal")
    assert "someone@example.com" not in everything(case)
    assert [check.outcome for check in frozen.check(case)] == ["passed"] * 6


def test_names_in_arguments_are_no_names_of_things(tmp_path: Path) -> None:
    row = {
        "run_id": "run-a", "agent": "a", "event": "tool_call", "tool": "send", "tool_call_id": "c1",
        "ts": "2026-09-17T10:00:01Z", "args": {"name": "Alice", "id": "K-77", "amount": 4711},
    }  # fmt: skip
    log = tmp_path / "agent.jsonl"
    log.write_text(json.dumps(row) + "\n")
    with loading.held([log], Config()) as held:
        case = frozen_at(tmp_path, held.connection, ["run-a"], "contents")
    told = (case / "evidence" / "agent.jsonl").read_text()
    assert not {secret for secret in ("Alice", "K-77", "4711") if secret in told}


def test_a_chained_log_is_refused(tmp_path: Path) -> None:
    from auditrail.seal import keys, make

    log = tmp_path / "agent.jsonl"
    log.write_text('{"run_id": "run-a", "agent": "a", "event": "run_started", "ts": "2026-09-17T10:00:00Z"}\n')
    make.seal(log, keys.create("example.com/seal", tmp_path / "key"), make.Wishes())
    with (
        loading.held([log, tmp_path / "agent.jsonl.seal"], Config()) as held,
        pytest.raises(FreezeError, match="chained"),
    ):
        frozen_at(tmp_path, held.connection, ["run-a"], "contents")
    assert not (tmp_path / "case").exists()
