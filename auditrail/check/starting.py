"""The files that `auditrail init` writes: configuration, a workflow for CI, and a pre-commit entry.

`template/` holds ONE FILE = ONE SECTION of `auditrail.toml`, named `<order>-<section>.toml`. What is commented out
there is an example that would be taken as it stands.
"""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from auditrail import discover
from auditrail.config import DEFAULT, SECTIONS
from auditrail.errors import OutputExistsError, UsageError

WORKFLOW = Path(".github/workflows/auditrail.yml")
PRE_COMMIT = Path(".pre-commit-config.yaml")
_HEAD = """\
# auditrail.toml: what auditrail cannot know by itself. Everything is optional; lines behind "# " are examples.
# An unknown key is an error, because a misspelt one would silently change what the evidence says.

"""
_WORKFLOW = """\
# Frozen incidents, thresholds and configuration, with every change: see [check] in auditrail.toml.
name: audit trail
on:
  push:
  pull_request:
  schedule:
    - cron: "17 3 * * *"
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      security-events: write
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install auditrail-forensics
      - name: Is the audit trail as it should be?
        run: auditrail check --format sarif --output auditrail.sarif --force
      - name: Tell it in the summary
        if: always()
        run: auditrail check --format markdown >> "$GITHUB_STEP_SUMMARY"
      - uses: github/codeql-action/upload-sarif@v3
        if: always() && hashFiles('auditrail.sarif') != ''
        with:
          sarif_file: auditrail.sarif
"""
_HOOK = """\
repos:
  - repo: local
    hooks:
      - id: auditrail-check
        name: frozen incidents, thresholds and configuration
        entry: auditrail check --quiet
        language: system
        pass_filenames: false
"""


def configuration() -> str:
    """The text of `auditrail.toml`."""
    folder = resources.files("auditrail.check").joinpath("template")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml"))
    # A section of a part that this installation does not have would be an unknown key.
    kept = [name for name in names if name.removesuffix(".toml").partition("-")[2] in SECTIONS]
    parts = []
    for name in kept:
        text = folder.joinpath(name).read_text("utf-8")
        parts.append(text + _thresholds() if name.endswith("-check.toml") else text)
    return _HEAD + "\n".join(parts)


def _thresholds() -> str:
    lines = ["[check.thresholds]\n"]
    for name, module in sorted(discover.modules("auditrail.check.thresholds").items()):
        lines.append(f"# {name} = {module.EXAMPLE}".ljust(38) + f" # {module.TITLE}\n")
    return "".join(lines)


def files() -> dict[Path, str]:
    """What is written where, below the folder of a project."""
    return {Path(DEFAULT): configuration(), WORKFLOW: _WORKFLOW, PRE_COMMIT: _HOOK}


def write(folder: Path) -> tuple[list[Path], str]:
    """Writes the files; returns those, and the entry for a pre-commit file that is there already (blank: none is).

    Raises:
        OutputExistsError: a file is there; nothing is written then. UsageError: one can't be written.
    """
    wanted = files()
    hook = ""
    if os.path.lexists(folder / PRE_COMMIT):  # a project has one file for all its hooks: theirs is left as it is
        hook = wanted.pop(PRE_COMMIT)
    there = [path for path in wanted if os.path.lexists(folder / path)]
    if there:
        raise OutputExistsError(
            f"{folder / there[0]} exists", hint="auditrail init overwrites nothing: move it away, or compare by hand"
        )
    made: list[Path] = []
    try:
        for path, text in wanted.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8") as out:
                made.append(path)
                out.write(text)
    except OSError as error:
        for path in made:
            (folder / path).unlink(missing_ok=True)
        raise UsageError(
            f"{error.filename or folder} can't be written: {(error.strerror or str(error)).lower()}"
        ) from None
    return made, hook
