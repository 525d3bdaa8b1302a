"""`auditrail check [DIR...]`: the one command for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Check frozen incidents, thresholds and configuration, for CI.")(check)


def check(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR...", help="Frozen incidents or folders of them; else folders of logs."),
    ] = None,
    case: options.Case = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Check that frozen incidents are found again, that thresholds are met, and that no setting loses records.

    Thresholds and paths stand in [check] of auditrail.toml (auditrail init writes one). A folder without a frozen
    incident is a folder of logs, over which the thresholds are held.

    Exit codes: 0 all passed; 1 something failed; 4 something could not be decided, or nothing was checked. Formats
    besides the common ones: junit and sarif; markdown is for a pull request.
    """
    from auditrail import config as configs
    from auditrail.check import configured
    from auditrail.check.run import Asked, run
    from auditrail.cli._case import analysing
    from auditrail.errors import UsageError

    for folder in folders or ():
        if not folder.exists():
            raise UsageError(f"there is no {folder}")
    if case is not None:
        with analysing(case):  # a case that is not there is no answer, whatever is asked of it
            pass
    settings = configs.load(config)
    opened = (str(case), lambda: analysing(case)) if case is not None else None
    report = run(Asked(tuple(folders or ()), opened), settings, configured.read(settings))
    options.emit(report, options.Emission(format, output, force, no_color), options.view(no_color=no_color))
    if report.exit_code:
        raise typer.Exit(report.exit_code)
