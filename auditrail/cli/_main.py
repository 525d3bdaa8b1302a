"""Builds the application from the folder, runs it, and turns every error into two lines and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Annotated, Any, NoReturn

import typer

from auditrail import __version__, discover
from auditrail.cli import _options as options
from auditrail.errors import AuditrailError, UsageError

# Order of the commands in the help: what an incident responder needs first.
_ORDER = (
    "ingest", "reconstruct", "gaps", "runs", "diff", "incident", "check", "verify", "watch", "seal", "prove", "keygen",
    "init", "sources", "rules",
    "query", "formats", "chains", "schema",
)  # fmt: skip

# Commands whose `--from` takes several paths, those whose `--quarter` may stand alone, and what it means then.
_FROM = ("reconstruct", "gaps")
_QUARTERLY = ("gaps", "export")
_LATEST = "latest"

EXIT_FAILURE = 3
EXIT_INTERRUPTED = 130
_INTERRUPTED = "interrupted; what was loaded before stays loaded"


def _versions(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    typer.echo(f"auditrail {__version__} (duckdb {version('duckdb')}, pyarrow {version('pyarrow')})")
    raise typer.Exit


def build(only: str | None = None) -> typer.Typer:
    """The application with all commands of the folder, or with the one that is going to run: it starts sooner."""
    app = typer.Typer(
        name="auditrail",
        help="Reconstruct AI-agent runs from scattered logs, and prove what is missing and why.",
        no_args_is_help=True,
        # Plain help: it is the same on every terminal, and starts 50 ms sooner.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        epilog="Start with: auditrail ingest LOGS, then auditrail runs, then auditrail reconstruct RUN.",
    )

    @app.callback()
    def _root(
        version: Annotated[
            bool,
            typer.Option(
                "--version",
                help="Show the versions of auditrail, duckdb and pyarrow.",
                callback=_versions,
                is_eager=True,
            ),
        ] = False,
    ) -> None:
        """Reconstruct AI-agent runs from scattered logs, and prove what is missing and why."""

    names = discover.names("auditrail.cli")
    if only in names:
        names = (only,)
    for name in sorted(names, key=lambda item: (_ORDER.index(item) if item in _ORDER else len(_ORDER), item)):
        importlib.import_module(f"auditrail.cli.{name}").register(app)
    return app


def main(arguments: list[str] | None = None) -> NoReturn:
    """The entry point of the command: runs it and ends the process.

    Every file and connection is closed by now, and taking the interpreter apart would cost an eighth of the time that
    `reconstruct` takes: so it is left to the operating system.
    """
    code = run(arguments)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit code; everything a person reads is printed here or below."""
    words = _spread(sys.argv[1:] if arguments is None else arguments)
    verbose = "--verbose" in words
    try:
        only = words[0] if words and "_AUDITRAIL_COMPLETE" not in os.environ else None
        code = build(only)(args=words, prog_name="auditrail", standalone_mode=False)
        sys.stdout.flush()
    except AuditrailError as error:
        if verbose:
            traceback.print_exc()
        return _fail(error.message, error.hint, error.exit_code)
    except typer.Exit as leave:
        return int(leave.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _fail(_INTERRUPTED, "", EXIT_INTERRUPTED)
    except BrokenPipeError:
        options.close_pipe()
        return 0
    except Exception as error:  # noqa: BLE001 - the last net: no traceback in a responder's face
        if _is_interrupt(error):
            return _fail(_INTERRUPTED, "", EXIT_INTERRUPTED)
        return _unexpected(error, verbose=verbose)
    if code == EXIT_INTERRUPTED:  # Typer turns a Ctrl-C inside a command into this code
        return _fail(_INTERRUPTED, "", EXIT_INTERRUPTED)
    return int(code) if isinstance(code, int) else 0


def _is_interrupt(error: Exception) -> bool:
    """Whether an error of the engine is a Ctrl-C: one that lands in its own code comes out as an error of its own."""
    name, text = type(error).__name__, str(error)
    return (
        name == "InterruptException"
        or (name == "InvalidInputException" and "KeyboardInterrupt" in text)
        or (name == "RuntimeError" and text == "Query interrupted")
    )


def _spread(words: list[str]) -> list[str]:
    """Words that the parser of the command line does not know by itself, made such that it does.

    - `--from` takes several paths: `reconstruct ID --from A B` is read as `--from A --from B`. Only behind the id, or
      else the id itself could be taken for a path.
    - `--quarter` may stand alone: `gaps --quarter --format json` is read as `gaps --quarter latest --format json`.
    """
    if not words:
        return words
    if words[0] in _QUARTERLY:
        words = list(_with_quarter(words))
    if words[0] not in _FROM or "--from" not in words:
        return words
    made: list[str] = []
    named = words[0] == "gaps"  # it takes no id
    paths = -1
    for word in words[1:]:
        if word == "--from":
            paths = 0
        elif word.startswith("-") and word != "-":
            paths = -1
        elif paths >= 0:
            if paths > 0 and named:
                made.append("--from")
            paths += 1
        elif not made or not made[-1].startswith("-"):
            named = True
        made.append(word)
    return [words[0], *made]


def _with_quarter(words: list[str]) -> Iterator[str]:
    for word, behind in zip(words, [*words[1:], "-"], strict=True):
        yield word
        if word == "--quarter" and behind.startswith("-"):
            yield _LATEST


def _unexpected(error: Exception, *, verbose: bool) -> int:
    usage = getattr(error, "format_message", None)
    if usage is not None:  # an error of the command line's own parser
        context: Any = getattr(error, "ctx", None)
        path = getattr(context, "command_path", "auditrail")
        message = str(usage()).strip()
        if message:
            return _fail(message[0].lower() + message[1:].rstrip("."), f"see: {path} --help", UsageError.exit_code)
        return UsageError.exit_code
    if verbose:
        traceback.print_exc()
    return _fail(
        f"{type(error).__name__}: {error}",
        "this is a fault of auditrail; run again with --verbose and report it",
        EXIT_FAILURE,
    )


def _fail(message: str, hint: str, code: int) -> int:
    from auditrail.text import terminal

    lines = message.splitlines() or [""]
    print(f"auditrail: error: {terminal(lines[0])}", file=sys.stderr)  # noqa: T201
    for line in lines[1:]:
        print(f"  {terminal(line.strip())}", file=sys.stderr)  # noqa: T201
    if hint:
        print(f"auditrail: hint: {terminal(hint)}", file=sys.stderr)  # noqa: T201
    return code
