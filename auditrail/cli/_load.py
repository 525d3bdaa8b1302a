"""Loads paths into an open case, with a progress bar on a terminal; shared by `ingest` and `reconstruct --from`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail.cli import _options as options
from auditrail.containers import limits

if TYPE_CHECKING:
    from auditrail.config import Config
    from auditrail.ingest.inputs import Input
    from auditrail.ingest.streams import Progress
    from auditrail.model import Source
    from auditrail.verify.evidence import Call


def load_into(
    connection: Any,
    paths: Sequence[str | Path],
    case_path: Path,
    settings: Config,
    *,
    reader: str | None,
    max_record: str | None,
    max_expansion: int | None,
    quiet: bool,
    check: Call | None = None,
) -> list[tuple[Source, str]]:
    """Loads everything the paths name, then puts the runs together; returns a row and a status per input.

    With `check`, hash chains, signatures and digests of local files are verified, and the verdicts kept in the case.
    """
    from auditrail import case as cases
    from auditrail.correlate.settle import settle
    from auditrail.ingest import choose, inputs, remote
    from auditrail.ingest.load import Loader, Options

    how = Options(
        max_record=options.size(max_record, limits.MAX_RECORD),
        max_expansion=max_expansion or limits.MAX_EXPANSION,
        reader=reader,
        config=settings,
    )
    if reader is not None:
        choose.forced(reader)
    own = frozenset(case_path.with_name(case_path.name + end).resolve() for end in ("", ".wal", ".tmp"))
    with (
        remote.named(paths, case_path) as (places, fetched),
        inputs.standard_input(places, case_path.parent) as (real, names),
    ):
        found = [item._replace(shown=names.get(item.path, item.shown)) for item in inputs.expand(real, skip=own)]
        total = sum(item.size for item in found)
        with _progress(total, quiet=quiet) as (progress, say):
            loader = Loader(connection, how, progress)
            with inputs.open_archives(fetched(found), case_path.parent, max_expansion=how.max_expansion) as opened:
                loader.load_all(opened)
            if loader.changed or not cases.is_settled(connection):
                say("putting runs together")
                settle(connection)
            if check is not None:
                say("checking hash chains")
                _verify(connection, found, check)
    return loader.sources()


def _verify(connection: Any, found: list[Input], check: Call) -> None:
    """Verifies the files that lie under their own names; what was fetched or piped in is gone afterwards."""
    from auditrail.ingest import verdicts
    from auditrail.verify import engine

    own = [item.path for item in found if item.error is None and item.shown == str(item.path)]
    if own:
        verdicts.record(connection, engine.run(own, check))


def checking(settings: Config, given: Sequence[str], wanted: bool = True) -> Call | None:
    """How a load verifies: with the keys that were given, and the profiles of the configuration; None: not at all.

    Raises:
        UsageError: a key can't be read.
    """
    if not wanted:
        return None
    from auditrail.verify import keys
    from auditrail.verify.evidence import Call

    return Call(keys.load(list(given)), profiles=settings.chains, processes=os.cpu_count() or 1)


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[tuple[Progress, Callable[[str], None]]]:
    from auditrail.ingest.streams import Progress

    if quiet or not sys.stderr.isatty():
        yield Progress(), lambda _text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    from auditrail.text import one_line, shorten

    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("loading", total=total or None)
        yield (
            Progress(
                start=lambda shown, _size: bar.update(task, description=shorten(one_line(Path(shown).name), 30)),
                advance=lambda count: bar.advance(task, count),
            ),
            lambda text: bar.update(task, description=text),
        )
