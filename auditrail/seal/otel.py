"""An OpenTelemetry span exporter that writes to a sealed log (extra `otel`)."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from auditrail.errors import AuditrailError, MissingExtraError
from auditrail.seal.log import SealedLog
from auditrail.seal.records import plain

try:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
except ImportError as error:
    raise MissingExtraError("spans need opentelemetry-sdk", hint="pip install 'auditrail-forensics[otel]'") from error

_logger = logging.getLogger(__name__)


class SealedSpanExporter(SpanExporter):
    """Writes each span as a record of a sealed log, in the form of the SDK's own `to_json`; closes the log at the end.

    Use it with a `SimpleSpanProcessor` where no span may be lost to a crash: a `BatchSpanProcessor` keeps them a while.
    """

    def __init__(self, log: SealedLog) -> None:
        self.log = log

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Writes spans; FAILURE if one could not be written, those before it are written then."""
        try:
            for span in spans:
                self.log.append({"span": plain(json.loads(span.to_json(indent=None)))})
        except (AuditrailError, OSError):
            _logger.exception("spans were not written to %s", self.log.path)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - the SDK's signature
        """Signs and syncs what was written so far."""
        try:
            self.log.checkpoint()
        except (AuditrailError, OSError):
            return False
        return True

    def shutdown(self) -> None:
        self.log.close()
