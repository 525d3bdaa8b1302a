"""Which row speaks for a missing thing, and which rows a missing stream or a crash explains."""

from __future__ import annotations

from typing import Any

from auditrail import case
from auditrail.gaps import engine, resolve


def kept(*rows: dict[str, Any]) -> list[tuple[str, str]]:
    """(rule, what) of the rows that are left, sorted; run, scope, cause and evidence have defaults."""
    connection = case.memory_case()
    engine._table(connection)
    for row in rows:
        values = {
            "run": 1,
            "scope": "record",
            "cause": "lost",
            "evidence": "statistical",
            "confidence": "strong",
            **row,
        }
        connection.execute(
            f"INSERT INTO findings ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", [*values.values()]
        )
    resolve.resolve(connection)
    return connection.execute("SELECT rule, what FROM findings ORDER BY rule, what").fetchall()


CRASH = {"rule": "run-without-end", "what": "end", "scope": "run", "cause": "crash", "lacks": "~crash"}


def test_the_strongest_evidence_speaks() -> None:
    lost = {"rule": "record-lost", "what": "result:c"}
    silent = {"rule": "stream-silent", "what": "result:c", "cause": "outage", "evidence": "counted"}
    assert kept(lost, silent) == [("stream-silent", "result:c")]


def test_a_crash_explains_what_it_left_open_in_its_own_run() -> None:
    open_call = {"rule": "call-without-result", "what": "result:c", "lacks": "tool,otlp/agent,~crash"}
    assert kept(CRASH, open_call) == [("run-without-end", "end")]
    assert kept(CRASH, {**open_call, "run": 2}) == [("call-without-result", "result:c"), ("run-without-end", "end")]
    before = {**open_call, "lacks": "tool,otlp/agent"}
    assert kept(CRASH, before) == [("call-without-result", "result:c"), ("run-without-end", "end")]


def test_a_missing_stream_explains_what_a_crash_would_explain_too() -> None:
    absent = {"rule": "stream-absent", "what": "stream:otlp/agent", "scope": "stream", "lacks": "tool,otlp/agent"}
    span = {"rule": "record-lost", "what": "span:s", "lacks": "otlp/agent,~crash"}
    assert kept(absent, span) == [("stream-absent", "stream:otlp/agent")]
    assert kept({**absent, "lacks": "tool"}, span) == [
        ("record-lost", "span:s"),
        ("stream-absent", "stream:otlp/agent"),
    ]


def test_a_circumstance_alone_is_no_place() -> None:
    alone = {"rule": "record-lost", "what": "span:s", "lacks": "~crash"}
    assert kept(alone) == [("record-lost", "span:s")]
