"""Pages of Langfuse observations, a gateway's pairs of requests and responses, uploads of OPA, and a tool service.

Langfuse tells the agent's side: no runtime writes a log of its own, and a run is its trace. The gateway got the trace
as a header. OPA numbers its decisions (`req_id`) and uploads them as compressed arrays; it got the call's id and the
request's. The tool service knows the request alone.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, ClassVar

import orjson
from _producers import Producer
from _quarter import Agent, Attempt, Call, Run, Tool, Turn
from _streams import Record, Slot, iso, lines

_LOOK = Tool("kb_lookup", ("query", "limit"), 5, policed=False, served=False)
_TICKET = Tool("update_ticket", ("ticket", "comment", "urgent"), 3)
_CREDIT = Tool("grant_credit", ("account", "amount", "note"), 2)
_USERS = Tool("get_user", ("account",), 3)
_STATUS = Tool("service_status", (), 1, policed=False)
_CLOSE = Tool("close_account", ("account", "comment"), 0.12)
_PAGE, _UPLOAD = 500, 400


class Family(Producer):
    """See the module."""

    agents = (
        Agent("support-copilot", (_LOOK, _TICKET, _USERS, _STATUS), 5, helper="kb-agent", upgraded=30),
        Agent("billing-copilot", (_CREDIT, _USERS, _CLOSE), 3),
        Agent("kb-agent", (_LOOK, _STATUS), 1, policed=False),
        Agent("night-triage", (_TICKET, _LOOK, _USERS), 1, until=70, policed=False),
    )
    roles: ClassVar[dict[str, str]] = {"langfuse": "spans", "gateway": "llm", "opa": "policy", "crm": "tool"}
    formats: ClassVar[dict[str, str]] = {"langfuse": "langfuse", "gateway": "llm-pairs", "opa": "opa", "crm": "jsonl"}
    facts: ClassVar[dict[str, Any]] = {"opa arguments": "/input/arguments"}
    counted = "opa"

    def count(self, records: list[Record]) -> None:
        for number, record in enumerate(records, start=1):
            record.doc["req_id"] = number

    def turn(self, run: Run, turn: Turn) -> None:
        message: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
        slots = []
        if turn.calls:
            message["tool_calls"] = []
        for call in turn.calls:
            function: dict[str, Any] = {"name": call.tool.name}
            slots.append(Slot("args", function, "arguments", True))
            slots[-1].put(call.args)
            message["tool_calls"].append({"id": call.id, "type": "function", "function": function})
        asked = {"model": "gpt-x", "messages": [{"role": "user", "content": run.prompt}], "user": run.agent.name}
        usage = {"prompt_tokens": turn.tokens[0], "completion_tokens": turn.tokens[1], "total_tokens": sum(turn.tokens)}
        record: dict[str, Any] = {
            "request_id": turn.request, "start_time": "", "end_time": "", "path": "/v1/chat/completions",
            "status_code": 200, "headers": {"traceparent": f"00-{run.trace}-{turn.span}-01"}, "request": asked,
            "response": {
                "id": turn.response, "object": "chat.completion", "created": turn.end // 1_000_000_000,
                "model": "gpt-x",
                "choices": [{"index": 0, "finish_reason": "tool_calls" if turn.calls else "stop", "message": message}],
                "usage": usage,
            },
        }  # fmt: skip
        run.names |= {turn.request, turn.response}
        times = ((record, "start_time", iso, turn.begin), (record, "end_time", iso, turn.end))
        self.put("gateway", run, "llm", turn.end, record, slots=[*slots, Slot("id", record["headers"], "traceparent")],
                 times=times)  # fmt: skip
        seen: dict[str, Any] = {"input": asked["messages"], "model": "gpt-x",
                                "output": orjson.loads(orjson.dumps(message)),
                "usageDetails": {"input": turn.tokens[0], "output": turn.tokens[1],
                                 "total": sum(turn.tokens)}}  # fmt: skip
        shown = [Slot("args", call["function"], "arguments", True) for call in seen["output"].get("tool_calls", ())]
        self._observe(run, "GENERATION", "chat", turn.begin, turn.end, turn.span, run.root, seen, slots=shown)

    def called(self, run: Run, call: Call) -> None:
        if call.verdict:
            self._decided(run, call)
        outcome: Any = {"error": "denied by policy"} if call.verdict == "deny" else call.result
        if call.verdict != "deny":
            for attempt in call.attempts if call.tool.served else ():
                self._request(run, call, attempt)
            if call.failed:
                outcome = {"error": "service unavailable"}
        seen: dict[str, Any] = {"input": call.args, "output": outcome, "metadata": {"tool_call_id": call.id}}
        failed = "error" in outcome
        self._observe(run, "TOOL", call.tool.name, call.begin, call.end, call.span, run.root, seen, call=call,
                      error=outcome["error"] if failed else "",
                      slots=[Slot("args", seen, "input"), Slot("result", seen, "output")])  # fmt: skip

    def _decided(self, run: Run, call: Call) -> None:
        first = call.attempts[0]
        at = first.begin - 1_000_000
        asked: dict[str, Any] = {"agent": {"id": run.agent.name, "version": run.version}, "tool": call.tool.name,
                                 "arguments": call.args, "tool_call_id": call.id}  # fmt: skip
        joins = [Slot("id", asked, "tool_call_id")]
        record: dict[str, Any] = {
            "labels": {"app": "tool-gate", "id": "9c1f6b52-6a7e-4b0e-9a55-8f2f6d0b7a11", "version": "1.9.0"},
            "decision_id": first.decision, "bundles": {"authz": {"revision": "r-17"}}, "path": "agents/tools/allow",
            "requested_by": "10.0.4.7:51234", "timestamp": "", "req_id": 0, "input": asked,
            "result": {"allow": call.verdict == "allow"}, "metrics": {"timer_server_handler_ns": 91_234},
        }  # fmt: skip
        run.names.add(first.decision)
        self.put("opa", run, "decision", at, record, call=call, slots=[Slot("args", asked, "arguments"), *joins],
                 times=[(record, "timestamp", iso, at)], body=record,
                 deny=lambda: record.update(result={"allow": False}))  # fmt: skip

    def _request(self, run: Run, call: Call, attempt: Attempt) -> None:
        run.names.add(attempt.request)
        for kind, event, at in (("request", "request.started", attempt.begin + 1_000_000),
                                ("response", "request.completed", attempt.end - 1_000_000)):  # fmt: skip
            line: dict[str, Any] = {"ts": "", "svc": "crm", "event": event, "correlation_id": attempt.request,
                                    "operation": call.tool.name}  # fmt: skip
            joins = [Slot("id", line, "correlation_id")]
            if kind == "request":
                line["call_id"] = call.id
                joins.append(Slot("id", line, "call_id"))
            else:
                line["http_status"] = attempt.status
            self.put("crm", run, kind, at, line, call=call, slots=joins, times=[(line, "ts", iso, at)])

    def handed(self, run: Run, turn: Turn) -> None:
        assert turn.hop is not None
        assert turn.child is not None
        request, ident, begin, end = turn.hop
        seen = {"input": {"task": turn.child.prompt}, "output": "done", "metadata": {"request_id": request}}
        run.names.add(request)
        self._observe(run, "SPAN", f"delegate to {turn.child.agent.name}", begin, end, ident, run.root, seen)

    def finished(self, run: Run) -> None:
        seen: dict[str, Any] = {"input": run.prompt, "output": run.turns[-1].text}
        seen["metadata"] = {"gen_ai.agent.name": run.agent.name}
        if run.parent:
            seen["metadata"]["request_id"] = next(t.hop[0] for t in run.parent.turns if t.child is run and t.hop)
        self._observe(run, "AGENT", run.agent.name, run.begin, run.end, run.root, None, seen,
                      error="no answer was found" if run.failed else "")  # fmt: skip

    def _observe(
        self, run: Run, kind: str, name: str, begin: int, end: int, ident: str, parent: str | None,
        seen: dict[str, Any],
        *, error: str = "", slots: Any = (), call: Call | None = None,
    ) -> None:  # fmt: skip
        seen |= {
            "id": ident, "traceId": run.trace, "startTime": "", "endTime": "", "projectId": "p1", "type": kind,
            "parentObservationId": parent, "name": name, "level": "ERROR" if error else "DEFAULT",
            "statusMessage": error or None, "version": run.version, "userId": None, "sessionId": run.session,
            "traceName": run.agent.name, "environment": "production",
        }  # fmt: skip
        times = ((seen, "startTime", _millis, begin), (seen, "endTime", _millis, end))
        self.put("langfuse", run, "span", end, seen, call=call, slots=slots, times=times, trace=run.trace, span=ident)

    def write_stream(self, stream: str, records: list[Record], folder: Path) -> None:
        if stream == "langfuse":
            self._pages(records, folder)
        elif stream == "opa":
            for number, first in enumerate(range(0, len(records), _UPLOAD)):
                part = orjson.dumps([record.doc for record in records[first : first + _UPLOAD]])
                path = folder / f"opa-{number:04d}.json.gz"
                path.write_bytes(gzip.compress(part, 1, mtime=0))
        else:
            lines(records, folder / f"{stream}.jsonl")

    def _pages(self, records: list[Record], folder: Path) -> None:
        pages = range(0, len(records), _PAGE)
        total = len(pages) + (3 if "langfuse" in self.made.cut_short else 0)
        with (folder / "langfuse.jsonl").open("wb") as out:
            for number, first in enumerate(pages, start=1):
                part = [record.doc for record in records[first : first + _PAGE]]
                meta = {"page": number, "limit": _PAGE, "totalItems": (total - 1) * _PAGE + 1, "totalPages": total}
                out.write(orjson.dumps({"data": part, "meta": meta}) + b"\n")


def _millis(ns: int) -> str:
    return iso(ns, 3)
