"""The README shows what the program really prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- demo -->\n```text\n)(.*?)(```\n<!-- /demo -->)", re.DOTALL)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `make demo` prints of the run, 100 columns wide."""
    case = tmp_path_factory.mktemp("demo") / "case.duckdb"
    environment = {**os.environ, "COLUMNS": "100", "PYTHONUTF8": "1"}
    auditrail = [sys.executable, "-m", "auditrail"]
    subprocess.run(
        [*auditrail, "ingest", "fixtures/demo/evidence", "--case", case],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    shown = subprocess.run(
        [*auditrail, "reconstruct", "run-7f3a91", "--case", case],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    return shown.stdout.decode()


def test_readme_shows_the_real_output_of_the_demo(demo: str) -> None:
    text = README.read_text("utf-8")
    if os.environ.get("AUDITRAIL_UPDATE_GOLDEN"):
        README.write_text(BLOCK.sub(lambda m: m.group(1) + demo + m.group(3), text), "utf-8")
        return
    found = BLOCK.search(text)
    assert found is not None
    assert found.group(2) == demo


def test_the_demo_tells_the_story(demo: str) -> None:
    """The planted facts of fixtures/demo/README.md that a responder must see."""
    assert demo.count("decision DENY issue_refund") == 1
    assert demo.count("decision ALLOW issue_refund") == 3
    assert "spawned       run run-c05e18" in demo
    assert "The clock of payments-api is 1.7 s behind" in demo
    assert "notify_refund_desk: asked for by the model, and no stream shows that it ran" in demo
    assert "span 165fd0cc822fe0da is missing" in demo
    for other in ("run-e6b913", "run-36f1bb"):
        assert other not in demo


def test_every_command_of_the_readme_exists() -> None:
    text = README.read_text("utf-8")
    named = set(re.findall(r"^    auditrail (\w+)", text, re.MULTILINE)) | set(re.findall(r"`auditrail (\w+)", text))
    shown = subprocess.run(
        [sys.executable, "-m", "auditrail", "--help"], check=True, capture_output=True
    ).stdout.decode()
    for command in named:
        assert re.search(rf"^  {command} ", shown, re.MULTILINE), command
