"""Made-up logs for the benchmarks: the same bytes for the same size, on any machine.

`agent_runtime` writes lines as an agent runtime would: 18 keys, about 800 bytes, six kinds of events, with blanks
(`null`) where a kind of event has no such field, some escapes, some text beyond ASCII, and a hash of the line before.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

FOLDER = Path(__file__).parent / "data"
COLUMNS = {
    "ts": "TIMESTAMP_NS", "run_id": "VARCHAR", "trace_id": "VARCHAR", "span_id": "VARCHAR",
    "parent_span_id": "VARCHAR", "seq": "BIGINT", "event": "VARCHAR", "level": "VARCHAR", "agent": "VARCHAR",
    "model": "VARCHAR", "tool": "VARCHAR", "tool_call_id": "VARCHAR", "args": "JSON", "result": "VARCHAR",
    "tokens_in": "BIGINT", "duration_ms": "BIGINT", "prev_hash": "VARCHAR", "hash": "VARCHAR",
}  # fmt: skip
_KINDS = ("llm_request", "llm_response", "tool_call", "tool_result", "tool_call", "tool_result", "agent_message")
_AGENTS = ("refunds-agent", "triage-agent", "research-agent", "billing-agent")
_MODELS = ("gpt-4.1", "claude-sonnet-4-5", "gemini-2.5-pro")
_TOOLS = ("issue_refund", "search_orders", "send_email", "web_fetch", "run_sql", "read_file")
_WORDS = (  # noqa: SIM905 - a text is easier to read
    "the order was placed by customer and shipped from depot after the payment cleared on account balance refund "
    "policy allows return within thirty days of delivery please check status before you answer naïve café über"
).split()


def agent_runtime(size: int) -> Path:
    """A file of at least `size` bytes of generic JSON lines; made once and kept under `benchmarks/data`."""
    path = FOLDER / f"agent-runtime-{size}.jsonl"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb", buffering=1 << 20) as out:
            written = 0
            for line in _lines():
                written += out.write(line)
                if written >= size:
                    break
        part.rename(path)
    return path


def _lines() -> Iterator[bytes]:
    draw = random.Random(20260101)
    texts = [" ".join(draw.choices(_WORDS, k=draw.randint(25, 55))) for _ in range(2000)]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    before = "0" * 64
    seq = 0
    while True:
        run, trace = f"run-{draw.getrandbits(48):012x}", f"{draw.getrandbits(128):032x}"
        agent, model = draw.choice(_AGENTS), draw.choice(_MODELS)
        root, call, tool = f"{draw.getrandbits(64):016x}", "", ""
        for step in range(draw.randint(8, 40)):
            now += timedelta(microseconds=draw.randint(20, 900_000))
            seq += 1
            kind = _KINDS[step % len(_KINDS)]
            if kind == "tool_call":
                tool, call = draw.choice(_TOOLS), f"call_{draw.getrandbits(64):016x}"
            about_tool = kind.startswith("tool_")
            done = kind in {"llm_response", "tool_result"}
            text = texts[draw.getrandbits(16) % len(texts)]
            record = {
                "ts": f"{now:%Y-%m-%dT%H:%M:%S.%f}Z",
                "run_id": run,
                "trace_id": trace,
                "span_id": f"{draw.getrandbits(64):016x}",
                "parent_span_id": root,
                "seq": seq,
                "event": kind,
                "level": "ERROR" if draw.random() < 0.02 else "INFO",
                "agent": agent,
                "model": model if kind.startswith("llm") else None,
                "tool": tool if about_tool else None,
                "tool_call_id": call if about_tool else None,
                "args": _args(draw, tool, text) if kind in {"tool_call", "llm_request"} else None,
                "result": text[:200] + ('\n"done"' if draw.random() < 0.05 else "") if done else None,
                "tokens_in": draw.randint(50, 9000) if kind == "llm_response" else None,
                "duration_ms": draw.randint(1, 30_000) if done else None,
                "prev_hash": before,
            }
            before = hashlib.sha256(orjson.dumps(record)).hexdigest()
            record["hash"] = before
            yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _args(draw: random.Random, tool: str, text: str) -> dict[str, object]:
    return {
        "target": tool or "model",
        "order_id": f"ord_{draw.getrandbits(32):08x}",
        "amount": draw.randint(100, 99_999) / 100,
        "note": text,
        "dry_run": draw.random() < 0.1,
        "tags": ["priority", str(draw.randint(1, 9))],
    }
