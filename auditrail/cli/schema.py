"""`auditrail schema`: the tables of the case."""

from __future__ import annotations

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="List tables and columns.")(schema)


def schema(
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """List the tables of the case with every column and its meaning; as JSON, with their JSON Schema."""
    from auditrail.report import listings

    options.emit(
        listings.schema_of_case(), options.Emission(format, output, force, no_color), options.view(no_color=no_color)
    )
