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
GAPS = re.compile(r"(<!-- gaps -->\n```text\n)(.*?)(```\n<!-- /gaps -->)", re.DOTALL)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case of `make demo`."""
    made = tmp_path_factory.mktemp("demo") / "case.duckdb"
    auditrail("ingest", "fixtures/demo/evidence", "--case", str(made))
    return made


def auditrail(*words: str) -> str:
    """What a command prints, 100 columns wide; findings are no failure."""
    environment = {**os.environ, "COLUMNS": "100", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "auditrail", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture(scope="module")
def demo(case: Path) -> str:
    """What `make demo` prints of the run."""
    return auditrail("reconstruct", "run-7f3a91", "--case", str(case))


@pytest.fixture(scope="module")
def gaps(case: Path) -> str:
    """What it prints of what is missing, up to the findings and with the first of them."""
    before, _, found = auditrail("gaps", "--case", str(case)).partition("\nFindings")
    return f"{before}\nFindings" + "\n\n".join(found.split("\n\n")[:2]) + "\n"


@pytest.mark.parametrize(("block", "name"), [(BLOCK, "demo"), (GAPS, "gaps")])
def test_readme_shows_the_real_output(block: re.Pattern[str], name: str, request: pytest.FixtureRequest) -> None:
    text, real = README.read_text("utf-8"), request.getfixturevalue(name)
    if os.environ.get("AUDITRAIL_UPDATE_GOLDEN"):
        README.write_text(block.sub(lambda m: m.group(1) + real + m.group(3), text), "utf-8")
        return
    found = block.search(text)
    assert found is not None
    assert found.group(2) == real


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


def test_the_gaps_of_the_demo_are_those_that_were_planted(gaps: str) -> None:
    causes = set(re.findall(r"^(?:high|medium|low) +([a-z-]+) ", gaps, re.MULTILINE))
    assert causes >= {"sampling", "crash", "lost", "redaction", "clock"}


def test_every_command_of_the_readme_exists() -> None:
    text = README.read_text("utf-8")
    named = set(re.findall(r"^    auditrail (\w+)", text, re.MULTILINE)) | set(re.findall(r"`auditrail (\w+)", text))
    shown = subprocess.run(
        [sys.executable, "-m", "auditrail", "--help"], check=True, capture_output=True
    ).stdout.decode()
    for command in named:
        assert re.search(rf"^  {command} ", shown, re.MULTILINE), command
