"""`auditrail reconstruct ID`: one run end to end."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Show one run end to end.")(reconstruct)


def reconstruct(
    run: Annotated[str, typer.Argument(metavar="ID", help="Any id of the run, or the beginning of one.")],
    sources: options.Sources = None,
    case: options.Case = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    layer: Annotated[
        list[str] | None,
        typer.Option("--layer", metavar="LAYER", help="Show only agent, llm, tool, policy or other (repeat for more)."),
    ] = None,
    depth: Annotated[int | None, typer.Option("--depth", min=0, help="Show the tree to this depth only.")] = None,
    since: options.Since = None,
    until: options.Until = None,
    no_fold: Annotated[bool, typer.Option("--no-fold", help="Show repeats one by one.")] = False,
    show_content: options.ShowContent = False,
    hide_content: options.HideContent = False,
    tz: options.Zone = "UTC",
    no_pager: Annotated[bool, typer.Option("--no-pager", help="Never show a long result in the pager.")] = False,
    config: options.ConfigFile = None,
    max_record: options.MaxRecord = None,
    max_expansion: options.MaxExpansion = None,
    reader: options.Reader = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Show one run end to end, from every stream, with what is missing.

    ID is any id that an event of the run carries (run, trace, session, request, tool call, decision...), or the
    beginning of one. Every line says where it stands in the evidence, and which key joined it to the run.

    Formats besides the common ones: html is a page with timeline, tree and search that opens from disk; otlp loads
    again into auditrail, and into tracing tools; perfetto, timesketch, timesketch-jsonl and mermaid are for the tools
    of that name.
    """
    from auditrail.errors import UsageError
    from auditrail.report.reconstruction import reconstruct as put_together
    from auditrail.terms import LAYERS

    for name in layer or ():
        if name not in LAYERS:
            raise UsageError(f"there is no layer {name!r}", hint=f"layers: {', '.join(LAYERS)}")
    shown = options.view(
        tz=tz,
        no_color=no_color,
        show=show_content,
        hide=hide_content,
        depth=depth,
        layers=tuple(layer or ()),
        since_ns=options.moment(since, "--since"),
        until_ns=options.moment(until, "--until"),
        fold=not no_fold,
    )
    if sources:
        report = _from_paths(
            run, sources, config, reader=reader, max_record=max_record, max_expansion=max_expansion, quiet=quiet
        )
    else:
        from auditrail.cli._case import reading

        with reading(case) as connection:
            report = put_together(connection, run)
    options.emit(report, options.Emission(format, output, force, no_color, pager=not no_pager), shown)


def _from_paths(run: str, paths: list[str], config: Path | None, **how: Any) -> Any:
    from auditrail import case as cases
    from auditrail import config as configs
    from auditrail.cli._load import checking, load_into
    from auditrail.errors import NothingReadableError
    from auditrail.report.reconstruction import reconstruct as put_together

    with closing(cases.memory_case()) as connection:
        settings = configs.load(config)
        check = checking(settings, [])
        loaded = load_into(connection, paths, Path("auditrail.duckdb"), settings, check=check, **how)
        if not any(source.format for source, _ in loaded):
            raise NothingReadableError(
                "nothing could be read under these paths", hint="see what can be read with: auditrail formats"
            )
        return put_together(connection, run)
