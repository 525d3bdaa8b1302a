"""What `auditrail seal` did, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from auditrail.report.types import Column, Listing
from auditrail.seal.make import Outcome

_COLUMNS = (
    Column("path", "log", "id"),
    Column("status", "status", "status"),
    Column("records", "records", "count"),
    Column("before", "before", "count"),
    Column("cut", "cut"),
    Column("unfinished_bytes", "unfinished", "bytes"),
    Column("origin", "origin"),
    Column("time", "time"),
    Column("time_source", "source of the time", detail=True),
    Column("bytes", "bytes", "bytes", detail=True),
    Column("root", "root", detail=True),
    Column("signed_by", "signed by", "list"),
    Column("closed", "finished", detail=True),
    Column("seal", "seal", detail=True),
)


def sealed(done: Sequence[Outcome]) -> Listing:
    """One row per log: `status` is sealed, grown, anew, unchanged or cosigned."""
    rows = tuple(_row(one) for one in done)
    unfinished = any(one.statement.tail and not one.statement.tail.closing for one in done)
    notes = ("Bytes behind the last record are sealed as they stand; they become a record when they are finished.",)
    return Listing(
        "seal",
        "seals",
        "Sealed",
        _COLUMNS,
        rows,
        notes=notes if unfinished else (),
        not_checked=("whether the records were true when they were sealed",),
    )


def _row(one: Outcome) -> tuple[object, ...]:
    said = one.statement
    return (
        str(one.log),
        one.status,
        said.leaves,
        one.before,
        said.cut,
        said.tail.length if said.tail else 0,
        said.origin,
        said.time,
        said.time_source,
        said.size,
        said.root.hex(),
        list(one.signers),
        said.closed,
        str(one.seal),
    )
