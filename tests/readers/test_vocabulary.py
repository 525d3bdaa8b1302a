"""Attribute vocabularies: priority of keys, layers, ids, flattened messages, and the checks of the data files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditrail.model import Event, Id
from auditrail.readers import _vocabulary
from auditrail.readers._messages import tool_calls, unflatten
from auditrail.readers._vocabulary import Vocabulary, apply, threshold_probability, whole


def test_files_are_valid_and_ship_with_the_package() -> None:
    files = sorted(_vocabulary.FOLDER.glob("*.toml"))
    assert {file.stem for file in files} >= {"gen_ai", "mcp", "openinference", "traceloop", "common", "policy"}
    Vocabulary(files)


def test_every_column_is_one_of_the_event() -> None:
    assert _vocabulary.COLUMNS - {"sampling_one_in", "sampling_threshold"} <= set(Event._fields)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[columns]\nargz = ["a"]', "unknown column 'argz'"),
        ('[ids]\nruns = ["a"]', "unknown id kind 'runs'"),
        ('[layers."k"]\nv = "brain"', "unknown layer 'brain'"),
        ('[present]\nk = "brain"', "unknown layer 'brain'"),
        ('[names]\nword = { layer = "brain" }', "unknown layer 'brain'"),
        ('[events]\ne = { layer = "llm", kind = "chat" }', "unknown kind 'chat'"),
        ('[events]\ne = { layer = "llm", kind = "log", side = "up" }', "unknown side 'up'"),
        ('[values.decision]\nmaybe = ["m"]', "unknown decision 'maybe'"),
        ('[when."nonsense".columns]\ntool = ["a"]', "is not key=value"),
        ('[columns]\ntool = ["a.*"]', "can fill args and result only"),
        ('[sorcery]\na = "b"', "unknown table 'sorcery'"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_it(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "odd.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=rf"odd\.toml.*{message}"):
        Vocabulary([file])


@pytest.mark.parametrize(
    ("attributes", "name", "layer"),
    [
        ({"gen_ai.operation.name": "chat"}, None, "llm"),
        ({"gen_ai.operation.name": "execute_tool"}, "chat x", "tool"),
        ({"gen_ai.operation.name": "invoke_agent"}, None, "agent"),
        ({"openinference.span.kind": "tool"}, None, "tool"),
        ({"openinference.span.kind": "GUARDRAIL"}, None, "policy"),
        ({"openinference.span.kind": "UNKNOWN"}, None, None),
        ({"traceloop.span.kind": "workflow"}, None, "agent"),
        ({"mcp.method.name": "tools/call"}, None, "tool"),
        ({"mcp.method.name": "ping"}, "tools/call x", "other"),
        ({"langfuse.observation.type": "generation"}, None, "llm"),
        ({"gcp.vertex.agent.llm_request": "{}"}, None, "llm"),
        ({"gen_ai.request.model": "m"}, "execute_tool x", "tool"),
        ({"policy.allowed": True}, None, "policy"),
        ({}, "execute_tool get weather", "tool"),
        ({}, "invoke_agent travel planner", "agent"),
        ({}, "chat gpt-4", "llm"),
        ({}, "chat with a friend", None),
        ({}, "chat", None),
        ({"gen_ai.operation.name": 5}, None, None),
        ({"http.method": "GET"}, "GET /", None),
    ],
)
def test_layer(attributes: dict[str, Any], name: str | None, layer: str | None) -> None:
    assert apply(attributes, name).layer == layer


def test_the_name_fills_the_column_only_where_the_attributes_leave_it_blank() -> None:
    assert apply({}, "execute_tool get_weather").columns == {"tool": "get_weather"}
    assert apply({"gen_ai.tool.name": "w"}, "execute_tool get_weather").columns == {"tool": "w"}


def test_the_first_key_fills_the_column_and_the_others_stay() -> None:
    mapped = apply({"gen_ai.request.model": "m", "gen_ai.response.model": "m-1", "llm.model_name": "m"})
    assert mapped.columns["model"] == "m-1"
    assert mapped.rest == {"gen_ai.request.model": "m", "llm.model_name": "m"}


def test_a_value_of_the_wrong_type_gives_way_to_the_next_key_and_stays() -> None:
    mapped = apply({"gen_ai.response.model": ["m-1"], "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": -1})
    assert mapped.columns == {"model": "m"}
    assert mapped.rest == {"gen_ai.response.model": ["m-1"], "gen_ai.usage.input_tokens": -1}


def test_arguments_with_content_come_before_empty_ones() -> None:
    mapped = apply({"openinference.span.kind": "TOOL", "input.value": "{}", "tool.parameters": '{"a":1}'})
    assert (mapped.columns["args"], mapped.columns["args_state"]) == ('{"a":1}', "present")
    assert mapped.rest == {"openinference.span.kind": "TOOL", "input.value": "{}"}
    assert apply({"gen_ai.tool.call.arguments": None}).columns == {"args": None, "args_state": "empty"}
    assert apply({"tool.parameters": "{}"}).columns == {}


def test_structured_arguments_become_compact_json() -> None:
    assert apply({"gen_ai.tool.call.arguments": {"a": [1]}}).columns["args"] == '{"a":[1]}'


def test_a_placeholder_is_no_value() -> None:
    mapped = apply({"gcp.vertex.agent.tool_call_args": "N/A"})
    assert mapped.layer == "tool"
    assert mapped.columns == {}
    assert mapped.rest == {"gcp.vertex.agent.tool_call_args": "N/A"}


def test_ids_are_normalised_in_the_order_of_the_vocabularies_and_junk_stays() -> None:
    attributes = {
        "session.id": "none",
        "run.id": "R1",
        "gen_ai.tool.call.id": "c1",
        "enduser.id": 7,
        "http.request.header.x-request-id": ["q-1"],
        "gen_ai.conversation.id": "7F1B21E8-8D9F-4C8C-9E50-0123456789AB",
    }
    mapped = apply(attributes)
    assert mapped.ids == [
        Id("conversation", "7f1b21e8-8d9f-4c8c-9e50-0123456789ab"),
        Id("tool_call", "c1"),
        Id("run", "R1"),
        Id("user", "7"),
        Id("request", "q-1"),
    ]
    assert mapped.rest == {"session.id": "none"}


@pytest.mark.parametrize(
    ("value", "decision"),
    [
        ("ALLOW", "allow"),
        ("blocked", "deny"),
        (False, "deny"),
        (True, "allow"),
        ("warn", "flag"),
        ("hm", None),
        (1, None),
    ],
)
def test_decisions(value: Any, decision: str | None) -> None:
    mapped = apply({"policy.decision": value})
    assert mapped.columns.get("decision") == decision
    assert mapped.kind == ("decision" if decision else None)
    assert mapped.layer == "policy"
    assert mapped.rest == {"policy.decision": value}


def test_a_decision_on_a_tool_span_leaves_it_a_tool_span() -> None:
    mapped = apply({"gen_ai.operation.name": "execute_tool", "gen_ai.agent.tool.disposition": "deny"})
    assert (mapped.layer, mapped.kind, mapped.columns["decision"]) == ("tool", None, "deny")


def test_the_name_of_an_entity_is_an_agent_or_a_tool_only_on_such_a_span() -> None:
    for kind, columns in (("agent", {"agent": "x"}), ("tool", {"tool": "x"}), ("task", {})):
        assert apply({"traceloop.span.kind": kind, "traceloop.entity.name": "x"}).columns == columns


def test_plain_words_count_only_inside_their_event() -> None:
    attributes = {"tool_name": "Bash", "success": "true", "event.sequence": "12"}
    assert apply(attributes).columns == {}
    assert apply(attributes, None, "claude_code.tool_result").columns == {
        "tool": "Bash",
        "status": "ok",
        "seq": 12,
        "seq_kind": "event.sequence",
    }


@pytest.mark.parametrize(
    ("attributes", "probability"),
    [
        ({"sampling.threshold": "c"}, 0.25),
        ({"sampling.probability": 0.5}, 0.5),
        ({"sampling.probability": "0.5"}, 0.5),
        ({"sampling.probability": 5}, None),
        ({"SampleRate": 20}, 0.05),
        ({"SampleRate": 0}, None),
        ({"sampler.type": "probabilistic", "sampler.param": 0.001}, 0.001),
        ({"sampler.type": "const", "sampler.param": 1}, None),
        ({"sampling.probability": float("nan")}, None),
    ],
)
def test_sampling(attributes: dict[str, Any], probability: float | None) -> None:
    mapped = apply(attributes)
    assert mapped.columns.get("sampling_probability") == probability
    assert mapped.rest == attributes


def test_threshold() -> None:
    assert [threshold_probability(t) for t in ("0", "8", "c", "ffffffffffffff")] == [1.0, 0.5, 0.25, 2**-56]
    assert [threshold_probability(t) for t in ("", "0x1", "+1", "g", "0" * 15, 8, None)] == [None] * 7


def test_whole() -> None:
    assert [whole(v) for v in (0, 5, "7", 3.0, 2**63 - 1)] == [0, 5, 7, 3, 2**63 - 1]
    assert [whole(v) for v in (-1, "x", "1.5", 1.5, True, None, [], 2**63, "9" * 19, float("inf"))] == [None] * 10


def test_flattened_messages_are_put_together() -> None:
    attributes = {
        "llm.input_messages.1.message.content": "b",
        "llm.input_messages.0.message.contents.0.text": "a",
        "llm.input_messages.0.message.role": "user",
    }
    mapped = apply(attributes)
    expected = '[{"message":{"contents":[{"text":"a"}],"role":"user"}},{"message":{"content":"b"}}]'
    assert mapped.columns["args"] == expected
    assert mapped.rest == {}


def test_flattened_keys_that_do_not_fit_stay_attributes() -> None:
    attributes = {
        "gen_ai.prompt.name": "not flattened",
        "gen_ai.prompt.0": "leaf",
        "gen_ai.prompt.0.role": "below a leaf",
        "gen_ai.prompt.1." + "a." * 50 + "b": "too many steps",
    }
    mapped = apply(attributes)
    assert mapped.columns["args"] == '["leaf"]'
    assert list(mapped.rest) == [key for key in attributes if key != "gen_ai.prompt.0"]


def test_unflatten_keeps_the_order_of_the_numbers() -> None:
    keys = [f"p.{n}" for n in (10, 9, 0)]
    assert unflatten("p.", keys, dict(zip(keys, "cba", strict=True))) == (["a", "b", "c"], keys)


@pytest.mark.parametrize(
    "output",
    [
        [{"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]}],
        [{"message": {"tool_calls": [{"tool_call": {"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}}]}}],
        [{"tool_calls": [{"id": "c", "name": "f", "arguments": {"a": 1}}]}],
        {"choices": [{"message": {"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}]}}]},
        {"content": [{"type": "text", "text": "x"}, {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]},
        {"content": {"parts": [{"function_call": {"id": "c", "name": "f", "args": {"a": 1}}}]}},
        {"output": [{"type": "function_call", "call_id": "c", "id": "fc", "name": "f", "arguments": {"a": 1}}]},
        {"output": {"message": {"content": [{"toolUse": {"toolUseId": "c", "name": "f", "input": {"a": 1}}}]}}},
    ],
)
def test_tool_calls_of_every_shape(output: Any) -> None:
    assert tool_calls(output) == [("f", "c", {"a": 1}, True)]


def test_tool_calls_are_not_looked_for_in_text_or_arguments() -> None:
    call = {"type": "tool_call", "id": "inner", "name": "g"}
    assert tool_calls([{"role": "assistant", "content": '{"type":"tool_call","name":"g"}'}]) == []
    nested = [{"parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"parts": [call]}}]}]
    assert [found.id for found in tool_calls(nested)] == ["c"]
    assert tool_calls("the tool said [") == []
    assert tool_calls("[tool") == []


def test_only_a_model_asks_for_tools() -> None:
    messages = '[{"parts":[{"type":"tool_call","id":"c","name":"f"}]}]'
    assert len(apply({"gen_ai.operation.name": "chat", "gen_ai.output.messages": messages}).calls) == 1
    assert apply({"gen_ai.operation.name": "invoke_agent", "gen_ai.output.messages": messages}).calls == []


def test_attributes_are_never_changed() -> None:
    attributes = {"gen_ai.tool.name": "w", "x": 1}
    apply(attributes, "execute_tool w")
    assert attributes == {"gen_ai.tool.name": "w", "x": 1}


@pytest.mark.parametrize("operation", ["execute_tool", "invoke_agent", "chat"])
def test_plain_input_and_output_count_only_beside_an_operation_and_behind_the_conventions(operation: str) -> None:
    plain = {"gen_ai.operation.name": operation, "input": "in", "output": "out"}
    assert {key: apply(plain).columns[key] for key in ("args", "result")} == {"args": "in", "result": "out"}
    assert apply({**plain, "gen_ai.input.messages": "named"}).columns["args"] == "named"
    assert "args" not in apply({"input": "in", "db.system": "x"}).columns


def test_a_retrieval_has_its_query_and_its_documents() -> None:
    found = apply({
        "gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "q", "gen_ai.retrieval.documents": "[1]",
    })  # fmt: skip
    assert (found.layer, found.columns["args"], found.columns["result"]) == ("other", "q", "[1]")


def test_a_selector_of_two_keys_wants_both(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('[when."a=x & b=Y".columns]\ntool = ["t"]\n[when."a=x".columns]\nagent = ["t"]')
    words = Vocabulary([tmp_path / "one.toml"])
    assert words.apply({"a": "X", "b": "y", "t": "v"}).columns == {"tool": "v", "agent": "v"}
    assert words.apply({"a": "x", "b": "z", "t": "v"}).columns == {"agent": "v"}
    assert words.apply({"b": "y", "t": "v"}).columns == {}


def test_a_list_of_policies_becomes_text_and_stays_an_attribute(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('[columns]\npolicy = ["p"]\ntool = ["t"]')
    held = {"p": ["one", "two"], "t": ["one", "two"]}
    mapped = Vocabulary([tmp_path / "one.toml"]).apply(held)
    assert (mapped.columns, mapped.rest) == ({"policy": "one; two"}, held)
