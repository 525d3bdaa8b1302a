"""Real traces of Zipkin and Jaeger, with the counts of their answer key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import _pipeline as pipeline

FOLDER = Path(__file__).parents[3] / "shared" / "corpus" / "zipkin-jaeger"

pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not FOLDER.is_dir(), reason="the samples are not here")]


def spans(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    reading = pipeline.read(path.read_bytes(), path=str(path))
    assert reading.reader == ("zipkin" if name.startswith("zipkin") else "jaeger")
    assert reading.tally.quarantined == 0
    pipeline.check_places(reading)
    return [row for row in reading.events if row["kind"] == "span"]


@pytest.mark.parametrize(
    ("name", "count", "errors", "shared", "roots", "services", "untimed"),
    [
        ("zipkin_messaging-kafka.json", 28, 3, 0, 1, 2, 0),
        ("zipkin_skew.json", 4, 0, 1, 1, 2, 0),
        ("zipkin_smartthings-oauth-authorization.json", 175, 2, 45, 1, 8, 19),
    ],
)
def test_zipkin(name: str, count: int, errors: int, shared: int, roots: int, services: int, untimed: int) -> None:
    found = spans(name)
    assert len(found) == count
    assert sum(row["status"] == "error" for row in found) == errors
    assert len({row["trace_id"] for row in found}) == 1
    assert count - len({row["span_id"] for row in found}) == shared
    held = {row["span_id"] for row in found}
    parents = [row["parent_span_id"] for row in found]
    assert sum(parent is None for parent in parents) == roots
    assert all(parent in held for parent in parents if parent is not None)
    assert len({row["stream"] for row in found}) == services
    assert sum(row["end_ns"] is None for row in found) == untimed
    # Halves of one call, and several receivers of one message, are records of their own.
    assert len({row["dedupe_key"] for row in found}) == count


def test_kinds() -> None:
    kinds = [json.loads(row["attributes"]).get("kind") for row in spans("zipkin_smartthings-oauth-authorization.json")]
    assert (kinds.count("client"), kinds.count("server"), kinds.count(None)) == (95, 77, 3)


def test_jaeger() -> None:
    path = FOLDER / "jaeger_ui_01.json"
    reading = pipeline.read(path.read_bytes(), path=str(path))
    found = [row for row in reading.events if row["kind"] == "span"]
    logs = [row for row in reading.events if row["kind"] == "log"]
    assert (reading.reader, len(found), len({row["trace_id"] for row in found})) == ("jaeger", 5, 1)
    assert len(found) - len({row["span_id"] for row in found}) == 1
    assert len({row["dedupe_key"] for row in found}) == 5
    assert [row["name"] for row in logs] == ["some-event", None, "jaeger.warning"]
    # Five references: three name the parent, two more of one span are links, one of them to a trace that is not here.
    assert sum(row["parent_span_id"] is not None for row in found) == 3
    links = [value for _, kind, value in reading.ids_more if kind == "linked_span"]
    assert links == ["00000000000000ff", "0000000000000002"]
    assert [json.loads(row["attributes"])["jaeger.warnings"] for row in found[3:]] == [["some span warning"]] * 2
