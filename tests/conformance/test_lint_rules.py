"""Every lint rule: its file, and its fixtures `hit*`, `clean*` and `lookalike*` in `fixtures/lint/<id>/`.

Each fixture is a file, or a folder that is looked at as a whole. The lines that the rule must find are marked in it: a
comment `hit` behind the line, or alone on the line before. Where a syntax has no comments, `expected.json` beside the
fixtures lists the lines: file -> [lines]. `clean*` has nothing that any rule finds at `medium` or above, `lookalike*`
looks like a hit and is none of this rule.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from auditrail import discover
from auditrail.gaps.frameworks import frameworks
from auditrail.gaps.rule import rules as gap_rules
from auditrail.lint import engine
from auditrail.lint.context import Evidence, LongRun
from auditrail.lint.rule import rules
from auditrail.lint.variables import known

FIXTURES = Path(__file__).parents[2] / "fixtures" / "lint"
CASES = sorted(path for path in FIXTURES.glob("*/*") if path.name != "expected.json")
# Rules that ask for a case or a framework get these in every fixture: a run of 20 minutes, and half a year.
EVIDENCE = Evidence(3, (LongRun("run-long", 1200.0), LongRun("run-short", 4.0)))
FRAMEWORKS = tuple(each for each in frameworks() if each.name == "eu-ai-act")
MARK = re.compile(r"(?:#|//|--)\s*hit\b")
KINDS = discover.modules("auditrail.lint.kinds")
SYNTAXES = discover.modules("auditrail.lint.syntax")


def marked(fixture: Path) -> Counter[tuple[str, int]]:
    """File (below the fixture) and line of each mark."""
    made: Counter[tuple[str, int]] = Counter()
    files = sorted(path for path in fixture.rglob("*") if path.is_file()) if fixture.is_dir() else [fixture]
    for file in files:
        for number, line in enumerate(file.read_text("utf-8").split("\n"), 1):
            found = MARK.search(line)
            if found:
                made[str(file), number + (not line[: found.start()].strip())] += 1
    listed = fixture.parent / "expected.json"
    if listed.exists():
        for name, numbers in json.loads(listed.read_text("utf-8")).items():
            if (fixture.parent / name).is_relative_to(fixture):
                for number in numbers:
                    made[str(fixture.parent / name), number] += 1
    return made


@pytest.mark.parametrize("name", rules())
def test_a_lint_rule_has_its_fixtures(name: str) -> None:
    kinds = {path.name.partition("-")[0].partition(".")[0] for path in (FIXTURES / name).iterdir()}
    assert {"hit", "clean", "lookalike"} <= kinds


def test_every_lint_fixture_has_its_rule() -> None:
    assert {path.parent.name for path in CASES} <= set(rules())


@pytest.mark.parametrize("fixture", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_lint_fixture_gives_what_it_marks(fixture: Path) -> None:
    rule = fixture.parent.name
    looked = engine.look([str(fixture)], FRAMEWORKS, evidence=EVIDENCE)
    assert looked.failed == {}
    assert looked.unread == []
    assert looked.configs, "a fixture is a configuration of some kind"
    own = [each for each in looked.findings if each.rule.id == rule]
    lines = Counter((each.path, each.hit.line) for each in own)
    assert lines == marked(fixture), [(each.hit.line, each.hit.message) for each in own]
    assert bool(own) == fixture.name.startswith("hit")
    if fixture.name.startswith("clean"):
        grave = [
            (each.rule.id, each.hit.line)
            for each in looked.findings
            if (each.hit.severity or each.rule.severity) != "low"
        ]
        assert grave == []
    for each in looked.findings:
        assert 1 <= each.hit.column <= len(each.text) + 1
        assert each.hit.message.strip().endswith(".")
        assert each.hit.change.strip()
        assert each.hit.subject
        assert re.search(r"(?<!\$)\{\w", each.hit.message + each.hit.change) is None or each.kind == "collector"


@pytest.mark.parametrize("name", rules())
def test_what_a_lint_rule_says_of_itself(name: str) -> None:
    rule = rules()[name]
    assert set(rule.causes_gaps) <= set(gap_rules())
    assert set(rule.formats) <= set(discover.names("auditrail.readers"))
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.example.strip()


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_says_what_it_needs(name: str) -> None:
    module = KINDS[name]
    assert module.TITLE
    assert module.NEEDLES
    assert all(len(word) >= 3 for word in module.NEEDLES)


@pytest.mark.parametrize("name", SYNTAXES)
def test_a_syntax_refuses_by_its_own_error_only(name: str) -> None:
    from auditrail.lint.node import SyntaxProblem

    module = SYNTAXES[name]
    for text in ("", "\n", "\0", "{" * 5000, "[" * 5000, '"', "a: &x [*x]", "ENV", "\ufeff", "x" * 20000, "- \t- a:\t"):
        with contextlib.suppress(SyntaxProblem):
            assert module.parse(text).roots is not None


def test_each_variable_has_one_file() -> None:
    counted = Counter(name for table in known.tables().values() for name in table["names"])
    assert [name for name, count in counted.items() if count > 1] == []
