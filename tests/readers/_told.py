"""A value as a source, read by its own reader as ingest reads it; cuts and odd places of it."""

from __future__ import annotations

import json
from typing import Any

from auditrail.ingest import choose
from tests.conformance import _pipeline as pipeline


def told(value: Any, *, reader: str | None = None, path: str = "runs/a.json") -> list[dict[str, Any]]:
    """The events of a document (or of JSON lines, for a tuple), with ids beyond the columns under `further`."""
    raw = (
        b"\n".join(json.dumps(each).encode() for each in value)
        if isinstance(value, tuple)
        else json.dumps(value).encode()
    )
    read = pipeline.read(raw, reader=reader, path=path)
    assert read.quarantine == []
    more: dict[int, list[tuple[str, str]]] = {}
    for event, kind, text in read.ids_more:
        more.setdefault(event, []).append((kind, text))
    return [
        {
            **row,
            "attributes": json.loads(row["attributes"]) if row["attributes"] else {},
            "further": more.get(row["event"], []),
        }
        for row in read.events
    ]


def fixture(reader: str, case: str) -> Any:
    """The parsed content of a fixture: a document, or a tuple of lines."""
    file = pipeline.input_of(pipeline.FIXTURES / reader / case)
    if file.suffix == ".jsonl":
        return tuple(json.loads(line) for line in file.read_text("utf-8").splitlines())
    return json.loads(file.read_text("utf-8"))


def cuts_are_survived(reader: str) -> None:
    """Every fixture of a reader, cut at many places, is balanced, and no fault of the reader's."""
    for name, case in pipeline.cases():
        if name != reader:
            continue
        raw = pipeline.input_of(case).read_bytes()
        for at in range(1, len(raw), max(1, len(raw) // 60)):
            read = pipeline.read(raw[:at], reader=reader, path="cut/a.json")
            assert read.tally.balanced
            assert [row["reason"] for row in read.quarantine if row["code"] == "reader-failure"] == []


def first_choice(raw: bytes) -> str | None:
    """The reader that is chosen for content of which only the head is seen."""
    claims = choose.scores(pipeline.head_of(raw))
    return claims[0][1] if claims else None


def large(value: dict[str, Any], key: str) -> bytes:
    """The document with so much text in one member that no value of it is whole in the head."""
    grown = {**value, key: [*value[key], {"padding": "x" * (2 << 20)}]}
    return json.dumps(grown, indent=1).encode()
