"""Redaction of raw records: what is withheld is nowhere in the case, what is read by stays, and a leak stops it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditrail.check import frozen
from auditrail.config import Config
from auditrail.errors import UsageError
from auditrail.incident import freeze, ledger, rereading, state
from auditrail.incident.ledger import Ledger
from auditrail.incident.select import FreezeError, Piece
from auditrail.incident.withhold import Withholder
from tests.incident import _demo

try:
    Withholder("contents", None)
except UsageError:
    pytestmark = pytest.mark.skip("this installation has no redaction")


def frozen_at(folder: Path, connection: object, runs: list[str], policy: str) -> Path:
    with Ledger(folder / "incidents", operator="ada", recorded_ns=_demo.MORNING) as made:
        name, _ = made.open(TITLE, runs)
    incident = state.one(ledger.read(folder / "incidents").entries, name)
    freeze.freeze(
        connection, incident, folder / "case", Config(), withholder=Withholder(policy, None), recorded_ns=_demo.MORNING
    )  # type: ignore[arg-type]
    return folder / "case"


def rewritten(log: Path, policy: str, *, lines: bool = True) -> str:
    """What a log is in a case, without the case around it."""
    withholder = Withholder(policy, None)
    read = rereading.read(log, str(log), Config())
    piece = Piece(str(log), log.name, dict.fromkeys(read.events), lines)  # type: ignore[arg-type]
    withholder.look([piece])
    withholder.write(piece, log.parent / "copy" / log.name)
    return (log.parent / "copy" / log.name).read_text()


def everything(case: Path) -> str:
    return "".join(path.read_text() for path in case.rglob("*") if path.is_file())


TITLE = "customer.70355@example.com was paid twice"
SECRETS = {
    "contents": (
        "XX00DEMO000042000042", "customer.70355", "was paid twice", "Refunded as requested", "T-88310", "cust-20418",
    ),
    "personal": ("customer.70355", "customer.70355@example.com was"),
    "strict": (
        "XX00DEMO000042000042", "customer.70355", "Refunded as requested", "T-88310", "cust-20418", "run-7f3a91",
        "refunds-agent", "issue_refund", "support-llm-2", "call_7cV58MTGx9thsvLJNjwgN1qP", "sess-58c0d2",
        "payments-policy", "transfer_limit", "payments-api", "refund.create",
    ),
}  # fmt: skip
KEPT = {
    "contents": ("run-7f3a91", "issue_refund", "transfer_limit", "withheld:arguments:"),
    "personal": ("run-7f3a91", "T-88310", "issue_refund", "pseudonym:email:", "4200.00", " was paid twice"),
    "strict": ("bb70f1edbd02983ba953edfa49e9dcf7", "pseudonym:run:", "pseudonym:agent:", "2026-09-17T10:06:02.000Z"),
}


@pytest.fixture(scope="module", params=sorted(SECRETS))
def redacted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The run of the demo that did harm, frozen under each policy that is ready."""
    folder = tmp_path_factory.mktemp(request.param)
    return request.param, frozen_at(folder, _demo.connection(), [_demo.RUN], request.param)


def test_every_ready_policy_has_its_test() -> None:
    from auditrail.redact import policy

    assert set(policy.names()) == set(SECRETS)


def test_what_is_withheld_is_nowhere_and_the_case_still_tells_the_same(redacted: tuple[str, Path]) -> None:
    policy, case = redacted
    told = everything(case) + "".join(path.relative_to(case).as_posix() for path in case.rglob("*"))
    assert not {secret for secret in SECRETS[policy] if secret in told}
    assert not {kept for kept in KEPT[policy] if kept not in told}
    assert [check.outcome for check in frozen.check(case)] == ["passed"] * 6


def test_the_steps_are_those_of_the_case_that_is_not_redacted(redacted: tuple[str, Path]) -> None:
    """Kinds, outcomes, decisions, times and states; what a policy withholds is another text."""
    expected = json.loads((redacted[1] / "expected.json").read_text())
    golden = json.loads((Path(__file__).parents[1] / "check" / "golden" / "refund.json").read_text())
    parts = ("kind", "status", "decision", "at", "args_state", "result_state", "events")
    for run, other in zip(expected["runs"], golden["runs"], strict=True):
        assert [[step[p] for p in parts] for step in run["steps"]] == [[s[p] for p in parts] for s in other["steps"]]
        assert run["status"] == other["status"]
        assert run["joins"] == other["joins"]
    assert {(g["rule"], g["cause"]) for g in expected["gaps"]} >= {(g["rule"], g["cause"]) for g in golden["gaps"]}


def test_words_that_stay_are_named(redacted: tuple[str, Path]) -> None:
    policy, case = redacted
    readme = (case / "README.md").read_text()
    assert ("result.allow (false, true)" in readme) == (policy != "personal")
    assert ('status ("completed")' in readme) == (policy == "strict")


@pytest.mark.parametrize("broken", ["loader", "rule", "verifier"])
def test_a_redacted_case_fails_when_something_is_broken(
    redacted: tuple[str, Path], broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if broken == "loader":
        from auditrail.ingest import rows

        whole = rows.event_row
        monkeypatch.setattr(
            rows, "event_row", lambda place, event, more: whole(place, event._replace(status="ok"), more)
        )
    elif broken == "rule":
        from auditrail.report import gaps

        every = gaps.select
        monkeypatch.setattr(gaps, "select", lambda: tuple(rule for rule in every() if rule.id != "missing-parent"))
    else:
        from auditrail.verify import engine
        from auditrail.verify.types import Result

        blind = lambda items, call: (tuple(Result(i.shown, "none", None, None, 1, 1, "INTACT") for i in items), [])  # noqa: E731
        monkeypatch.setattr(engine, "_results", blind)
    failed = {check.id for check in frozen.check(redacted[1]) if check.outcome != "passed"}
    wanted = {"loader": "reconstruction", "rule": "gaps", "verifier": "verifier"}
    assert f"frozen/{wanted[broken]}" in failed


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
    told = rewritten(log, "personal")
    assert "someone@example.com" not in told
    assert '"text":"to pseudonym:email:' in told  # what no pattern found stays


def test_names_in_arguments_are_no_names_of_things(tmp_path: Path) -> None:
    row = {
        "run_id": "run-a", "agent": "a", "event": "tool_call", "tool": "send", "tool_call_id": "c1",
        "ts": "2026-09-17T10:00:01Z", "args": {"name": "Alice", "id": "K-77", "amount": 4711},
    }  # fmt: skip
    log = tmp_path / "agent.jsonl"
    log.write_text(json.dumps(row) + "\n")
    told = rewritten(log, "contents")
    assert not {secret for secret in ("Alice", "K-77", "4711") if secret in told}


def test_short_texts_and_numbers_go_wherever_they_stand(tmp_path: Path) -> None:
    rows = [
        {
            "run_id": "run-a", "agent": "a", "event": "tool_call", "tool": "send", "tool_call_id": "c1", "vip": "Bob",
            "account": 4711, "urgent": True, "ts": "2026-09-17T10:00:01Z", "args": {"text": "hi", "yes": True},
        },
        {
            "run_id": "run-a", "agent": "a", "event": "tool_result", "tool": "send", "tool_call_id": "c1",
            "ts": "2026-09-17T10:00:02Z", "result": "Yes", "duration_ms": 12,
        },
    ]  # fmt: skip
    log = tmp_path / "agent.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    first, second = (json.loads(line) for line in rewritten(log, "contents").splitlines())
    withheld = [first["vip"], first["account"], first["urgent"], *first["args"].values(), second["result"]]
    assert all(str(value).startswith("withheld:") for value in withheld)
    assert (first["tool"], second["duration_ms"]) == ("send", 12)


def test_texts_that_a_reader_puts_together_are_found_in_their_parts(tmp_path: Path) -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "readers" / "adk" / "events" / "input.jsonl"
    log = tmp_path / "input.jsonl"
    log.write_bytes(fixture.read_bytes())
    told = rewritten(log, "contents")
    assert "pop from empty list" not in told
    assert "blocked" not in told


def test_what_is_no_event_is_withheld_in_a_file_that_is_kept_whole(tmp_path: Path) -> None:
    log = tmp_path / "agent.jsonl"
    log.write_text(
        '{"run_id": "run-a", "agent": "a", "event": "run_started", "ts": "2026-09-17T10:00:00Z"}\n'
        '{"secret of Alice Munro": \n'
        '{"run_id": "run-a", "agent": "a", "event": "run_finished", "ts": "2026-09-17T10:00:03Z"}\n'
    )
    assert "Munro" not in rewritten(log, "contents", lines=False)


def test_binary_records_are_refused_and_nothing_is_made(tmp_path: Path) -> None:
    fixtures = Path(__file__).parents[2] / "fixtures" / "readers"
    binary = next((path for path in sorted(fixtures.glob("otlp-protobuf/*/input.*"))), None)
    if binary is None:
        pytest.skip("no fixture of binary records")
    log = tmp_path / binary.name
    log.write_bytes(binary.read_bytes())
    with pytest.raises(FreezeError, match="binary"):
        rewritten(log, "contents")
    assert not (tmp_path / "copy" / binary.name).exists()
