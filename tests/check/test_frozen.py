"""Frozen incidents: found again as they are, and not when evidence, loader, a rule or the verifier is broken."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from auditrail.check import frozen
from auditrail.config import Config
from auditrail.errors import OutputExistsError
from auditrail.incident import freeze, ledger, state
from auditrail.incident.select import FreezeError
from auditrail.report.check_types import Check
from tests.incident import _demo


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the demo that did harm, frozen."""
    folder = tmp_path_factory.mktemp("frozen")
    name = _demo.ledger(folder / "incidents")
    incident = state.one(ledger.read(folder / "incidents").entries, name)
    freeze.freeze(_demo.connection(), incident, folder / "case", Config(), recorded_ns=_demo.MORNING)
    return folder / "case"


@pytest.fixture
def case(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "case"))


def failed(case: Path) -> set[str]:
    return {check.id.partition("/")[2] for check in frozen.check(case) if check.outcome != "passed"}


def of(case: Path, part: str) -> Check:
    return next(check for check in frozen.check(case) if check.id == f"frozen/{part}")


def test_it_is_found_again_wherever_it_lies(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    assert failed(Path("case")) == set()


def test_it_holds_the_records_of_its_runs_and_no_others(made: Path) -> None:
    lines = (made / "evidence" / "agent" / "refunds-agent.jsonl").read_text().splitlines()
    assert len(lines) == 24
    assert all("run-7f3a91" in line or "run-c05e18" in line for line in lines)
    expected = json.loads((made / "expected.json").read_text())
    assert {run["id"] for run in expected["runs"]} == {"run-7f3a91", "run-c05e18"}
    assert "XX00DEMO000042000042" not in (made / "expected.json").read_text()  # contents stand as digests


def test_the_same_incident_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    name = _demo.ledger(tmp_path / "incidents")
    incident = state.one(ledger.read(tmp_path / "incidents").entries, name)
    freeze.freeze(_demo.connection(), incident, tmp_path / "case", Config(), recorded_ns=_demo.MORNING)
    for file in ("expected.json", "manifest.jsonl", "README.md"):
        assert (tmp_path / "case" / file).read_bytes() == (made / file).read_bytes()
    with pytest.raises(OutputExistsError):
        freeze.freeze(_demo.connection(), incident, tmp_path / "case", Config())


@pytest.mark.parametrize("change", ["edit", "remove", "add", "expected", "unfinished"])
def test_a_case_that_was_changed_fails(case: Path, change: str) -> None:
    log = case / "evidence" / "agent" / "refunds-agent.jsonl"
    if change == "edit":
        log.write_bytes(log.read_bytes().replace(b"1400.00", b"1.00000"))
    elif change == "remove":
        log.unlink()
    elif change == "add":
        (case / "evidence" / "more.jsonl").write_text("{}\n")
    elif change == "expected":
        path = case / "expected.json"
        path.write_text(path.read_text().replace('"status": "ok"', '"status": "error"', 1))
    else:
        path = case / "manifest.jsonl"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert "manifest" in failed(case)


def test_what_a_test_run_leaves_in_the_folder_is_no_part_of_the_case(case: Path) -> None:
    for name in ("__pycache__", ".pytest_cache", "evidence/__pycache__"):
        (case / name).mkdir()
        (case / name / "file.json").write_text("{}")
    (manifest,) = [check for check in frozen.check(case) if check.id == "frozen/manifest"]
    assert manifest.details == ("evidence/__pycache__/file.json: not named by the manifest",)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema": "auditrail.frozen/1"}', '{"schema":"auditrail.frozen/1","runs":[1]}']
)
def test_an_expectation_that_is_none_fails(case: Path, text: str) -> None:
    (case / "expected.json").write_text(text)
    assert failed(case)


# --- mutations: what is broken on purpose, and the part that must see it ---------------------------------------------


def test_a_loader_that_loses_a_record_is_found(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditrail.ingest.load import Loader

    whole = Loader.load_all
    monkeypatch.setattr(Loader, "load_all", lambda self, items: whole(self, (i for i in items if "opa" not in i.shown)))
    assert failed(case) >= {"loading", "reconstruction"}


def test_a_reader_that_drops_results_is_found(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditrail.ingest import rows

    whole = rows.event_row

    def without(place: Any, event: Any, more: Any) -> Any:
        return whole(place, event._replace(status="ok") if event.status == "denied" else event, more)

    monkeypatch.setattr(rows, "event_row", without)
    assert "reconstruction" in failed(case)


def test_correlation_that_joins_nothing_is_found(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditrail.correlate import settle

    monkeypatch.setattr(settle, "settle", lambda connection: None)
    assert "reconstruction" in failed(case)


def test_a_rule_that_finds_nothing_is_found(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditrail.report import gaps

    whole = gaps.select
    monkeypatch.setattr(gaps, "select", lambda: tuple(rule for rule in whole() if rule.id != "missing-parent"))
    assert failed(case) == {"gaps"}
    assert any("missing-parent" in line and "not found any more" in line for line in of(case, "gaps").details)


def test_a_rule_that_names_another_cause_is_found(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditrail.report import gaps

    whole = gaps._gap
    monkeypatch.setattr(gaps, "_gap", lambda rule, group, *rest: whole(rule, group._replace(cause="unknown"), *rest))
    assert failed(case) == {"gaps"}


def test_a_verifier_that_finds_everything_intact_is_found(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditrail.verify import engine
    from auditrail.verify.types import Result

    def blind(items: Any, call: Any) -> Any:
        return tuple(Result(item.shown, "none", None, None, 1, 1, "INTACT") for item in items), []

    monkeypatch.setattr(engine, "_results", blind)
    assert failed(case) >= {"verifier", "verification"}


def test_a_verifier_that_compares_no_hashes_is_found(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditrail.verify.kinds import sealed_log
    from auditrail.verify.types import UNANCHORED

    whole = sealed_log.verify

    def blind(items: Any, companions: Any, call: Any) -> Any:
        from dataclasses import replace

        return [replace(one, verdict=UNANCHORED, defects=()) for one in whole(items, companions, call)]

    monkeypatch.setattr(sealed_log, "verify", blind)
    assert "verifier" in failed(case)


# --- evidence that cannot be frozen -----------------------------------------------------------------------------------


def test_evidence_that_changed_is_not_frozen(tmp_path: Path) -> None:
    from auditrail.check import loading

    logs = Path(shutil.copytree(_demo.EVIDENCE, tmp_path / "logs"))
    name = _demo.ledger(tmp_path / "incidents")
    incident = state.one(ledger.read(tmp_path / "incidents").entries, name)
    with loading.held([logs], Config()) as held:
        path = logs / "agent" / "refunds-agent.jsonl"
        path.write_bytes(path.read_bytes().replace(b"1400.00", b"1400.01"))
        with pytest.raises(FreezeError, match="changed"):
            freeze.freeze(held.connection, incident, tmp_path / "case", Config())
    assert not (tmp_path / "case").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_chained_log_is_kept_whole_and_its_verdict_expected(tmp_path: Path) -> None:
    from auditrail.check import loading
    from auditrail.incident.ledger import Ledger
    from auditrail.seal import keys, make

    rows = [
        {"run_id": run, "agent": "a", "event": event, "ts": "2026-09-17T10:00:00Z"}
        for run in ("run-a", "run-b")
        for event in ("run_started", "run_finished")
    ]
    (tmp_path / "logs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    make.seal(tmp_path / "logs.jsonl", keys.create("example.com/seal", tmp_path / "key"), make.Wishes())
    with Ledger(tmp_path / "incidents", operator="ada") as made:
        name, _ = made.open("t", ["run-a"])
    incident = state.one(ledger.read(tmp_path / "incidents").entries, name)
    with loading.held([tmp_path / "logs.jsonl", tmp_path / "logs.jsonl.seal"], Config()) as held:
        freeze.freeze(held.connection, incident, tmp_path / "case", Config())
    kept = tmp_path / "case" / "evidence" / "logs.jsonl"
    assert kept.read_bytes() == (tmp_path / "logs.jsonl").read_bytes()
    expected = json.loads((tmp_path / "case" / "expected.json").read_text())
    assert [row["verdict"] for row in expected["verification"]] == ["INTACT-UNANCHORED"]


def test_what_is_expected_of_the_demo_is_the_expected_one(made: Path) -> None:
    golden = Path(__file__).parent / "golden" / "refund.json"
    if os.environ.get("AUDITRAIL_UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes((made / "expected.json").read_bytes())
    assert json.loads((made / "expected.json").read_bytes()) == json.loads(golden.read_bytes())
