"""Rules of a user's own, and what is refused of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditrail.errors import ConfigError
from auditrail.watch import configured
from tests.watch._harness import Watch, Writer


def hits(tmp_path: Path, rule: dict[str, Any]) -> int:
    log = Writer(tmp_path / "a.jsonl")
    log.call(0, "c1", tool="delete_file", args={"path": "/prod/x", "force": True, "size": 10, "list": [{"n": 1}]})
    log.call(1, "c2", tool="delete_file", args={"path": "/test/x", "size": 30})
    log.call(2, "c3", tool="read_file", args={"path": "/prod/x"})
    watch = Watch(tmp_path, {"rule": [{"id": "mine", **rule}]})
    return [alert["rule"] for alert in watch.run()].count("mine")


@pytest.mark.parametrize(
    ("where", "when", "count"),
    [
        ({"tool": "delete_*"}, [], 2),
        ({"tool": "delete_*", "args.path": "/prod/*"}, [], 1),
        ({"tool": "delete_?ile"}, [], 0),
        ({"args.force": True}, [], 1),
        ({"args.list.0.n": 1}, [], 1),
        ({"layer": "tool"}, [("args.size", ">", 10)], 1),
        ({"layer": "tool"}, [("args.size", ">=", 10), ("args.size", "<", 31)], 2),
        ({}, [("tool", "in", ["read_file", "x"])], 1),
        ({}, [("tool", "not-like", "delete_*")], 1),
        ({}, [("args.force", "absent", None)], 2),
        ({}, [("args.size", "exists", None)], 2),
        ({}, [("ids.tool_call", "=", "c3")], 1),
        ({"run": "r1", "agent": "planner"}, [("args.path", "!=", "/prod/x")], 1),
    ],
)
def test_conditions(tmp_path: Path, where: dict[str, Any], when: list[tuple[str, str, Any]], count: int) -> None:
    rows = [{"field": f, "op": op, **({} if value is None else {"value": value})} for f, op, value in when]
    assert hits(tmp_path, {"where": where, "when": rows}) == count


def test_count_within_a_window_and_per_field(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    rule = {"id": "burst", "where": {"tool": "pay"}, "count": 3, "window": "10s", "per": "run"}
    watch = Watch(tmp_path, {"rule": [rule]})
    for at, run in ((0, "a"), (1, "b"), (2, "a"), (30, "a"), (31, "a"), (32, "b")):
        log.call(at, f"c{at}", tool="pay", run=run)
    assert watch.run() == []
    log.call(33, "c33", tool="pay", run="a")
    (alert,) = watch.run()
    assert (alert["rule"], alert["values"]["count"], alert["run"]) == ("burst", 3, "a")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"wrong": 1}, "watch.wrong: unknown key"),
        ({"memory": 5}, "watch.memory"),
        ({"rules": {"no-such": {}}}, "no-such"),
        ({"rules": {"unpaired-call": {"deadline_s": -1}}}, "above 0"),
        ({"rules": {"unpaired-call": {"deadlin": 1}}}, "unknown key"),
        ({"rules": {"run-failed": {"severity": "loud"}}}, "is none"),
        ({"rules": {"run-failed": {"enabled": "yes"}}}, "true or false"),
        ({"rule": [{"id": "X"}]}, "lower-case"),
        ({"rule": [{"id": "x"}]}, "no condition"),
        ({"rule": [{"id": "run-failed", "where": {"tool": "x"}}]}, "already"),
        ({"rule": [{"id": "x", "where": {"tol": "x"}}]}, "is no field"),
        ({"rule": [{"id": "x", "where": {"ids.foo": "x"}}]}, "is no field"),
        ({"rule": [{"id": "x", "where": {"tool": "x"}, "count": 3}]}, "belong together"),
        ({"rule": [{"id": "x", "where": {"tool": "x"}, "count": 3, "window": "soon"}]}, "90s"),
        ({"rule": [{"id": "x", "when": [{"field": "tool", "op": "~", "value": "x"}]}]}, "op"),
        ({"rule": [{"id": "x", "when": [{"field": "tool", "op": ">", "value": "x"}]}]}, "number"),
        ({"rule": [{"id": "x", "when": [{"field": "tool", "op": "absent", "value": "x"}]}]}, "not for absent"),
        ({"action": [{"kind": "mail"}]}, "no action"),
        ({"action": [{"kind": "webhook", "urll": "x"}]}, "unknown key"),
        ({"action": [{"kind": "command", "command": 5}]}, "expected a str"),
        ({"action": [{"kind": "print", "min_severity": "loud"}]}, "is none"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        configured.read(table)
