"""`auditrail gaps` and `auditrail rules`: options, exit codes, and queries that can be run by hand."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from auditrail.cli._main import _spread
from auditrail.gaps.rule import rules
from tests.cli.test_cli import ANY_RESULT, EVIDENCE, refused, run

LATEST = "2026Q3"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with the demo evidence, which lacks what its README says."""
    path = tmp_path_factory.mktemp("gaps") / "auditrail.duckdb"
    done = run("ingest", "--case", path, EVIDENCE)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of one run that lacks nothing."""
    path = tmp_path_factory.mktemp("intact") / "agent.jsonl"
    steps = ("run_started", "run_finished")
    rows = [
        {"run_id": "run-1", "agent": "a", "event": step, "ts": f"2026-09-17T10:00:0{n}Z"}
        for n, step in enumerate(steps)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def label(*words: str | Path) -> str:
    done = run("gaps", *words, "--fail-on", "never")
    assert done.returncode in (0, 4), done.stderr  # 4: nothing is held of that quarter
    named: str = json.loads(done.stdout)["period"]["label"]
    return named


def test_quarter_stands_alone_or_with_a_value(loaded: Path) -> None:
    where = ("--case", loaded, "--format", "json")
    assert label(*where, "--quarter") == LATEST
    assert label("--quarter", *where) == LATEST
    assert label("--quarter", "2026Q3", *where) == LATEST
    assert label("--quarter=2026Q1", *where) == "2026Q1"
    assert label(*where) == "all"
    for word in ("last", "current"):
        assert label("--quarter", word, *where)[-2:-1] == "Q"


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["gaps", "--quarter"], ["gaps", "--quarter", "latest"]),
        (["gaps", "--quarter", "--format", "json"], ["gaps", "--quarter", "latest", "--format", "json"]),
        (["gaps", "--quarter", "last"], ["gaps", "--quarter", "last"]),
        (["gaps", "--quarter", "-o", "x"], ["gaps", "--quarter", "latest", "-o", "x"]),
        (["gaps", "--quarter=2026Q3"], ["gaps", "--quarter=2026Q3"]),
        (["gaps", "--from", "a", "b", "--quarter"], ["gaps", "--from", "a", "--from", "b", "--quarter", "latest"]),
        (["export", "--quarter", "--run", "x"], ["export", "--quarter", "latest", "--run", "x"]),
        (["runs", "--quarter"], ["runs", "--quarter"]),
        (["reconstruct", "x", "--from", "a", "b"], ["reconstruct", "x", "--from", "a", "--from", "b"]),
        (["reconstruct", "--from", "a", "x"], ["reconstruct", "--from", "a", "x"]),
        ([], []),
    ],
    ids=" ".join,
)
def test_words_that_the_parser_does_not_know_by_itself(words: list[str], read: list[str]) -> None:
    assert _spread(words) == read


@pytest.mark.parametrize(
    "words",
    [("--fail-on", "bad"), ("--cause", "bad"), ("--layer", "bad"), ("--quarter", "2026Q5"), ("--since", "soon"),
     ("--quarter", "2026Q3", "--since", "2026-01-01"), ("--expected", "none.csv"), ("--baseline", "none.json"),
     ("--explain", "none"), ("--require", "none"), ("--config", "none.toml"),
     ("--since", "2026-02-01", "--until", "2026-01-01")],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage(loaded: Path, words: tuple[str, ...]) -> None:
    lines = refused(run("gaps", "--case", loaded, *words), 2).splitlines()
    assert all(line.startswith(("auditrail: error: ", "auditrail: hint: ")) for line in lines)


def test_exit_codes(loaded: Path, intact: Path, tmp_path: Path) -> None:
    found = run("gaps", "--case", loaded)
    assert found.returncode == 1
    assert "What is missing" in found.stdout
    assert run("gaps", "--case", loaded, "--fail-on", "never").stdout == found.stdout
    assert run("gaps", "--case", loaded, "--fail-on", "never").returncode == 0
    whole = run("gaps", "--from", intact, folder=tmp_path)
    assert whole.returncode == 0, whole.stdout
    # Nothing to look at is never 0.
    assert run("gaps", "--case", loaded, "--quarter", "2024Q1").returncode == 4
    refused(run("gaps", folder=tmp_path), 3)
    refused(run("gaps", "--from", tmp_path, folder=tmp_path), 3)
    assert list(tmp_path.iterdir()) == []


def test_the_same_with_and_without_a_case(loaded: Path) -> None:
    by_case = json.loads(run("gaps", "--case", loaded, "--format", "json").stdout)
    by_paths = json.loads(run("gaps", "--from", EVIDENCE, "--format", "json").stdout)
    assert by_paths["gaps"] == by_case["gaps"] != []


def test_a_baseline_leaves_out_what_it_lists(loaded: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    assert run("gaps", "--case", loaded, "-o", known).returncode == 1
    again = run("gaps", "--case", loaded, "--baseline", known, "--format", "json")
    assert again.returncode == 0
    document = json.loads(again.stdout)
    assert document["gaps"] == []
    assert document["known"] == len(json.loads(known.read_text())["gaps"])


def test_a_waiver_holds_until_its_day(loaded: Path, tmp_path: Path) -> None:
    config = tmp_path / "auditrail.toml"

    def asked(until: str, *words: str) -> Any:
        config.write_text(
            f'[[gaps.waive]]\nrule = "run-without-end"\nreason = "a restart, ticket OPS-7"\nuntil = {until}\n'
        )
        return run("gaps", "--case", loaded, *words, folder=tmp_path, COLUMNS="300")

    holds = json.loads(asked("2099-12-31", "--format", "json").stdout)
    assert "run-without-end" not in [gap["rule"] for gap in holds["gaps"]]
    assert [(row["gap"]["rule"], row["expired"]) for row in holds["waived"]] == [("run-without-end", False)]
    told = asked("2099-12-31").stdout
    assert "a restart, ticket OPS-7 (until 2099-12-31)" in told
    results = json.loads(asked("2099-12-31", "--format", "sarif").stdout)["runs"][0]["results"]
    assert ["suppressions" in result for result in results if result["ruleId"] == "run-without-end"] == [True]
    over = asked("2020-12-31")
    assert over.returncode == 1
    assert "Expired waivers" in over.stdout
    assert "1 run(s) began" in over.stdout


def test_an_inventory_and_a_framework(loaded: Path, tmp_path: Path) -> None:
    inventory = tmp_path / "scheduler.csv"
    inventory.write_text("run_id,agent\nrun-7f3a91,refunds-agent\nrun-never-seen,refunds-agent\n")
    done = run("gaps", "--case", loaded, "--expected", inventory, "--require", "pci-dss", "--format", "json")
    document = json.loads(done.stdout)
    missing = [gap for gap in document["gaps"] if gap["rule"] == "run-not-held"]
    assert [gap["count"] for gap in missing] == [1]
    assert {row["framework"] for row in document["retention"]} == {"pci-dss"}
    assert document["fields"]
    told = run("gaps", "--case", loaded, "--expected", inventory, "--require", "pci-dss").stdout
    assert "scheduler.csv" in told
    assert "Fields asked for" in told


@pytest.mark.parametrize(
    ("name", "begin"), [("a.xml", "<?xml"), ("a.sarif", "{"), ("a.html", "<!doctype"), ("a.md", "#")]
)
def test_the_extension_chooses_the_format(loaded: Path, tmp_path: Path, name: str, begin: str) -> None:
    assert run("gaps", "--case", loaded, "-o", tmp_path / name).returncode == 1
    assert (tmp_path / name).read_text("utf-8").startswith(begin)


def test_only_a_cause_or_a_run(loaded: Path) -> None:
    every = json.loads(run("gaps", "--case", loaded, "--format", "json").stdout)["gaps"]
    crashes = json.loads(run("gaps", "--case", loaded, "--cause", "crash", "--format", "json").stdout)
    assert [gap for gap in every if gap["cause"] == "crash"] == crashes["gaps"] != []
    assert any("--cause crash" in note for note in crashes["notes"])
    named = next(gap["runs"][0] for gap in every if gap["runs"])
    of_run = json.loads(run("gaps", "--case", loaded, "--run", named, "--format", "json").stdout)["gaps"]
    assert of_run
    assert all(gap["runs"] in ([named], []) for gap in of_run)
    refused(run("gaps", "--case", loaded, "--run", "no-such-run"), 3)


@pytest.mark.parametrize("name", [*ANY_RESULT, "junit", "sarif"])
def test_every_format_is_the_same_each_time(loaded: Path, name: str) -> None:
    one, two = (run("gaps", "--case", loaded, "--format", name) for _ in range(2))
    assert one.stdout == two.stdout != ""
    assert one.returncode == two.returncode == 1


def test_junit_names_every_rule(loaded: Path) -> None:
    suite = ET.fromstring(run("gaps", "--case", loaded, "--format", "junit").stdout)[0]  # noqa: S314 - made by ourselves
    assert {case.attrib["name"] for case in suite.iter("testcase")} >= set(rules())


def test_rules_are_listed_and_explained() -> None:
    listed = json.loads(run("rules", "--format", "json").stdout)
    assert listed["schema"] == "auditrail.rules/1"
    assert {row["id"] for row in listed["rules"]} == set(rules())
    assert set(listed["rules"][0]) >= {"severity", "confidence", "cause", "controls"}
    name, rule = "run-without-end", rules()["run-without-end"]
    told = run("rules", name, COLUMNS="2000")
    assert told.returncode == 0
    assert told.stdout == run("gaps", "--explain", name, COLUMNS="2000").stdout
    for part in (rule.sql, rule.risk, rule.example, rule.remedy, "; ".join(rule.controls)):
        assert part in told.stdout
    refused(run("rules", "none"), 2)
    refused(run("rules", "--sql"), 2)


def test_the_query_of_every_rule_runs_by_hand(loaded: Path) -> None:
    from auditrail import case
    from auditrail.report import listings, rule_list

    for name in rules():
        with case.open_analysis(loaded) as connection:
            made = listings.query(connection, rule_list.explained(name).verbatim, None)
        assert any(column.name == "what" for column in made.columns), name


def test_a_query_is_piped_into_query(loaded: Path) -> None:
    sql = run("rules", "run-without-end", "--sql")
    done = run("query", "-", "--case", loaded, "--format", "json", stdin=sql.stdout)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"]
