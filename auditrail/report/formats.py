"""What can be read, and the capture table: what the producer of each format records, and what it never does."""

from __future__ import annotations

from typing import Any

from auditrail.readers._contract import FACETS
from auditrail.report.types import Column, Listing


def formats(readers: dict[str, Any]) -> Listing:
    """Every reader: what it reads, on what it was tested, and the capture table: what its producer never records."""
    columns = (
        Column("name", "format", "id"),
        Column("title", "what it is"),
        Column("layer", "layer"),
        Column("tested_on", "tested on"),
        Column("never_records", "can never record"),
        Column("ids", "ids", "list"),
        *(Column(f"captures_{facet}", facet, detail=True) for facet in FACETS),
    )
    rows = tuple(
        (
            name,
            reader.TITLE,
            reader.LAYER,
            reader.TESTED_ON,
            reader.NEVER_RECORDS,
            list(reader.IDS),
            *(reader.CAPTURES[facet] for facet in FACETS),
        )
        for name, reader in sorted(readers.items())
    )
    notes = ("auditrail formats NAME shows what the producer of one format captures, and under which condition.",)
    return Listing("formats", "formats", "Formats", columns, rows, {}, notes)


def format_of(name: str, reader: Any) -> Listing:
    """What the producer of one format captures, facet by facet."""
    columns = (
        Column("facet", "what an investigator needs", "id"),
        Column("captured", "captured"),
        Column("detail", "condition, part, or what follows"),
        Column("meaning", "meaning", detail=True),
    )
    rows = []
    for facet, meaning in FACETS.items():
        word, _, detail = reader.CAPTURES[facet].partition(": ")
        rows.append((facet, word, detail or meaning, meaning))
    facts = {
        "format": name,
        "title": reader.TITLE,
        "layer": reader.LAYER,
        "ids": list(reader.IDS),
        "tested_on": reader.TESTED_ON,
        "never_records": reader.NEVER_RECORDS,
    }
    notes = (
        f"{name}: {reader.TITLE}. Layer {reader.LAYER} where a record does not say.",
        f"Ids: {', '.join(reader.IDS) or 'those of the message inside'}.",
        f"Can never record: {reader.NEVER_RECORDS}",
        f"Tested on {reader.TESTED_ON}.",
    )
    return Listing("format", "captures", f"What {name} captures", columns, tuple(rows), facts, notes)
