"""What the transcripts of coding agents share: events of one line, states of outputs, names of files."""

from __future__ import annotations

from typing import Any

import pytest

from auditrail.model import Id
from auditrail.readers import _transcript as transcript

UUID = "5973b6c0-94b8-487b-a530-2aeb6098ae0e"


def test_what_no_event_took_stands_once():
    line = transcript.Line(None, [("run", "r"), ("session", None)])
    line.add("agent", "message", "user", rest={"content": "x"})
    line.add("policy", "log", ids=[("tool_call", "c"), ("run", "r")])
    first, second = line.events({"cwd": "/"}, "key")
    assert (first.attributes, second.attributes) == ('{"content":"x","cwd":"/"}', None)
    assert (first.dedupe_key, second.dedupe_key) == ("key#0", "key#1")
    assert second.ids == (Id("run", "r"), Id("tool_call", "c"))
    assert (first.ts_ns, first.ts_source) == (None, "order")


def test_one_event_has_the_lines_own_key():
    line = transcript.Line(None, [])
    line.add("agent", "log")
    (event,) = line.events({}, "key")
    assert (event.dedupe_key, event.attributes) == ("key", None)


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("plain", "present"),
        ("", "empty"),
        ("<persisted-output>\nOutput too large", "offloaded"),
        ("the tag <persisted-output> is documented here", "present"),
        ("[Old tool result content cleared]", "truncated"),
        ("we saw [Old tool result content cleared] in the log", "present"),
        ("Total output lines: 4000\n\nfirst", "truncated"),
        ("head\n…812 tokens truncated…\ntail", "truncated"),
        ("a\n... [300 lines truncated] ...\nb", "truncated"),
        ([{"type": "text", "text": "<persisted-output>"}], "offloaded"),
        ({"stdout": "x"}, "present"),
    ],
)
def test_the_state_of_an_output(value: Any, state: str) -> None:
    assert transcript.result_state(value, given=True) == state
    assert transcript.result_state(None, given=False) == "absent"


@pytest.mark.parametrize(
    ("name", "found"),
    [(f"rollout-2025-05-07T17-24-21-{UUID}", UUID), (UUID.upper(), UUID), (f"{UUID}-copy", None), ("agent-7", None)],
)
def test_the_uuid_at_the_end_of_a_name(name: str, found: str | None) -> None:
    assert transcript.uuid_at_end(name) == found


def test_the_stem_of_a_compressed_file():
    assert transcript.stem(["a", "wire.jsonl.gz"]) == "wire"
    assert transcript.stem([]) == ""


def test_keys_of_copies():
    assert transcript.key_of("r", UUID, "s") == f"r:{UUID}"
    assert transcript.key_of("r", "e1", "s") == "r:s/e1"
    assert transcript.key_of("r", "[redacted]", "s") is None
    assert transcript.key_of("r", None, "s") is None
