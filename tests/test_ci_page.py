"""The page on CI: every command on it does what it says there, on logs that are in order and on some that are not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verify._writers import WRITERS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SHELL = [text.strip() for kind, text in BLOCKS if kind == "sh"]
ACTIONS, HOOK = (text for kind, text in BLOCKS if kind == "yaml")
RUNS = [line for line in re.findall(r"run: (.*)", ACTIONS) if not line.startswith("pip ")]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with logs, and a command `auditrail` on the path, as after an installation."""
    (tmp_path / "logs").mkdir()
    WRITERS["autonomous-audit"](6).file(tmp_path / "logs", name="audit")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "auditrail"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m auditrail "$@"\n')
    command.chmod(0o755)
    return tmp_path


def bash(place: Path, line: str) -> int:
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", line], cwd=place, env={**os.environ, "PATH": path, "HOME": str(place)}, capture_output=True
    )
    return done.returncode


def spoil(place: Path) -> None:
    (log,) = (place / "logs").iterdir()
    log.write_bytes(log.read_bytes().replace(b"session_start", b"session_stop_", 1))


def test_the_page_has_what_is_tested_here() -> None:
    assert len(SHELL) == 3
    assert [line.split()[:2] for line in RUNS] == [["auditrail", "verify"], ["auditrail", "gaps"]]


def test_the_shell_lines(place: Path) -> None:
    verify, save, gaps = SHELL
    assert bash(place, verify) == 2  # there is no anchor yet
    assert bash(place, save) == 0
    assert bash(place, verify) == 0
    assert bash(place, gaps) in (0, 1, 4)
    spoil(place)
    assert bash(place, verify) == 1


def test_the_steps_of_the_workflow(place: Path) -> None:
    verify, gaps = RUNS
    assert bash(place, SHELL[1]) == 0
    assert bash(place, verify) == 0
    assert bash(place, gaps) in (0, 1, 4)
    assert (place / "verify.sarif").stat().st_size
    assert (place / "gaps.sarif").stat().st_size
    spoil(place)
    assert bash(place, verify) == 1


@pytest.mark.skipif(
    not (shutil.which("git") and (shutil.which("pre-commit") or Path(sys.executable).with_name("pre-commit").exists())),
    reason="pre-commit is not installed",
)
def test_the_hook_stops_a_commit_that_changes_a_log(place: Path) -> None:
    (place / ".pre-commit-config.yaml").write_text(HOOK)
    command = shutil.which("pre-commit") or str(Path(sys.executable).with_name("pre-commit"))
    assert bash(place, "git init -q . && git config user.email a@example.org && git config user.name a") == 0
    assert bash(place, f"'{command}' install && git add logs .pre-commit-config.yaml && git commit -qm first") == 0
    spoil(place)
    assert bash(place, "git commit -qam second") != 0
    assert bash(place, "git log --oneline | wc -l | grep -qx 1") == 0
