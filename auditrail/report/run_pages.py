"""Which runs of an overview get a page of their own, and the runs themselves, put together one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from auditrail.errors import AmbiguousRunError, RunNotFoundError
from auditrail.gaps.terms import SEVERITIES
from auditrail.report import lookup
from auditrail.report.overview_types import Overview, RunLine
from auditrail.report.reconstruction import reconstruct
from auditrail.report.types import Reconstruction

if TYPE_CHECKING:
    import duckdb

# Of the pages that there is room for, so many are kept for the latest runs, whatever was found of others.
_LATEST = 0.25


def chosen(report: Overview, limit: int | None) -> tuple[RunLine, ...]:
    """The runs with the worst findings, the latest first among alike ones, and the latest runs; in order of begin.

    Args:
        report: the overview.
        limit: how many at most; None: all.
    """
    if limit is None or limit >= len(report.runs):
        return report.runs
    latest = sorted(report.runs, key=lambda run: (-(run.started_ns or 0), run.run))
    worst = sorted(latest, key=lambda run: _rank(run.severity))
    found = [run.run for run in worst if run.severity is not None][: limit - int(limit * _LATEST)]
    wanted = set(dict.fromkeys([*found, *(run.run for run in latest if run.run not in set(found))][:limit]))
    return tuple(run for run in report.runs if run.run in wanted)


def _rank(severity: str | None) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def told(connection: duckdb.DuckDBPyConnection, runs: Iterable[RunLine]) -> Iterator[tuple[RunLine, Reconstruction]]:
    """Each run with what `reconstruct` says of it; one whose id leads to another run, or to several, is left out."""
    for run in runs:
        try:
            if lookup.find(connection, run.id).run != run.run:
                continue
            made = reconstruct(connection, run.id)
        except (AmbiguousRunError, RunNotFoundError):
            continue
        yield run, made
