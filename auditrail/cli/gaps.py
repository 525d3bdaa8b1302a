"""`auditrail gaps`: what is missing, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from auditrail.cli import _asking as asking
from auditrail.cli import _options as options

if TYPE_CHECKING:
    from auditrail.report.gap_types import GapsReport

# From which severity on a finding makes the exit code 1: intact logs of most fleets have something of low severity.
_FAIL_ON = "medium"
_NEVER = "never"
EXIT_FINDINGS = 1
EXIT_INCONCLUSIVE = 4


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Report what is missing, and why.")(gaps)


def gaps(
    quarter: options.Quarter = None,
    since: options.PeriodSince = None,
    until: options.PeriodUntil = None,
    run: options.Runs = None,
    agent: options.Agent = None,
    layer: Annotated[
        str | None, typer.Option("--layer", metavar="LAYER", help="Only agent, llm, tool, policy or other.")
    ] = None,
    cause: Annotated[
        list[str] | None,
        typer.Option("--cause", metavar="CAUSE", help="Only findings of this cause (repeat for more)."),
    ] = None,
    expected: options.Expected = None,
    require: options.Require = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="An earlier result (--format json): report what is new only."),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on",
            metavar="SEVERITY",
            help="Exit with 1 from this severity on: critical, high, medium, low; or never.",
        ),
    ] = _FAIL_ON,
    explain: Annotated[
        str | None,
        typer.Option("--explain", metavar="RULE", help="Tell of a rule: risk, example, what to change, and its query."),
    ] = None,
    lint: Annotated[
        list[str] | None,
        typer.Option(
            "--lint",
            metavar="PATH",
            help="Name the lines of this configuration that explain a finding (repeat for more). "
            "[default: lint.paths of auditrail.toml]",
        ),
    ] = None,
    sources: options.Sources = None,
    case: options.Case = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    no_fold: Annotated[bool, typer.Option("--no-fold", help="Tell every finding whole, alike ones too.")] = False,
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
    """Report what is missing, and why, with the evidence.

    Findings that share rule, cause, agent, stream and tool are one. Each names its cause, what the cause rests on, the
    runs, where it is seen (file:record), and what to change. What could not be checked is listed.

    Exit codes: 0 no finding at or above --fail-on; 1 there is one; 4 nothing could be judged (nothing was found,
    and no run is held in the period or no rule had what it needs). Formats besides the common ones: junit and sarif.
    """
    how = options.Emission(format, output, force, no_color, pager=not no_pager)
    shown = options.view(tz=tz, no_color=no_color, fold=not no_fold)
    if explain is not None:
        from auditrail.report import rule_list

        options.emit(rule_list.explained(explain), how, shown)
        return
    _check(fail_on, layer, cause or ())
    report = _look(
        asking.Opening(case, tuple(sources or ()), config, reader, max_record, max_expansion, quiet),
        _Asked(
            quarter,
            since,
            until,
            tuple(run or ()),
            agent,
            layer,
            expected,
            tuple(require or ()),
            baseline,
            tuple(lint or ()),
        ),
    )
    report = _of_causes(report, tuple(cause or ()))._replace(fail_on=fail_on)
    options.emit(report, how, shown)
    _leave(report)


class _Asked(NamedTuple):
    """What is asked, as it stands on the command line."""

    quarter: str | None
    since: str | None
    until: str | None
    runs: tuple[str, ...]
    agent: str | None
    layer: str | None
    expected: Path | None
    require: tuple[str, ...]
    baseline: Path | None
    lint: tuple[str, ...]


def _check(fail_on: str, layer: str | None, causes: Sequence[str]) -> None:
    from auditrail.errors import UsageError
    from auditrail.gaps import terms
    from auditrail.terms import LAYERS

    if fail_on != _NEVER and fail_on not in terms.SEVERITIES:
        raise UsageError(f"there is no severity {fail_on!r}", hint=f"one of: {', '.join((*terms.SEVERITIES, _NEVER))}")
    if layer is not None and layer not in LAYERS:
        raise UsageError(f"there is no layer {layer!r}", hint=f"layers: {', '.join(LAYERS)}")
    for cause in causes:
        if cause not in terms.CAUSES:
            raise UsageError(f"there is no cause {cause!r}", hint=f"causes: {', '.join(terms.CAUSES)}")


def _look(opening: asking.Opening, asked: _Asked) -> GapsReport:
    from auditrail import config as configs
    from auditrail.gaps import configured
    from auditrail.gaps.engine import Question
    from auditrail.report import baseline, inventory, lookup, rule_list
    from auditrail.report.gaps import Judging
    from auditrail.report.gaps import gaps as look

    loading = configs.load(opening.config)
    settings = configured.read(loading)
    # What can be wrong on the command line is said before the case is opened and its facts are built.
    expected = inventory.read(asked.expected) if asked.expected is not None else None
    known = baseline.read(asked.baseline) if asked.baseline is not None else None
    _exist(asked.lint)
    with asking.opened(opening, loading) as connection:
        period = asking.period(connection, asked.quarter, asked.since, asked.until, settings)
        runs = tuple(found for name in asked.runs if (found := lookup.find(connection, name).run) is not None)
        question = Question(runs=runs if asked.runs else None, agent=asked.agent, layer=asked.layer)
        judging = Judging(period, settings, asked.require, expected, known)
        report = rule_list.described(look(connection, question, judging))
        return _with_lines(connection, report, asked, loading)


def _exist(paths: Sequence[str]) -> None:
    from auditrail.errors import UsageError

    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise UsageError(f"{missing[0]}: no such file or folder")


def _with_lines(connection: Any, report: GapsReport, asked: _Asked, loading: Any) -> GapsReport:
    """The report with the lines of configuration that explain its findings, where there is any configuration."""
    if not asked.lint and not loading.lint:
        return report
    from auditrail.lint import configured
    from auditrail.report import lint_case
    from auditrail.report.lint import Judging

    settings = configured.read(loading)
    paths = asked.lint or settings.paths
    if not paths:
        return report
    return lint_case.named(connection, report, paths, Judging(settings, asked.require, today=options.today()))


def _of_causes(report: GapsReport, causes: tuple[str, ...]) -> GapsReport:
    """The report with findings of these causes only; the numbers of runs stay those of all causes."""
    if not causes:
        return report
    kept = tuple(gap for gap in report.gaps if gap.cause in causes)
    left_out = len(report.gaps) - len(kept)
    said = f"{left_out:,} of {len(report.gaps):,} findings have other causes and are left out."
    return report._replace(gaps=kept, notes=(*report.notes, f"--cause {', '.join(causes)}: {said}"))


def _leave(report: GapsReport) -> None:
    if report.failing():
        raise typer.Exit(EXIT_FINDINGS)
    blind = bool(report.rules) and not any(card.judged for card in report.rules)
    if not report.gaps and not report.known and not report.waived and (blind or not report.runs_seen):
        raise typer.Exit(EXIT_INCONCLUSIVE)
