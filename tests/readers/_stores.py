"""Exports of log stores, read as `ingest` reads them, with what a test looks at."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance import _pipeline as pipeline

TIME = 1_789_639_200 * 10**9  # 2026-09-17T10:00:00Z
TRACE = "66c8e1f200000000a1b2c3d4e5f60718"


def read(*values: Any, reader: str | None = None) -> pipeline.Reading:
    """Values as lines; text and bytes as they are."""
    lines = [value if isinstance(value, bytes) else dumped(value).encode() for value in values]
    return pipeline.read(b"\n".join(lines) + b"\n", reader=reader)


def dumped(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def only(reading: pipeline.Reading) -> dict[str, Any]:
    (event,) = reading.events
    return event


def attributes(event: dict[str, Any]) -> dict[str, Any]:
    found = json.loads(event["attributes"] or "{}")
    assert isinstance(found, dict)
    return found


def remarks(reading: pipeline.Reading) -> list[tuple[str, str]]:
    return [(row["code"], row["detail"]) for row in reading.remarks]


def codes(reading: pipeline.Reading) -> list[str]:
    return [row["code"] for row in reading.remarks]


def ids(reading: pipeline.Reading, kind: str) -> list[str]:
    first = [event[f"{kind}_id"] for event in reading.events if event.get(f"{kind}_id")]
    return first + [value for _, other, value in reading.ids_more if other == kind]
