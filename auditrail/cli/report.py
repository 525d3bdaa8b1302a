"""`auditrail report`: a period at a glance, as a page for people who have only a browser."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from auditrail.cli import _asking as asking
from auditrail.cli import _options as options

if TYPE_CHECKING:
    from auditrail.outputs._view import View
    from auditrail.report.overview_types import Overview

EXIT_INCONCLUSIVE = 4
# Pages of runs in a folder, if nothing else is said: some 0.3 MB each.
_PAGES = 100
# Told in the page itself, if nothing else is said: a small case.
_INLINED_RUNS, _INLINED_EVENTS = 25, 3_000
_INDEX, _RUNS = "index.html", "runs"
_OWN = re.compile(r"[0-9]{6,}\.html")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Make a page of a period: coverage, trend, gaps, runs, integrity.")(report)


def report(
    quarter: options.Quarter = None,
    since: options.PeriodSince = None,
    until: options.PeriodUntil = None,
    run: options.Runs = None,
    agent: options.Agent = None,
    expected: options.Expected = None,
    require: options.Require = None,
    pages: Annotated[
        str | None,
        typer.Option(
            "--pages",
            metavar="all|none|N",
            help="Pages of single runs: N at most, those with the worst findings and the latest. "
            f"[default: {_PAGES} in a folder; in one file, all of a small case]",
        ),
    ] = None,
    charts: Annotated[
        Path | None, typer.Option("--charts", metavar="FOLDER", help="Write each chart as SVG and PNG, too.")
    ] = None,
    sources: options.Sources = None,
    case: options.Case = None,
    format: Annotated[  # noqa: A002
        str | None, typer.Option("--format", "-f", metavar="NAME", help="html or json. [default: html]")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FOLDER|FILE", help="A folder, or one file that ends in .html or .json."
        ),
    ] = None,
    force: options.Force = False,
    show_content: options.ShowContent = False,
    hide_content: options.HideContent = False,
    tz: options.Zone = "UTC",
    config: options.ConfigFile = None,
    max_record: options.MaxRecord = None,
    max_expansion: options.MaxExpansion = None,
    reader: options.Reader = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Make a page of a period that opens from disk: what is held, what is missing and why, and the list of runs.

    -o FOLDER writes index.html with a page for each run (or for some: --pages) beside it; -o FILE.html is one file.
    Neither needs a server or a network. --charts writes the charts as pictures for other documents.

    Exit codes: 0 the report was made, whatever it says; 4 nothing could be judged: no run is held in the period, and
    nothing was found. Whether findings fail a check is for auditrail gaps to say.
    """
    kind = _kind(format, output, charts)
    wanted = _wanted(pages)
    if output is not None:
        _free(output, force=force, folder=kind == "folder")
    shown = options.view(tz=tz, no_color=no_color, show=show_content, hide=hide_content)
    opening = asking.Opening(case, tuple(sources or ()), config, reader, max_record, max_expansion, quiet)
    asked = _Asked(quarter, since, until, tuple(run or ()), agent, expected, tuple(require or ()))
    made = _make(opening, asked, _Target(kind, output, force, wanted, charts, quiet), shown)
    if not made.runs and not made.gaps.gaps:
        raise typer.Exit(EXIT_INCONCLUSIVE)


class _Asked(NamedTuple):
    """What is asked, as it stands on the command line."""

    quarter: str | None
    since: str | None
    until: str | None
    runs: tuple[str, ...]
    agent: str | None
    expected: Path | None
    require: tuple[str, ...]


class _Target(NamedTuple):
    """What is written, and where; `pages` is how many runs get one, None for all, -1 for the default."""

    kind: str
    output: Path | None
    force: bool
    pages: int | None
    charts: Path | None
    quiet: bool


def _kind(format: str | None, output: Path | None, charts: Path | None) -> str:  # noqa: A002 - as the option is called
    """What is to be made: folder, html, json or (with --charts alone) nothing besides."""
    from auditrail.errors import UsageError

    if format not in (None, "html", "json"):
        raise UsageError(f"a report has no format {format!r}", hint="formats: html, json")
    if output is None:
        if format is None and charts is not None:
            return "charts"
        if format == "json":
            return format
        raise UsageError("a report is a folder or a file", hint="add -o FOLDER, -o report.html, or --format json")
    ending = output.suffix.lower()
    if ending == ".json" and format != "html":
        return "json"
    if format == "json" or ending in (".html", ".htm"):
        return format or "html"
    return "folder"


def _wanted(pages: str | None) -> int | None:
    from auditrail.errors import UsageError

    if pages is None:
        return -1
    if pages in ("all", "none"):
        return None if pages == "all" else 0
    if not pages.isdecimal():
        raise UsageError(f"--pages {pages!r} is no number", hint="write all, none, or how many at most")
    return int(pages)


def _free(output: Path, *, force: bool, folder: bool) -> None:
    """Said before a long question is asked, and not after it."""
    from auditrail.errors import OutputExistsError, UsageError

    if folder and output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file", hint="a report as one file ends in .html or .json")
    if not folder and output.is_dir():
        raise UsageError(f"{output} is a folder")
    if force or not output.exists() or not (output.is_file() or (folder and any(output.iterdir()))):
        return
    if folder:
        raise OutputExistsError(f"{output} is not empty", hint="name another folder, or add --force to overwrite")
    raise OutputExistsError(f"{output} exists", hint="add --force to overwrite it")


def _make(opening: asking.Opening, asked: _Asked, target: _Target, shown: View) -> Overview:
    from auditrail import config as configs
    from auditrail.gaps import configured
    from auditrail.gaps.engine import Question
    from auditrail.report import inventory, lookup
    from auditrail.report.gaps import Judging
    from auditrail.report.overview import overview

    loading = configs.load(opening.config)
    settings = configured.read(loading)
    expected = inventory.read(asked.expected) if asked.expected is not None else None
    with asking.opened(opening, loading) as connection:
        period = asking.period(connection, asked.quarter, asked.since, asked.until, settings)
        runs = tuple(found for name in asked.runs if (found := lookup.find(connection, name).run) is not None)
        question = Question(runs=runs if asked.runs else None, agent=asked.agent)
        made = overview(connection, question, Judging(period, settings, asked.require, expected))
        _write(connection, made, target, shown)
    return made


def _write(connection: Any, made: Overview, target: _Target, shown: View) -> None:
    from auditrail.outputs import json, report_page
    from auditrail.report import run_pages

    how = options.Emission(None, target.output, target.force)
    if target.charts is not None:
        _draw(made, target.charts, shown, force=target.force)
    if target.kind == "json":
        if target.output is not None:
            options.write_file(json.render(made, shown), how)
        else:
            sys.stdout.writelines(json.render(made, shown))
    elif target.kind == "html":
        small = len(made.runs) <= _INLINED_RUNS and made.totals.events <= _INLINED_EVENTS
        limit = target.pages if target.pages != -1 else None if small else 0
        told = run_pages.told(connection, run_pages.chosen(made, limit)) if limit != 0 else ()
        pages = report_page.Pages(inlined={run.run: each for run, each in told})
        options.write_file(report_page.render(made, shown, pages), how)
    elif target.kind == "folder":
        _folder(connection, made, target, shown)


def _folder(connection: Any, made: Overview, target: _Target, shown: View) -> None:
    """The pages of runs first: the page that leads to them comes when they stand."""
    from auditrail.outputs import html, report_page
    from auditrail.report import run_pages
    from auditrail.report.raw import read_back

    folder = target.output
    assert folder is not None  # noqa: S101 - the caller has looked
    inside = folder / _RUNS
    inside.mkdir(parents=True, exist_ok=True)
    for old in inside.iterdir():
        if _OWN.fullmatch(old.name):  # of an earlier report: its runs may be others
            old.unlink()
    links: dict[int, str] = {}
    limit = _PAGES if target.pages == -1 else target.pages
    for run, told in run_pages.told(connection, run_pages.chosen(made, limit)):
        name = f"{run.run:06d}.html"
        whole = read_back(told) if shown.content != "digest" else told
        options.write_file(html.render(whole, shown), options.Emission(None, inside / name, force=True))
        links[run.run] = f"{_RUNS}/{name}"
    page = report_page.render(made, shown, report_page.Pages(links))
    options.write_file(page, options.Emission(None, folder / _INDEX, force=True))
    options.say(f"{folder / _INDEX}: {len(made.runs):,} runs, {len(links):,} with a page", quiet=target.quiet)


def _draw(made: Overview, folder: Path, shown: View, *, force: bool) -> None:
    from auditrail.errors import OutputExistsError
    from auditrail.outputs import _charts

    drawn = _charts.charts(made, shown)
    folder.mkdir(parents=True, exist_ok=True)
    for chart in drawn:
        for ending in ("svg", "png"):
            target = folder / f"{chart.name}.{ending}"
            if target.exists() and not force:
                raise OutputExistsError(f"{target} exists", hint="add --force to overwrite it")
    for chart in drawn:
        (folder / f"{chart.name}.svg").write_text(_charts.svg(chart), "utf-8")
        (folder / f"{chart.name}.png").write_bytes(_charts.png(chart))
