"""`auditrail formats`: what can be read."""

from __future__ import annotations

from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="List what can be read.")(formats)


def formats(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One format: what its producer captures.", show_default=False)
    ] = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """List the formats that can be read, what each was tested on, and what it can never record.

    With the name of a format: what its producer captures, under which condition, and what never.
    """
    from auditrail.ingest import choose
    from auditrail.report import formats as report

    listing = report.formats(choose.readers()) if name is None else report.format_of(name, choose.forced(name))
    options.emit(
        listing,
        options.Emission(format, output, force, no_color),
        options.view(no_color=no_color),
    )
