"""Seeded OTLP/JSON as agents with GenAI instrumentation export it: 50 spans a line, about 725 bytes a span.

Of 100 spans about 40 are model requests (`chat`), 25 tool executions, 10 agent invocations, 25 HTTP client spans. One
chat in eight carries its output messages with one or two tool calls; one span in forty has failed, some of those with
an exception event. The text of messages is made up.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).with_name("data")
SPANS_PER_LINE = 50
_SEED = 20260101
_START_NS = 1_767_225_600_000_000_000
_MODELS = ("atlas-4", "atlas-4-mini", "birch-2", "cedar-large")
_TOOLS = ("lookup_order", "refund", "search_docs", "send_mail", "create_ticket", "read_file")
_AGENTS = ("shop-agent", "support-agent", "research-agent")
_HOSTS = ("api.atlas.example", "orders.example", "mail.example")
_WORDS = ("order", "refund", "ticket", "customer", "delivery", "invoice", "parcel", "late", "please", "check", "today")


def file_of(size: int) -> Path:
    """The data of at least `size` bytes, made where it is not there yet."""
    path = FOLDER / f"otlp-{size}.jsonl"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        write(part, size)
        part.rename(path)
    return path


def write(path: Path, size: int) -> None:
    """Writes lines until the file has `size` bytes."""
    rng = random.Random(_SEED)
    written, number = 0, 0
    with path.open("wb") as out:
        while written < size:
            line = orjson.dumps(_export(rng, number)) + b"\n"
            out.write(line)
            written += len(line)
            number += 1


def _export(rng: random.Random, number: int) -> dict[str, Any]:
    agent = _AGENTS[number % len(_AGENTS)]
    resource = {
        "service.name": agent,
        "service.version": "3.2.1",
        "telemetry.sdk.language": "python",
        "host.name": f"node-{number % 20}",
    }
    spans: list[dict[str, Any]] = []
    while len(spans) < SPANS_PER_LINE:
        spans += _run(rng, agent, number, SPANS_PER_LINE - len(spans))
    scope = {"name": "opentelemetry.instrumentation.genai", "version": "2.1.0"}
    return {
        "resourceSpans": [
            {"resource": {"attributes": _pairs(resource)}, "scopeSpans": [{"scope": scope, "spans": spans}]}
        ]
    }


def _run(rng: random.Random, agent: str, number: int, room: int) -> list[dict[str, Any]]:
    """One invocation of an agent: its own span and what happened inside."""
    trace = f"{rng.getrandbits(128):032x}"
    root = f"{rng.getrandbits(64):016x}"
    at = _START_NS + number * 50_000_000 + rng.randrange(40_000_000)
    conversation = f"conv-{rng.randrange(100_000)}"
    run = f"run-{rng.getrandbits(48):012x}"
    spans = [
        _span(
            rng,
            trace,
            root,
            None,
            f"invoke_agent {agent}",
            1,
            at,
            {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": agent,
                "gen_ai.agent.id": f"agent-{agent}",
                "gen_ai.conversation.id": conversation,
                "gen_ai.agent.run.id": run,
                "enduser.id": f"user-{rng.randrange(5000)}",
                "gen_ai.system": "atlas",
            },
        )
    ]
    for _ in range(min(rng.randrange(7, 12), room - 1)):
        at += rng.randrange(1, 2_000_000_000)
        kind = rng.randrange(90)
        if kind < 40:
            made = _chat(rng, trace, root, at, conversation)
        elif kind < 65:
            made = _tool(rng, trace, root, at)
        else:
            made = _http(rng, trace, root, at)
        spans.append(made)
    return spans


def _chat(rng: random.Random, trace: str, root: str, at: int, conversation: str) -> dict[str, Any]:
    model = rng.choice(_MODELS)
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "atlas",
        "gen_ai.request.model": model,
        "gen_ai.response.model": f"{model}-2025-11",
        "gen_ai.response.id": f"resp_{rng.getrandbits(48):012x}",
        "gen_ai.conversation.id": conversation,
        "gen_ai.usage.input_tokens": rng.randrange(20, 8000),
        "gen_ai.usage.output_tokens": rng.randrange(1, 900),
    }
    if rng.randrange(4) == 0:
        attributes["gen_ai.request.temperature"] = rng.randrange(11) / 10
    if rng.randrange(8) == 0:
        attributes["gen_ai.output.messages"] = _answer(rng)
    return _span(rng, trace, _hex(rng, 64), root, f"chat {model}", 3, at, attributes)


def _answer(rng: random.Random) -> str:
    parts: list[dict[str, Any]] = [{"type": "text", "content": _text(rng, 8)}]
    parts += [
        {"type": "tool_call", "id": f"call_{_hex(rng, 48)}", "name": rng.choice(_TOOLS), "arguments": _arguments(rng)}
        for _ in range(rng.randrange(1, 3))
    ]
    return orjson.dumps([{"role": "assistant", "parts": parts, "finish_reason": "tool_call"}]).decode()


def _tool(rng: random.Random, trace: str, root: str, at: int) -> dict[str, Any]:
    tool = rng.choice(_TOOLS)
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.id": f"call_{_hex(rng, 48)}",
        "gen_ai.tool.call.arguments": orjson.dumps(_arguments(rng)).decode(),
        "gen_ai.tool.call.result": orjson.dumps({"note": _text(rng, 5), "ok": True}).decode(),
    }
    return _span(rng, trace, _hex(rng, 64), root, f"execute_tool {tool}", 1, at, attributes)


def _http(rng: random.Random, trace: str, root: str, at: int) -> dict[str, Any]:
    host = rng.choice(_HOSTS)
    attributes = {
        "http.request.method": "POST",
        "http.response.status_code": rng.choice((200, 200, 200, 201, 500)),
        "url.full": f"https://{host}/v1/items/{rng.randrange(1_000_000)}",
        "server.address": host,
        "server.port": 443,
    }
    return _span(rng, trace, _hex(rng, 64), root, "POST", 3, at, attributes)


def _span(
    rng: random.Random,
    trace: str,
    own: str,
    parent: str | None,
    name: str,
    kind: int,
    at: int,
    attributes: dict[str, Any],
) -> dict[str, Any]:
    end = at + rng.randrange(1_000_000, 3_000_000_000)
    made: dict[str, Any] = {"traceId": trace, "spanId": own}
    if parent:
        made["parentSpanId"] = parent
    made |= {
        "flags": 257,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(end),
        "attributes": _pairs(attributes),
        "status": {},
    }
    if rng.randrange(40) == 0:
        made["status"] = {"code": 2, "message": "no answer in time"}
        made["attributes"].append({"key": "error.type", "value": {"stringValue": "TimeoutError"}})
        if rng.randrange(2):
            made["events"] = [_exception(end)]
    return made


def _exception(at: int) -> dict[str, Any]:
    about = {"exception.type": "TimeoutError", "exception.message": "no answer in time"}
    return {"timeUnixNano": str(at), "name": "exception", "attributes": _pairs(about)}


def _pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def _arguments(rng: random.Random) -> dict[str, Any]:
    return {"order": str(rng.randrange(100_000)), "reason": _text(rng, 3)}


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(words))


def _hex(rng: random.Random, bits: int) -> str:
    return f"{rng.getrandbits(bits):0{bits // 4}x}"
