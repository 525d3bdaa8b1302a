"""Inspect AI: three JSON logs; every count of the answer key, and all references put back."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.corpus import _samples as samples

pytestmark = samples.MARKS
KEY = {path: facts for path, facts in samples.key("inspect-ai").items() if path.startswith("inspect-ai/")}


@pytest.mark.parametrize("path", KEY)
def test_counts(path: str) -> None:
    facts = KEY[path]
    read = samples.reading(samples.file_of("inspect-ai", path))
    assert (read.reader, read.tally.records, read.quarantine) == ("inspect", facts["samples"], [])
    told = Counter(samples.attributes(row)["event"] for row in read.events if "event" in samples.attributes(row))
    assert told == facts.get("events", {})
    (log,) = [row for row in read.events if row["name"] == "evaluation"]
    said = samples.attributes(log)
    assert (said["status"], said["eval"]["task"], said["eval"]["run_id"]) == (
        facts["status"], facts["task"], facts["run_id"],
    )  # fmt: skip
    runs = {row["run_id"] for row in read.events} - {None}
    assert len(runs) == facts["samples"]
    assert sum(row["kind"] == "end" for row in read.events) == facts["samples"]


@pytest.mark.parametrize("path", [path for path in KEY if "attachments" in KEY[path]])
def test_references_are_put_back(path: str) -> None:
    facts = KEY[path]
    file = samples.file_of("inspect-ai", path)
    raw = file.read_text("utf-8")
    assert raw.count('"attachment://') == facts["attachment_refs"]
    kept = [sample["attachments"] for sample in json.loads(raw)["samples"]]
    assert sum(map(len, kept)) == facts["attachments"]
    read = samples.reading(file)
    for row in read.events:
        for column in ("args", "result", "attributes"):
            assert "attachment://" not in (row[column] or "")
        assert "offloaded" not in (row["args_state"], row["result_state"])


def test_failed_tools_of_a_sample_without_events() -> None:
    file = samples.file_of("inspect-ai", "log_tool_call_error.json")
    messages = json.loads(file.read_text("utf-8"))["samples"][0]["messages"]
    read = samples.reading(file)
    results = [row for row in read.events if row["kind"] == "result"]
    assert len(results) == len(messages)
    assert sum(row["status"] == "error" for row in results) == sum("error" in message for message in messages)
