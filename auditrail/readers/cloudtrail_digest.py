"""AWS CloudTrail digest files: hourly lists of the log files that a trail delivered, with their hashes.

Shape (AWS CloudTrail User Guide, "CloudTrail digest file structure"): one object `{awsAccountId, digestStartTime,
digestEndTime, digestS3Bucket, digestS3Object, digestPublicKeyFingerprint, digestSignatureAlgorithm, newestEventTime,
oldestEventTime, previousDigest..., logFiles: [{s3Bucket, s3Object, hashValue, hashAlgorithm, newestEventTime,
oldestEventTime}]}`. The signature stands outside of the file, in the metadata of its S3 object.

A digest is one event of kind `log`, from `digestStartTime` to `digestEndTime`. All that it says is kept as it stands
in `attributes`: hashes, and the list of log files. So a broken time in that list (`2025-10-21TT00:52:27Z` was seen)
survives. Nothing is verified here: whether hashes and signatures hold is asked of the log files themselves.

Not read: metadata files beside digests, and lists of public keys.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading

NAME = "cloudtrail-digest"
TITLE = "AWS CloudTrail digest file (hashes of delivered log files)"
LAYER = "other"
TESTED_ON = "real files of opentelemetry-collector-contrib (one digest) and a set of digests made with real signatures"
NEVER_RECORDS = "What happened: a digest names log files and their hashes, not the events in them."
IDS = ("other",)
CAPTURES = {
    "time": "yes: begin and end of the hour that the digest covers",
    "run": "n/a: a digest is about files",
    "parent": "yes: hash and name of the digest before it, in the attributes",
    "call": "n/a: a digest is about files",
    "arguments": "n/a: a digest is about files",
    "results": "n/a: a digest is about files",
    "model": "n/a: a digest is about files",
    "tokens": "n/a: a digest is about files",
    "decision": "n/a: a digest is about files",
    "errors": "never: a log file that could not be delivered is in no digest",
    "end": "n/a",
}

_KEYS = frozenset({"digestStartTime", "digestEndTime", "logFiles"})


def sniff(head: Head) -> float:
    """0.95 for an object with begin, end and log files of a digest."""
    if head.keys >= _KEYS or any(isinstance(sample, dict) and sample.keys() >= _KEYS for sample in head.samples):
        return 0.95
    return 0.0


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """The digest as one event.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a digest is a JSON object")
    began, ended = times.parse(value.get("digestStartTime")), times.parse(value.get("digestEndTime"))
    at = began or ended
    name = value.get("digestS3Object")
    ids: list[Id] = []
    id_text.add(ids, "other", name)
    account = value.get("awsAccountId")
    return [
        Event(
            ts_ns=at.ns if at else None,
            end_ns=ended.ns if ended else None,
            ts_source="event" if at else "order",
            tz_assumed=bool(at and at.tz_assumed),
            stream=f"cloudtrail-digest:{account}" if gateway.is_text(account) else None,
            kind="log",
            name="digest",
            dedupe_key=f"cloudtrail-digest:{name}" if gateway.is_text(name) else None,
            attributes=jsontext.dumps(value),
            ids=tuple(ids),
        )
    ]
