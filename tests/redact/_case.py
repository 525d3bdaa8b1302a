"""What the tests of redaction share: a case that was redacted, and all that it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auditrail.redact import policy as policies
from auditrail.redact.apply import Redaction
from auditrail.redact.policy import Policy
from tests.gaps._case import loaded

DEMO = Path(__file__).parents[2] / "fixtures" / "demo" / "evidence"
KEY = bytes(range(32))


@contextmanager
def redacted(evidence: Path, policy: Policy | str) -> Iterator[tuple[Any, Redaction]]:
    """A case of some evidence, redacted."""
    made = Redaction(policies.load(policy) if isinstance(policy, str) else policy, KEY)
    with loaded(evidence) as connection:
        made.apply(connection)
        yield connection, made


def texts(connection: Any) -> str:
    """All that a case says, as one text."""
    tables = [row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    return "\n".join(repr(row) for name in tables for row in connection.execute(f"FROM {name}").fetchall())


def call(folder: Path, args: Any, result: Any = None, **more: Any) -> Path:
    """A log of one call."""
    rows = [
        {"timestamp": "2026-08-01T10:00:00Z", "event": "tool_call_started", "args": args},
        {"timestamp": "2026-08-01T10:00:01Z", "event": "tool_call_finished", "result": result},
    ]
    base = {"run_id": "run-1", "agent": "refunds", "service": "agent", "tool": "pay_out", "tool_call_id": "c1"}
    folder.mkdir(exist_ok=True)
    (folder / "agent.jsonl").write_text("".join(json.dumps({**row, **base, **more}) + "\n" for row in rows), "utf-8")
    return folder
