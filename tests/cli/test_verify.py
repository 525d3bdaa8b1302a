"""`auditrail verify` and `auditrail chains` as a user or a CI job calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from auditrail.cli._main import run
from tests.verify import _attacks as attacks
from tests.verify._writers import SECRET, WRITERS


@pytest.fixture
def intact(tmp_path: Path) -> Path:
    return WRITERS["autonomous-audit"](8).file(tmp_path, name="intact")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    log = WRITERS["autonomous-audit"](8)
    return log.file(tmp_path, attacks.edit(log), name="broken")


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    path = tmp_path / "nothing.jsonl"
    path.write_text('{"a": 1}\n')
    return path


def test_exit_codes(intact: Path, broken: Path, nothing: Path, tmp_path: Path) -> None:
    head = json.loads(intact.read_text().splitlines()[-1])["hash"]
    assert run(["verify", str(intact)]) == 0
    assert run(["verify", str(intact), "--strict"]) == 4
    assert run(["verify", str(intact), "--strict", "--expect-head", head]) == 0
    assert run(["verify", str(broken)]) == 1
    assert run(["verify", str(nothing)]) == 4
    assert run(["verify", str(intact), str(nothing)]) == 4
    assert run(["verify", str(intact), str(nothing), str(broken)]) == 1
    assert run(["verify", str(tmp_path / "absent")]) == 3
    assert run(["verify", str(intact), "--expect-count", "9"]) == 1
    assert run(["verify", str(intact), "--profile", "nope"]) == 2
    assert run(["verify", str(intact), "--key", str(tmp_path / "absent")]) == 2
    empty = tmp_path / "folder"
    empty.mkdir()
    assert run(["verify", str(empty)]) == 3


def test_json_has_what_the_contract_names(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["verify", str(broken), "--format", "json"])
    made = json.loads(capsys.readouterr().out)
    assert made["schema"] == "auditrail.verification/1"
    assert {"generated_by", "not_checked", "results"} <= set(made)
    (result,) = made["results"]
    names = [
        "path", "profile", "chain", "records", "checked", "verdict", "anchor", "head", "defects", "uncovered_fields",
        "not_checked",
    ]  # fmt: skip
    assert [name for name in result if name in names] == names
    (defect,) = result["defects"]
    names = ["kind", "record", "offset", "seq", "expected", "found", "note"]
    assert [name for name in defect if name in names] == names
    data = broken.read_bytes()
    assert (defect["kind"], defect["record"]) == ("edited", 5)
    assert data[defect["offset"] :].startswith(data.splitlines()[4])


def test_the_text_names_file_record_and_what_to_do(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["verify", str(broken)])
    out = capsys.readouterr().out
    assert str(broken) in "".join(line.strip() for line in out.splitlines()[:3])
    for words in ("BROKEN", "record 5", "edited", "next: compare the record", "not checked: no anchor"):
        assert words in out


@pytest.mark.parametrize("name", ["text", "json", "jsonl", "csv", "markdown", "html", "junit", "sarif"])
def test_a_secret_is_in_no_output(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = WRITERS["agt-file-sink"](4)
    path = log.file(tmp_path, attacks.change([]) and log.records)
    run(["verify", str(path), "--key", f"text:{SECRET.decode()}", "--format", name])
    shown = capsys.readouterr()
    assert "INTACT" in shown.out
    assert SECRET.decode() not in shown.out + shown.err


def test_junit(intact: Path, broken: Path, nothing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["verify", str(intact), str(broken), str(nothing), "--format", "junit"])
    root = ET.fromstring(capsys.readouterr().out)  # noqa: S314 - our own output
    assert [root.get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert [cases[str(path)] for path in (broken, nothing)] == [["failure"], ["error"]]
    assert "failure" not in cases[str(intact)]


def test_sarif(broken: Path, nothing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["verify", str(broken), str(nothing), "--format", "sarif"])
    made = json.loads(capsys.readouterr().out)
    (one,) = made["runs"]
    assert made["version"] == "2.1.0"
    rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    results = {item["ruleId"]: item for item in one["results"]}
    assert set(results) == {"edited", "not-chained"}
    assert all(rules[item["ruleIndex"]] == item["ruleId"] for item in one["results"])
    place = results["edited"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == f"file://{broken}"
    assert place["region"]["startLine"] == 5
    assert (results["edited"]["level"], results["not-chained"]["level"]) == ("error", "warning")


def test_a_saved_anchor_is_an_anchor(intact: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.json"
    assert run(["verify", str(intact), "--save-anchor", str(anchor), "--quiet"]) == 0
    assert run(["verify", str(intact), "--anchor", str(anchor), "--strict"]) == 0
    intact.write_text("".join(intact.read_text().splitlines(keepends=True)[:5]))
    assert run(["verify", str(intact), "--anchor", str(anchor)]) == 1
    assert run(["verify", str(intact), "--save-anchor", str(anchor)]) == 2


def test_standard_input_and_archives(broken: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "auditrail", "verify", "-"], input=broken.read_bytes(), capture_output=True
    )
    assert (done.returncode, b"BROKEN" in done.stdout) == (1, True)
    import zipfile

    archive = tmp_path / "logs.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.write(broken, "a.jsonl")
        out.write(broken, "b.jsonl")
    done = subprocess.run(
        [sys.executable, "-m", "auditrail", "verify", str(archive), "--format", "json"], capture_output=True
    )
    results = json.loads(done.stdout)["results"]
    assert [result["path"] for result in results] == [f"{archive}!a.jsonl", f"{archive}!b.jsonl"]
    assert {result["verdict"] for result in results} == {"BROKEN"}


def test_verify_loads_no_engine(intact: Path) -> None:
    code = (
        "import sys; from auditrail.cli._main import run; "
        f"code = run(['verify', {str(intact)!r}, '--quiet']); "
        "print(code, [name for name in ('duckdb', 'pyarrow', 'numpy') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0 []"


def test_chains_lists_profiles_and_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chains", "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    names = [row["name"] for row in made["chains"]]
    assert {"autonomous-audit", "agt-file-sink", "witnesskit"} <= set(names)
    assert run(["chains", "agt-file-sink"]) == 0
    assert "14 named fields" in capsys.readouterr().out
    assert run(["chains", "nothing"]) == 2


def test_infer_prints_a_profile_that_works(
    intact: Path, nothing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["chains", "--infer", str(intact)]) == 0
    profile = tmp_path / "ours.toml"
    profile.write_text(capsys.readouterr().out)
    assert run(["verify", str(intact), "--profile", str(profile)]) == 0
    assert run(["chains", "--infer", str(nothing)]) == 4


def test_a_profile_of_the_configuration(intact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "auditrail.toml"
    config.write_text(
        '[[chain]]\nname = "ours"\nmatch = { required = ["hash", "prev_hash", "seq_no", "event_type"] }\n'
        'chain = { hash = "hash", prev = "prev_hash", genesis = "@zeros64" }\n'
        'body = { fields = ["hash"], canon = "py" }\n'
    )
    assert run(["verify", str(intact), "--config", str(config), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["profile"] == "ours"
    config.write_text('[[chain]]\nname = "ours"\nbodi = {}\n')
    assert run(["verify", str(intact), "--config", str(config)]) == 2
    assert "bodi" in capsys.readouterr().err
