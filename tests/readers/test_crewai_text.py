"""CrewAI's task log as text."""

from __future__ import annotations

from auditrail.readers import crewai_text
from tests.conformance import _pipeline as pipeline
from tests.readers._rows import rest, rows

START = '2026-02-11 07:30:02: task_name="None", task="t", agent="None", status="started"'


def read(*lines: str):
    return pipeline.read("\n".join(lines).encode(), reader="crewai-text", path="logs.txt")


def test_entries_of_several_lines_are_one_event_each():
    started, done, nameless = rows("crewai-text", "basic")
    assert (started["name"], started["agent"], started["status"]) == ("count_nets", "Quartermaster", "unknown")
    assert (done["status"], done["args"]) == ("ok", started["args"])
    assert done["result"] == '# Nets\n\n- 17 on quay 4, "torn", mended\n- 2 aboard'
    assert (nameless["name"], nameless.get("agent")) == ("task", None)
    assert [row["tz_assumed"] for row in (started, done, nameless)] == [True] * 3
    assert len({row["run_id"] for row in (started, done, nameless)}) == 1


def test_a_value_may_look_like_a_member():
    (event,) = read(START.replace('task="t"', 'task="set task=\\"x\\", status=\\"y\\" and go"')).events
    assert event["args"] == 'set task=\\"x\\", status=\\"y\\" and go'


def test_lines_before_the_first_entry_stay_text():
    line, _ = read("and 2 aboard", "of the Anna", START).events
    assert (line["kind"], line.get("ts_ns"), rest(line)) == ("log", None, {"message": "and 2 aboard\nof the Anna"})


def test_an_entry_that_is_cut_or_states_something_else_is_put_aside():
    for entry in (START[:60], START.replace("started", "paused")):
        reading = read(START, entry)
        assert (len(reading.events), reading.tally.quarantined) == (1, 1)


def test_only_entries_are_claimed():
    head = pipeline.head_of(START.encode())
    assert crewai_text.sniff(head) == 0.9
    for text in ("2026-02-11 07:30:02: task begins", '2026-02-11 07:30:02 task="b"', 'task="b", status="started"'):
        assert crewai_text.sniff(pipeline.head_of(text.encode())) == 0.0
