from __future__ import annotations

import json as json_module
import time
from pathlib import Path

import jsonschema
import pytest

from auditrail.config import load
from auditrail.errors import ConfigError
from auditrail.lint import configured, engine
from auditrail.lint.context import Evidence, LongRun
from auditrail.lint.settings import LintSettings, Waiver
from auditrail.outputs import csv, html, json, jsonl, junit, markdown, sarif, text
from auditrail.outputs._view import View
from auditrail.report.lint import Judging, lint

FIXTURES = Path(__file__).parents[2] / "fixtures" / "lint"
HIT = str(FIXTURES / "collector-probabilistic-sampler" / "hit.yaml")
ALL = Judging(LintSettings())


def test_waivers_hide_nothing_and_end() -> None:
    def look(until: str) -> object:
        waiver = Waiver("staging", until, (("rule", "collector-probabilistic-*"), ("path", "lint/*/hit.yaml")))
        return lint([HIT], Judging(LintSettings(waivers=(waiver,)), today="2026-06-01"))

    live, ended = look("2026-06-01"), look("2026-05-31")
    assert {each.finding.rule for each in live.waived} == {"collector-probabilistic-sampler"}  # type: ignore[attr-defined]
    assert live.exit_code == 1  # type: ignore[attr-defined] # shares differ, and so on
    assert ended.waived == ()  # type: ignore[attr-defined]
    assert any("ended on 2026-05-31" in note for note in ended.notes)  # type: ignore[attr-defined]


def test_nothing_looked_at_is_never_green(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text("a: 1\n")
    assert lint([str(tmp_path)], ALL).exit_code == 4
    (tmp_path / "broken.yaml").write_text("processors: [\n")
    report = lint([str(tmp_path)], ALL)
    assert report.exit_code == 4
    assert [(each.path.rpartition("/")[2], each.line) for each in report.unread] == [("broken.yaml", 2)]


def test_prose_and_source_code_configure_nothing(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("OTEL_SDK_DISABLED=true\n")
    (tmp_path / "settings.py").write_text("OTEL_SDK_DISABLED=true\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.env").write_text("OTEL_SDK_DISABLED=true\n")
    assert lint([str(tmp_path)], ALL).findings == ()


def test_a_processor_that_nobody_knows_is_told_of(tmp_path: Path) -> None:
    made = Path(HIT).read_text().replace("probabilistic_sampler/agents", "scrubber/agents")
    (tmp_path / "c.yaml").write_text(made)
    report = lint([str(tmp_path)], ALL)
    assert any("scrubber/agents is not known here" in each.reason for each in report.remarks)
    assert not any("not known here" in each.reason for each in lint([HIT], ALL).remarks)


def test_lines_with_one_change_are_told_of_as_one() -> None:
    path = FIXTURES / "collector-deletes-attributes" / "hit.yaml"
    report = lint([str(path)], ALL)
    told = "".join(text.render(report, View()))
    assert told.count("collector-deletes-attributes") == 1 + told.count(str(path))
    for each in report.findings:
        assert each.message in told
        assert each.text.strip() in told
    assert told.count("change: ") == len({each.change for each in report.findings})


def test_the_runs_of_a_case_decide_on_decision_wait() -> None:
    path = str(FIXTURES / "collector-short-decision-wait" / "hit.yaml")

    def found(seconds: float) -> list[str]:
        looked = engine.look([path], evidence=Evidence(1, (LongRun("r", seconds),)))
        return [each.hit.severity or "" for each in looked.findings if each.rule.id == "collector-short-decision-wait"]

    assert found(11.0) == ["high"]
    assert found(9.0) == []


@pytest.mark.parametrize("output", [csv, html, json, jsonl, junit, markdown, sarif, text])
def test_outputs_are_harmless_and_the_same_twice(output: object, tmp_path: Path) -> None:
    name = "=cmd\x1b[31m<script>"
    made = Path(HIT).read_text().replace("probabilistic_sampler/agents", '"probabilistic_sampler/=cmd\\e[31m<script>"')
    (tmp_path / "c.yaml").write_text(made)
    report = lint([str(tmp_path)], ALL)
    assert any("\x1b" in each.subject for each in report.findings), report.unread
    one, two = ("".join(output.render(report, View())) for _ in range(2))  # type: ignore[attr-defined]
    assert one == two
    assert "\x1b" not in one
    assert "collector-probabilistic-sampler" in one
    if output in (html, junit):
        assert "<script>alert" not in one
        assert f"probabilistic_sampler/{name[:4]}" in one


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("paths = 3", "lint.paths"), ("fail_on = 'x'", "lint.fail_on"), ("nope = 1", "lint.nope"),
        ("[lint.rules.nope]", "lint.rules.nope"), ("[[lint.waive]]\nreason = 'x'\nuntil = 2026-01-01", "everything"),
        ("[[lint.waive]]\nrule = '*'\nreason = 'x'\nuntil = 2026-01-01", "everything"),
        ("[[lint.waive]]\nrule = 'nope'\nreason = 'x'\nuntil = 2026-01-01", "no rule"),
    ],
)  # fmt: skip
def test_settings_are_checked(toml: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "auditrail.toml"
    path.write_text(f"[lint]\n{toml}\n")
    with pytest.raises(ConfigError, match=says):
        configured.read(load(path))


def test_files_that_configure_nothing_cost_little(tmp_path: Path) -> None:
    collector = Path(HIT).read_text()
    for number in range(300):
        folder = tmp_path / str(number % 20)
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.yaml").write_text(collector if number % 5 == 0 else f"a: {number}\nb: [1]\n")
    begun = time.perf_counter()
    report = lint([str(tmp_path)], ALL)
    assert report.files == 300
    assert len(report.configs) == 60
    assert time.perf_counter() - begun < 10


def test_containers_of_one_name_in_two_documents_are_two_scopes(tmp_path: Path) -> None:
    pod = "kind: Pod\nspec:\n  containers:\n    - name: app\n      env:\n        - {name: OTEL_TRACES_SAMPLER, value: %s}\n        - {name: OTEL_TRACES_SAMPLER_ARG, value: '0.1'}\n"  # noqa: E501
    (tmp_path / "pods.yaml").write_text(pod % "always_on" + "---\n" + pod % "traceidratio")
    looked = engine.look([str(tmp_path)])
    assert [(each.rule.id, each.hit.line, each.scope) for each in looked.findings] == [
        ("otel-traces-sampler-arg", 15, "app")
    ]


def test_no_value_makes_a_rule_fail(tmp_path: Path) -> None:
    odd = (
        "null",
        "[]",
        "{}",
        "[null, {a: [1]}]",
        "-1",
        "1e400",
        "''",
        "${env:X}",
        "'${X:-y'",
        "'\\'",
        "!!binary x",
        "'['",
        "x" * 600,
    )
    path = tmp_path / "c.yaml"
    for fixture in sorted(FIXTURES.glob("collector-*/hit*.yaml")):
        lines = fixture.read_text().split("\n")
        at = [number for number, line in enumerate(lines) if ": " in line and not line.rstrip().endswith(":")]
        for turn, value in enumerate(odd):
            changed = list(lines)
            for number in at[turn % 2 :: 2]:
                changed[number] = f"{changed[number].partition(': ')[0]}: {value}"
            path.write_text("\n".join(changed))
            assert engine.look([str(path)]).failed == {}, (fixture, value)


def test_sarif_fits_the_schema_of_oasis() -> None:
    schema = json_module.loads((Path(__file__).parents[1] / "outputs/_schemas/sarif-2.1.0.json").read_text("utf-8"))
    waiver = Waiver("staging", "2026-12-31", (("rule", "*-rate-limit"),))
    report = lint([str(FIXTURES)], Judging(LintSettings(waivers=(waiver,)), today="2026-06-01"))
    document = json_module.loads("".join(sarif.render(report, View())))
    assert [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(document)] == []
    results = document["runs"][0]["results"]
    marks = [result["partialFingerprints"]["auditrail/v1"] for result in results]
    assert len(marks) == len(set(marks))
    assert all(result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1 for result in results)
    assert any("suppressions" in result for result in results)


def test_scripts_of_workflows_are_read_and_examples_in_texts_are_not(tmp_path: Path) -> None:
    (tmp_path / "ci.yaml").write_text(
        "jobs:\n  x:\n    steps:\n      - run: |\n          export OTEL_SDK_DISABLED=true\n"
        "      - description: |\n          OTEL_SDK_DISABLED=true\n"
    )
    looked = engine.look([str(tmp_path)])
    assert [(each.rule.id, each.hit.line, each.hit.column) for each in looked.findings] == [
        ("otel-sdk-disabled", 5, 18)
    ]
