"""Messages inside wrappers: read as if they stood alone, completed by the wrapper, and never lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers import limits
from auditrail.containers.records import Record
from auditrail.ingest import unwrap
from auditrail.model import Event, Id
from auditrail.readers._contract import Ignored, Inner

RECORD = Record(3, 100, 9, b"outer", b"\0" * 32, header={"logGroup": "g"})
SECOND = 10**9
NOW = 1_789_639_200
CONTEXT = Event(
    ts_ns=NOW * SECOND, stream="group", dedupe_key="cw:1", attributes='{"eventId":"1"}', ids=(Id("request", "q1"),)
)


def read(message: Any, context: Event = CONTEXT, **options: Any) -> unwrap.Unwrapped:
    text = message if isinstance(message, (str, bytes)) else json.dumps(message)
    found = unwrap.unwrap(Inner(text, context), RECORD, **options)
    assert isinstance(found, unwrap.Unwrapped)
    return found


def attributes(event: Event) -> dict[str, Any]:
    found = json.loads(event.attributes or "{}")
    assert isinstance(found, dict)
    return found


def docker(message: Any, **more: Any) -> dict[str, Any]:
    text = message if isinstance(message, str) else json.dumps(message)
    return {"log": text + "\n", "stream": "stdout", "time": "2026-09-17T10:00:05Z", **more}


def cloudwatch(message: Any, event: str = "e1") -> dict[str, Any]:
    text = message if isinstance(message, str) else json.dumps(message)
    return {"timestamp": (NOW + 7) * 1000, "message": text, "ingestionTime": (NOW + 8) * 1000, "eventId": event}


STEP = {"ts": "2026-09-17T10:00:01Z", "run_id": "r1", "event": "step", "agent": "ann"}


# --- what is no message of a known format ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["START RequestId: 1", "", "  ", "12", '"text"', "[1, 2]", "[]", "true", "\x00\x01", "}{"]
)
def test_plain_text_is_the_wrappers_own_event(text: str) -> None:
    found = read(text)
    (event,) = found.events
    assert event._replace(attributes=None) == CONTEXT._replace(attributes=None)
    assert attributes(event) == {"eventId": "1", "message": text}
    assert (found.readers, found.flags) == ((), ())


@pytest.mark.parametrize(
    ("text", "code"),
    [('{"a": 1', "invalid-json"), ("{'a': 1}", "invalid-json"), ('{"a": "\x01"}', "control-character"),
     ("[1, 2", "invalid-json"), ('{"a":' * 400 + "1" + "}" * 400, "too-deep")],
)  # fmt: skip
def test_broken_json_keeps_its_text_and_says_why(text: str, code: str) -> None:
    (event,) = read(text).events
    found = attributes(event)
    assert found["message"] == text
    assert found["auditrail.message_unread"].startswith(code)


def test_bytes_that_are_no_utf8_are_kept() -> None:
    (event,) = read(b"caf\xe9").events
    assert attributes(event)["message"] == "caf\\xe9"
    (event,) = read(b'{"a": "caf\xe9"}').events
    assert attributes(event)["auditrail.message_unread"].startswith("invalid-utf8")


def test_half_characters_in_text_do_not_stop_it() -> None:
    (event,) = read('{"event": "x", "note": "\ud800"}').events
    assert "d800" in (event.attributes or "")


def test_an_object_that_no_reader_claims_is_read_by_the_generic_one() -> None:
    found = read({"colour": "red", "tool": "refund"})
    assert found.readers == ("jsonl",)
    assert (found.events[0].tool, found.events[0].ts_ns) == ("refund", CONTEXT.ts_ns)
    assert attributes(found.events[0])["colour"] == "red"


def test_flags_of_the_parser_are_handed_on() -> None:
    assert read('{"event": "a", "event": "b"}').flags == ("duplicate-keys",)
    inner = json.dumps({"n": 1})[:-1] + ', "n": 2}'
    assert read(docker(inner)).flags == ("duplicate-keys",)


# --- text that a reader knows by how it begins -----------------------------------------------------------------------

CEF = "CEF:0|Acme|Guard|2|1|Denied|8|act=blocked rt=1789639201000 cs1=r1 cs1Label=run_id"


def test_text_that_a_reader_names_the_beginning_of_is_read_by_it() -> None:
    found = read(CEF)
    (event,) = found.events
    assert found.readers == ("cef",)
    assert (event.decision, event.ts_ns, event.observed_ns) == ("deny", (NOW + 1) * SECOND, NOW * SECOND)
    assert attributes(event)["envelope"]["eventId"] == "1"


def test_text_in_text_in_a_wrapper_is_followed() -> None:
    found = read(docker(f"<134>1 2026-09-17T10:00:05Z web1 guard - - - {CEF}"))
    assert found.readers == ("docker", "syslog", "cef")
    assert found.events[0].decision == "deny"


@pytest.mark.parametrize("text", ["CEF: a format of its own", "<p>no syslog</p>", "<134", "LEEF"])
def test_text_that_only_begins_alike_stays_text(text: str) -> None:
    found = read(text)
    assert found.readers == ()
    assert attributes(found.events[0])["message"] == text


def test_text_that_its_reader_refuses_stays_and_says_why() -> None:
    (event,) = read("CEF:0|Acme").events
    assert attributes(event)["message"] == "CEF:0|Acme"
    assert attributes(event)["auditrail.message_unread"].startswith("malformed")


# --- completed by the wrapper ---------------------------------------------------------------------------------------


def test_the_messages_own_time_wins_and_the_wrappers_is_when_it_was_seen() -> None:
    (event,) = read(STEP).events
    assert (event.ts_ns, event.observed_ns, event.ts_source) == ((NOW + 1) * SECOND, NOW * SECOND, "event")
    assert attributes(event)["envelope"] == {"eventId": "1", "ts_ns": NOW * SECOND}
    seen = CONTEXT._replace(observed_ns=5)
    assert read(STEP, seen).events[0].observed_ns == 5


def test_a_message_without_a_time_has_the_wrappers() -> None:
    context = CONTEXT._replace(observed_ns=7, ts_source="observed", tz_assumed=True)
    (event,) = read({"event": "x", "run_id": "r1"}, context).events
    assert (event.ts_ns, event.observed_ns, event.ts_source, event.tz_assumed) == (NOW * SECOND, 7, "observed", True)
    assert attributes(event)["envelope"] == {"eventId": "1"}


def test_blanks_are_filled_and_what_is_there_stays() -> None:
    context = CONTEXT._replace(agent="wrapper", principal="joe", error="E", agent_version="2")
    (event,) = read(STEP, context).events
    assert (event.agent, event.principal, event.error, event.agent_version) == ("ann", "joe", "E", "2")
    assert event.stream == "group"
    assert {Id("run", "r1"), Id("request", "q1")} <= set(event.ids)


def test_an_id_that_both_have_stands_once() -> None:
    context = Event(ids=(Id("run", "r1"), Id("request", "q1")))
    event = unwrap.complete(Event(ids=(Id("run", "r1"),)), context, 0, 1)
    assert event.ids == (Id("run", "r1"), Id("request", "q1"))


def test_nothing_from_the_wrapper_changes_nothing() -> None:
    event = Event(ts_ns=1, attributes='{"a":1}')
    assert unwrap.complete(event, Event(), 0, 1) is not None
    assert unwrap.complete(event, Event(), 0, 1) == event


@pytest.mark.parametrize(
    ("own", "outer", "index", "total", "expected"),
    [("mine", "cw:1", 0, 1, "mine"), (None, "cw:1", 0, 1, "cw:1"), (None, "cw:1", 0, 2, "cw:1#0"),
     (None, "cw:1", 1, 2, "cw:1#1"), ("mine", "cw:1", 1, 2, "mine"), (None, None, 1, 2, None)],
)  # fmt: skip
def test_several_events_of_one_message_have_keys_of_their_own(
    own: str | None, outer: str | None, index: int, total: int, expected: str | None
) -> None:
    assert unwrap.complete(Event(dedupe_key=own), Event(dedupe_key=outer), index, total).dedupe_key == expected


def test_keys_of_all_events_of_a_message_differ() -> None:
    message = {
        "ts": "2026-09-17T10:00:01Z", "run_id": "r1", "role": "assistant", "content": "",
        "tool_calls": [{"id": f"c{n}", "type": "function", "function": {"name": "t",
        "arguments": "{}"}} for n in (1, 2)],
    }  # fmt: skip
    keys = [event.dedupe_key for event in read(message).events]
    assert len(keys) > 1
    assert len(set(keys)) == len(keys)
    assert all(key and key.startswith("cw:1#") for key in keys)


# --- wrappers in wrappers -------------------------------------------------------------------------------------------


def test_a_wrapper_in_a_wrapper_is_opened() -> None:
    found = read(docker(STEP))
    (event,) = found.events
    assert found.readers == ("docker", "jsonl")
    assert (event.agent, event.ts_ns, event.stream) == ("ann", (NOW + 1) * SECOND, "group")


def test_the_envelope_of_every_wrapper_is_kept() -> None:
    (event,) = read(cloudwatch(docker(STEP, attrs={"tag": "t1"}), event="e9")).events
    found = attributes(event)
    assert found["envelope"]["attrs"] == {"tag": "t1"}
    assert found["envelope_2"]["eventId"] == "e9"
    assert found["envelope_2"]["ts_ns"] == (NOW + 7) * SECOND
    assert found["envelope_3"]["eventId"] == "1"


def test_a_member_called_envelope_is_kept() -> None:
    (event,) = read({**STEP, "envelope": {"from": "the log"}}).events
    found = attributes(event)
    assert found["envelope"] == {"from": "the log"}
    assert found["envelope_2"]["eventId"] == "1"


def nested(depth: int) -> Any:
    message: Any = STEP
    for _ in range(depth):
        message = docker(message)
    return message


def test_wrappers_are_opened_down_to_a_depth_and_stay_text_below() -> None:
    fine = read(nested(unwrap.MAX_NESTING - 1))
    assert fine.events[0].agent == "ann"
    assert fine.readers == ("docker",) * (unwrap.MAX_NESTING - 1) + ("jsonl",)
    deep = read(nested(unwrap.MAX_NESTING))
    assert deep.readers == ("docker",) * unwrap.MAX_NESTING
    assert deep.events[0].agent is None
    assert json.loads(attributes(deep.events[0])["message"]) == STEP


def subscription(*messages: Any) -> dict[str, Any]:
    return {
        "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "subscriptionFilters": ["f"],
        "logEvents": [
            {"id": str(n), "timestamp": NOW * 1000, "message": m if isinstance(m, str) else json.dumps(m)}
            for n, m in enumerate(messages)
        ],
    }  # fmt: skip


def test_a_message_with_several_messages_is_opened_to_the_same_depth() -> None:
    found = read(subscription(STEP, "text", {**STEP, "agent": "bob"}))
    assert [event.agent for event in found.events] == ["ann", None, "bob"]
    message: Any = STEP
    for _ in range(unwrap.MAX_NESTING - 1):
        message = subscription(message)
    assert read(message).events[0].agent == "ann"
    (event,) = read(subscription(message)).events
    assert event.agent is None
    assert json.loads(attributes(event)["message"]) == STEP


def test_messages_that_are_no_event_leave_no_trace_beside_others() -> None:
    control = {"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "",
               "subscriptionFilters": [], "logEvents": [{"id": "", "timestamp": 1,
               "message": "CWL CONTROL MESSAGE: x"}]}  # fmt: skip
    inner = [Inner(json.dumps(control), CONTEXT), Inner(json.dumps(STEP), CONTEXT)]
    alone = unwrap.unwrap_all(inner[:1], RECORD)
    assert isinstance(alone, Ignored)
    both = unwrap.unwrap_all(inner, RECORD)
    assert isinstance(both, unwrap.Unwrapped)
    assert [event.agent for event in both.events] == ["ann"]
    assert isinstance(unwrap.unwrap_all([], RECORD), Ignored)


def test_events_among_messages_keep_their_place() -> None:
    own = Event(name="own")
    found = unwrap.unwrap_all([own, Inner(json.dumps(STEP), CONTEXT), own], RECORD)
    assert isinstance(found, unwrap.Unwrapped)
    assert [event.name == "own" for event in found.events] == [True, False, True]


def test_the_deepest_record_can_be_wrapped() -> None:
    levels = limits.MAX_DEPTH - 1
    message = json.dumps(STEP)[:-1] + ', "deep": ' + "[" * levels + "]" * levels + "}"
    found = read(docker(message))
    assert found.events[0].agent == "ann"
    assert (found.events[0].attributes or "").count("[") >= levels


def test_shapes_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unwrap, "_SHAPES_KEPT", 3)
    monkeypatch.setattr(unwrap, "_BY_SHAPE", {})
    for n in range(10):
        assert read({f"k{n}": 1}).readers == ("jsonl",)
        assert len(unwrap._BY_SHAPE) <= 3
