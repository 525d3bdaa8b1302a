"""Options that several commands share, written down once, and how a result leaves the program."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from auditrail.errors import OutputExistsError, UsageError

if TYPE_CHECKING:
    from auditrail.outputs._view import View
    from auditrail.report.types import Report

_OUTPUTS = "auditrail.outputs"

Case = Annotated[
    Path | None,
    typer.Option("--case", metavar="FILE", help="The case. [default: $AUDITRAIL_CASE or auditrail.duckdb here]"),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="NAME",
        help="text, json, jsonl, csv, markdown, html, or what a command has besides. [default: text]",
    ),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result to this file.")]
Force = Annotated[bool, typer.Option("--force", help="Let --output overwrite a file.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration. [default: auditrail.toml here, if any]")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages; only the result.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more, and show tracebacks of errors.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours. NO_COLOR in the environment does the same.")]
Zone = Annotated[str, typer.Option("--tz", metavar="ZONE", help="Show times in this zone, for example Europe/Berlin.")]
ShowContent = Annotated[bool, typer.Option("--show-content", help="Show arguments and results whole.")]
HideContent = Annotated[bool, typer.Option("--hide-content", help="Show digests instead of arguments and results.")]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="From this time on (ISO 8601, UTC).")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before this time (ISO 8601, UTC).")]

# Which period, runs and agent a question is about, and what it is judged by.
Quarter = Annotated[
    str | None,
    typer.Option(
        "--quarter",
        metavar="[QUARTER]",
        help="Only this quarter: 2026Q3, last or current; alone: the latest in which a run began.",
    ),
]
PeriodSince = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="From this time on: ISO 8601 in UTC, or 7d before the last record."),
]
PeriodUntil = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Before this time; the same forms as --since.")
]
Runs = Annotated[
    list[str] | None, typer.Option("--run", metavar="ID", help="Only this run, by any id of it (repeat for more).")
]
Agent = Annotated[str | None, typer.Option("--agent", metavar="NAME", help="Only this agent.")]
Expected = Annotated[
    Path | None,
    typer.Option("--expected", metavar="FILE", help="Runs that there should be: CSV, JSON lines, or one id a line."),
]
Require = Annotated[
    list[str] | None,
    typer.Option("--require", metavar="NAME", help="Judge retention and fields by this framework (repeat for more)."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--from", metavar="PATH", help="Read these files, folders or addresses instead of a case (repeat for more)."
    ),
]
MaxRecord = Annotated[
    str | None,
    typer.Option(
        "--max-record",
        metavar="SIZE",
        help="Longest record to read, such as 256MB; longer ones are hashed and quarantined. [default: 128MB]",
    ),
]
MaxExpansion = Annotated[
    int | None,
    typer.Option(
        "--max-expansion",
        metavar="N",
        min=1,
        help="How many times its size a compressed file may grow to. [default: 400]",
    ),
]
Reader = Annotated[
    str | None,
    typer.Option("--reader", metavar="NAME", help="Read every source with this reader (see: auditrail formats)."),
]


@dataclass(frozen=True)
class Emission:
    """Where and how a result goes."""

    format: str | None = None
    output: Path | None = None
    force: bool = False
    no_color: bool = False
    pager: bool = False


def size(text: str | None, default: int) -> int:
    """Bytes of a size such as `64MB` or `1GiB`; the default for None.

    Raises:
        UsageError: it is no size.
    """
    if text is None:
        return default
    units = {
        "": 1,
        "b": 1,
        "k": 1 << 10,
        "kb": 1 << 10,
        "kib": 1 << 10,
        "m": 1 << 20,
        "mb": 1 << 20,
        "mib": 1 << 20,
        "g": 1 << 30,
        "gb": 1 << 30,
        "gib": 1 << 30,
    }
    digits = text.strip().rstrip("BbKkMmGgIi ")
    unit = text.strip()[len(digits) :].strip().lower()
    if not digits.isdigit() or unit not in units or int(digits) == 0:
        raise UsageError(f"{text!r} is no size", hint="write a whole number with KB, MB or GB, for example 256MB")
    return int(digits) * units[unit]


def moment(text: str | None, option: str) -> int | None:
    """Nanoseconds since the epoch of a time on the command line; None stays None.

    Raises:
        UsageError: it is no time.
    """
    from auditrail import times

    if text is None:
        return None
    parsed = times.parse(text)
    if parsed is None:
        raise UsageError(f"{option} {text!r} is no time", hint="write it like 2026-09-17T09:30:00Z")
    return parsed.ns


def today() -> str:
    """The day (YYYY-MM-DD, UTC) from which on waivers count; SOURCE_DATE_EPOCH fixes it, as for reproducible builds."""
    import time

    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    return time.strftime("%Y-%m-%d", time.gmtime(int(fixed) if fixed.isdigit() and len(fixed) < 12 else time.time()))


def view(*, tz: str = "UTC", no_color: bool = False, show: bool = False, hide: bool = False, **more: Any) -> View:
    """How to show a result on this terminal, or in this pipe.

    Raises:
        UsageError: the zone is unknown, or both --show-content and --hide-content were given.
    """
    from auditrail.outputs._view import View

    if show and hide:
        raise UsageError("--show-content and --hide-content exclude each other")
    if tz != "UTC":
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(tz)
        except (KeyError, ValueError, OSError):
            raise UsageError(f"there is no time zone {tz!r}", hint="write it like Europe/Berlin") from None
    terminal = sys.stdout.isatty()
    columns = shutil.get_terminal_size((100, 24)).columns if terminal or "COLUMNS" in os.environ else 100
    colour = terminal and not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    content: Literal["short", "whole", "digest"] = "whole" if show else "digest" if hide else "short"
    return View(
        width=max(columns, 40), colour=colour, unicode=encoding.startswith("utf"), tz=tz, content=content, **more
    )


def emit(report: Report, how: Emission, shown: View) -> None:
    """Writes a report to standard output or to the file that was asked for.

    Raises:
        UsageError: no such format. OutputExistsError: the file exists, and --force was not given.
    """
    from dataclasses import replace

    from auditrail import discover

    name = how.format or (_by_extension(how.output) if how.output is not None else None) or "text"
    output = discover.module(_OUTPUTS, name)
    if output is None:
        known = ", ".join(item.replace("_", "-") for item in discover.names(_OUTPUTS))
        raise UsageError(f"there is no format {name!r}", hint=f"formats: {known}")
    takes = getattr(output, "REPORTS", ())
    if takes and report.kind not in takes:
        raise UsageError(f"the format {name} can't hold this result", hint="text, json, csv and others can")
    if getattr(output, "RAW", False) and report.kind == "reconstruction" and shown.content != "digest":
        from auditrail.report.raw import read_back

        report = read_back(report)  # type: ignore[arg-type] # its kind says what it is
    if how.output is not None:
        write_file(output.render(report, replace(shown, colour=False, unicode=True)), how)
        return
    pieces = output.render(report, shown)
    if how.pager and name == "text" and sys.stdout.isatty():
        _page("".join(pieces))
        return
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        close_pipe()


def close_pipe() -> None:
    """The reader of a pipe (head, less) has seen enough: no error, and nothing more may be written.

    Done here and not left to Typer, whose exit code for it is 1: that would say that there are findings.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _by_extension(output: Path) -> str | None:
    from auditrail import discover

    formats = discover.modules(_OUTPUTS)
    return next((name for name, module in formats.items() if output.suffix == f".{module.EXTENSION.lstrip('.')}"), None)


def write_file(pieces: Any, how: Emission) -> None:
    """Writes beside the target and renames, so that a file is whole or not there."""
    target = how.output
    assert target is not None  # noqa: S101 - the caller has looked
    if target.exists() and not how.force:
        raise OutputExistsError(f"{target} exists", hint="add --force to overwrite it")
    # A file renamed onto a device or a pipe would replace it, and with it the machine's /dev/null.
    straight = target.exists() and not target.is_file()
    part = target if straight else target.with_name(target.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            out.writelines(pieces)
        if not straight:
            part.replace(target)
    except OSError as error:
        if not straight:
            part.unlink(missing_ok=True)
        raise UsageError(f"{target} can't be written: {(error.strerror or str(error)).lower()}") from None


def _page(text: str) -> None:
    """Shows a long text in the pager, a short one as it is."""
    import subprocess

    if text.count("\n") < shutil.get_terminal_size().lines:
        sys.stdout.write(text)
        return
    command = os.environ.get("PAGER") or "less"
    environment = {**os.environ, "LESS": os.environ.get("LESS", "-RFX")}
    try:
        subprocess.run(command, shell=True, input=text.encode(), env=environment, check=False)  # noqa: S602 - $PAGER is a command line of the user's own
    except OSError:
        sys.stdout.write(text)


def say(message: str, *, quiet: bool = False) -> None:
    """A message for a person, on standard error."""
    if not quiet:
        from auditrail.text import terminal

        print(terminal(message), file=sys.stderr)  # noqa: T201
