"""CloudWatch dumps of an agent runtime and of a tool service, spans of one Collector, and Verified Permissions.

The log groups are answers of filter-log-events whose messages are JSON; the dump that broke off has a nextToken left.
One Collector writes the spans of all services, several in each line; the service's spans have remote parents. The agent
asks for a decision before it calls, so a denied call reaches no service. There is no gateway: the spans hold what the
model asked for.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, ClassVar

import orjson
from _otlp_shape import CLIENT, SERVER, Attributes, document, span, write_batches
from _producers import Producer
from _quarter import Agent, Attempt, Call, Run, Tool, Turn
from _streams import Record, Slot, iso, lines, millis

_BOOK = Tool("bookAppointment", ("customer", "slot", "note"), 3)
_MOVE = Tool("rescheduleAppointment", ("appointment", "slot"), 2)
_FIND = Tool("findSlots", ("days", "clinic"), 5, policed=False)
_NOTES = Tool("appendNote", ("patient", "comment"), 2)
_LABS = Tool("fetchLabResults", ("patient", "limit"), 2)
_WARDS = Tool("listWards", (), 1, policed=False)
_MATH = Tool("calculate", ("query",), 1, policed=False, served=False)
_PURGE = Tool("purgeRecord", ("patient", "urgent"), 0.12)
_REMOTE, _LOCAL = 0x301, 0x101
_SERVICE = "clinic-api"


class Family(Producer):
    """See the module."""

    agents = (
        Agent("SchedulingAgent", (_BOOK, _MOVE, _FIND, _WARDS), 5, helper="RecordsAgent", upgraded=44),
        Agent("RecordsAgent", (_NOTES, _LABS, _PURGE, _MATH), 3, upgraded=60),
        Agent("IntakeAgent", (_FIND, _NOTES, _WARDS, _MATH), 2, policed=False),
        Agent("NightAuditAgent", (_LABS, _PURGE, _WARDS), 1, since=25),
    )
    roles: ClassVar[dict[str, str]] = {
        "assistant-runtime": "agent",
        "collector": "spans",
        "clinic-api": "tool",
        "authz": "policy",
    }
    formats: ClassVar[dict[str, str]] = {
        "assistant-runtime": "jsonl",
        "collector": "otlp",
        "clinic-api": "jsonl",
        "authz": "cedar",
    }

    def started(self, run: Run) -> None:
        more = {"parentRunId": run.parent.id} if run.parent else {}
        self._log(run, "start", "AgentInvocationStarted", run.begin, input=run.prompt, traceId=run.trace, **more)

    def turn(self, run: Run, turn: Turn) -> None:
        parts: list[dict[str, Any]] = [
            {"type": "tool_call", "id": call.id, "name": call.tool.name, "arguments": call.args} for call in turn.calls
        ]
        if turn.text:
            parts.append({"type": "text", "content": turn.text})
        reason = "tool_call" if turn.calls else "stop"
        chat = Attributes(**{
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "aws.bedrock", "gen_ai.request.model": "nova-1",
            "gen_ai.response.id": turn.response, "gen_ai.usage.input_tokens": turn.tokens[0],
            "gen_ai.usage.output_tokens": turn.tokens[1], "gen_ai.conversation.id": run.session,
        })  # fmt: skip
        chat.content("messages", "gen_ai.output.messages",
                     [{"role": "assistant", "parts": parts, "finish_reason": reason}])  # fmt: skip
        self._span(run, run.agent.name, "chat nova-1", turn.begin, turn.end, turn.span, run.root, chat, kind=CLIENT)

    def called(self, run: Run, call: Call) -> None:
        tool = {"toolCallId": call.id, "toolName": call.tool.name}
        if call.verdict:
            self._decided(run, call)
        if call.verdict == "deny":
            at = call.attempts[0].begin + 8_000_000
            self._log(run, "result", "ToolInvocationDenied", at, call, level="WARN", decision="deny",
                      reason="not permitted", **tool)  # fmt: skip
            return
        begun: dict[str, Any] = {"toolInput": call.args}
        self._log(
            run, "call", "ToolInvocationStarted", call.begin, call, [Slot("args", begun, "toolInput")], begun, **tool
        )
        for attempt in call.attempts if call.tool.served else ():
            self._request(run, call, attempt)
        done: dict[str, Any] = {"success": not call.failed}
        done["toolOutput"] = {"error": "upstream timed out"} if call.failed else call.result
        self._log(run, "result", "ToolInvocationCompleted", call.end, call, [Slot("result", done, "toolOutput")], done,
                  **tool)  # fmt: skip
        spanned = Attributes(**{
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": call.tool.name, "gen_ai.tool.call.id": call.id,
            "gen_ai.tool.type": "function",
        })  # fmt: skip
        spanned.content("args", "gen_ai.tool.call.arguments", call.args)
        spanned.content("result", "gen_ai.tool.call.result", done["toolOutput"])
        self._span(run, run.agent.name, f"execute_tool {call.tool.name}", call.begin, call.end, call.span, run.root,
                   spanned, call=call, error="upstream timed out" if call.failed else "")  # fmt: skip

    def _decided(self, run: Run, call: Call) -> None:
        at = call.attempts[0].begin - 1_000_000
        context: dict[str, Any] = {"toolCallId": {"string": call.id}, "sessionId": {"string": run.session}}
        argued: dict[str, Any] = {"record": {key: {"string": str(value)} for key, value in call.args.items()}}
        request = {
            "policyStoreId": "PSclinic", "principal": {"entityType": "Clinic::Agent", "entityId": run.agent.name},
            "action": {"actionType": "Clinic::Action", "actionId": call.tool.name},
            "resource": {"entityType": "Clinic::System", "entityId": "records"},
            "context": {"contextMap": context | {"input": argued}},
        }  # fmt: skip
        allowed = call.verdict == "allow"
        response: dict[str, Any] = {
            "decision": "ALLOW" if allowed else "DENY", "errors": [],
            "determiningPolicies": [{"policyId": "SPstaff" if allowed else "SPforbid"}],
            "ResponseMetadata": {"RequestId": call.attempts[0].decision, "HTTPStatusCode": 200},
        }  # fmt: skip
        record = {"timestamp": "", "operation": "IsAuthorized", "request": request, "response": response}
        run.names.add(call.attempts[0].decision)
        joins = [Slot("id", request["context"]["contextMap"], "toolCallId")]  # type: ignore[index]
        self.put("authz", run, "decision", at, record, call=call, slots=joins, times=[(record, "timestamp", iso, at)],
                 body=record, deny=lambda: response.update(decision="DENY"))  # fmt: skip

    def _request(self, run: Run, call: Call, attempt: Attempt) -> None:
        run.names.add(attempt.request)
        status = {"http.response.status_code": attempt.status, "http.request.method": "POST"}
        error = "" if attempt.status == 200 else f"HTTP {attempt.status}"
        sent = Attributes(**status, **{"request.id": attempt.request})
        self._span(run, run.agent.name, f"POST /{call.tool.name}", attempt.begin, attempt.end, attempt.span, call.span,
                   sent, call=call, error=error, kind=CLIENT)  # fmt: skip
        taken = attempt.begin + 1_000_000, attempt.end - 1_000_000
        self._span(run, _SERVICE, f"POST /{call.tool.name}", *taken, attempt.served_span, attempt.span,
                   Attributes(**status),
                   call=call, error=error, kind=SERVER, flags=_REMOTE)  # fmt: skip
        for kind, message, at in (("request", "RequestReceived", taken[0]), ("response", "RequestFinished", taken[1])):
            line: dict[str, Any] = {"time": "", "level": "INFO", "service": _SERVICE, "event": message,
                                    "route": f"/{call.tool.name}", "requestId": attempt.request}  # fmt: skip
            line["traceId"] = run.trace
            if kind == "response":
                line["statusCode"] = attempt.status
            self.put("clinic-api", run, kind, at, line, call=call, times=[(line, "time", iso, at)],
                     slots=[Slot("id", line, "requestId"), Slot("id", line, "traceId")])  # fmt: skip

    def handed(self, run: Run, turn: Turn) -> None:
        assert turn.hop is not None
        request, ident, begin, end = turn.hop
        run.names.add(request)
        sent = Attributes(**{"request.id": request, "http.request.method": "POST"})
        self._span(run, run.agent.name, "POST /agents", begin, end, ident, run.root, sent, kind=CLIENT)

    def finished(self, run: Run) -> None:
        self._log(run, "end", "AgentInvocationFinished", run.end, success=not run.failed)
        invoked = Attributes(**{
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": run.agent.name,
            "gen_ai.agent.version": run.version, "gen_ai.conversation.id": run.session,
        })  # fmt: skip
        self._span(run, run.agent.name, f"invoke_agent {run.agent.name}", run.begin, run.end, run.root, "", invoked,
                   error="no slot was found" if run.failed else "")  # fmt: skip

    def _log(
        self, run: Run, kind: str, event: str, at: int, call: Call | None = None, slots: Any = (),
        record: dict[str, Any] | None = None, *, level: str = "INFO", **fields: Any,
    ) -> None:  # fmt: skip
        record = {} if record is None else record
        record |= {"time": "", "level": level, "eventType": event, "runId": run.id, "agentName": run.agent.name,
                   "agentVersion": run.version, "sessionId": run.session, **fields}  # fmt: skip
        self.put("assistant-runtime", run, kind, at, record, call=call, slots=slots, times=[(record, "time", iso, at)])

    def _span(
        self, run: Run, service: str, name: str, begin: int, end: int, ident: str, parent: str, attributes: Attributes,
        *, error: str = "", kind: int = 1, call: Call | None = None, flags: int = _LOCAL,
    ) -> None:  # fmt: skip
        body = span(run.trace, ident, parent, name, attributes, kind=kind, error=error, flags=flags)
        times = ((body, "startTimeUnixNano", str, begin), (body, "endTimeUnixNano", str, end))
        self.put("collector", run, "span", end, document("spans", service, body), call=call, slots=attributes.slots,
                 times=times, trace=run.trace, span=ident, body=body)  # fmt: skip

    def write_stream(self, stream: str, records: list[Record], folder: Path) -> None:
        if stream == "collector":
            write_batches(records, folder / "collector.jsonl")
        elif stream == "authz":
            lines(records, folder / "authz.jsonl")
        else:
            dump(records, folder / f"{stream}.json", f"{stream}/prod", cut_short=stream in self.made.cut_short)


def dump(records: list[Record], path: Path, log_stream: str, *, cut_short: bool) -> None:
    """Writes an answer of filter-log-events; one that broke off has a nextToken left."""
    events = []
    for number, record in enumerate(sorted(records, key=lambda record: record.at)):
        at = millis(record.at)
        events += [{
            "logStreamName": log_stream, "timestamp": at, "message": orjson.dumps(record.doc).decode(),
            "ingestionTime": millis(record.at - record.shifted) + 400,
            "eventId": f"{zlib.crc32(log_stream.encode()):010d}{number:046d}",
        }] * record.times_written  # fmt: skip
    answer: dict[str, Any] = {"events": events, "searchedLogStreams": []}
    if cut_short:
        answer["nextToken"] = "Bxkq6kVGFtq2y_MoigeqscPOdhXVbhiVtLoAmXb5jCqT"
    path.write_bytes(orjson.dumps(answer, option=orjson.OPT_INDENT_2))
