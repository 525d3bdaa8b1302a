"""Findings in a document: by cause with evidence and remedy, and all of them, one line each, in the appendix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditrail.outputs import _when
from auditrail.outputs._gaps_words import CAUSE_WORDS, Words, rank, worst_first
from auditrail.outputs._pdf.blocks import Block, Bullets, Column, Finding, Heading, Table, Text
from auditrail.report.overview_types import Overview
from auditrail.report.types import Gap

PER_CAUSE, PLACES_SHOWN, LISTED, WAIVED_SHOWN = 4, 4, 250, 40


def by_cause(overview: Overview, words: Words, table: str) -> Iterator[Block]:
    """The part on gaps: a table of causes, then the gravest findings of each cause with their evidence."""
    causes = words.causes()
    yield Heading("Gaps by cause")
    if not causes:
        yield Text(words.verdict())
    else:
        yield Text("The cause of each finding rests on evidence; how sure it is stands beside it.")
        yield Table(
            (
                Column("worst", 1, "severity"), Column("cause", 1.4), Column("findings", 0.9, "number"),
                Column("missing", 0.9, "number"), Column("runs", 0.8, "number"), Column("what it means", 3),
            ),
            [
                (row.severity, row.cause, f"{row.findings:,}", f"{row.things:,}", f"{row.runs:,}",
                 CAUSE_WORDS.get(row.cause, ""))
                for row in causes[:PLACES_SHOWN * 10]
            ],
        )  # fmt: skip
    for cause in causes[: len(CAUSE_WORDS)]:
        mine = worst_first(gap for gap in overview.gaps.gaps if gap.cause == cause.cause)
        meaning = CAUSE_WORDS.get(cause.cause, "")
        yield Heading(f"{cause.cause}: {meaning}" if meaning else cause.cause or "(no cause)", 2)
        for gap in mine[:PER_CAUSE]:
            yield _finding(gap, words, table)
        if len(mine) > PER_CAUSE:
            where = table.format(name="gaps")
            yield Text(f"and {len(mine) - PER_CAUSE:,} more of this cause, in the appendix and in {where}", quiet=True)
    waived = overview.gaps.waived
    if waived:
        yield Heading("Waived findings", 2)
        yield Bullets([words.waiver(row) for row in waived[:WAIVED_SHOWN]])
        if len(waived) > WAIVED_SHOWN:
            yield Text(f"and {len(waived) - WAIVED_SHOWN:,} more waived findings", quiet=True)


def _finding(gap: Gap, words: Words, table: str) -> Finding:
    runs = ", ".join(words.short(run, 60) for run in gap.runs[:PLACES_SHOWN])
    if len(gap.runs) > PLACES_SHOWN:
        runs += f" and {len(gap.runs) - PLACES_SHOWN:,} more in {table.format(name='gaps')}"
    facts = (
        ("missing", words.extent(gap)),
        ("where", words.about(gap)),
        ("rests on", words.proof(gap)),
        ("runs", runs),
        ("what to change", gap.remedy),
        ("controls", "; ".join(gap.controls)),
    )
    more = len(gap.evidence) - PLACES_SHOWN
    return Finding(
        gap.severity,
        f" \u00b7 {gap.confidence} \u00b7 {gap.rule}",
        gap.title,
        gap.explanation,
        [(name, value) for name, value in facts if value],
        [(_place(place.path, place.record), place.note) for place in gap.evidence[:PLACES_SHOWN]],
        f"and {more:,} more {'place' if more == 1 else 'places'} in {table.format(name='gaps')}" if more > 0 else "",
    )


def _place(path: str, record: int | None) -> str:
    return path if record is None else f"{path}:{record}"


def appendix(overview: Overview, words: Words, table: str) -> Iterator[Block]:
    """Every finding in one line, the gravest first."""
    gaps: Sequence[Gap] = sorted(overview.gaps.gaps, key=lambda gap: (rank(gap.severity), gap.cause, gap.rule))
    if not gaps:
        return
    yield Heading("Appendix: all findings")
    tz = words.view.tz
    rows = []
    for gap in gaps[:LISTED]:
        first = f"{_place(gap.evidence[0].path, gap.evidence[0].record)}" if gap.evidence else ""
        since = "" if gap.first_ns is None else _when.stamp(gap.first_ns, tz)[:10]
        rows.append((gap.severity, f"{gap.cause}, {gap.confidence}", f"{gap.title} [{gap.rule}]", f"{gap.count:,}",
                     f"{len(gap.runs):,}", since, first))  # fmt: skip
    left = len(gaps) - LISTED
    yield Table(
        (
            Column("severity", 1, "severity"), Column("cause", 1.5), Column("finding [rule]", 3.3),
            Column("missing", 0.95, "number"), Column("runs", 0.7, "number"), Column("from", 1.2),
            Column("first evidence", 2.6, "mono"),
        ),
        rows,
        (f"and {left:,} more in {table.format(name='gaps')}",) if left > 0 else (),
    )  # fmt: skip
