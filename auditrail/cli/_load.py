"""Loads paths into an open case, with a progress bar on a terminal; shared by `ingest` and `reconstruct --from`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail.cli import _options as options
from auditrail.containers import limits

if TYPE_CHECKING:
    from auditrail.config import Config
    from auditrail.ingest.streams import Progress
    from auditrail.model import Source


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
) -> list[tuple[Source, str]]:
    """Loads everything the paths name, then puts the runs together; returns a row and a status per input."""
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
    return loader.sources()


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
