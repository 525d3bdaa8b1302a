"""`auditrail init`: a configuration to begin with, and the checks in CI and before a commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Write auditrail.toml, a CI workflow and a pre-commit entry.")(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The project.", show_default=False)] = Path(),
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Write a commented auditrail.toml, .github/workflows/auditrail.yml and .pre-commit-config.yaml.

    Nothing is overwritten. Where a pre-commit file is there already, the entry for it is printed.
    """
    from auditrail.check import starting

    made, hook = starting.write(folder)
    for path in made:
        typer.echo(str(folder / path))
    options.say("nothing is checked yet: auditrail check says so (exit code 4) until there is something", quiet=quiet)
    if hook:
        options.say(f"{folder / starting.PRE_COMMIT} is there already; add this to it:", quiet=quiet)
        typer.echo(hook)
