"""Values of OTLP/JSON: AnyValue, lists of attributes, ids, flags and trace state.

Facts: opentelemetry-proto v1.11.0 (common.proto, trace.proto) and its docs/specification.md, "JSON Protobuf Encoding":
ids are hex in any case, 64-bit integers are text or numbers, defaults are left out. Writers that use the plain
proto3 JSON mapping (Grafana Tempo, Python's MessageToJson) give ids in base64, names of enums and snake_case keys.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from auditrail.ids import normalise
from auditrail.model import Id
from auditrail.readers._vocabulary import threshold_probability, whole

_TRACE_HEX = re.compile(r"[0-9a-fA-F]{32}").fullmatch
_SPAN_HEX = re.compile(r"[0-9a-fA-F]{16}").fullmatch
_TRACE_BASE64 = re.compile(r"[A-Za-z0-9+/]{22}==").fullmatch
_SPAN_BASE64 = re.compile(r"[A-Za-z0-9+/]{11}=").fullmatch
_SNAKE = re.compile(r"_([a-z])")

# Flags of a span or link: W3C trace flags below, then whether the parent was in another process.
SAMPLED = 0x01
REMOTE_KNOWN = 0x100
REMOTE = 0x200

BASE64_IDS = "base64-ids"


def any_value(value: Any) -> Any:
    """An AnyValue as a plain value: `{}` is None, bytes stay base64 text, what is no AnyValue stays as it is."""
    if type(value) is not dict:
        return value
    if len(value) != 1:
        return value or None
    ((key, inner),) = value.items()
    if key in ("stringValue", "boolValue", "doubleValue", "bytesValue"):
        return inner
    if key == "intValue":
        return _integer(inner)
    if key == "arrayValue":
        return _array(value, inner)
    if key == "kvlistValue":
        return _object(value, inner)
    camel = _SNAKE.sub(_upper, key) if isinstance(key, str) and key.endswith("_value") else key
    return any_value({camel: inner}) if camel != key else value


def _upper(match: re.Match[str]) -> str:
    return match.group(1).upper()


def _integer(value: Any) -> Any:
    if type(value) is not str:
        return value
    digits = value[1:] if value[:1] == "-" else value
    return int(value) if len(digits) <= 20 and digits.isascii() and digits.isdigit() else value


def _array(value: dict[str, Any], inner: Any) -> Any:
    items = inner.get("values", []) if type(inner) is dict and len(inner) <= 1 else None
    return [any_value(item) for item in items] if type(items) is list else value


def _object(value: dict[str, Any], inner: Any) -> Any:
    """A kvlistValue as an object; one that names a key twice or holds anything else stays as it is."""
    items = inner.get("values", []) if type(inner) is dict and len(inner) <= 1 else None
    if type(items) is not list:
        return value
    made: dict[str, Any] = {}
    for item in items:
        if not _is_pair(item) or item["key"] in made:
            return value
        made[item["key"]] = any_value(item.get("value"))
    return made


def _is_pair(item: Any) -> bool:
    return (
        type(item) is dict and type(item.get("key")) is str and len(item) <= 2 and (len(item) == 1 or "value" in item)
    )


def attributes(listed: Any, odd: dict[str, Any]) -> dict[str, Any]:
    """A list of KeyValue as an object.

    A plain object is taken as it is (some exporters flatten the list). Of a key that stands twice the last value
    counts. What does not fit goes into `odd`: `duplicateAttributes` (the earlier values, as key and value),
    `malformedAttributes` (the entries, or the whole thing, as they stand).
    """
    made: dict[str, Any] = {}
    if type(listed) is not list:
        if type(listed) is dict:
            return listed
        if listed is not None:
            odd["malformedAttributes"] = listed
        return made
    for item in listed:
        try:
            key, value = item["key"], item["value"]
            whole_pair = len(item) == 2
        except (TypeError, KeyError):
            whole_pair = _is_pair(item)
            key, value = (item["key"], None) if whole_pair else ("", None)
        if not whole_pair or type(key) is not str:
            odd.setdefault("malformedAttributes", []).append(item)
            continue
        if key in made:
            odd.setdefault("duplicateAttributes", []).append({"key": key, "value": made.pop(key)})
        # What nearly all values are, without a call.
        if type(value) is dict and len(value) == 1 and "stringValue" in value:
            made[key] = value["stringValue"]
        else:
            made[key] = any_value(value)
    return made


def trace_id(kind: str, value: Any, remarks: list[str]) -> Id | None:
    """A trace id; 32 hex digits in any case, or 16 bytes in base64; anything else as `ids.normalise` takes it."""
    if type(value) is str:
        if _TRACE_HEX(value):
            return Id(kind, value.lower()) if value.strip("0") else None
        if _TRACE_BASE64(value):
            return _from_base64(kind, value, remarks)
    text = normalise(kind, value)
    return Id(kind, text) if text else None


def span_id(kind: str, value: Any, remarks: list[str]) -> Id | None:
    """A span id; 16 hex digits in any case, or 8 bytes in base64; anything else as `ids.normalise` takes it."""
    if type(value) is str:
        if _SPAN_HEX(value):
            return Id(kind, value.lower()) if value.strip("0") else None
        if _SPAN_BASE64(value):
            return _from_base64(kind, value, remarks)
    text = normalise(kind, value)
    return Id(kind, text) if text else None


def _from_base64(kind: str, value: str, remarks: list[str]) -> Id | None:
    text = base64.b64decode(value).hex()
    if BASE64_IDS not in remarks:
        remarks.append(BASE64_IDS)
    return Id(kind, text) if text.strip("0") else None


def number(value: Any) -> int | None:
    """A 32-bit field such as `flags`, given as a number or as decimal text."""
    return value if type(value) is int and value >= 0 else whole(value)


def state_probability(state: Any) -> float | None:
    """The sampling probability in a W3C tracestate: the member `ot`, its part `th` (OpenTelemetry's threshold)."""
    if type(state) is not str or "th:" not in state:
        return None
    for member in state.split(","):
        key, _, value = member.strip().partition("=")
        if key == "ot":
            for part in value.split(";"):
                if part.startswith("th:"):
                    return threshold_probability(part[3:])
    return None
