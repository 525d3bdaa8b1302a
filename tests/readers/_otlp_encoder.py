"""OTLP/JSON -> Protocol Buffers, by hand: the numbers and types of opentelemetry-proto, written down a second time."""

from __future__ import annotations

import base64
import struct
from typing import Any


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, kind: int, payload: bytes) -> bytes:
    size = varint(len(payload)) if kind == 2 else b""
    return varint(number << 3 | kind) + size + payload


# Type and numbers, `name:type` each: s text, x hex, u unsigned, q fixed64, i fixed32, else a message; * is a list.
SCHEMA = {
    "export": "1 resourceSpans *rs, 1 resourceLogs *rl",
    "rs": "1 resource resource, 2 scopeSpans *ss, 3 schemaUrl s",
    "rl": "1 resource resource, 2 scopeLogs *sl, 3 schemaUrl s",
    "ss": "1 scope scope, 2 spans *span, 3 schemaUrl s",
    "sl": "1 scope scope, 2 logRecords *log, 3 schemaUrl s",
    "resource": "1 attributes *kv, 2 droppedAttributesCount u",
    "scope": "1 name s, 2 version s, 3 attributes *kv, 4 droppedAttributesCount u",
    "span": "1 traceId x, 2 spanId x, 3 traceState s, 4 parentSpanId x, 5 name s, 6 kind u, 7 startTimeUnixNano q, "
    "8 endTimeUnixNano q, 9 attributes *kv, 10 droppedAttributesCount u, 11 events *event, 12 droppedEventsCount u, "
    "13 links *link, 14 droppedLinksCount u, 15 status status, 16 flags i",
    "event": "1 timeUnixNano q, 2 name s, 3 attributes *kv, 4 droppedAttributesCount u",
    "link": "1 traceId x, 2 spanId x, 3 traceState s, 4 attributes *kv, 5 droppedAttributesCount u, 6 flags i",
    "status": "2 message s, 3 code u",
    "log": "1 timeUnixNano q, 2 severityNumber u, 3 severityText s, 5 body any, 6 attributes *kv, "
    "7 droppedAttributesCount u, 8 flags i, 9 traceId x, 10 spanId x, 11 observedTimeUnixNano q, 12 eventName s",
    "kv": "1 key s, 2 value any",
    "any": "1 stringValue s, 2 boolValue u, 3 intValue u, 4 doubleValue d, 5 arrayValue array, 6 kvlistValue kvs, "
    "7 bytesValue b",
    "array": "1 values *any",
    "kvs": "1 values *kv",
}
TABLES = {
    name: {what: (int(number), kind) for number, what, kind in (part.split() for part in text.split(", "))}
    for name, text in SCHEMA.items()
}


def encode(value: dict[str, Any], name: str = "export") -> bytes:
    out = b""
    for key, item in value.items():
        number, kind = TABLES[name][key]
        items = item if kind[0] == "*" else [item]
        out += b"".join(_one(number, kind.lstrip("*"), each) for each in items)
    return out


def _one(number: int, kind: str, value: Any) -> bytes:
    if kind == "s":
        return field(number, 2, value.encode())
    if kind == "x":
        return field(number, 2, bytes.fromhex(value))
    if kind == "b":
        return field(number, 2, base64.b64decode(value))
    if kind == "u":
        return field(number, 0, varint(int(value)))
    if kind == "q":
        return field(number, 1, int(value).to_bytes(8, "little"))
    if kind == "i":
        return field(number, 5, int(value).to_bytes(4, "little"))
    if kind == "d":
        return field(number, 1, struct.pack("<d", float(value)))
    return field(number, 2, encode(value, kind))
