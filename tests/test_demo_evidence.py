"""The demo evidence is what its generator writes, and holds every fact that its README states."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

DEMO = Path(__file__).parents[1] / "fixtures" / "demo"
EVIDENCE = DEMO / "evidence"
OPA = "opa/decisions.jsonl"
HARMFUL, CHILD, SAMPLED_OUT, CRASHED = "run-7f3a91", "run-c05e18", "run-0c4f77", "run-a8d264"
LOST_CALL = "call_MSWAWXXR03FMfD2so6cFgbPS"
IBAN = "XX00DEMO000042000042"
THRESHOLD = 0x4 << 52  # `th:4`, padded with zeros to 14 digits


class Demo(NamedTuple):
    """The five streams, parsed. `spans` have their attributes as a plain object, and their service."""

    agent: list[dict[str, Any]]
    torn: str
    spans: list[dict[str, Any]]
    envelopes: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    completions: list[dict[str, Any]]

    def of_run(self, run: str) -> list[dict[str, Any]]:
        return [line for line in self.agent if line.get("run_id") == run]

    def calls(self, run: str) -> list[str]:
        return list(dict.fromkeys(line["tool_call_id"] for line in self.of_run(run) if "tool_call_id" in line))

    def traces(self, run: str) -> set[str]:
        """By tool call to a span, or where there is none, by tool call and request to a line that names the trace."""
        calls = self.calls(run)
        spans = {span["traceId"] for span in self.spans if span["attributes"].get("gen_ai.tool.call.id") in calls}
        requests = {line["request_id"] for line in self.payments if line.get("tool_call_id") in calls}
        lines = {line["trace_id"] for line in self.payments if line["request_id"] in requests and "trace_id" in line}
        return spans | lines

    def requests(self, run: str) -> set[str]:
        return {line["request_id"] for line in self.payments if line.get("trace_id") in self.traces(run)}

    def asked(self) -> dict[str, dict[str, Any]]:
        """Tool calls that the model asked for, by id."""
        messages = [payload["response"]["choices"][0]["message"] for payload in self.completions]
        return {call["id"]: call["function"] for message in messages for call in message.get("tool_calls", [])}


def _value(value: dict[str, Any]) -> Any:
    if "arrayValue" in value:
        return [_value(item) for item in value["arrayValue"]["values"]]
    return int(value["intValue"]) if "intValue" in value else value["stringValue"]


def _attributes(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: _value(pair["value"]) for pair in pairs}


def _lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


@pytest.fixture(scope="module")
def demo() -> Demo:
    lines, _, torn = (EVIDENCE / "agent/refunds-agent.jsonl").read_bytes().rpartition(b"\n")
    spans = [
        span | {"attributes": _attributes(span["attributes"]), "service": _attributes(resource)["service.name"]}
        for export in _lines((EVIDENCE / "otel/spans.jsonl").read_bytes())
        for group in export["resourceSpans"]
        for resource in [group["resource"]["attributes"]]
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    ]
    envelopes = json.loads((EVIDENCE / "cloudwatch/payments-api.json").read_bytes())["events"]
    return Demo(
        agent=_lines(lines),
        torn=torn.decode(),
        spans=spans,
        envelopes=envelopes,
        payments=[json.loads(e["message"]) for e in envelopes if e["message"].startswith("{")],
        decisions=_lines(gzip.decompress((EVIDENCE / OPA).read_bytes())),
        completions=_lines((EVIDENCE / "gateway/litellm.jsonl").read_bytes()),
    )


def _randomness(trace: str) -> int:
    return int(trace[-14:], 16)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_generator_writes_the_committed_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        subprocess.run([sys.executable, str(DEMO / "generate.py"), str(tmp_path / name)], check=True)
    one, two, committed = _files(tmp_path / "one"), _files(tmp_path / "two"), _files(EVIDENCE)
    assert one == two
    # Another zlib may pack the same bytes in another way: of the gzip file the contents and the header count.
    packed = one.pop(OPA), committed.pop(OPA)
    assert one == committed
    assert gzip.decompress(packed[0]) == gzip.decompress(packed[1])
    assert packed[0][:10] == packed[1][:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"


def test_the_evidence_is_small() -> None:
    assert sum(map(len, _files(EVIDENCE).values())) < 300_000


def test_the_decision_log_has_two_gzip_members() -> None:
    assert (EVIDENCE / OPA).read_bytes().count(b"\x1f\x8b\x08\0\0\0\0\0\x02\xff") == 2


def test_nine_runs_one_session_with_three_of_them(demo: Demo) -> None:
    starts = [line for line in demo.agent if line["event"] == "run_started"]
    assert len(starts) == len({line["run_id"] for line in starts}) == 9
    shared = {line["run_id"] for line in starts if line["session_id"] == "sess-58c0d2"}
    assert shared == {"run-e6b913", HARMFUL, CHILD}


def test_no_stream_holds_the_run_and_the_request(demo: Demo) -> None:
    trace = demo.traces(HARMFUL).pop()
    files = {name: data if name != OPA else gzip.decompress(data) for name, data in _files(EVIDENCE).items()}
    assert [name for name, data in files.items() if HARMFUL.encode() in data] == ["agent/refunds-agent.jsonl"]
    assert {name for name, data in files.items() if trace.encode() in data} == {
        "otel/spans.jsonl",
        "cloudwatch/payments-api.json",
    }
    for request in demo.requests(HARMFUL):
        assert {name for name, data in files.items() if request.encode() in data} == {
            "cloudwatch/payments-api.json",
            OPA,
        }


def test_the_harmful_run_in_every_stream(demo: Demo) -> None:
    (trace,), requests = demo.traces(HARMFUL), demo.requests(HARMFUL)
    spans = [span for span in demo.spans if span["traceId"] == trace]
    responses = {span["attributes"].get("gen_ai.response.id") for span in spans}
    counts = (
        len(demo.of_run(HARMFUL)),
        sum(payload["id"] in responses for payload in demo.completions),
        len(spans),
        sum(line["request_id"] in requests for line in demo.payments),
        sum(decision["input"]["request_id"] in requests for decision in demo.decisions),
    )
    assert counts == (19, 6, 19, 10, 5)


def test_children_come_before_parents(demo: Demo) -> None:
    (trace,) = demo.traces(HARMFUL)
    assert [span["name"] for span in demo.spans if span["traceId"] == trace][-1] == "invoke_agent refunds-agent"


def test_one_span_of_the_harmful_run_is_lost(demo: Demo) -> None:
    (trace,) = demo.traces(HARMFUL)
    spans = [span for span in demo.spans if span["traceId"] == trace]
    held = {span["spanId"] for span in spans}
    (orphan,) = [span for span in spans if "parentSpanId" in span and span["parentSpanId"] not in held]
    assert (orphan["service"], orphan["name"], orphan["flags"]) == ("payments-api", "POST /v1/refunds", 0x303)
    executed = {span["attributes"].get("gen_ai.tool.call.id") for span in spans}
    assert [call for call in demo.calls(HARMFUL) if call not in executed] == [LOST_CALL]
    assert LOST_CALL in demo.asked()
    (booked,) = [line for line in demo.payments if line.get("tool_call_id") == LOST_CALL]
    (received,) = [line for line in demo.payments if line.get("span_id") == orphan["spanId"]]
    assert booked["request_id"] == received["request_id"]


def test_only_the_gateway_holds_the_account_number(demo: Demo) -> None:
    holders = {name for name, data in _files(EVIDENCE).items() if name != OPA and IBAN.encode() in data}
    assert holders == {"gateway/litellm.jsonl"}
    assert IBAN not in json.dumps(demo.decisions)
    lines = [line for line in demo.of_run(HARMFUL) if line["event"] == "tool_call_started"]
    redacted = [line for line in lines if line["args"].get("iban") == "[REDACTED]"]
    assert len(redacted) == 4
    for line in redacted:
        assert json.loads(demo.asked()[line["tool_call_id"]]["arguments"])["iban"] == IBAN
    masked = [span for span in demo.spans if "redaction.masked.keys" in span["attributes"]]
    assert [span["attributes"]["gen_ai.tool.name"] for span in masked] == ["get_ticket", *["issue_refund"] * 3]
    assert sum(decision.get("erased") == ["/input/arguments/iban"] for decision in demo.decisions) == 4


def test_the_run_without_spans_was_sampled_out(demo: Demo) -> None:
    assert {span["traceState"] for span in demo.spans} == {"ot=th:4"}
    held = {span["traceId"] for span in demo.spans}
    assert min(map(_randomness, held)) >= THRESHOLD
    (missing,) = demo.traces(SAMPLED_OUT)
    assert missing not in held
    assert _randomness(missing) < THRESHOLD
    named = {line["trace_id"] for line in demo.payments if "trace_id" in line}
    assert named - held == {missing}


def test_the_denied_sum_is_paid_in_parts(demo: Demo) -> None:
    requests = demo.requests(HARMFUL)
    transfers = [
        (d["result"]["allow"], d["input"]["arguments"]["amount"])
        for d in demo.decisions
        if d["input"]["request_id"] in requests and d["input"]["action"] == "refund.create"
    ]
    assert transfers == [(False, "4200.00"), *[(True, "1400.00")] * 3]
    assert sum(not decision["result"]["allow"] for decision in demo.decisions) == 1
    booked = [line for line in demo.payments if line["request_id"] in requests and line["message"] == "refund booked"]
    assert sum(float(line["amount"]) for line in booked) == 4200.0
    (failed,) = [line for line in demo.agent if line["event"] == "tool_call_failed"]
    assert failed["run_id"] == HARMFUL
    assert failed["error"].startswith("403 refused_by_policy")


def test_every_request_has_one_decision_and_the_counter_has_no_hole(demo: Demo) -> None:
    assert sorted(d["input"]["request_id"] for d in demo.decisions) == sorted({p["request_id"] for p in demo.payments})
    numbers = [decision["req_id"] for decision in demo.decisions]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_the_payments_host_is_1700_ms_late(demo: Demo) -> None:
    spans = {span["spanId"]: span for span in demo.spans}
    early = [
        int(spans[span["parentSpanId"]]["startTimeUnixNano"]) - int(span["startTimeUnixNano"])
        for span in demo.spans
        if span["service"] == "payments-api" and span["parentSpanId"] in spans
    ]
    # A request needs 8 to 20 ms to arrive, and seems to arrive about 1.69 s before it was sent.
    assert len(early) == 12
    assert all(1_680_000_000 <= gap <= 1_692_000_000 for gap in early)
    assert all(
        event["ingestionTime"] - event["timestamp"] >= 1_700 for event in demo.envelopes if "{" in event["message"]
    )


def test_one_call_was_asked_for_and_never_seen_again(demo: Demo) -> None:
    executed = {line.get("tool_call_id") for line in demo.agent}
    unseen = {call: asked["name"] for call, asked in demo.asked().items() if call not in executed}
    assert unseen == {"call_eLHRPEnldgRaRwhwPNZVHf8i": "notify_refund_desk"}
    assert "notify_refund_desk" not in (EVIDENCE / "otel/spans.jsonl").read_text()


def test_one_run_never_ended(demo: Demo) -> None:
    started = {line["run_id"] for line in demo.agent if line["event"] == "run_started"}
    ended = {line["run_id"] for line in demo.agent if line["event"] == "run_finished"}
    assert started - ended == {CRASHED}
    assert demo.of_run(CRASHED)[-1]["event"] == "tool_call_started"
    after = demo.agent[demo.agent.index(demo.of_run(CRASHED)[-1]) + 1]
    assert (after["event"], after["previous_exit"]) == ("worker_started", "signal 9")
    (trace,) = demo.traces(CRASHED)
    spans = [span for span in demo.spans if span["traceId"] == trace]
    assert all("parentSpanId" in span for span in spans)
    assert {span["parentSpanId"] for span in spans} & {span["spanId"] for span in spans} == set()


def test_the_last_line_is_torn_and_names_no_run(demo: Demo) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(demo.torn)
    assert "heartbeat" in demo.torn
    assert "run-" not in demo.torn


def test_the_subagent_names_its_parent(demo: Demo) -> None:
    start = demo.of_run(CHILD)[0]
    assert start["parent_run_id"] == HARMFUL
    (spawning,) = [
        span for span in demo.spans if span["attributes"].get("gen_ai.tool.call.id") == start["parent_tool_call_id"]
    ]
    assert spawning["attributes"]["gen_ai.tool.name"] == "verify_identity"
    (link,) = [link for span in demo.spans for link in span.get("links", [])]
    assert (link["traceId"], link["spanId"]) == (spawning["traceId"], spawning["spanId"])
    assert demo.traces(CHILD).isdisjoint(demo.traces(HARMFUL))


def test_the_readme_names_what_is_here(demo: Demo) -> None:
    text = (DEMO / "README.md").read_text()
    named = [
        LOST_CALL,
        *demo.traces(HARMFUL),
        *demo.traces(SAMPLED_OUT),
        *{line["run_id"] for line in demo.agent if "run_id" in line},
    ]
    assert [name for name in named if name not in text] == []
