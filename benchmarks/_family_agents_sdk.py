"""Traces of the OpenAI Agents SDK, Bedrock's model invocation log, and the traffic with an MCP server.

The SDK names no tool call ids on what it executed; Bedrock's caller puts run and agent into the request's metadata; the
MCP client puts the call's id into `_meta`, and some agents the run. Nobody decides on calls. A tool of the agent's own
leaves no traffic.
"""

from __future__ import annotations

from typing import Any, ClassVar

from _producers import Producer
from _quarter import Agent, Attempt, Call, Run, Tool, Turn
from _streams import Slot, iso

_READ = Tool("read_document", ("path", "limit"), 4)
_INDEX = Tool("search_index", ("query", "limit"), 5)
_WRITE = Tool("write_summary", ("path", "body"), 2)
_SHARES = Tool("list_shares", (), 1)
_COUNT = Tool("count_words", ("note",), 1, served=False)
_DELETE = Tool("delete_document", ("path", "comment"), 0.12)


class Family(Producer):
    """See the module."""

    agents = (
        Agent("archivist", (_READ, _INDEX, _WRITE, _SHARES), 4, policed=False, upgraded=40),
        Agent("summarizer", (_READ, _WRITE, _COUNT), 3, policed=False, traits=frozenset({"meta run"})),
        Agent("librarian", (_INDEX, _SHARES, _DELETE), 2, policed=False, traits=frozenset({"meta run"})),
        Agent("translator", (_READ, _COUNT, _WRITE), 1, policed=False, since=50),
    )
    roles: ClassVar[dict[str, str]] = {"sdk": "spans", "bedrock": "llm", "mcp": "tool"}
    formats: ClassVar[dict[str, str]] = {"sdk": "openai-agents", "bedrock": "bedrock-invocation", "mcp": "mcp"}

    def started(self, run: Run) -> None:
        run.id = f"trace_{run.trace}"
        run.names.add(run.id)
        group = {"group_id": run.session, "metadata": {"version": run.version}}
        self.put(
            "sdk", run, "start", run.begin, {"object": "trace", "id": run.id, "workflow_name": run.agent.name} | group
        )

    def turn(self, run: Run, turn: Turn) -> None:
        asked = {
            "messages": [{"role": "user", "content": [{"text": run.prompt}]}],
            "inferenceConfig": {"maxTokens": 512},
        }
        blocks: list[dict[str, Any]] = [{"text": turn.text}] if turn.text else []
        slots = []
        for call in turn.calls:
            use = {"toolUseId": call.id, "name": call.tool.name, "input": call.args}
            slots.append(Slot("args", use, "input"))
            blocks.append({"toolUse": use})
        took = (turn.end - turn.begin) // 1_000_000
        reason = "tool_use" if turn.calls else "end_turn"
        body = {"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": reason,
                "metrics": {"latencyMs": took}}  # fmt: skip
        record: dict[str, Any] = {
            "timestamp": "", "accountId": "210987654321", "region": "eu-central-1", "requestId": turn.request,
            "identity": {"arn": f"arn:aws:sts::210987654321:assumed-role/Docs/{run.agent.name}"},
            "operation": "Converse",
            "modelId": "eu.amazon.nova-pro-v1:0", "schemaType": "ModelInvocationLog", "schemaVersion": "1.0",
            "input": {"inputContentType": "application/json", "inputBodyJson": asked,
                      "inputTokenCount": turn.tokens[0]},
            "output": {"outputContentType": "application/json", "outputBodyJson": body,
                       "outputTokenCount": turn.tokens[1]},
            "requestMetadata": {"run_id": run.id, "agent_name": run.agent.name},
        }  # fmt: skip
        run.names.add(turn.request)
        self.put("bedrock", run, "llm", turn.end, record, slots=[*slots, Slot("id", record["requestMetadata"],
                                                                              "run_id")],
                 times=[(record, "timestamp", _seconds, turn.begin)])  # fmt: skip
        calls = [{"type": "function_call", "call_id": call.id, "name": call.tool.name} for call in turn.calls]
        shown = [Slot("args", one, "arguments", True) for one in calls]
        for slot, call in zip(shown, turn.calls, strict=True):
            slot.put(call.args)
        said: list[Any] = [
            *calls,
            *([{"type": "message", "role": "assistant", "content": turn.text}] if turn.text else []),
        ]
        data = {"type": "generation", "input": [{"role": "user", "content": run.prompt}], "output": said,
                "model": "nova",
                "usage": {"input_tokens": turn.tokens[0], "output_tokens": turn.tokens[1]}}  # fmt: skip
        self._span(run, turn.begin, turn.end, turn.span, run.root, data, slots=shown)

    def called(self, run: Run, call: Call) -> None:
        for attempt in call.attempts if call.tool.served else ():
            self._request(run, call, attempt)
        outcome: Any = {"error": "server went away"} if call.failed else call.result
        data: dict[str, Any] = {"type": "function", "name": call.tool.name, "mcp_data": None}
        slots = [Slot("args", data, "input", True), Slot("result", data, "output", True)]
        slots[0].put(call.args)
        slots[1].put(outcome)
        self._span(run, call.begin, call.end, call.span, run.root, data, slots=slots, call=call,
                   error="Error running tool" if call.failed else "")  # fmt: skip

    def _request(self, run: Run, call: Call, attempt: Attempt) -> None:
        meta: dict[str, Any] = {"progressToken": len(call.attempts)}
        joins = [Slot("id", meta, "agents/toolCallId")]
        joins[0].put(call.id)
        if "meta run" in run.agent.traits:
            joins.append(Slot("id", meta, "run_id"))
            joins[1].put(run.id)
        params = {"name": call.tool.name, "arguments": call.args, "_meta": meta}
        number = int(attempt.span[:7], 16)
        session = f"mcp-{run.agent.name}-{run.host}"
        asked: dict[str, Any] = {"ts": "", "direction": "client->server", "server": "documents", "session_id": session,
                 "message": {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}}  # fmt: skip
        at = attempt.begin + 1_000_000
        self.put("mcp", run, "request", at, asked, call=call, slots=[Slot("args", params, "arguments"), *joins],
                 times=[(asked, "ts", iso, at)])  # fmt: skip
        bad = attempt.status != 200
        outcome = {"error": "server went away"} if bad else call.result
        result: dict[str, Any] = {"content": [{"type": "text"}], "isError": bad}
        slot = Slot("result", result["content"][0], "text", True)
        slot.put(outcome)
        told: dict[str, Any] = {"ts": "", "direction": "server->client", "server": "documents", "session_id": session,
                "message": {"jsonrpc": "2.0", "id": number, "result": result}}  # fmt: skip
        at = attempt.end - 1_000_000
        self.put("mcp", run, "response", at, told, call=call, slots=[slot], times=[(told, "ts", iso, at)])

    def finished(self, run: Run) -> None:
        data = {"type": "agent", "name": run.agent.name, "handoffs": [], "output_type": "str",
                "tools": [tool.name for tool in run.agent.tools]}  # fmt: skip
        self._span(run, run.begin, run.end, run.root, None, data, error="gave up" if run.failed else "")

    def _span(
        self, run: Run, begin: int, end: int, ident: str, parent: str | None, data: dict[str, Any], *, error: str = "",
        slots: Any = (), call: Call | None = None,
    ) -> None:  # fmt: skip
        record: dict[str, Any] = {
            "object": "trace.span", "id": f"span_{ident}", "trace_id": run.id, "started_at": "", "ended_at": "",
            "parent_id": f"span_{parent}" if parent else None, "span_data": data,
            "error": {"message": error, "data": None} if error else None,
        }  # fmt: skip
        times = ((record, "started_at", iso, begin), (record, "ended_at", iso, end))
        self.put("sdk", run, "span", end, record, call=call, slots=slots, times=times, span=ident)


def _seconds(ns: int) -> str:
    return iso(ns, 0).replace(".", "")
