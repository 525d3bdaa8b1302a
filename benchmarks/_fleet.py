"""Makes up fleets of agent runs as several streams would log them, with the truth kept apart.

Each run is logged by an agent runtime (JSON lines), a tracer (OTLP/JSON, one span a line), an LLM gateway (LiteLLM),
a policy engine (OPA) and a tool service (JSON lines). No id stands in all of them. What makes it hard, and real:

- runs of one agent overlap, and share sessions; one agent logs the same session for all its runs;
- some agents count their tool calls (`call_1`, `call_2`...), so the ids recur in every run;
- the gateway and the tool service may start traces of their own, and so does a hop to another agent: a child run;
- clocks differ by seconds; records come twice; calls are retried under the same id or a new one;
- two workers write one stream; with `loss`, records are gone at random.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

_START = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
_SECOND = 1_000_000_000
_TOOLS = ("search_orders", "issue_refund", "send_email", "run_sql", "read_file")


class Agent(NamedTuple):
    """How one agent is instrumented."""

    name: str
    counted_calls: bool
    logs_trace: bool
    gateway_trace: str  # same, own or none
    tool_trace: str  # same, own or none
    one_session: bool


AGENTS = (
    Agent("refunds", False, False, "own", "same", False),
    Agent("triage", True, True, "same", "own", False),
    Agent("research", False, True, "none", "own", False),
    Agent("billing", False, False, "own", "none", True),
    Agent("support", True, True, "own", "same", True),
)

# (file, 1-based record) -> the run that the record truly belongs to
Truth = dict[tuple[str, int], str]


@dataclass
class Fleet:
    """The streams of a fleet: lines by file, each with the run that it truly belongs to."""

    lines: dict[str, list[tuple[int, bytes, str]]] = field(default_factory=dict)

    def add(self, file: str, at: int, record: dict[str, Any], run: str) -> None:
        self.lines.setdefault(file, []).append((at, orjson.dumps(record), run))

    def write(self, folder: Path) -> Truth:
        """Writes the files in order of time; returns (file, 1-based record) -> run."""
        truth = {}
        folder.mkdir(parents=True, exist_ok=True)
        for file, lines in sorted(self.lines.items()):
            lines.sort(key=lambda line: line[:2])
            (folder / file).write_bytes(b"".join(line + b"\n" for _, line, _ in lines))
            truth.update({(file, number): run for number, (_, _, run) in enumerate(lines, start=1)})
        return truth


def fleet(runs: int, *, seed: int = 1, loss: float = 0.0, overlap: int = 8) -> Fleet:
    """A fleet of so many runs, of which about `overlap` of one agent go on at any moment."""
    draw = random.Random(seed)
    made = Fleet()
    skew = {file: int(draw.uniform(-3, 3) * _SECOND) for file in ("agent", "otel", "gateway", "opa", "tools")}
    length = 20 * _SECOND
    for number in range(runs):
        agent = AGENTS[number % len(AGENTS)]
        begin = _START + number * length // (len(AGENTS) * overlap) + int(draw.uniform(0, length))
        _Run(made, draw, agent, begin, skew, loss, number).tell()
    return made


class _Run:
    """One run, told to every stream that hears of it."""

    def __init__(
        self, made: Fleet, draw: random.Random, agent: Agent, begin: int, skew: dict[str, int], loss: float,
        number: int, parent: _Run | None = None,
    ) -> None:  # fmt: skip
        self.made, self.draw, self.agent, self.at, self.skew, self.loss = made, draw, agent, begin, skew, loss
        self.number, self.parent = number, parent
        self.id = f"run-{draw.getrandbits(48):012x}"
        self.trace = f"{draw.getrandbits(128):032x}"
        self.root = self._hex(16)
        self.session = "default-session" if agent.one_session else f"sess-{number // (5 * draw.randint(1, 4)):06x}"
        self.calls = 0
        self.hop: str | None = None

    def tell(self) -> None:
        started = self.at
        # The tracer's own context reaches the agent's log in some agents; in others only ids of calls tie the two.
        link = {"trace_id": self.trace} if self.agent.logs_trace else {}
        if self.parent is not None and self.draw.random() < 0.5:
            link["parent_run_id"] = self.parent.id
        self._log("run_started", **link)
        for _ in range(self.draw.randint(2, 6)):
            self._step()
        self._log("run_finished", status="ok")
        invoked = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": self.agent.name}
        if self.hop:
            invoked["request.id"] = self.hop
        self._span(f"invoke_agent {self.agent.name}", started, self.at, self.root, None, invoked)

    def _step(self) -> None:
        draw = self.draw
        names = draw.sample(_TOOLS, draw.randint(1, 2))
        calls = [(self._call_id(), name, {"q": draw.randint(1, 40)}) for name in names]
        begin = self.at
        response = f"chatcmpl-{draw.getrandbits(64):016x}"
        self._pass(0.4, 2.5)
        for _ in range(2 if draw.random() < 0.03 else 1):  # a record that was delivered twice has the same bytes
            self._gateway(response, begin, self.at, calls)
        chat = {"gen_ai.operation.name": "chat", "gen_ai.response.id": response, "gen_ai.request.model": "m-1"}
        self._span("chat m-1", begin, self.at, self._hex(16), self.root, chat)
        for call, name, args in calls:
            self._tool(call, name, args)
        if self.parent is None and draw.random() < 0.05:
            called, begin = draw.choice([agent for agent in AGENTS if agent is not self.agent]), self.at
            child = _Run(self.made, draw, called, self.at, self.skew, self.loss, self.number, self)
            child.hop = f"req-{self._hex(16)}"  # the hop to the other agent starts a new trace
            child.tell()
            self.at = child.at
            self._span("POST /a2a", begin, self.at, self._hex(16), self.root, {"request.id": child.hop})

    def _tool(self, call: str, name: str, args: dict[str, Any]) -> None:
        begin, span = self.at, self._hex(16)
        self._log("tool_call_started", tool_call_id=call, tool=name, args=args)
        for _ in range(2 if self.draw.random() < 0.05 else 1):  # a retry: the same call, a new request
            request = f"req-{self.draw.getrandbits(64):016x}"
            self._request(call, name, args, request, span)
        self._pass(0.01, 0.1)
        self._log("tool_call_finished", tool_call_id=call, tool=name, result={"rows": self.draw.randint(0, 9)})
        done = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": call}
        self._span(f"execute_tool {name}", begin, self.at, span, self.root, done)

    def _request(self, call: str, name: str, args: dict[str, Any], request: str, span: str) -> None:
        begin, http = self.at, self._hex(16)
        self._pass(0.005, 0.05)
        asked = {"tool": name, "args": args, "agent": self.agent.name, "request_id": request}
        self._put("opa", {
            "decision_id": self._uuid(), "labels": {"id": "opa-1"}, "path": "tools/allow", "input": asked,
            "result": True, "timestamp": self._iso("opa"),
        })  # fmt: skip
        own = self.agent.tool_trace == "own"
        trace = {"same": self.trace, "own": f"{self.draw.getrandbits(128):032x}", "none": None}[self.agent.tool_trace]
        line = {"service": "tools", "request_id": request, "tool": name}
        line |= {"trace_id": trace} if trace else {}
        # A service with a trace of its own, or none, can only be reached by an id that the caller sent along.
        line |= {"tool_call_id": call} if not self.agent.counted_calls and self.agent.tool_trace != "same" else {}
        for event in ("request received", "request done"):
            self._put("tools", {"timestamp": self._iso("tools"), "event": event, **line})
            self._pass(0.01, 0.4)
        self._span(
            f"POST /{name}",
            begin,
            self.at,
            http,
            span,
            {"http.request.header.x-request-id": request, "request.id": request},
        )
        if own:
            self._span(f"serve {name}", begin, self.at, self._hex(16), None, {"request.id": request}, trace=trace)

    def _gateway(self, response: str, begin: int, end: int, calls: list[tuple[str, str, dict[str, Any]]]) -> None:
        trace = {"same": self.trace, "own": self._hex(32), "none": None}[self.agent.gateway_trace]
        tool_calls = [
            {"id": call, "type": "function", "function": {"name": name, "arguments": orjson.dumps(args).decode()}}
            for call, name, args in calls
        ]
        record = {
            "id": response, "litellm_call_id": self._uuid(), "call_type": "acompletion", "hidden_params": {},
            "startTime": (begin + self.skew["gateway"]) / _SECOND, "endTime": (end + self.skew["gateway"]) / _SECOND,
            "model": "m-1", "status": "success", "messages": [{"role": "user", "content": "go"}],
            "response": {"id": response, "choices": [{"message": {"role": "assistant", "tool_calls": tool_calls}}]},
            "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
        }  # fmt: skip
        if trace:
            record["trace_id"] = trace
        self._put("gateway", record, end)

    def _span(
        self, name: str, begin: int, end: int, span: str, parent: str | None, attributes: dict[str, str],
        trace: str | None = None,
    ) -> None:  # fmt: skip
        at = self.skew["otel"]
        record = {
            "traceId": trace or self.trace, "spanId": span, "name": name, "kind": 1,
            "startTimeUnixNano": str(begin + at), "endTimeUnixNano": str(end + at),
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
        }  # fmt: skip
        if parent:
            record["parentSpanId"] = parent
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": self.agent.name}}]}
        self._put("otel", {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [record]}]}]}, end)

    def _log(self, event: str, **fields: Any) -> None:
        record = {"timestamp": self._iso("agent"), "event": event, "run_id": self.id, "session_id": self.session,
                  "agent": self.agent.name, "worker": f"worker-{self.number % 2}", **fields}  # fmt: skip
        self._put("agent", record)
        self._pass(0.001, 0.02)

    def _put(self, file: str, record: dict[str, Any], at: int | None = None) -> None:
        if self.draw.random() >= self.loss:
            self.made.add(f"{file}.jsonl", (self.at if at is None else at) + self.skew[file], record, self.id)

    def _call_id(self) -> str:
        self.calls += 1
        return f"call_{self.calls}" if self.agent.counted_calls else f"call_{self._hex(24)}"

    def _pass(self, least: float, most: float) -> None:
        self.at += int(self.draw.uniform(least, most) * _SECOND)

    def _iso(self, file: str) -> str:
        from auditrail import times

        return times.iso(self.at + self.skew[file], digits=6)

    def _hex(self, digits: int) -> str:
        return f"{self.draw.getrandbits(4 * digits):0{digits}x}"

    def _uuid(self) -> str:
        text = self._hex(32)
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
