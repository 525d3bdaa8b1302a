"""Real samples of CloudTrail: the counts of their answer key, read where they are; skipped where they are absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import _pipeline as pipeline

SHARED = Path(__file__).parents[3] / "shared"
SAMPLES = SHARED / "corpus" / "aws-cloudwatch-cloudtrail"
DIGESTS = SHARED / "chains" / "cloudtrail-digest" / "audit-bucket"

pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")]
needs_digests = pytest.mark.skipif(not DIGESTS.is_dir(), reason="the digests are not here")


def read(path: Path) -> pipeline.Reading:
    return pipeline.read(path.read_bytes(), path=str(path))


def attributes(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["attributes"])  # type: ignore[no-any-return]


def test_a_log_file_has_three_records_and_three_hidden_values():
    reading = read(SAMPLES / "stream_cloudtrail_log.json")
    assert (reading.reader, reading.tally.records, reading.tally.events) == ("cloudtrail", 3, 3)
    assert [row["name"] for row in reading.events] == ["StartInstances", "CreateUser", "Publish"]
    # The three markers stand in one record's parameters: one call is redacted, not three.
    assert [row["args_state"] for row in reading.events] == ["present", "present", "redacted"]
    assert sum(row["args"].count("HIDDEN_DUE_TO_SECURITY_REASONS") for row in reading.events) == 3


def test_a_record_in_cloudwatch_keeps_its_time_against_the_envelopes():
    reading = read(SAMPLES / "cloudtrail_log_cw.json")
    (row,) = reading.events
    assert dict(reading.tally.inner) == {"cloudtrail": 1}
    assert (row["ts_ns"], attributes(row)["envelope"]["ts_ns"]) == (1769592419_000000000, 1418530010_000000000)
    assert (row["status"], row["principal"]) == ("ok", "s3.amazonaws.com")


def test_broken_records_in_cloudwatch_keep_their_text():
    reading = read(SAMPLES / "valid_cloudwatch_log.json")
    assert (reading.tally.events, reading.tally.quarantined, dict(reading.tally.inner)) == (3, 0, {"text": 3})
    assert {attributes(row)["message"] for row in reading.events} == {
        '{"eventVersion":"1.03","userIdentity":{"type":"Root"}'
    }


def test_a_digest_keeps_its_broken_times():
    reading = read(SAMPLES / "cloudtrail_digest.json")
    (row,) = reading.events
    assert (reading.reader, row["kind"]) == ("cloudtrail-digest", "log")
    (file,) = attributes(row)["logFiles"]
    assert file["newestEventTime"] == "2025-10-21TT00:52:27Z"


@needs_digests
def test_a_chain_of_digests_is_read_with_its_hashes():
    files = sorted(DIGESTS.rglob("*CloudTrail-Digest*.json.gz"))
    rows = [row for path in files for row in read(path).events]
    assert [len(attributes(row)["logFiles"]) for row in rows] == [2, 2, 0, 2]
    assert [attributes(row)["previousDigestS3Object"] for row in rows[1:]] == [
        attributes(row)["digestS3Object"] for row in rows[:-1]
    ]
    starts = [row["ts_ns"] for row in rows]
    assert starts[1:] == [row["end_ns"] for row in rows[:-1]]


@needs_digests
def test_log_files_of_another_source_are_records_too():
    files = sorted(path for path in DIGESTS.rglob("*.json.gz") if "Digest" not in path.name)
    readings = [read(path) for path in files]
    assert {reading.reader for reading in readings} == {"cloudtrail"}
    assert sum(reading.tally.events for reading in readings) == 18
    assert sum(reading.tally.quarantined for reading in readings) == 0
