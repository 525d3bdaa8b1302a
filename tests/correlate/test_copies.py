"""Step 1: events that came twice are set aside, and said to agree or not."""

from __future__ import annotations

from auditrail.model import Event
from tests.correlate._hand import add, correlate, ev, held, settled

BYTES = [b"a" * 32, b"a" * 32, b"b" * 32]


def test_equal_keys_are_one_event() -> None:
    runs = correlate(
        [
            ev(1, "otel", "tool", "trace=t", dedupe_key="otlp:t/1", name="n"),
            ev(1, "otel", "tool", "trace=t", dedupe_key="otlp:t/1", name="n"),
            ev(1, "otel", "tool", "trace=t", dedupe_key="otlp:t/1", name="other"),
            ev(1, "otel", "tool", "trace=t", dedupe_key="otlp:t/2", name="n"),
        ]
    )
    assert runs.copies == {1: (0, True), 2: (0, False)}
    # One key, two contents: one of them is not what was first written. Both are kept, and it is said.
    assert runs.members("t") == [0, 2, 3]
    assert runs.rows["t"]["events"] == 3
    assert ("duplicate-conflict", "record", "otlp:t/1") in runs.conflicts


def test_equal_bytes_with_a_time_of_their_own_are_one_event() -> None:
    events = [ev(1, "a", "agent", "run=A"), ev(1, "b", "agent", "run=A"), ev(1, "c", "agent", "run=A")]
    runs = correlate(events, digests=BYTES)
    assert runs.copies == {1: (0, True)}
    assert runs.members("A") == [0, 2]


def test_equal_bytes_without_a_time_may_be_two_events() -> None:
    runs = correlate([ev(None, "a", "agent", "run=A") for _ in range(3)], digests=BYTES)
    assert runs.copies == {}
    assert runs.members("A") == [0, 1, 2]


def test_other_columns_of_the_content_count() -> None:
    base = {"dedupe_key": "k", "name": "n", "args": "{}", "args_state": "present"}
    for change in (
        {"status": "error"},
        {"end_ns": 5},
        {"decision": "deny"},
        {"error": "e"},
        {"args": "[]"},
    ):
        runs = correlate([ev(1, "a", **base), ev(1, "a", **{**base, **change})])
        assert runs.copies == {1: (0, False)}, change


def test_content_that_one_record_leaves_off_is_no_contradiction() -> None:
    short = {"dedupe_key": "k", "name": "n"}
    whole = {**short, "args": "{}", "args_state": "present", "result": "x", "result_state": "present"}
    runs = correlate([ev(1, "a", "tool", "run=A", **short), ev(1, "b", "tool", "run=A", **whole)])
    # The one with the content stands for both, though it came second.
    assert runs.copies == {0: (1, True)}
    assert runs.members("A") == [1]
    assert correlate([ev(1, "a", **whole), ev(1, "a", **{**whole, "result": "y"})]).copies == {1: (0, False)}


def test_the_text_of_a_message_is_its_content() -> None:
    base = {"dedupe_key": "k", "kind": "message"}
    same = [
        ev(1, "a", **base, attributes='{"content":"x","cwd":"/a"}'),
        ev(1, "a", **base, attributes='{"content":"x"}'),
    ]
    assert correlate(same).copies == {1: (0, True)}
    other = [ev(1, "a", **base, attributes='{"content":"x"}'), ev(1, "a", **base, attributes='{"content":"y"}')]
    assert correlate(other).copies == {1: (0, False)}


def test_copies_are_counted_on_their_source() -> None:
    events = [ev(1, "a", "agent", "run=A", dedupe_key="k"), ev(1, "a", "agent", "run=A", dedupe_key="k")]
    with held(events) as connection:
        connection.execute(
            "INSERT INTO sources (source, path, status, bytes, blake3, content_bytes, resume_record, records, "
            "records_with_events, events, quarantined, blank, ignored, duplicates, loaded_by, loaded_ns) "
            "VALUES (1, 'a', 'new', 0, '', 0, 0, 2, 2, 2, 0, 0, 0, 0, '0', 0)"
        )
        settled(connection)
        assert connection.execute("SELECT duplicates FROM sources").fetchall() == [(1,)]


def test_late_evidence_changes_the_runs() -> None:
    first: list[Event] = [
        ev(1, "agent", "agent", "run=A", "tool_call=tc-1"),
        ev(2, "tools", "tool", "request=rq-1"),
    ]
    with held(first) as connection:
        assert settled(connection).of == {0: "A"}
        add(connection, [ev(2, "otel", "tool", "trace=t", "tool_call=tc-1", "request=rq-1")], first=2)
        assert settled(connection).of == {0: "A", 1: "A", 2: "A"}
        add(connection, [ev(2, "otel", "tool", "trace=t", "run=B", "tool_call=tc-other")], first=3)
        late = settled(connection)
        assert late.of[3] == "B"
        assert late.of[0] == "A"
