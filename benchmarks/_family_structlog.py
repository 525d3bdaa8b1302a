"""Lines of structlog in ECS out of Loki, spans and GenAI events in OTLP, a guard of its own, and Datadog's answers.

The runtime writes ECS names behind Loki's logcli; what the model was asked and answered are log records in OTLP, a
stream of their own. The guard logs JSON lines that carry the conversation, the trace and the call. The tool service's
logs come as pages of Datadog's search: the page that broke off has a cursor left.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import orjson
from _otlp_shape import CLIENT, Attributes, any_value, document, span
from _producers import Producer
from _quarter import Agent, Attempt, Call, Run, Tool, Turn
from _streams import Record, Slot, iso, lines

_STOCK = Tool("stock.level", ("sku",), 4, policed=False)
_ORDER = Tool("purchase.order", ("sku", "quantity", "price", "comment"), 3)
_CANCEL = Tool("purchase.cancel", ("order", "comment"), 1)
_VENDOR = Tool("vendor.search", ("query", "limit"), 3, policed=False)
_REPORT = Tool("report.render", (), 1, served=False)
_WIRE = Tool("wire.transfer", ("account", "amount"), 0.12)
_PAGE = 250


class Family(Producer):
    """See the module."""

    agents = (
        Agent("buyer", (_STOCK, _ORDER, _VENDOR, _WIRE), 4, helper="scout"),
        Agent("planner", (_STOCK, _REPORT, _VENDOR), 3, upgraded=52, policed=False),
        Agent("scout", (_VENDOR, _STOCK), 0, policed=False),
        Agent("returns", (_CANCEL, _STOCK, _ORDER), 3),
        Agent("auditor", (_REPORT, _WIRE, _CANCEL), 1, since=40),
    )
    roles: ClassVar[dict[str, str]] = {
        "app": "agent",
        "traces": "spans",
        "genai": "llm",
        "guard": "policy",
        "warehouse": "tool",
    }
    formats: ClassVar[dict[str, str]] = {
        "app": "jsonl",
        "traces": "otlp",
        "genai": "otlp",
        "guard": "jsonl",
        "warehouse": "jsonl",
    }

    def started(self, run: Run) -> None:
        self._line(run, "start", "agent.started", run.begin, "run began", {"input": run.prompt})

    def turn(self, run: Run, turn: Turn) -> None:
        asked = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "mistral-x"}
        told = {
            "gen_ai.response.id": turn.response, "gen_ai.usage.input_tokens": turn.tokens[0],
            "gen_ai.usage.output_tokens": turn.tokens[1], "gen_ai.response.finish_reasons":
            "tool_calls" if turn.calls else "stop",
        }  # fmt: skip
        self._span(run, "chat mistral-x", turn.begin, turn.end, turn.span, run.root, Attributes(**asked, **told),
                   kind=CLIENT)  # fmt: skip
        parts: list[dict[str, Any]] = [
            {"type": "tool_call", "id": call.id, "name": call.tool.name, "arguments": call.args} for call in turn.calls
        ]
        parts += [{"type": "text", "content": turn.text}] if turn.text else []
        said = Attributes(**asked, **told)
        said.content("messages", "gen_ai.input.messages",
                     [{"role": "user", "parts": [{"type": "text", "content": run.prompt}]}])  # fmt: skip
        said.content("messages", "gen_ai.output.messages", [{"role": "assistant", "parts": parts}])
        record: dict[str, Any] = {
            "timeUnixNano": "", "severityNumber": 9, "eventName": "gen_ai.client.inference.operation.details",
            "body": any_value(""), "attributes": said.items, "traceId": run.trace, "spanId": turn.span, "flags": 1,
        }  # fmt: skip
        self.put("genai", run, "llm", turn.end, document("logRecords", run.agent.name, record), slots=said.slots,
                 times=[(record, "timeUnixNano", str, turn.end)], body=record)  # fmt: skip

    def called(self, run: Run, call: Call) -> None:
        if call.verdict:
            self._guarded(run, call)
        refused = call.verdict == "deny"
        begun: dict[str, Any] = {"call_id": call.id, "name": call.tool.name, "arguments": call.args}
        self._line(run, "call", "tool.started", call.begin, "calling a tool", {"tool": begun}, call,
                   [Slot("args", begun, "arguments")])  # fmt: skip
        for attempt in call.attempts if call.tool.served and not refused else ():
            self._request(run, call, attempt)
        error = "denied by guard" if refused else "warehouse is down" if call.failed else ""
        done: dict[str, Any] = {
            "call_id": call.id,
            "name": call.tool.name,
            "output": {"error": error} if error else call.result,
        }
        ended: dict[str, Any] = {"tool": done, "outcome": "failure" if error else "success"}
        self._line(run, "result", "tool.finished", call.end, "tool answered", ended, call,
                   [Slot("result", done, "output")], level="warning" if error else "info")  # fmt: skip
        spanned = Attributes(**{
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": call.tool.name, "gen_ai.tool.call.id": call.id,
        })  # fmt: skip
        spanned.content("args", "gen_ai.tool.call.arguments", call.args)
        self._span(run, f"execute_tool {call.tool.name}", call.begin, call.end, call.span, run.root, spanned, call=call,
                   error=error)  # fmt: skip

    def _guarded(self, run: Run, call: Call) -> None:
        at = call.attempts[0].begin - 1_000_000
        record: dict[str, Any] = {
            "time": "", "service": "tool-guard", "action": "authorize", "verdict": call.verdict,
            "policy": "spend-limits",
            "rule": "limit-1" if call.verdict == "allow" else "limit-9", "agent": run.agent.name,
            "tool_name": call.tool.name, "input": call.args, "tool_use_id": call.id,
            "decision_id": call.attempts[0].decision,
        }  # fmt: skip
        run.names.add(call.attempts[0].decision)
        joins = [Slot("id", record, "trace_id"), Slot("id", record, "tool_use_id")]
        joins[0].put(run.trace)
        self.put("guard", run, "decision", at, record, call=call, slots=[Slot("args", record, "input"), *joins],
                 times=[(record, "time", iso, at)], body=record,
                 deny=lambda: record.update(verdict="deny"))  # fmt: skip

    def _request(self, run: Run, call: Call, attempt: Attempt) -> None:
        run.names.add(attempt.request)
        sent = Attributes(**{"http.request.method": "POST", "http.response.status_code": attempt.status,
                             "request.id": attempt.request})  # fmt: skip
        self._span(run, f"POST /{call.tool.name}", attempt.begin, attempt.end, attempt.span, call.span, sent, call=call,
                   kind=CLIENT, error="" if attempt.status == 200 else str(attempt.status))  # fmt: skip
        for kind, event, at in (("request", "http.request", attempt.begin + 2_000_000),
                                ("response", "http.response", attempt.end - 2_000_000)):  # fmt: skip
            parsed: dict[str, Any] = {"event": event, "request_id": attempt.request, "resource": call.tool.name}
            if kind == "response":
                parsed["http"] = {"status_code": attempt.status}
            log: dict[str, Any] = {"timestamp": "", "service": "warehouse", "host": "i-0a1", "status": "info",
                                   "message": event, "tags": ["env:prod"], "attributes": parsed}  # fmt: skip
            document = {"id": f"AQAAAZ{attempt.served_span}{kind[:3]}", "type": "log", "attributes": log}
            self.put("warehouse", run, kind, at, document, call=call, slots=[Slot("id", parsed, "request_id")],
                     times=[(log, "timestamp", _millis, at)])  # fmt: skip

    def handed(self, run: Run, turn: Turn) -> None:
        assert turn.hop is not None
        request, ident, begin, end = turn.hop
        run.names.add(request)
        sent = Attributes(**{"request.id": request, "peer.service": run.agent.helper})
        self._span(run, f"ask {run.agent.helper}", begin, end, ident, run.root, sent, kind=CLIENT)

    def finished(self, run: Run) -> None:
        self._line(
            run, "end", "agent.finished", run.end, "run ended", {"outcome": "failure" if run.failed else "success"}
        )
        invoked = Attributes(**{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": run.agent.name})
        if run.parent:
            invoked.add({"request.id": next(t.hop[0] for t in run.parent.turns if t.child is run and t.hop)})
        self._span(run, f"invoke_agent {run.agent.name}", run.begin, run.end, run.root, "", invoked,
                   error="out of stock" if run.failed else "")  # fmt: skip

    def _line(
        self, run: Run, kind: str, action: str, at: int, message: str, fields: dict[str, Any], call: Call | None = None,
        slots: Any = (), *, level: str = "info",
    ) -> None:  # fmt: skip
        event = {"action": action} | ({"outcome": fields.pop("outcome")} if "outcome" in fields else {})
        record: dict[str, Any] = {
            "@timestamp": "", "log.level": level, "message": message, "ecs.version": "8.11", "event": event,
            "trace": {"id": run.trace}, "labels": {"conversation_id": run.session, "execution_id": run.id},
            "service": {"name": "agents", "version": run.version}, "agent": {"name": run.agent.name}, **fields,
        }  # fmt: skip
        self.put("app", run, kind, at, record, call=call, slots=slots, times=[(record, "@timestamp", iso, at)])

    def _span(
        self, run: Run, name: str, begin: int, end: int, ident: str, parent: str, attributes: Attributes,
        *, error: str = "", kind: int = 1, call: Call | None = None,
    ) -> None:  # fmt: skip
        body = span(run.trace, ident, parent, name, attributes, kind=kind, error=error)
        times = ((body, "startTimeUnixNano", str, begin), (body, "endTimeUnixNano", str, end))
        self.put("traces", run, "span", end, document("spans", run.agent.name, body), call=call, slots=attributes.slots,
                 times=times, trace=run.trace, span=ident, body=body)  # fmt: skip

    def write_stream(self, stream: str, records: list[Record], folder: Path) -> None:
        if stream == "app":
            with (folder / "app.jsonl").open("wb") as out:
                for record in records:
                    line = orjson.dumps(record.doc).decode()
                    row = {"labels": {"app": "agents"}, "line": line, "timestamp": iso(record.at, 9)}
                    out.write(orjson.dumps(row) + b"\n")
        elif stream == "warehouse":
            self._pages(records, folder / "warehouse.json")
        else:
            lines(records, folder / f"{stream}.jsonl")

    def _pages(self, records: list[Record], path: Path) -> None:
        with path.open("wb") as out:
            for first in range(0, len(records), _PAGE):
                more = first + _PAGE < len(records) or "warehouse" in self.made.cut_short
                page: dict[str, Any] = {"data": [record.doc for record in records[first : first + _PAGE]],
                                        "meta": {"elapsed": 90, "request_id": f"r{first}",
                                                 "status": "done"}}  # fmt: skip
                if more:
                    page["links"] = {"next": f"https://api.example/api/v2/logs/events?page[cursor]=c{first}"}
                    page["meta"]["page"] = {"after": f"c{first}"}
                out.write(orjson.dumps(page) + b"\n")


def _millis(ns: int) -> str:
    return iso(ns, 3)
