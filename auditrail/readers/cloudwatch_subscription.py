"""CloudWatch Logs subscriptions: what a subscription filter delivers to Lambda, Kinesis, Firehose and S3.

Shapes:

- `{"messageType": "DATA_MESSAGE" | "CONTROL_MESSAGE", "owner", "logGroup", "logStream", "subscriptionFilters": [],
  "logEvents": [{"id", "timestamp", "message", "extractedFields"?}]}`, written one after another with no separator.
  The order of members varies; the array may stand first. Each element of `logEvents` is a record. (Samples of
  opentelemetry-collector-contrib, awslogsencodingextension.)
- `{"awslogs": {"data": base64(gzip(the above))}}`: the event that a Lambda function is called with.
- `{"attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "rawData": base64}`: what Firehose could not
  deliver, kept under `processing-failed/`: the record is recovered from `rawData`. (General knowledge, like the
  `awslogs` shape.)
- single `logEvents` as JSONL, told by their 56-digit id.

A CONTROL_MESSAGE is a health check of the destination, defined as no event. `timestamp` is in milliseconds since the
epoch, UTC. Firehose delivers at least once, so the same id may come twice; ids of two groups were seen to be equal.

A payload that is one record and holds several messages gives one event for each, with the text in `message`: a record
can hand on only one message to be read further.

Not read: filters and their patterns, which are not in the payload.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Any

from auditrail import jsontext, times
from auditrail.containers.limits import WRAPPER_BUFFER
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _cloudwatch
from auditrail.readers._cloudwatch import Envelope
from auditrail.readers._contract import Ignored, Inner, Reading, as_inside
from auditrail.readers._pieces import as_text

NAME = "cloudwatch-subscription"
TITLE = "CloudWatch Logs subscription payloads (Lambda, Kinesis, Firehose, S3)"
LAYER = "other"
TESTED_ON = (
    "real files of opentelemetry-collector-contrib (subscription payloads, control message, several in one file); "
    "documentation only: Lambda and processing-failed shapes"
)
NEVER_RECORDS = "events that the filter pattern did not select, and when the log store received an event."
IDS: tuple[str, ...] = ()
CAPTURES = as_inside("yes: the time the writer gave, in milliseconds")
ARRAYS = ("logEvents",)

_COLUMNS = frozenset({"timestamp", "message"})
_FAILED = ("attemptsMade", "errorCode", "rawData")
_EVENT_ID = re.compile(r"[0-9]{56}\Z")
_CONTROL_TEXT = "CWL CONTROL MESSAGE:"


def sniff(head: Head) -> float:
    """0.95 for a payload in any of its shapes; 0.8 for single log events; content only."""
    sample = head.samples[0] if head.samples else None
    if isinstance(sample, dict):
        return _sniff_object(sample)
    keys = head.keys
    if "logEvents" in keys and (keys & {"logGroup", "messageType"} or b'"message"' in head.raw):
        return 0.95
    return 0.0


def _sniff_object(sample: dict[str, Any]) -> float:
    if "logEvents" in sample and ("logGroup" in sample or "messageType" in sample):
        return 0.95
    awslogs = sample.get("awslogs")
    if isinstance(awslogs, dict) and isinstance(awslogs.get("data"), str):
        return 0.95
    if all(key in sample for key in _FAILED):
        return 0.9
    event_id = sample.get("id")
    if isinstance(event_id, str) and _EVENT_ID.match(event_id) and all(key in sample for key in _COLUMNS):
        return 0.8
    return 0.0


def read(value: Any, record: Record) -> Reading:
    """One element of `logEvents`, or a whole payload that is one record.

    Raises:
        RecordError: `not-an-object`; `malformed` or `oversized` for an `awslogs` payload that can't be unpacked.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an element of `logEvents` is no object")
    awslogs = value.get("awslogs")
    if isinstance(awslogs, dict) and "data" in awslogs:
        rest = {key: item for key, item in value.items() if key != "awslogs"}
        rest.update({f"awslogs.{key}": item for key, item in awslogs.items() if key != "data"})
        raw = _unpacked(awslogs["data"])
        try:
            payload, flags = jsontext.parse(raw)
        except RecordError as error:  # the record itself is JSON: it is its payload that is not
            raise RecordError("malformed", f"the payload in `awslogs.data` can't be read: {error.code}") from None
        if not isinstance(payload, dict) or not isinstance(payload.get("logEvents"), list):
            raise RecordError("malformed", "the payload in `awslogs.data` holds no `logEvents`")
        return _payload(payload, _flagged(rest, flags))
    if all(key in value for key in _FAILED):
        return _failed(value)
    if isinstance(value.get("logEvents"), list):
        return _payload(value, {})
    return _log_event(value, record.header or {}, {})


def _log_event(value: Any, header: dict[str, Any], extra: dict[str, Any]) -> Reading:
    if not isinstance(value, dict):  # one odd element must not cost the payload that it stands in
        envelope = _envelope({}, header, extra)
        return [_cloudwatch.context(envelope, {**envelope.attributes, "message": value})]
    message = value.get("message")
    kind = header.get("messageType")
    control = isinstance(message, str) and message.startswith(_CONTROL_TEXT)
    if kind == "CONTROL_MESSAGE" or (kind is None and control and not value.get("id")):
        return Ignored("control-message")
    return _cloudwatch.reading(message, _envelope(value, header, extra))


def _envelope(value: dict[str, Any], header: dict[str, Any], extra: dict[str, Any]) -> Envelope:
    log_group = _cloudwatch.group_name(header.get("logGroup"))
    attributes = {key: item for key, item in value.items() if key not in _COLUMNS and key != "id"}
    if "id" in value:
        attributes["eventId"] = value["id"]
    if "message" in value and value["message"] is None:
        attributes["message"] = None
    for key, item in {**header, **extra}.items():
        if key != "messageType" or item != "DATA_MESSAGE":
            attributes[key if key not in attributes else f"payload.{key}"] = item
    return Envelope(
        value.get("timestamp"),
        None,
        log_group,
        _cloudwatch.name_of(header.get("logStream")),
        _cloudwatch.dedupe_key(value.get("id"), log_group),
        attributes,
    )


def _payload(payload: dict[str, Any], extra: dict[str, Any]) -> Reading:
    """A whole payload in one record: its messages are handed on, between the lines of Lambda's own."""
    header = {key: item for key, item in payload.items() if key != "logEvents"}
    readings = [_log_event(item, header, extra) for item in payload["logEvents"]]
    kept = [reading for reading in readings if not isinstance(reading, Ignored)]
    if not kept:
        return readings[0] if readings else Ignored("no-log-events")
    if len(kept) == 1:
        return kept[0]
    parts: list[Event | Inner] = []
    for reading in kept:
        if isinstance(reading, Inner):
            parts.append(reading)
        else:
            parts.extend(reading)
    return parts


def _failed(value: dict[str, Any]) -> Reading:
    """A record that Firehose gave up on: what it carried, else the failure itself."""
    rest = {key: item for key, item in value.items() if key != "rawData"}
    try:
        raw = _unpacked(value["rawData"])
    except RecordError as error:
        moment = times.parse(value.get("arrivalTimestamp"))
        return [
            Event(
                ts_ns=moment.ns if moment else None,
                observed_ns=moment.ns if moment else None,
                ts_source="observed" if moment else "order",
                kind="error",
                name="processing-failed",
                status="error",
                error=jsontext.content(value["errorCode"]),
                attributes=jsontext.dumps({**value, "auditrail.unpacked": error.reason}),
            )
        ]
    try:
        payload, flags = jsontext.parse(raw)
    except RecordError:  # no JSON: a text that someone put into the stream
        payload, flags = None, ()
    if isinstance(payload, dict) and isinstance(payload.get("logEvents"), list):
        return _payload(payload, _flagged({"firehose": rest}, flags))
    envelope = Envelope(None, value.get("arrivalTimestamp"), None, None, None, {"firehose": rest})
    text = as_text(raw)
    if isinstance(text, bytes):
        return Inner(text, _cloudwatch.context(envelope, dict(envelope.attributes)))
    return _cloudwatch.reading(text, envelope)


def _flagged(attributes: dict[str, Any], flags: tuple[str, ...]) -> dict[str, Any]:
    return {**attributes, "auditrail.payload_flags": list(flags)} if flags else attributes


def _unpacked(data: Any) -> bytes:
    """base64, then gzip where its magic stands; bounded, because a few bytes of gzip can be made to expand a lot."""
    if not isinstance(data, str):
        raise RecordError("malformed", "the payload is no base64 text")
    try:
        packed = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise RecordError("malformed", "the payload is no base64 text") from None
    if packed[:2] != b"\x1f\x8b":
        return packed
    out = bytearray()
    while packed[:2] == b"\x1f\x8b":  # gzip members may stand one after another
        member = zlib.decompressobj(wbits=31)
        try:
            out += member.decompress(packed, WRAPPER_BUFFER + 1 - len(out))
        except zlib.error:
            raise RecordError("malformed", "the payload is damaged gzip") from None
        if len(out) > WRAPPER_BUFFER:
            raise RecordError("oversized", f"the payload expands to more than {WRAPPER_BUFFER >> 20} MiB")
        if not member.eof:
            raise RecordError("malformed", "the payload is gzip that ends too soon")
        packed = member.unused_data
    return bytes(out)


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence: a payload that names no log group."""
    if wrapper.header.get("messageType") == "CONTROL_MESSAGE" or _cloudwatch.group_name(wrapper.header.get("logGroup")):
        return []
    return [("no-log-group", "a subscription payload without `logGroup`")]
