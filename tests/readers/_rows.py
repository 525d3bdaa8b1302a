"""Rows of a reader's fixtures and of invented records, read as ingest reads them."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance import _pipeline as pipeline


def rows(name: str, case: str) -> list[dict[str, Any]]:
    """The events of a fixture."""
    reading = pipeline.read_case(pipeline.FIXTURES / name / case)
    assert reading.reader == name
    return reading.events


def read(name: str, *values: Any, path: str = "logs/run.jsonl") -> list[dict[str, Any]]:
    """The events of records, one per line."""
    raw = "".join(json.dumps(value) + "\n" for value in values).encode()
    return pipeline.read(raw, reader=name, path=path).events


def rest(row: dict[str, Any]) -> dict[str, Any]:
    """The attributes of an event."""
    parsed = json.loads(row["attributes"] or "{}")
    assert isinstance(parsed, dict)
    return parsed


def of(events: list[dict[str, Any]], **columns: Any) -> list[dict[str, Any]]:
    """The events with these columns."""
    return [row for row in events if all(row[name] == value for name, value in columns.items())]


def score(name: str, *values: Any) -> float:
    """What a reader's sniff says of records, one per line."""
    from auditrail.ingest import choose

    raw = "".join(json.dumps(value) + "\n" for value in values).encode()
    return float(choose.forced(name).sniff(pipeline.head_of(raw)))
