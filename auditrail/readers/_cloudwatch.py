"""What the CloudWatch readers share: one log event of any wrapper -> its context, and the message handed on.

Limits of a message: 256 KiB less 26 bytes (262,118) was the limit of an event until it became 1 MiB (1,048,550 in a
batch of one); agents still cut at the old one. The CloudWatch agent ends a message it cut with `[Truncated...]`.
Source: botocore 1.44.5 `logs` service model (PutLogEvents); the agent's mark is general knowledge.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail import jsontext, times
from auditrail.model import Event, Id
from auditrail.readers import _aws_lambda
from auditrail.readers._contract import Inner

# Lengths in bytes at which writers and the store cut a message.
CUT_LENGTHS = {
    262_118: "exactly 262118 bytes: an event of 256 KiB less 26 bytes of overhead",
    262_144: "exactly 262144 bytes: 256 KiB",
    1_048_550: "exactly 1048550 bytes: a batch of 1 MiB less 26 bytes of overhead",
}
CUT_MARK = "[Truncated...]"
# An API page, and the rows of an Insights query, hold at most so many.
PAGE_LIMIT = 10_000
_TOKEN_SHOWN = 16


class Envelope(NamedTuple):
    """What a wrapper knows of one log event; `timestamp` and `ingested` are as they stand in the record."""

    timestamp: Any
    ingested: Any
    log_group: str | None
    log_stream: str | None
    dedupe_key: str | None
    attributes: dict[str, Any]
    ids: tuple[Id, ...] = ()


def name_of(value: Any) -> str | None:
    """A name of a group or stream: text that is not blank."""
    return value if isinstance(value, str) and value.strip() else None


def group_name(value: Any) -> str | None:
    """The name of a log group given as name, as `<account>:<name>` or as ARN.

    A name holds letters, digits and `_-/.#` only (botocore: pattern of LogGroupName), so a colon ends another part.
    """
    text = name_of(value)
    if text is None:
        return None
    if text.startswith("arn:") and ":log-group:" in text:
        text = text.split(":log-group:", 1)[1].removesuffix(":*")
    account, colon, name = text.partition(":")
    return name if colon and account.isdigit() and name else text


def dedupe_key(event_id: Any, log_group: str | None) -> str | None:
    """`cw:<id>`, with the group where it is known: events of two groups were seen to share an id."""
    if isinstance(event_id, bool) or not isinstance(event_id, (str, int)) or not str(event_id).strip():
        return None
    return f"cw:{log_group}:{event_id}" if log_group else f"cw:{event_id}"


def shortened(token: str) -> str:
    """A page token, short enough to show."""
    return token if len(token) <= _TOKEN_SHOWN else f"{token[:_TOKEN_SHOWN]}..."


def cut_reason(message: str) -> str | None:
    """Why a message looks cut off, or None."""
    if message[-40:].rstrip().endswith(CUT_MARK):
        return f"ends with {CUT_MARK}"
    if len(message) * 4 < min(CUT_LENGTHS):
        return None
    return CUT_LENGTHS.get(len(message.encode("utf-8", "surrogatepass")))


def context(envelope: Envelope, attributes: dict[str, Any]) -> Event:
    """The wrapper's own event. Times that can't be read stay in the attributes, as they stand."""
    moment = times.parse(envelope.timestamp)
    observed = times.parse(envelope.ingested)
    if moment is None and envelope.timestamp is not None:
        attributes["timestamp"] = envelope.timestamp
    if observed is None and envelope.ingested is not None:
        attributes["ingestionTime"] = envelope.ingested
    known = moment or observed
    return Event(
        ts_ns=known.ns if known else None,
        observed_ns=observed.ns if observed else None,
        ts_source="event" if moment else "observed" if observed else "order",
        tz_assumed=known.tz_assumed if known else False,
        stream=envelope.log_group or envelope.log_stream,
        dedupe_key=envelope.dedupe_key,
        attributes=jsontext.dumps(attributes) if attributes else None,
        ids=envelope.ids,
    )


def reading(message: Any, envelope: Envelope) -> list[Event] | Inner:
    """One log event: the message to read on, or the event itself where there is none or Lambda's platform wrote it.

    Attributes added: `auditrail.message_cut` (why the message looks cut off), `auditrail.lambda` (time, request id and
    level of a runtime's prefix, or the figures of a platform line).
    """
    attributes = dict(envelope.attributes)
    if message is None:
        return [context(envelope, attributes)]
    text = message if isinstance(message, str) else jsontext.dumps(message)
    if reason := cut_reason(text):
        attributes["auditrail.message_cut"] = reason
    known = _aws_lambda.recognise(text)
    if known is not None:
        envelope = envelope._replace(ids=(*envelope.ids, *(i for i in known.ids if i not in envelope.ids)))
        if known.details:
            attributes["auditrail.lambda"] = known.details
    if isinstance(known, _aws_lambda.Platform):
        attributes["message"] = text
        made = context(envelope, attributes)
        return [made._replace(kind=known.kind, name=known.name, status=known.status, error=known.error)]
    if known is not None:
        text = known.message
    group = f"{envelope.log_group or ''}:{envelope.log_stream or ''}"
    return Inner(text, context(envelope, attributes), group)
