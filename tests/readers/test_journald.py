"""The journal: messages of any form, holes in its count, and fields that journalctl left out."""

from __future__ import annotations

from typing import Any

from tests.readers._stores import TIME, attributes, only, read

ENTRY = {"__CURSOR": "s=1;i=1", "__REALTIME_TIMESTAMP": str(TIME // 1000), "_SYSTEMD_UNIT": "care.service"}


def entry(**more: Any) -> dict[str, Any]:
    return {**ENTRY, **more}


def test_a_message_of_bytes_is_text_and_is_read_on() -> None:
    message = list(b'{"run_id":"r","event":"step"}')
    assert only(read(entry(MESSAGE=message)))["run_id"] == "r"
    assert attributes(only(read(entry(MESSAGE=[104, 105, 255]))))["message"] == "hi\\xff"


def test_the_journal_counts_its_entries() -> None:
    reading = read(
        entry(MESSAGE="a", __SEQNUM="161", __SEQNUM_ID="9d"), entry(MESSAGE="b", __SEQNUM="163", __SEQNUM_ID="9d")
    )
    assert [(event["seq_kind"], event["seq"]) for event in reading.events] == [
        ("journald:9d", 161),
        ("journald:9d", 163),
    ]


def test_the_cursor_is_the_key() -> None:
    assert only(read(entry(MESSAGE="a")))["dedupe_key"] == "journald:s=1;i=1"


def test_a_message_left_out_for_its_length_is_cut() -> None:
    assert "--all" in attributes(only(read(entry(MESSAGE=None))))["auditrail.message_cut"]
    assert "auditrail.message_cut" not in attributes(only(read(entry(_PID="1"))))
