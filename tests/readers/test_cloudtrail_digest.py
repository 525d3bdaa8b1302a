"""The reader of CloudTrail digests: all that a digest says survives, also what is broken in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import cloudtrail_digest
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)
DIGEST: dict[str, Any] = {
    "awsAccountId": "210987654321", "digestStartTime": "2026-03-02T09:00:00Z", "digestEndTime": "2026-03-02T10:00:00Z",
    "digestS3Object": "AWSLogs/d.json.gz", "logFiles": [{"s3Object": "a", "newestEventTime": "2026-03-02TT09:30:00Z"}],
}  # fmt: skip


def test_a_digest_is_one_log_over_its_hour():
    (event,) = cloudtrail_digest.read(DIGEST, RECORD)  # type: ignore[misc]
    assert isinstance(event, Event)
    assert (event.kind, event.ts_ns, event.end_ns) == ("log", 1772442000_000000000, 1772445600_000000000)
    assert event.dedupe_key == "cloudtrail-digest:AWSLogs/d.json.gz"
    assert json.loads(event.attributes or "") == DIGEST


def test_broken_times_of_the_digest_itself_leave_the_order():
    (event,) = cloudtrail_digest.read({**DIGEST, "digestStartTime": "2026-03-02TT", "digestEndTime": None}, RECORD)  # type: ignore[misc]
    assert isinstance(event, Event)
    assert (event.ts_ns, event.ts_source) == (None, "order")


def test_a_digest_larger_than_the_head_is_known_by_its_keys():
    big = {**DIGEST, "logFiles": [{"s3Object": f"AWSLogs/{n:0200d}", "hashValue": "ab" * 32} for n in range(5000)]}
    raw = json.dumps(big).encode()
    assert len(raw) > 1 << 20
    reading = pipeline.read(raw)
    assert (reading.reader, reading.tally.events) == ("cloudtrail-digest", 1)


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        cloudtrail_digest.read([], RECORD)
