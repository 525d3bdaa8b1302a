"""OTLP as Protocol Buffers -> the objects that OTLP/JSON has, so that one reader reads both.

Field numbers and types: trace.proto, logs.proto, common.proto and resource.proto of opentelemetry-proto v1.11.0. An
export of traces and one of logs look alike down to the span or log record (`resource_spans`, `resource_logs`: field 1;
`scope_spans`, `scope_logs`: field 2; `spans`, `log_records`: field 2), so `signal` looks there.

As in OTLP/JSON, ids are hex, 64-bit numbers are text and bytes are base64. Fields that no message here has are counted
under `unknownFields` as `<message>.<number>`, beside the resources of the export.
"""

from __future__ import annotations

import base64
import struct
from collections import Counter
from typing import Any, NamedTuple

from auditrail.containers import wire
from auditrail.containers.wire import BYTES, FIXED32, FIXED64, VARINT
from auditrail.errors import RecordError

TRACES, LOGS, METRICS = "traces", "logs", "metrics"
# As deep as the libraries of Protocol Buffers read a message, by default.
_DEEPEST = 100
# Spans or log records that are looked at before an export counts as undecided.
_LOOKED_AT = 200


class Field(NamedTuple):
    """A field: its name in JSON, its wire type, how its value is read, and whether it is a list."""

    name: str
    kind: int
    read: str
    many: bool = False


def _text(name: str) -> Field:
    return Field(name, BYTES, "text")


def _one(name: str, message: str) -> Field:
    return Field(name, BYTES, message)


def _many(name: str, message: str) -> Field:
    return Field(name, BYTES, message, many=True)


def _count(name: str) -> Field:
    return Field(name, VARINT, "uint")


_MESSAGES: dict[str, dict[int, Field]] = {
    "Traces": {1: _many("resourceSpans", "ResourceSpans")},
    "Logs": {1: _many("resourceLogs", "ResourceLogs")},
    "ResourceSpans": {
        1: _one("resource", "Resource"),
        2: _many("scopeSpans", "ScopeSpans"),
        3: _text("schemaUrl"),
        1000: _many("instrumentationLibrarySpans", "LibrarySpans"),  # until v0.15
    },
    "ResourceLogs": {
        1: _one("resource", "Resource"),
        2: _many("scopeLogs", "ScopeLogs"),
        3: _text("schemaUrl"),
        1000: _many("instrumentationLibraryLogs", "LibraryLogs"),
    },
    "Resource": {
        1: _many("attributes", "KeyValue"),
        2: _count("droppedAttributesCount"),
        3: _many("entityRefs", "EntityRef"),
    },
    "EntityRef": {
        1: _text("schemaUrl"),
        2: _text("type"),
        3: _many("idKeys", "text"),
        4: _many("descriptionKeys", "text"),
    },
    "ScopeSpans": {1: _one("scope", "Scope"), 2: _many("spans", "Span"), 3: _text("schemaUrl")},
    "ScopeLogs": {1: _one("scope", "Scope"), 2: _many("logRecords", "LogRecord"), 3: _text("schemaUrl")},
    "LibrarySpans": {
        1: _one("instrumentationLibrary", "Scope"),
        2: _many("spans", "Span"),
        3: _text("schemaUrl"),
    },
    "LibraryLogs": {
        1: _one("instrumentationLibrary", "Scope"),
        2: _many("logRecords", "LogRecord"),
        3: _text("schemaUrl"),
    },
    "Scope": {
        1: _text("name"),
        2: _text("version"),
        3: _many("attributes", "KeyValue"),
        4: _count("droppedAttributesCount"),
    },
    "Span": {
        1: Field("traceId", BYTES, "hex"),
        2: Field("spanId", BYTES, "hex"),
        3: _text("traceState"),
        4: Field("parentSpanId", BYTES, "hex"),
        5: _text("name"),
        6: _count("kind"),
        7: Field("startTimeUnixNano", FIXED64, "nanos"),
        8: Field("endTimeUnixNano", FIXED64, "nanos"),
        9: _many("attributes", "KeyValue"),
        10: _count("droppedAttributesCount"),
        11: _many("events", "SpanEvent"),
        12: _count("droppedEventsCount"),
        13: _many("links", "Link"),
        14: _count("droppedLinksCount"),
        15: _one("status", "Status"),
        16: Field("flags", FIXED32, "fixed32"),
    },
    "SpanEvent": {
        1: Field("timeUnixNano", FIXED64, "nanos"),
        2: _text("name"),
        3: _many("attributes", "KeyValue"),
        4: _count("droppedAttributesCount"),
    },
    "Link": {
        1: Field("traceId", BYTES, "hex"),
        2: Field("spanId", BYTES, "hex"),
        3: _text("traceState"),
        4: _many("attributes", "KeyValue"),
        5: _count("droppedAttributesCount"),
        6: Field("flags", FIXED32, "fixed32"),
    },
    "Status": {2: _text("message"), 3: _count("code")},
    "LogRecord": {
        1: Field("timeUnixNano", FIXED64, "nanos"),
        2: _count("severityNumber"),
        3: _text("severityText"),
        5: _one("body", "AnyValue"),
        6: _many("attributes", "KeyValue"),
        7: _count("droppedAttributesCount"),
        8: Field("flags", FIXED32, "fixed32"),
        9: Field("traceId", BYTES, "hex"),
        10: Field("spanId", BYTES, "hex"),
        11: Field("observedTimeUnixNano", FIXED64, "nanos"),
        12: _text("eventName"),
    },
    "KeyValue": {1: _text("key"), 2: _one("value", "AnyValue"), 3: _count("keyStrindex")},
    "AnyValue": {
        1: _text("stringValue"),
        2: Field("boolValue", VARINT, "bool"),
        3: Field("intValue", VARINT, "int64"),
        4: Field("doubleValue", FIXED64, "double"),
        5: _one("arrayValue", "Array"),
        6: _one("kvlistValue", "KeyValues"),
        7: Field("bytesValue", BYTES, "base64"),
        8: _count("stringValueStrindex"),
    },
    "Array": {1: _many("values", "AnyValue")},
    "KeyValues": {1: _many("values", "KeyValue")},
}
# Of metrics only so much as tells them: metrics.proto, message Metric.
_METRIC = {
    1: _text("name"), 2: _text("description"), 3: _text("unit"), 5: _text("gauge"), 7: _text("sum"),
    9: _text("histogram"), 10: _text("exponentialHistogram"), 11: _text("summary"), 12: _text("metadata"),
}  # fmt: skip
_POINTS = frozenset({5, 7, 9, 10, 11})


def signal(data: bytes, *, cut: bool = False) -> str | None:
    """What an export holds: traces, logs, metrics, or None where nothing decides. With `cut` it may be a beginning.

    A span has ids of 16 and 8 bytes; a log record begins with a time or has one at field 11; a metric has data points.
    """
    looked = 0
    try:
        for leaf in _leaves(data, cut=cut):
            found = _signal_of(data, *leaf)
            if found is not None:
                return found
            looked += 1
            if looked > _LOOKED_AT:
                break
    except wire.WireError:
        return None
    return None


def _leaves(data: bytes, *, cut: bool) -> Any:
    """Places of the spans, log records or metrics: field 2 of field 2 (or 1000, until v0.15) of field 1."""
    for number, kind, begin, end in wire.fields(data, 0, len(data), cut=cut):
        if (number, kind) != (1, BYTES):
            continue
        for inner, inner_kind, scope, scope_end in wire.fields(data, begin, end, cut=cut):
            if inner not in (2, 1000) or inner_kind != BYTES:
                continue
            for leaf, leaf_kind, start, stop in wire.fields(data, scope, scope_end, cut=cut):
                if (leaf, leaf_kind) == (2, BYTES):
                    yield start, stop


def _signal_of(data: bytes, start: int, end: int) -> str | None:
    sizes: dict[int, tuple[int, int]] = {}
    first = b""
    try:
        for number, kind, begin, close in wire.fields(data, start, end, cut=True):
            sizes.setdefault(number, (kind, close - begin))
            first = first or (data[begin:close] if number == 1 else b"")
    except wire.WireError as error:
        if not error.cut:
            return None
    if _fits(sizes, _MESSAGES["Span"]) and sizes.get(1) == (BYTES, 16) and sizes.get(2) == (BYTES, 8):
        # A metric may have a name of 16 characters and a description of 8.
        timed = 7 in sizes or 8 in sizes
        return TRACES if timed or not (first.isascii() and first.decode().isprintable()) else METRICS
    if _fits(sizes, _MESSAGES["LogRecord"]) and (
        any(sizes.get(field, (0, 0))[0] == FIXED64 for field in (1, 11)) or sizes.get(9) == (BYTES, 16)
    ):
        return LOGS
    if _fits(sizes, _METRIC) and 1 in sizes and _POINTS & sizes.keys():
        return METRICS
    return None


def _fits(sizes: dict[int, tuple[int, int]], message: dict[int, Field]) -> bool:
    """Whether every field is one of the message; a number behind its last may be one of a later version."""
    last = max(message)
    return bool(sizes) and all(
        message[number].kind == kind if number in message else number > last for number, (kind, _) in sizes.items()
    )


def decode(data: bytes, found: str) -> dict[str, Any]:
    """An export of traces or logs as OTLP/JSON has it.

    Raises:
        RecordError: `malformed` for bytes that are no such message, `too-deep` for values nested beyond 100 levels.
    """
    decoder = _Decoder(data)
    try:
        made = decoder.message("Logs" if found == LOGS else "Traces", 0, len(data), 0)
    except wire.WireError as error:
        raise RecordError("malformed", f"no whole message of Protocol Buffers: {error}") from None
    if decoder.unknown:
        made["unknownFields"] = dict(sorted(decoder.unknown.items()))
    if decoder.no_text:
        made["textsNotUtf8"] = decoder.no_text
    return made


class _Decoder:
    """Decodes one message; counts what it does not know."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.unknown: Counter[str] = Counter()
        self.no_text = 0

    def message(self, name: str, start: int, end: int, level: int) -> dict[str, Any]:
        if level > _DEEPEST:
            raise RecordError("too-deep", f"values are nested deeper than {_DEEPEST} levels")
        known = _MESSAGES[name]
        made: dict[str, Any] = {}
        for number, kind, begin, close in wire.fields(self._data, start, end):
            field = known.get(number)
            if field is None or field.kind != kind:
                self.unknown[f"{name}.{number}"] += 1
                continue
            value = self._value(field.read, begin, close, level)
            if field.many:
                made.setdefault(field.name, []).append(value)
            else:
                made[field.name] = value
        return made

    def _value(self, read: str, begin: int, close: int, level: int) -> Any:
        data = self._data
        if read in _MESSAGES:
            return self.message(read, begin, close, level + (read == "AnyValue"))
        if read == "text":
            return self._text(data[begin:close])
        if read == "hex":
            return data[begin:close].hex()
        if read == "base64":
            return base64.b64encode(data[begin:close]).decode()
        if read == "nanos":
            return str(int.from_bytes(data[begin:close], "little"))
        if read == "fixed32":
            return int.from_bytes(data[begin:close], "little")
        if read == "double":
            return _double(data[begin:close])
        value, _ = wire.varint(data, begin, close)
        if read == "bool":
            return bool(value)
        if read == "int64":
            return str(value - (1 << 64) if value >> 63 else value)
        return value

    def _text(self, raw: bytes) -> str:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            self.no_text += 1
            text = raw.decode("utf-8", "backslashreplace")
        # As the parser of JSON has it: no store or terminal cuts at it.
        return text.replace("\x00", "\\u0000") if "\x00" in text else text


def _double(raw: bytes) -> float | str:
    value: float = struct.unpack("<d", raw)[0]
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value
