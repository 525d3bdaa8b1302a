"""`auditrail diff RUN_A RUN_B`: what one run did and the other did not."""

from __future__ import annotations

from typing import Annotated

import typer

from auditrail.cli import _options as options

# As diff(1): there are differences.
EXIT_DIFFERENT = 1


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Compare two runs step by step.")(diff)


def diff(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A", help="Any id of the one run, or the beginning of one.")],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B", help="Any id of the other.")],
    case: options.Case = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    all_steps: Annotated[bool, typer.Option("--all", help="Show steps that are the same one by one, too.")] = False,
    show_content: options.ShowContent = False,
    hide_content: options.HideContent = False,
    tz: options.Zone = "UTC",
    no_pager: Annotated[bool, typer.Option("--no-pager", help="Never show a long result in the pager.")] = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Compare two runs step by step: what one did and the other did not, and where they part.

    A step is a tool call with its arguments, a decision, a model's answer, a message, an error, or something missing.
    Ids, times and durations are no difference. Exit code 0: the runs did the same; 1: they differ.
    """
    from auditrail.cli._case import reading
    from auditrail.report.diff import compare
    from auditrail.report.reconstruction import reconstruct

    shown = options.view(tz=tz, no_color=no_color, show=show_content, hide=hide_content, fold=not all_steps)
    with reading(case) as connection:
        report = compare(reconstruct(connection, run_a), reconstruct(connection, run_b))
    options.emit(report, options.Emission(format, output, force, no_color, pager=not no_pager), shown)
    if report.parts_at is not None:
        raise typer.Exit(EXIT_DIFFERENT)
