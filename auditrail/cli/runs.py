"""`auditrail runs`: lists and searches runs."""

from __future__ import annotations

from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="List and search runs.")(runs)


def runs(
    search: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="Only runs with this text in an id or agent.")
    ] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Only runs of this agent.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only ok, error, denied or unknown.")] = None,
    since: options.Since = None,
    until: options.Until = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Show this many at most; 0 for all.")] = 200,
    case: options.Case = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    tz: options.Zone = "UTC",
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """List and search the runs of the case, in order of their begin."""
    from auditrail.cli._case import reading
    from auditrail.errors import UsageError
    from auditrail.report import listings
    from auditrail.terms import STATUSES

    if status is not None and status not in STATUSES:
        raise UsageError(f"there is no status {status!r}", hint=f"one of: {', '.join(STATUSES)}")
    shown = options.view(tz=tz, no_color=no_color)
    window = options.moment(since, "--since"), options.moment(until, "--until")
    with reading(case) as connection:
        report = listings.runs(
            connection,
            search=search,
            agent=agent,
            status=status,
            since_ns=window[0],
            until_ns=window[1],
            limit=limit or None,
        )
    options.emit(report, options.Emission(format, output, force, no_color), shown)
