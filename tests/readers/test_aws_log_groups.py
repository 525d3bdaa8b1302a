"""The reader of log groups: settings are remarks, and nothing that happened."""

from __future__ import annotations

import json

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.readers import aws_log_groups
from auditrail.readers._contract import Ignored
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)
GROUP = {"logGroupName": "/agents/x", "retentionInDays": 30, "storedBytes": 5}


def test_a_group_is_a_remark_and_no_event() -> None:
    assert isinstance(aws_log_groups.read(GROUP, RECORD), Ignored)
    reading = pipeline.read(json.dumps({"logGroups": [GROUP, GROUP], "nextToken": "t"}).encode())
    assert (reading.reader, reading.tally.events, reading.tally.records) == ("aws-log-groups", 0, 2)
    assert [json.loads(row["detail"]) for row in reading.remarks if row["code"] == "log-group"] == [GROUP, GROUP]


@pytest.mark.parametrize("value", [[], "x", {"retentionInDays": 3}, {"logGroupName": 4}])
def test_what_is_no_group_is_refused(value: object) -> None:
    with pytest.raises(RecordError):
        aws_log_groups.read(value, RECORD)
    watcher = aws_log_groups.Watcher()
    watcher.see(value, RECORD)
    assert watcher.finish() == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_log_groups, "_GROUPS", 2)
    watcher = aws_log_groups.Watcher()
    for _ in range(5):
        watcher.see(GROUP, RECORD)
    codes = [code for code, _ in watcher.finish()]
    assert codes == ["log-group", "log-group", "log-groups-left-out"]


def test_a_large_answer_is_known_by_its_keys() -> None:
    big = {"logGroups": [{**GROUP, "logGroupName": f"/g/{number:0200d}"} for number in range(6000)]}
    raw = json.dumps(big).encode()
    assert len(raw) > 1 << 20
    reading = pipeline.read(raw)
    assert (reading.reader, len(reading.remarks)) == ("aws-log-groups", 6000)
