"""Real messages of OTLP in Protocol Buffers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance import _pipeline as pipeline

FOLDER = Path(__file__).parents[3] / "shared" / "corpus" / "otlp" / "duckdb-otlp"

pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not FOLDER.is_dir(), reason="the samples are not here")]


def test_traces() -> None:
    reading = pipeline.read((FOLDER / "otlp_traces.pb").read_bytes())
    (event,) = reading.events
    assert (reading.reader, event["kind"], event["name"], event["stream"]) == (
        "otlp-protobuf", "span", "test_span", "trace-service",
    )  # fmt: skip
    assert (event["trace_id"], event["span_id"]) == ("a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6", "1122334455667788")
    assert (event["ts_ns"], event["end_ns"]) == (1609459200000000000, 1609459200100000000)
    assert json.loads(event["attributes"])["http_method"] == "GET"


def test_logs() -> None:
    reading = pipeline.read((FOLDER / "otlp_logs.pb").read_bytes())
    (event,) = reading.events
    assert (reading.reader, event["kind"], event["stream"], event["ts_ns"]) == (
        "otlp-protobuf", "log", "logs-service", 1609459200000000000,
    )  # fmt: skip
    assert json.loads(event["attributes"])["body"] == "Test log message"


def test_text_and_json_of_the_same_folder_are_not_claimed() -> None:
    for path in FOLDER.glob("*.json*"):
        assert pipeline.read(path.read_bytes()).reader != "otlp-protobuf"
