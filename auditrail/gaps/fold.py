"""Groups rows of `findings` into what a person reads: by rule, cause, agent, layer, stream, tool and detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditrail.gaps import terms

if TYPE_CHECKING:
    import duckdb

# So many places are shown for one finding; `count` and `runs` say how many there are.
EVIDENCE_SHOWN = 5


class Sight(NamedTuple):
    """A place that shows a gap: an event, or a record of a source (None: the whole source), and what it shows."""

    event: int | None
    source: int | None
    record: int | None
    note: str


class Group(NamedTuple):
    """Rows told as one finding: `things` counts what is missing, `runs` holds the ids of all runs touched, sorted.

    `waiver` is the number of the waiver that covers them, or None.
    """

    rule: str
    cause: str
    evidence: str
    severity: str
    confidence: str
    agent: str | None
    layer: str | None
    format: str | None
    stream: str | None
    tool: str | None
    detail: str | None
    waiver: int | None
    first_ns: int | None
    last_ns: int | None
    things: int
    runs: tuple[str, ...]
    sights: tuple[Sight, ...]


_KEYS = (
    "rule", "cause", "evidence", "severity", "confidence", "agent", "layer", "format", "stream", "tool", "detail",
    "waiver",
)  # fmt: skip


def fold(connection: duckdb.DuckDBPyConnection) -> list[Group]:
    """The groups, worst and surest first, then by what they are about; the same findings give the same list."""
    keys = ", ".join(f"f.{key}" for key in _KEYS)
    rows = connection.execute(
        f"""
        SELECT {keys}, min(f.first_ns), max(f.last_ns), sum(f.count),
               list_sort(list(DISTINCT coalesce(r.id, f.run_id)) FILTER (WHERE coalesce(r.id, f.run_id) IS NOT NULL)),
               list((f.event, f.source, f.record, f.note, f.witness, f.witness_note)
                    ORDER BY f.first_ns NULLS LAST, f.event NULLS LAST, f.source NULLS LAST, f.record NULLS LAST,
                             f.what NULLS LAST, f.run NULLS LAST)[1:{EVIDENCE_SHOWN}]
        FROM findings f LEFT JOIN runs r ON r.run = f.run
        GROUP BY {keys}
        """
    ).fetchall()
    width = len(_KEYS)
    made = [
        Group(
            **dict(zip(_KEYS, row[:width], strict=True)),
            first_ns=row[width],
            last_ns=row[width + 1],
            things=int(row[width + 2]),
            runs=tuple(row[width + 3] or ()),
            sights=_sights(row[width + 4]),
        )
        for row in rows
    ]
    made.sort(key=_order)
    return made


def _sights(
    items: list[tuple[int | None, int | None, int | None, str | None, int | None, str | None]],
) -> tuple[Sight, ...]:
    made: dict[Sight, None] = {}
    for event, source, record, note, witness, witness_note in items:
        if event is not None or source is not None:
            made[Sight(event, source, record, note or "")] = None
        if witness is not None:
            made[Sight(witness, None, None, witness_note or "witness in another stream")] = None
    return tuple(made)


def _order(group: Group) -> tuple[object, ...]:
    return (
        terms.SEVERITIES.index(group.severity),
        terms.CONFIDENCES.index(group.confidence),
        terms.CAUSES.index(group.cause),
        group.rule,
        *(value or "" for value in (group.agent, group.layer, group.stream, group.tool, group.detail, group.format)),
        group.evidence,
        -1 if group.waiver is None else group.waiver,
    )
