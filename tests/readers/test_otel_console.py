"""Console output of OpenTelemetry's Python SDK: ids as other exporters write them, what spans and logs say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.framing import look
from auditrail.errors import RecordError
from auditrail.readers import otel_console
from auditrail.readers._contract import Ignored
from tests.readers._rows import read, rows

TRACE, ROOT = "7d1f0c2a9b8e4f6da1c3e5f7091b2d4f", "0a0b0c0d0e0f1011"


def test_ids_are_those_of_the_other_exporters() -> None:
    spans = [row for row in rows("otel-console", "spans") if row["kind"] == "span"]
    assert {row["trace_id"] for row in spans} == {TRACE}
    assert [(row["span_id"], row["parent_span_id"]) for row in spans] == [
        ("1a2b3c4d5e6f7081", ROOT), ("2a2b3c4d5e6f7082", ROOT), (ROOT, None),
    ]  # fmt: skip


def test_attributes_mean_what_they_mean_in_otlp() -> None:
    chat, tool, error, agent = rows("otel-console", "spans")
    assert (chat["layer"], chat["model"], chat["tokens_in"], chat["response_id"]) == (
        "llm",
        "gpt-4o",
        50,
        "chatcmpl-oc1",
    )
    assert (tool["layer"], tool["tool"], tool["args"], tool["tool_call_id"]) == (
        "tool", "find_invoice", '{"number": 17}', "call_oc1",
    )  # fmt: skip
    assert (tool["status"], tool["error"], error["kind"]) == ("error", "ValueError: no such invoice", "error")
    assert (agent["layer"], agent["agent"], agent["status"], agent["stream"]) == (
        "agent", "invoices", "ok", "invoice-agent",
    )  # fmt: skip
    assert json.loads(agent["attributes"])["otel.links"][0]["attributes"] == {"why": "retry"}


def test_a_log_record_happened_in_its_span() -> None:
    said, failed = rows("otel-console", "logs")
    assert (said["trace_id"], said["span_id"], said["parent_span_id"], said["run_id"]) == (TRACE, None, ROOT, "run-oc")
    assert (said["ts_source"], said["status"]) == ("event", "unknown")
    assert (failed["ts_source"], failed["status"], failed["error"]) == ("observed", "error", "no such invoice")
    assert (failed["trace_id"], failed["parent_span_id"]) == (None, None)


@pytest.mark.parametrize(
    "value",
    [
        {"name": "x", "kind": "SpanKind.INTERNAL"},
        {"name": "x", "context": {"trace_id": "0x1", "span_id": "0x2"}, "span_kind": "LLM", "parent_id": None},
        {"body": "x", "severity_number": 9, "trace_id": "7d1f", "span_id": "0a", "trace_flags": 1},
        {"attributes": [], "kind": "SpanKind.INTERNAL", "context": "0x1"},
    ],
)
def test_what_is_left_to_others(value: Any) -> None:
    assert otel_console.sniff(look(json.dumps(value).encode(), complete=True)) == 0.0


def test_odd_values_end_in_events_or_in_a_typed_error() -> None:
    (event,) = read(
        "otel-console", {"context": {}, "attributes": 7, "events": [1], "links": 3, "status": "x", "kind": 5}
    )
    assert json.loads(event["attributes"])["otel.attributes"] == 7
    assert otel_console.read({"resource_metrics": []}, None) == Ignored("metrics")  # type: ignore[arg-type]
    with pytest.raises(RecordError):
        otel_console.read([], None)  # type: ignore[arg-type]
