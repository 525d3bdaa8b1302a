"""`auditrail query SQL`: read-only SQL over the case."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Run one read-only SELECT.")(query)


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT; - reads it from standard input.")],
    limit: Annotated[int, typer.Option("--limit", min=0, help="Show this many rows at most; 0 for all.")] = 1000,
    case: options.Case = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Run one read-only SELECT over the case; it can't reach files, the network or settings.

    The tables are listed by: auditrail schema. The tables that gap rules read besides (acts, run_facts and so on) are
    made when the statement names them: auditrail gaps --explain RULE prints one to start from.
    """
    from auditrail.cli._case import analysing
    from auditrail.report import listings

    text = sys.stdin.read() if sql == "-" else sql
    with analysing(case) as connection:
        report = listings.query(connection, text, limit or None)
    options.emit(report, options.Emission(format, output, force, no_color), options.view(no_color=no_color))
