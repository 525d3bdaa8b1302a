"""Inspect AI: samples as runs, references put back, spans, approvals, and the members of an archive."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from auditrail import case
from auditrail.correlate.settle import settle
from auditrail.ingest import inputs
from auditrail.ingest.load import Loader
from auditrail.readers import _inspect_events, inspect
from tests.conformance import _pipeline as pipeline
from tests.readers._told import cuts_are_survived, first_choice, fixture, told

UUID = "Kx7fMqWv3sUeZr2TyBn9aP"


def log(**changes: Any) -> dict[str, Any]:
    return {**fixture("inspect", "json-log"), **changes}


def sample(events: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    whole = {"id": 1, "epoch": 1, "input": "q", "target": "t", "messages": [], "output": {}, "events": events}
    return {**whole, "uuid": "Uu1234567890", **changes}


def of_event(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return told(sample([{"timestamp": "2026-03-01T09:00:00+00:00", **event}], **changes))[0]


def test_a_sample_is_a_run_named_by_its_uuid_and_grouped_by_the_evaluation():
    rows = told(log())
    assert {row["run_id"] for row in rows if row["attributes"].get("id") == "s-1"} == {UUID}
    old = [row["run_id"] for row in rows if row["run_id"] not in (None, UUID)]
    assert {name.partition("@")[0] for name in old} == {"runs/a/sample-2/epoch-1"}
    assert {row["session_id"] for row in rows} == {"RnId0001RnId0001"}


def test_the_log_itself_is_one_event_of_no_run():
    (row,) = [row for row in told(log()) if row["name"] == "evaluation"]
    assert (row["run_id"], row["status"], row["error"]) == (None, "unknown", "cancelled by the user")
    assert row["attributes"]["reductions"][0]["scorer"] == "match"


def test_a_cancelled_log_with_complete_samples_has_runs_that_ended_well():
    assert [row["status"] for row in told(log()) if row["kind"] == "end"] == ["ok", "error"]


def test_what_a_log_says_of_itself_is_told_as_a_remark():
    read = pipeline.read(json.dumps(log()).encode())
    assert [row["code"] for row in read.remarks] == ["evaluation-not-finished", "samples-missing"]
    good = log(status="success", results={"total_samples": 2})
    assert pipeline.read(json.dumps(good).encode()).remarks == []


def test_references_are_put_back_and_what_is_not_there_is_offloaded():
    rows = told(log())
    model = next(row for row in rows if (row["layer"], row["kind"]) == ("llm", "span"))
    assert "You are a careful agent." in model["args"]
    assert (model["args_state"], model["result_state"]) == ("present", "present")
    tool = next(row for row in rows if (row["layer"], row["kind"]) == ("tool", "span"))
    assert (tool["result"], tool["result_state"]) == ("attachment://" + "b" * 32, "offloaded")


def test_what_references_may_grow_to_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_inspect_events, "_MOST_TEXT", 100)
    texts = _inspect_events.Attachments({"h": "x" * 60})
    assert texts.put_back(["attachment://h", {"a": "attachment://h"}]) == ["x" * 60, {"a": "attachment://h"}]


def test_a_text_that_merely_begins_like_a_marker_is_no_reference():
    texts = _inspect_events.Attachments({"h": "x"})
    assert texts.put_back(["see attachment://h", 1, None]) == ["see attachment://h", 1, None]


def test_a_model_event_gives_a_span_and_its_calls():
    rows = told(log())
    model = next(row for row in rows if (row["layer"], row["kind"]) == ("llm", "span"))
    call = next(row for row in rows if row["kind"] == "call")
    assert (model["tokens_in"], model["tokens_out"], model["response_id"]) == (40, 12, "chatcmpl-ii1")
    assert model["end_ns"] - model["ts_ns"] == 500_000_000
    assert (call["tool"], call["args"], call["tool_call_id"], call["ts_ns"]) == (
        "bash", '{"cmd":"ls"}', "call_i1", model["end_ns"],
    )  # fmt: skip
    assert call["tokens_in"] is None


def test_an_answer_from_the_cache_does_not_repeat_the_id_of_the_older_one():
    event = {"event": "model", "model": "m", "input": [], "output": {}, "call": {"response": {"id": "chatcmpl-x1"}}}
    assert of_event(event)["response_id"] == "chatcmpl-x1"
    assert of_event({**event, "cache": "read"})["response_id"] is None


def test_inputs_in_a_pool_are_put_back():
    event = {"event": "model", "model": "m", "input": [], "input_refs": [[0, 1], [2, 3]], "output": {}}
    pool = [{"content": "a"}, {"content": "b"}, {"content": "c"}]
    row = of_event(event, events_data={"messages": pool})
    assert json.loads(row["args"]) == [{"content": "a"}, {"content": "c"}]
    assert of_event(event)["args_state"] == "empty"


def test_spans_end_with_their_end_and_name_the_agent():
    rows = told(log())
    solver, agent = [row for row in rows if (row["layer"], row["kind"]) == ("agent", "span")]
    assert (solver["name"], agent["parent_span_id"]) == ("basic_agent", solver["span_id"])
    assert solver["end_ns"] - solver["ts_ns"] == 3_900_000_000
    assert {row["agent"] for row in rows if row["parent_span_id"] == agent["span_id"]} == {"researcher"}
    assert {row["agent"] for row in rows if row["name"] == "score"} == {"list_files"}


@pytest.mark.parametrize(
    ("word", "decision", "status"),
    [
        ("approve", "allow", "ok"), ("modify", "modify", "ok"), ("reject", "deny", "denied"),
        ("escalate", "ask", "unknown"), ("terminate", "deny", "denied"), ("later", None, "unknown"),
    ],
)  # fmt: skip
def test_approvals_are_decisions(word: str, decision: str | None, status: str):
    call = {"id": "call_z", "function": "bash", "arguments": {"cmd": "ls"}}
    row = of_event({"event": "approval", "call": call, "approver": "human", "decision": word, "explanation": "why"})
    assert (row["layer"], row["kind"], row["decision"], row["status"]) == ("policy", "decision", decision, status)
    assert (row["policy"], row["rule"], row["tool"], row["tool_call_id"]) == ("human", "why", "bash", "call_z")


def test_a_tool_that_was_not_approved_is_denied_and_a_truncated_result_is_said_so():
    event = {"event": "tool", "id": "call_z", "function": "bash", "arguments": {}, "result": "x"}
    assert of_event({**event, "error": {"type": "approval", "message": "no"}})["status"] == "denied"
    failed = of_event({**event, "error": {"type": "timeout", "message": "slow"}})
    assert (failed["status"], failed["error"]) == ("error", "timeout: slow")
    assert of_event({**event, "truncated": [20000, 10000]})["result_state"] == "truncated"
    pending = of_event({**event, "result": "", "pending": True})
    assert (pending["status"], pending["result"], pending["result_state"]) == ("unknown", None, "absent")


def test_older_logs_have_steps_and_events_inside_a_tool():
    rows = [row for row in told(log()) if (row["run_id"] or "").startswith("runs/")]
    assert [row["name"] for row in rows][:4] == ["step", "agent_tool", "info", "logger"]
    assert [row["error"] for row in rows if row["kind"] == "error"] == ["KeyError('x')", "limit: token"]
    assert "events" not in rows[1]["attributes"]


def test_the_oldest_logs_keep_their_events_in_a_transcript():
    event = {"event": "tool", "id": "call_z", "function": "bash", "arguments": {}, "result": "tc://h"}
    value = sample([], transcript={"events": [event], "content": {"h": "long text"}})
    del value["events"]
    row = told(value)[0]
    assert (row["kind"], row["result"], row["result_state"]) == ("span", "long text", "present")


def test_an_unknown_event_is_kept():
    row = of_event({"event": "from_the_future", "value": 1})
    assert (row["kind"], row["name"], row["attributes"]["value"]) == ("log", "from_the_future", 1)


def test_a_sample_without_events_is_told_by_its_messages():
    rows = told(fixture("inspect", "archive-sample"))
    assert [(row["kind"], row["tool_call_id"], row["status"]) for row in rows] == [
        ("message", None, "unknown"), ("message", None, "unknown"), ("call", "call_i1", "unknown"),
        ("result", "call_i1", "error"), ("end", None, "error"),
    ]  # fmt: skip
    assert rows[-1]["error"] == "limit: time"


def test_the_members_of_an_archive_and_the_json_log_name_the_same_run(tmp_path: Path):
    whole = log(status="success", results={"total_samples": 2})
    header = {key: item for key, item in whole.items() if key not in ("samples", "reductions")}
    with zipfile.ZipFile(tmp_path / "2026_list-files.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_journal/start.json", json.dumps({key: header[key] for key in ("version", "eval", "plan")}))
        for each in whole["samples"]:
            archive.writestr(f"samples/{each['id']}_epoch_{each['epoch']}.json", json.dumps(each, indent=2))
        archive.writestr("summaries.json", json.dumps(fixture("inspect", "archive-summaries")))
        archive.writestr("reductions.json", json.dumps(whole["reductions"]))
        archive.writestr("header.json", json.dumps(header))
    with case.memory_case() as connection:
        loader = Loader(connection)
        with inputs.open_archives(inputs.expand([tmp_path]), tmp_path) as items:
            loader.load_all(items)
        settle(connection)
        assert {source.format for source, _ in loader.sources()} == {"inspect"}
        assert all(source.quarantined == 0 for source, _ in loader.sources())
        names = [name for (name,) in connection.execute("SELECT id FROM runs ORDER BY id").fetchall()]
    assert UUID in names
    (old,) = [name for name in names if name.partition("@")[0].endswith("2026_list-files.eval/sample-2/epoch-1")]
    assert len(names) == 2, f"the evaluation itself is no run, as it is none in the JSON log: {names}, {old}"


def test_a_large_log_and_a_large_sample_are_known_by_their_keys():
    whole = log()
    whole["samples"][0]["metadata"] = {"padding": "x" * (2 << 20)}
    assert first_choice(json.dumps(whole, indent=2).encode()) == "inspect"
    assert first_choice(json.dumps(whole["samples"][0], indent=2).encode()) == "inspect"


def test_it_claims_nothing_of_its_neighbours():
    for name, folder in pipeline.cases():
        if name != "inspect":
            assert inspect.sniff(pipeline.head_of(pipeline.input_of(folder).read_bytes())) == 0.0, folder


def test_cuts_are_survived():
    cuts_are_survived("inspect")
