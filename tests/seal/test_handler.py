"""The logging handler and the span exporter on a sealed log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail.seal.handler import SealedHandler
from auditrail.seal.log import SealedLog
from auditrail.verify.types import INTACT, UNANCHORED
from tests.seal._logs import KEY, SIGNER
from tests.verify.kinds._calls import result


def bodies(path: Path) -> list[Any]:
    return [line["body"] for raw in path.read_bytes().splitlines() if (line := json.loads(raw))["kind"] == "record"]


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    # One that stands alone: what pytest captures of others goes to another process, which takes no half characters.
    made = logging.Logger("auditrail.tests.sealed", logging.DEBUG)  # noqa: LOG001 - see above
    yield made
    for handler in list(made.handlers):
        made.removeHandler(handler)
        handler.close()


def test_log_records_are_sealed(tmp_path: Path, logger: logging.Logger) -> None:
    path = tmp_path / "app.jsonl"
    handler = SealedHandler(SealedLog(path, fsync="never", signer=SIGNER), logging.INFO)
    logger.addHandler(handler)
    logger.debug("left out")
    logger.info(
        "refund of %d EUR", 1400, extra={"tool": "issue_refund", "big": 1 << 70, "odd": {1: {2}, "x": float("nan")}}
    )
    try:
        json.loads("boom")
    except ValueError:
        logger.exception("failed \udcff")
    handler.close()
    first, second = bodies(path)
    assert (first["level"], first["message"], first["logger"]) == ("INFO", "refund of 1400 EUR", logger.name)
    assert first["extra"] == {"tool": "issue_refund", "big": str(1 << 70), "odd": {"1": [2], "x": "nan"}}
    assert "JSONDecodeError" in second["exception"]
    assert result(path, key=(f"hex:{KEY.public.hex()}",)).verdict == INTACT


def test_a_log_that_fails_does_not_stop_the_program(
    tmp_path: Path, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = SealedHandler(SealedLog(tmp_path / "log", fsync="never"))
    failed: list[logging.LogRecord] = []
    monkeypatch.setattr(handler, "handleError", failed.append)
    handler.log.close()
    handler.handle(logger.makeRecord(logger.name, logging.INFO, __file__, 1, "after the end", (), None))
    handler.handle(logger.makeRecord(logger.name, logging.INFO, __file__, 1, "%d arguments", ("wrong",), None))
    assert len(failed) == 2
    handler.close()


def test_spans_are_sealed(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    from auditrail.seal.otel import SealedSpanExporter

    path = tmp_path / "spans.jsonl"
    provider = TracerProvider()
    exporter = SealedSpanExporter(SealedLog(path, fsync="never"))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("agent")
    with (
        tracer.start_as_current_span("invoke_agent", attributes={"gen_ai.agent.name": "refunds", "big": 1 << 60}),
        tracer.start_as_current_span("execute_tool issue_refund"),
    ):
        pass
    assert exporter.force_flush()
    provider.shutdown()
    inner, outer = (body["span"] for body in bodies(path))
    assert (inner["name"], outer["name"]) == ("execute_tool issue_refund", "invoke_agent")
    assert inner["parent_id"] == outer["context"]["span_id"]
    assert outer["attributes"] == {"gen_ai.agent.name": "refunds", "big": str(1 << 60)}
    assert result(path).verdict == UNANCHORED
    from opentelemetry.sdk.trace.export import SpanExportResult

    logging.disable(logging.CRITICAL)
    assert exporter.export([]) == SpanExportResult.SUCCESS
    with tracer.start_as_current_span("late") as span:
        pass
    assert exporter.export([span]) == SpanExportResult.FAILURE  # type: ignore[list-item]
    logging.disable(logging.NOTSET)
