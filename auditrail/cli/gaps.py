"""`auditrail gaps`: what is missing, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from auditrail.cli import _options as options

# From which severity on a finding makes the exit code 1.
_FAIL_ON = "low"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Report what is missing, and why.")(gaps)


def gaps(
    since: options.Since = None,
    until: options.Until = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Only this agent.")] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="SEVERITY", help="Exit with 1 from this severity on.")
    ] = _FAIL_ON,
    case: options.Case = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    tz: options.Zone = "UTC",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Report what is missing, and why, with the evidence."""
    from auditrail.cli._case import analysing
    from auditrail.errors import UsageError
    from auditrail.gaps import terms
    from auditrail.gaps.engine import Question
    from auditrail.report.gaps import gaps as look

    if fail_on not in terms.SEVERITIES:
        raise UsageError(f"there is no severity {fail_on!r}", hint=f"one of: {', '.join(terms.SEVERITIES)}")
    question = Question(options.moment(since, "--since"), options.moment(until, "--until"), agent=agent)
    with analysing(case) as connection:
        report = look(connection, question)
    options.emit(report, options.Emission(format, output, force, no_color), options.view(tz=tz, no_color=no_color))
    limit = terms.SEVERITIES.index(fail_on)
    if any(terms.SEVERITIES.index(gap.severity) <= limit for gap in report.gaps):
        raise typer.Exit(1)
