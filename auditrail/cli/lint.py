"""`auditrail lint`: configuration that will cause gaps."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from auditrail.cli import _options as options

_FAIL_ON = "medium"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Find configuration that will cause gaps.")(lint)


def lint(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Files and folders. [default: lint.paths of auditrail.toml]"),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="NAME", help="Judge retention by this framework (repeat for more)."),
    ] = None,
    case: Annotated[
        Path | None,
        typer.Option("--case", metavar="FILE", help="Say which gaps of this case a line explains. [default: no case]"),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="SEVERITY",
            help="Exit with 1 from this severity on: critical, high, medium, low; or never. [default: medium]",
        ),
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="RULE", help="Tell of a rule: why, an example, what to change.")
    ] = None,
    list_rules: Annotated[bool, typer.Option("--list-rules", help="List all rules.")] = False,
    print_policy: Annotated[
        str | None,
        typer.Option(
            "--print-policy",
            metavar="NAME",
            help="Print a recommended configuration: claude-code, cloudwatch, litellm, opa, otel-collector.",
        ),
    ] = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Find configuration that will cause gaps, before a record is lost.

    Reads what decides which records are kept (the OpenTelemetry Collector's YAML, environment variables, log groups and
    buckets in dumps, Terraform and CloudFormation, Loki, Tempo, Elasticsearch, Jaeger, OPA and its Rego, Bedrock,
    LiteLLM, Claude Code, Docker and the kubelet) and says which setting will cause which gap, with the line and the
    change to make.

    Exit codes: 0 looked at, and no finding at or above --fail-on; 1 there is one; 4 no configuration was there, or some
    of it could not be read. Formats besides the common ones: junit and sarif.
    """
    how = options.Emission(format, output, force, no_color)
    shown = options.view(no_color=no_color)
    if print_policy is not None:
        _print_policy(print_policy, how)
        return
    if explain is not None or list_rules:
        from auditrail.report import lint_rules

        options.emit(lint_rules.explained(explain) if explain is not None else lint_rules.listing(), how, shown)
        return
    from auditrail import config as configs
    from auditrail.errors import UsageError
    from auditrail.gaps.terms import SEVERITIES
    from auditrail.lint import configured
    from auditrail.report.lint import Judging
    from auditrail.report.lint import lint as look

    settings = configured.read(configs.load(config))
    limit = fail_on or settings.fail_on or _FAIL_ON
    if limit not in (*SEVERITIES, "never"):
        raise UsageError(f"there is no severity {limit!r}", hint=f"one of: {', '.join((*SEVERITIES, 'never'))}")
    chosen = tuple(paths or settings.paths)
    if not chosen:
        raise UsageError("no path was given", hint="name files or folders, or set paths in [lint] of auditrail.toml")
    missing = [path for path in chosen if not os.path.lexists(path)]
    if missing:
        raise UsageError(f"{missing[0]}: no such file or folder")
    judging = Judging(settings, tuple(require or ()), limit, options.today())
    if case is None:
        report = look(chosen, judging)
    else:
        from auditrail.cli._case import analysing
        from auditrail.report.lint_case import joined

        with analysing(case) as connection:
            report = joined(connection, chosen, judging, str(case))
    options.emit(report, how, shown)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _print_policy(name: str, how: options.Emission) -> None:
    from auditrail.lint.policy import policy

    text = policy(name).text
    if how.output is not None:
        options.write_file([text], how)
    else:
        sys.stdout.write(text)
