"""Spans and log records in the shape of OTLP/JSON, with slots for the attributes that a fault may act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
from _streams import Record, Slot

INTERNAL, SERVER, CLIENT = 1, 2, 3
_BATCH = 12


class Attributes:
    """Attributes as a list of key and value; those added by `content` can be spoilt."""

    def __init__(self, **plain: Any) -> None:
        self.items: list[dict[str, Any]] = []
        self.slots: list[Slot] = []
        self.add(plain)

    def add(self, plain: dict[str, Any]) -> None:
        """Adds plain values; None adds nothing."""
        for key, value in plain.items():
            if value is not None:
                self.items.append({"key": key, "value": any_value(value)})

    def content(self, role: str, key: str, value: Any) -> None:
        """A value that is written as JSON text, or, for a text, as it is."""
        holder = {"stringValue": ""}
        item = {"key": key, "value": holder}
        self.items.append(item)
        slot = Slot(role, holder, "stringValue", True, self.items, item)
        slot.put(value)
        self.slots.append(slot)


def any_value(value: Any) -> dict[str, Any]:
    """An AnyValue of a text, number or boolean."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}


def span(
    trace: str, ident: str, parent: str, name: str, attributes: Attributes, *, kind: int = INTERNAL, error: str = "",
    flags: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A span, its times still blank."""
    made: dict[str, Any] = {
        "traceId": trace, "spanId": ident, "name": name, "kind": kind, "startTimeUnixNano": "", "endTimeUnixNano": "",
        "attributes": attributes.items,
    }  # fmt: skip
    if parent:
        made["parentSpanId"] = parent
    if flags is not None:
        made["flags"] = flags
    if error:
        made["status"] = {"code": 2, "message": error}
    return made


def document(member: str, service: str, record: dict[str, Any], **resource: Any) -> dict[str, Any]:
    """A whole document of one record; `member` is spans or logRecords."""
    kind = "Spans" if member == "spans" else "Logs"
    attributes = Attributes(**{"service.name": service}, **resource).items
    return {f"resource{kind}": [{"resource": {"attributes": attributes}, f"scope{kind}": [{member: [record]}]}]}


def write_batches(records: Iterable[Record], path: Path) -> None:
    """Writes documents of one record each as the Collector's file exporter would: some records in each line."""
    with path.open("wb") as out:
        for batch in _batches(records):
            (top,) = batch[0]
            out.write(orjson.dumps({top: [part for one in batch for part in one[top]]}) + b"\n")


def _batches(records: Iterable[Record]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for record in records:
        batch += [record.doc] * record.times_written
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
