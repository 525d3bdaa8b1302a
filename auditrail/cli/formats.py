"""`auditrail formats`: what can be read."""

from __future__ import annotations

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="List what can be read.")(formats)


def formats(
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """List the formats that can be read, what each was tested on, and what it can never record."""
    from auditrail.ingest import choose
    from auditrail.report import listings

    options.emit(
        listings.formats(choose.readers()),
        options.Emission(format, output, force, no_color),
        options.view(no_color=no_color),
    )
