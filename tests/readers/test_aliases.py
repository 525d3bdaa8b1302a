"""The alias table: one meaning per name, and no word that points nowhere."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib.resources import files

import pytest

from auditrail.model import DECISIONS, ID_KINDS, KINDS, LAYERS, STATUSES, Event
from auditrail.readers import _jsonl_kinds as kinds
from auditrail.readers import _jsonl_plans as plans
from auditrail.readers._aliases import MISSING, Mapping, fetch, fields, fold, locate, table, words_of
from auditrail.readers._jsonl_values import USABLE

RAW = tomllib.loads(files("auditrail.readers").joinpath("_aliases.toml").read_text("utf-8"))


def test_every_name_stands_once() -> None:
    names = [fold(n) for part in ("slots", "ids") for entry in RAW[part].values() for n in entry["names"]]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert len(table().names) == len(names) > 250


def test_no_name_is_both_known_and_ignored() -> None:
    assert not table().ignored & table().names.keys()


def test_every_slot_is_a_column_or_read_for_its_meaning() -> None:
    own = {"ts", "start", "end", "observed", "args", "result"} | plans.READ_ONLY
    assert set(RAW["slots"]) <= set(Event._fields) | own
    assert set(RAW["slots"]) - set(USABLE) == {"args", "result", "message", "tool_calls"}
    assert {kind for kind, _ in table().id_kinds.values()} <= set(ID_KINDS)


def test_words_lead_to_the_words_of_the_model() -> None:
    assert set(RAW["words"]["status"]) <= {*STATUSES, "begun"}
    assert set(RAW["words"]["decision"]) <= set(DECISIONS)
    for part, groups in RAW["words"].items():
        seen = [fold(word) for group in groups.values() for word in group]
        assert [w for w, n in Counter(seen).items() if n > 1] == [], part


def test_kinds_of_names_exist() -> None:
    for target in RAW["names"]:
        layer, kind = target.split("/")
        assert layer in LAYERS
        assert kind in KINDS
    seen = Counter(fold(name) for names in RAW["names"].values() for name in names)
    assert max(seen.values()) == 1
    assert set(RAW["phase_kinds"]) == set(RAW["subjects"])
    for phases in RAW["phase_kinds"].values():
        assert set(phases) == {"begin", "finish", "fail", "error"}
        assert set(phases.values()) <= set(KINDS)
    assert set(RAW["phases"]["decided"]) <= set(table().words["decision"])


def test_a_weak_name_is_not_a_strong_one_of_the_same_slot() -> None:
    known = table()
    slots = {slot for slot, _ in known.names.values()}
    for weak in known.weak:
        assert known.names.get(weak.name, ("", 0))[0] != weak.slot
        assert weak.slot in slots
        assert set(weak.needs) <= slots


@pytest.mark.parametrize("text", ["trace_id", "traceId", "TraceID", "trace.id", "trace-id", "TRACE_ID", "@trace:id"])
def test_spellings_fold_to_one(text: str) -> None:
    assert fold(text) == "traceid"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("toolCallStarted", ["tool", "call", "started"]),
        ("LLMRequest", ["llm", "request"]),
        ("TOOL_CALL", ["tool", "call"]),
        ("policy.decision", ["policy", "decision"]),
        ("", []),
    ],
)
def test_names_are_taken_apart(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("name", "facts", "layer", "kind"),
    [
        ("tool_call", kinds.TOOL | kinds.ARGS, "tool", "call"),
        ("tool_call", kinds.TOOL | kinds.RESULT, "tool", "result"),
        ("tool.started", kinds.TOOL, "tool", "call"),
        ("tool_result", kinds.TOOL, "tool", "result"),
        ("tool.end", kinds.TOOL | kinds.SPAN, "tool", "span"),
        ("tool_registered", kinds.TOOL, "tool", "log"),
        ("PostToolUse", kinds.TOOL, "tool", "result"),
        ("llm.request", 0, "llm", "call"),
        ("completion", 0, "llm", "result"),
        ("model_error", 0, "llm", "result"),
        ("run.start", 0, "agent", "start"),
        ("agent_started", 0, "agent", "start"),
        ("run_finished", 0, "agent", "end"),
        ("task_failed", 0, "agent", "end"),
        ("agent_error", 0, "agent", "error"),
        ("step", kinds.BEGUN, "agent", "start"),
        ("policy.decision", 0, "policy", "decision"),
        ("guardrail_triggered", 0, "policy", "decision"),
        ("policy_loaded", 0, "policy", "log"),
        ("tool_blocked", kinds.TOOL, "policy", "decision"),
        ("user_message", 0, "agent", "message"),
        ("error", kinds.RUN, "agent", "error"),
        ("the run started and then the tool failed to load its model", kinds.RUN, "agent", "log"),
        (None, 0, "other", "log"),
        (None, kinds.DECISION | kinds.TOOL, "policy", "decision"),
        (None, kinds.TOOL | kinds.ARGS, "tool", "call"),
        (None, kinds.TOOL | kinds.ARGS | kinds.DONE, "tool", "result"),
        (None, kinds.TOOL, "tool", "log"),
        (None, kinds.MODEL | kinds.TOKENS, "llm", "result"),
        (None, kinds.ERROR, "other", "error"),
    ],
)
def test_kind_and_layer(name: str | None, facts: int, layer: str, kind: str) -> None:
    assert kinds.classify(name, facts)[:2] == (layer, kind)


def test_a_plan_tells_which_path_feeds_which_column() -> None:
    shape = plans.shape_of({"msg": "x", "time": 1, "ctx": {"runId": 2, "k": 3}, "args": {"time": 4}})
    assert shape == ("msg", "time", ("ctx", ("runId", "k")), "args")
    made = plans.plan(shape)
    assert made.slots == {"message": (("msg",),), "ts": (("time",),), "args": (("args",),)}
    assert made.ids == (("run", ("ctx", "runId"), False),)
    assert made.attributes == ("msg", ("ctx", ("k",)))
    assert made.taken == {("time",), ("args",), ("ctx", "runId")}
    assert not made.odd


def test_top_level_comes_before_containers_and_table_order_before_place() -> None:
    made = plans.plan(plans.shape_of({"data": {"timestamp": 1}, "time": 2, "timestamp": 3}))
    assert made.slots["ts"] == (("timestamp",), ("time",), ("data", "timestamp"))


def test_a_shape_of_very_many_keys_is_odd_and_not_remembered() -> None:
    before = plans.plan.cache_info().currsize
    made = plans.plan_of({f"k{n}": n for n in range(plans.MAX_KEYS + 1)})
    assert made.odd
    assert plans.plan.cache_info().currsize == before


def test_paths_of_a_mapping() -> None:
    value = {"a.b": 1, "a": {"b": 2, "7": 3}, "l": [{"x": None}]}
    assert fetch(value, locate(value, "a.b")) == 1
    assert fetch(value, locate(value, "a.7")) == 3
    assert fetch(value, locate(value, "l.0.x")) is None
    assert fetch(value, locate(value, "l.1.x")) is MISSING
    assert Mapping(match=(("a.7", "*"), ("a.b", "1"))).fits(value)
    assert not Mapping(match=(("l.0.y", "*"),)).fits(value)


def test_fields_name_columns_and_ids() -> None:
    known = fields()
    assert known["decision"] == "decision"
    assert known["decision_id"] == "ids.decision"
    assert known["run"] == known["run_id"] == "ids.run"
    assert known["ts_ns"] == "ts"
