"""Every rule: its file, and its fixtures `hit*`, `clean*` and `lookalike*` in `fixtures/rules/<id>/`.

A fixture holds logs and `expected.json`: `gaps`, the findings of this rule with the members that matter (all of them,
in any order; none for clean and lookalike), and `others`: rule -> number of findings of other rules (`*`: any number).
What is not listed must not be there, unless it is of low severity: the whole engine runs, so a fixture also proves
which rule speaks in the end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditrail import case, discover
from auditrail.gaps import build, engine, settings
from auditrail.gaps.rule import rules
from auditrail.outputs._rows import gap_row
from tests.gaps._case import report_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rules"
CASES = sorted(path for path in FIXTURES.glob("*/*") if path.is_dir())


@pytest.mark.parametrize("name", rules())
def test_a_rule_has_its_fixtures(name: str) -> None:
    kinds = {path.name.partition("-")[0] for path in (FIXTURES / name).iterdir() if path.is_dir()}
    assert {"hit", "clean", "lookalike"} <= kinds


def test_every_fixture_has_its_rule() -> None:
    assert {path.parent.name for path in CASES} <= set(rules())


@pytest.mark.parametrize("name", rules())
def test_a_rule_fits_an_empty_case(name: str) -> None:
    rule = rules()[name]
    connection = case.memory_case()
    settings.write(connection, rules().values(), {})
    build.build(connection, rule.facts)
    assert "what" in engine.columns_of(connection, rule)
    named = set(build.named_in(rule.sql)) - {"params"}
    assert named == set(rule.facts), "`facts` names those that the SELECT reads"


@pytest.mark.parametrize("name", discover.names("auditrail.gaps.facts"))
def test_a_fact_gives_its_columns(name: str) -> None:
    connection = case.memory_case()
    build.build(connection, [name])
    module = discover.module("auditrail.gaps.facts", name)
    assert module is not None
    assert name == module.NAME
    described = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {name}").fetchall()}
    assert list(described) == list(module.COLUMNS)
    assert set(described.values()) <= {"BIGINT", "VARCHAR", "BOOLEAN", "DOUBLE"}


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_fixture_gives_what_it_expects(folder: Path) -> None:
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text("utf-8"))
    rule = folder.parent.name
    report = report_of(folder)
    found = [gap_row(gap) for gap in report.gaps]
    own = [row for row in found if row["rule"] == rule]
    wanted = expected.get("gaps", [])
    assert bool(wanted) == folder.name.startswith("hit")
    shown = [{key: row[key] for key in row if any(key in want for want in wanted) or not wanted} for row in own]
    assert len(own) == len(wanted), shown
    for want in wanted:
        assert any(all(row[key] == value for key, value in want.items()) for row in own), (want, shown)
    for row in own:
        assert row["evidence"], "every finding shows where it is seen"
        assert "{" not in row["title"] + row["explanation"]
    others: dict[str, Any] = expected.get("others", {})
    counted: dict[str, int] = {}
    for row in found:
        # Remarks of low severity come and go with every other rule; a fixture names those that it is about.
        if row["rule"] != rule and (row["severity"] != "low" or row["rule"] in others):
            counted[row["rule"]] = counted.get(row["rule"], 0) + 1
    for name, number in counted.items():
        assert others.get(name) in ("*", number), (name, number, [row["title"] for row in found if row["rule"] == name])
    assert {name for name, number in others.items() if number != "*"} <= set(counted)
