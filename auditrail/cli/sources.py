"""`auditrail sources`: what is loaded, and which reader was chosen why."""

from __future__ import annotations

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="List what is loaded.")(sources)


def sources(
    case: options.Case = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    tz: options.Zone = "UTC",
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """List the sources of the case: format, records and what became of them, and why the reader was chosen."""
    from auditrail.cli._case import reading
    from auditrail.report import listings

    shown = options.view(tz=tz, no_color=no_color)
    with reading(case) as connection:
        report = listings.sources(connection)
    options.emit(report, options.Emission(format, output, force, no_color), shown)
