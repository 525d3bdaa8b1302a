"""`auditrail rules`: what gaps are looked for."""

from __future__ import annotations

from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="List the rules that gaps are found by.")(rules)


def rules(
    name: Annotated[
        str | None, typer.Argument(metavar="[RULE]", help="One rule: risk, example, remedy, query.", show_default=False)
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Print only the query of RULE, for: auditrail query -")] = False,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """List the rules that gaps are found by, with severity, confidence, cause and the controls that ask for it.

    With the id of a rule: what it means, the risk, an example, what to change, and its query.
    """
    from auditrail.errors import UsageError
    from auditrail.report import rule_list

    if sql and name is None:
        raise UsageError("--sql needs a rule", hint="auditrail rules lists them")
    if name is None:
        report = rule_list.listing()
    else:
        report = rule_list.explained(name)
        if sql:
            typer.echo(report.verbatim)
            return
    options.emit(report, options.Emission(format, output, force, no_color), options.view(no_color=no_color))
