"""What the commands that judge a period have in common: the case that they open, and the question that they ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from auditrail.report.gap_types import Period


class Opening(NamedTuple):
    """Where the case comes from."""

    case: Path | None
    sources: tuple[str, ...]
    config: Path | None
    reader: str | None
    max_record: str | None
    max_expansion: int | None
    quiet: bool


def period(connection: Any, quarter: str | None, since: str | None, until: str | None, settings: Any) -> Period:
    """The period that the options name.

    Args:
        connection: to the case.
        quarter: what `--quarter` says; None without it.
        since: what `--since` says.
        until: what `--until` says.
        settings: `[gaps]` of the configuration, which knows the fiscal year.

    Raises:
        UsageError: a quarter stands beside a time, or one of them can't be read.
    """
    from auditrail.errors import UsageError
    from auditrail.report import periods

    held = periods.reach(connection)
    if quarter is None:
        return periods.span(since, until, held)
    if since is not None or until is not None:
        raise UsageError("--quarter excludes --since and --until")
    fiscal = periods.Fiscal(settings.fiscal_year_start, settings.fiscal_year_named_by)
    return periods.quarter(quarter, held, fiscal)


@contextmanager
def opened(opening: Opening, settings: Any) -> Iterator[Any]:
    """The case, or one in memory of the paths that were given."""
    if not opening.sources:
        from auditrail.cli._case import analysing

        with analysing(opening.case) as connection:
            yield connection
        return
    from auditrail import case as cases
    from auditrail.cli._load import checking, load_into
    from auditrail.errors import NothingReadableError

    with closing(cases.memory_case()) as connection:
        loaded = load_into(
            connection, opening.sources, Path("auditrail.duckdb"), settings, reader=opening.reader,
            max_record=opening.max_record, max_expansion=opening.max_expansion, quiet=opening.quiet,
            check=checking(settings, []),
        )  # fmt: skip
        if not any(source.format for source, _ in loaded):
            raise NothingReadableError(
                "nothing could be read under these paths", hint="see what can be read with: auditrail formats"
            )
        yield connection
