"""JSON lines of a runtime of its own, spans in OTLP/JSON, a LiteLLM gateway, OPA's console log, and a tool service.

No id stands in all of them: the runtime names the run, spans the trace, the gateway the model's call ids, OPA and the
service the request. The service asks OPA, so a denied request reaches it and is refused.
"""

from __future__ import annotations

from typing import Any, ClassVar

from _otlp_shape import CLIENT, Attributes, document, span
from _producers import Producer
from _quarter import Agent, Attempt, Call, Run, Tool, Turn
from _streams import Slot, iso, seconds

_ORDERS = Tool("search_orders", ("customer", "query", "limit"), 4)
_REFUND = Tool("issue_refund", ("order", "amount", "note"), 2)
_MAIL = Tool("send_email", ("to", "subject", "body"), 2)
_SQL = Tool("run_sql", ("query",), 2)
_FILE = Tool("read_file", ("path",), 2, policed=False, served=False)
_CLOCK = Tool("current_time", (), 1, policed=False, served=False)
_QUEUES = Tool("list_queues", (), 1)
_EXPORT = Tool("export_ledger", ("account", "days"), 0.15)


class Family(Producer):
    """See the module."""

    agents = (
        Agent("refunds", (_ORDERS, _REFUND, _MAIL, _CLOCK, _EXPORT), 4, helper="identity",
              traits=frozenset({"own gateway trace"})),
        Agent("triage", (_QUEUES, _ORDERS, _MAIL, _FILE), 5, upgraded=50,
              traits=frozenset({"counted", "logs trace", "gateway trace", "tool trace"})),
        Agent("research", (_SQL, _FILE, _ORDERS, _CLOCK), 3, policed=False, traits=frozenset({"logs trace"})),
        Agent("billing", (_SQL, _REFUND, _EXPORT, _QUEUES), 2, since=35, traits=frozenset({"gateway trace"})),
        Agent("reports", (_SQL, _EXPORT, _FILE), 1, until=60, traits=frozenset({"logs trace", "tool trace"})),
        Agent("identity", (_ORDERS, _FILE), 0, traits=frozenset({"logs trace", "tool trace"})),
    )  # fmt: skip
    roles: ClassVar[dict[str, str]] = {
        "agent": "agent",
        "otel": "spans",
        "gateway": "llm",
        "opa": "policy",
        "tools": "tool",
    }
    formats: ClassVar[dict[str, str]] = {
        "agent": "jsonl",
        "otel": "otlp",
        "gateway": "litellm",
        "opa": "opa",
        "tools": "jsonl",
    }

    facts: ClassVar[dict[str, Any]] = {"opa arguments": "/input/args"}

    def started(self, run: Run) -> None:
        parent = {"parent_run_id": run.parent.id} if run.parent else {}
        trace = {"trace_id": run.trace} if "logs trace" in run.agent.traits else {}
        self._log(run, "start", "run_started", run.begin, prompt=run.prompt, **trace, **parent)

    def turn(self, run: Run, turn: Turn) -> None:
        traits = run.agent.traits
        asked = []
        slots = []
        for call in turn.calls:
            function: dict[str, Any] = {"name": call.tool.name}
            slots.append(Slot("args", function, "arguments", True))
            slots[-1].put(call.args)
            asked.append({"id": call.id, "type": "function", "function": function})
        message = {"role": "assistant", "content": turn.text or None} | ({"tool_calls": asked} if asked else {})
        record: dict[str, Any] = {
            "id": turn.response, "litellm_call_id": turn.request, "call_type": "acompletion", "hidden_params": {},
            "startTime": 0, "endTime": 0, "model": "m-1", "status": "success",
            "messages": [{"role": "user", "content": run.prompt}],
            "response": {"id": turn.response, "choices": [{"message": message}]},
            "prompt_tokens": turn.tokens[0], "completion_tokens": turn.tokens[1], "total_tokens": sum(turn.tokens),
        }  # fmt: skip
        trace = run.trace if "gateway trace" in traits else ""
        if "own gateway trace" in traits:
            trace = f"{self.draw.getrandbits(128):032x}"
            run.names.add(trace)
        if trace:
            record["trace_id"] = trace
        times = ((record, "startTime", seconds, turn.begin), (record, "endTime", seconds, turn.end))
        twice = 2 if self.draw.random() < 0.02 else 1
        self.put("gateway", run, "llm", turn.end, record, slots=slots, times=times, times_written=twice)
        chat = Attributes(**{
            "gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1", "gen_ai.response.id": turn.response,
            "gen_ai.usage.input_tokens": turn.tokens[0], "gen_ai.usage.output_tokens": turn.tokens[1],
        })  # fmt: skip
        self._span(run, "chat m-1", turn.begin, turn.end, turn.span, run.root, chat)

    def called(self, run: Run, call: Call) -> None:
        tool = {"tool_call_id": call.id, "tool": call.tool.name}
        started: dict[str, Any] = {**tool, "args": call.args}
        self._log(run, "call", "tool_call_started", call.begin, call, [Slot("args", started, "args")], started)
        for attempt in call.attempts if call.tool.served else ():
            self._request(run, call, attempt)
        outcome = "denied" if call.verdict == "deny" else "error" if call.failed else "ok"
        done: dict[str, Any] = {**tool, "status": outcome, "result": call.result}
        if outcome != "ok":
            done["result"] = {"error": "refused by policy" if outcome == "denied" else "service unavailable"}
        self._log(run, "result", "tool_call_finished", call.end, call, [Slot("result", done, "result")], done)
        spanned = Attributes(**{
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": call.tool.name, "gen_ai.tool.call.id": call.id,
        })  # fmt: skip
        spanned.content("args", "gen_ai.tool.call.arguments", call.args)
        spanned.content("result", "gen_ai.tool.call.result", done["result"])
        error = "" if outcome == "ok" else str(done["result"]["error"])
        self._span(run, f"execute_tool {call.tool.name}", call.begin, call.end, call.span, run.root, spanned, call=call,
                   error=error)  # fmt: skip

    def _request(self, run: Run, call: Call, attempt: Attempt) -> None:
        run.names.add(attempt.request)
        asked: dict[str, Any] = {"tool": call.tool.name, "args": dict(call.args), "agent": run.agent.name}
        joins = [Slot("id", asked, "request_id")]
        joins[0].put(attempt.request)
        if call.verdict:
            decision: dict[str, Any] = {
                "decision_id": attempt.decision, "labels": {"id": "opa-1"}, "path": "tools/allow", "input": asked,
                "result": call.verdict == "allow", "timestamp": "",
            }  # fmt: skip
            run.names.add(attempt.decision)
            self.put("opa", run, "decision", attempt.begin + 3_000_000, decision, call=call,
                     slots=[Slot("args", asked, "args"), *joins],
                     times=[(decision, "timestamp", iso, attempt.begin + 3_000_000)],
                     body=decision, deny=lambda: decision.update(result=False))  # fmt: skip
        said = "request refused" if attempt.status == 403 else "request done"
        for kind, event, at in (("request", "request received", attempt.begin + 1_000_000),
                                ("response", said, attempt.end - 1_000_000)):  # fmt: skip
            line: dict[str, Any] = {"timestamp": "", "service": "tools", "event": event, "tool": call.tool.name}
            joins = [Slot("id", line, "request_id")]
            joins[0].put(attempt.request)
            if "tool trace" in run.agent.traits:
                joins.append(Slot("id", line, "trace_id"))
                joins[-1].put(run.trace)
            elif "counted" not in run.agent.traits:
                joins.append(Slot("id", line, "tool_call_id"))
                joins[-1].put(call.id)
            if kind == "response":
                line["http_status"] = attempt.status
            self.put("tools", run, kind, at, line, call=call, slots=joins, times=[(line, "timestamp", iso, at)])
        sent = Attributes(**{"request.id": attempt.request, "http.response.status_code": attempt.status})
        error = "" if attempt.status == 200 else f"HTTP {attempt.status}"
        self._span(run, f"POST /{call.tool.name}", attempt.begin, attempt.end, attempt.span, call.span, sent, call=call,
                   error=error, kind=CLIENT)  # fmt: skip

    def handed(self, run: Run, turn: Turn) -> None:
        assert turn.hop is not None
        request, ident, begin, end = turn.hop
        run.names.add(request)
        self._span(run, "POST /a2a", begin, end, ident, run.root, Attributes(**{"request.id": request}), kind=CLIENT)

    def finished(self, run: Run) -> None:
        self._log(run, "end", "run_finished", run.end, status="error" if run.failed else "ok")
        invoked = Attributes(**{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": run.agent.name})
        if run.parent:
            hop = next(turn.hop for turn in run.parent.turns if turn.child is run and turn.hop)
            invoked.add({"request.id": hop[0]})
        error = "the task could not be finished" if run.failed else ""
        self._span(run, f"invoke_agent {run.agent.name}", run.begin, run.end, run.root, "", invoked, error=error)

    def _log(
        self, run: Run, kind: str, event: str, at: int, call: Call | None = None, slots: Any = (),
        record: dict[str, Any] | None = None, **fields: Any,
    ) -> None:  # fmt: skip
        record = {} if record is None else record
        record |= {
            "timestamp": "", "event": event, "run_id": run.id, "session_id": run.session, "agent": run.agent.name,
            "agent_version": run.version, "worker": f"worker-{run.host}", **fields,
        }  # fmt: skip
        self.put("agent", run, kind, at, record, call=call, slots=slots, times=[(record, "timestamp", iso, at)])

    def _span(
        self, run: Run, name: str, begin: int, end: int, ident: str, parent: str, attributes: Attributes,
        *, error: str = "", kind: int = 1, call: Call | None = None,
    ) -> None:  # fmt: skip
        body = span(run.trace, ident, parent, name, attributes, kind=kind, error=error)
        times = ((body, "startTimeUnixNano", str, begin), (body, "endTimeUnixNano", str, end))
        self.put("otel", run, "span", end, document("spans", run.agent.name, body), call=call, slots=attributes.slots,
                 times=times, trace=run.trace, span=ident, body=body)  # fmt: skip
