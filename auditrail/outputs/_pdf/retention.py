"""Retention in a document: how far back records reach beside what clauses ask for. Facts, never a verdict of law."""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.outputs import _when
from auditrail.outputs._gaps_words import Words, share
from auditrail.outputs._pdf.blocks import Block, Column, Heading, Table, Text
from auditrail.report.gap_types import Retention
from auditrail.report.overview_types import Overview

CLAUSES_SHOWN, STREAMS_SHOWN, ROWS_SHOWN = 80, 40, 60
_NOT_LAW = (
    "How far back the records of each stream reach, beside what clauses ask for. Whether that satisfies a law or a "
    "contract is not for this report to say."
)
_JUDGED = ("held", "shorter")


def sentence(overview: Overview) -> tuple[str, ...]:
    """How many clauses ask for more than is held; nothing where none could be judged."""
    clauses = _clauses(overview)
    judged = [rows for rows in clauses.values() if any(row.status in _JUDGED for row in rows)]
    if not judged:
        return ()
    short = sum(any(row.status == "shorter" for row in rows) for rows in judged)
    return (f"Retention: of {len(judged):,} clauses that name a time, {short:,} ask for more than some stream holds.",)


def blocks(overview: Overview, words: Words) -> Iterator[Block]:
    """The part on retention: a row for each clause, then what clauses ask of fields, and what log groups delete."""
    gaps, tz = overview.gaps, words.view.tz
    clauses = _clauses(overview)
    yield Heading("Retention: oldest held, required since")
    yield Text(_NOT_LAW)
    yield Table(
        (
            Column("framework and clause", 2.2), Column("asks for", 0.9, "number"),
            Column("oldest held / required since", 2.3), Column("held", 0.8, "number"),
            Column("streams that reach back", 1.2, "number"), Column("stream that reaches back least", 1.9),
        ),
        [_row(rows, tz) for rows in list(clauses.values())[:CLAUSES_SHOWN]],
        _more(len(clauses) - CLAUSES_SHOWN, "clauses"),
        "No stream with a time is held.",
    )  # fmt: skip
    oldest = {row.stream: row for row in gaps.retention}
    if oldest:
        yield Heading("How far back each stream reaches", 2)
        streams = sorted(oldest.values(), key=lambda row: (row.oldest_ns is None, -(row.oldest_ns or 0), row.stream))
        yield Table(
            (Column("stream", 3), Column("oldest held", 1.2), Column("held", 1, "number")),
            [(row.stream, _day(row.oldest_ns, tz), _days(row.held_days, "-")) for row in streams[:STREAMS_SHOWN]],
            _more(len(streams) - STREAMS_SHOWN, "streams, which reach back further"),
        )
    if gaps.fields:
        yield Heading("Fields that clauses ask for", 2)
        yield Table(
            (
                Column("framework and clause", 2), Column("field", 2), Column("records with it", 1, "number"),
                Column("of", 1, "number"), Column("share", 0.7, "number"),
            ),
            [
                (f"{row.framework} {row.clause}", row.field, f"{row.held:,}", f"{row.of:,}", share(row.held, row.of))
                for row in gaps.fields[:ROWS_SHOWN]
            ],
            _more(len(gaps.fields) - ROWS_SHOWN, "fields"),
        )  # fmt: skip
    if gaps.deletions:
        yield Heading("What log groups will delete", 2)
        yield Table(
            (Column("log group", 2.4), Column("keeps", 0.8, "number"), Column("deletes from", 1), Column("note", 2.4)),
            [
                (row.group, _days(row.days, "for ever"), _day(row.deletes_from_ns, tz), row.note)
                for row in gaps.deletions[:ROWS_SHOWN]
            ],
            _more(len(gaps.deletions) - ROWS_SHOWN, "log groups"),
        )


def _clauses(overview: Overview) -> dict[tuple[str, str, int | None], list[Retention]]:
    made: dict[tuple[str, str, int | None], list[Retention]] = {}
    for row in overview.gaps.retention:
        made.setdefault((row.framework, row.clause, row.required_days), []).append(row)
    return made


def _row(rows: list[Retention], tz: str) -> tuple[str, ...]:
    """A clause: the stream that reaches back least speaks for it."""
    judged = [row for row in rows if row.status in _JUDGED]
    least = max(judged or rows, key=lambda row: (row.oldest_ns is not None, row.oldest_ns or 0, row.stream))
    reach = sum(row.status == "held" for row in judged)
    return (
        f"{least.framework} {least.clause}",
        _days(least.required_days, "no number"),
        f"{_day(least.oldest_ns, tz)} / {_day(least.required_since_ns, tz)}",
        _days(least.held_days, "-"),
        f"{reach:,} of {len(judged):,}" if judged else "not judged",
        least.stream,
    )


def _days(days: int | None, none: str) -> str:
    return none if days is None else f"{days:,} d"


def _day(ns: int | None, tz: str) -> str:
    return "-" if ns is None else _when.stamp(ns, tz)[:10]


def _more(count: int, what: str) -> tuple[str, ...]:
    return (f"and {count:,} more {what}: auditrail gaps --format json",) if count > 0 else ()
