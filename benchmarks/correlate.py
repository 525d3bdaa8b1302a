"""Correlating many events: seconds for 0.5 M to 10 M events, and how the time grows.

The case is made by SQL: four streams (agent, spans, tool service, policy) whose ids differ, so that each run is put
together over tool calls, traces and requests. `python benchmarks/correlate.py [--quick]`.
"""

from __future__ import annotations

import argparse
import math
import resource
import subprocess
import sys
import time
from pathlib import Path

from auditrail import case, schema
from auditrail.correlate.settle import settle
from auditrail.digest import record_digest

DATA = Path(__file__).parent / "data"

# Event i belongs to stream i % 4 and to run i // 25; every fourth one of a stream has the next step k.
_VALUES = {
    "event": "17592186044416 * (1 + s) + n * 800",
    "source": "1 + s",
    "record": "n + 1",
    "part": "0",
    "byte_offset": "n * 800",
    "byte_length": "799",
    "blake3": "unhex(md5(i::VARCHAR) || md5((i + 1)::VARCHAR))",
    "ts_ns": "1700000000000000000 + r * 100000000 + k * 10000000",
    "ts_source": "'event'",
    "tz_assumed": "false",
    "stream": "['agent', 'otel', 'tool', 'policy'][s + 1]",
    "layer": "['agent', 'llm', 'tool', 'policy'][s + 1]",
    "kind": "'log'",
    "name": "'step ' || (k % 7)",
    "status": "'ok'",
    "agent": "'agent-' || (r % 50)",
    "tool": "'tool-' || (k % 5)",
    "args": """'{"query":' || i || '}'""",
    "args_state": "'present'",
    "result_state": "'absent'",
    "run_id": "CASE WHEN s = 0 THEN 'run-' || md5(r::VARCHAR) END",
    "trace_id": "CASE WHEN s = 1 OR (s = 2 AND k % 3 = 0) THEN md5('t' || r) END",
    "span_id": "CASE WHEN s = 1 THEN substr(md5('s' || i), 1, 16) END",
    "tool_call_id": "CASE WHEN s < 2 THEN 'call_' || substr(md5(r || 'c' || (k // 2)), 1, 20) END",
    "request_id": "CASE WHEN s >= 2 THEN 'req-' || substr(md5(r || 'q' || (k // 3)), 1, 20) END",
    "decision_id": "CASE WHEN s = 3 THEN md5('d' || i) END",
    "session_id": "CASE WHEN s = 0 THEN 'session-' || (r // 4) END",
}


def make(path: Path, events: int) -> None:
    """A case with that many events, not yet put together."""
    path.unlink(missing_ok=True)
    columns = [column.name for column in schema.columns("events")]
    values = ", ".join(f"{_VALUES.get(name, 'NULL')} AS {name}" for name in columns)
    with case.open_write(path) as connection:
        connection.execute(
            f"INSERT INTO events SELECT {values} FROM (SELECT i, i // 4 AS n, (i % 4)::INTEGER AS s, "
            f"(i // 16) % 25 AS k, i // 25 AS r FROM range({events}) t(i)) ORDER BY event"
        )
        rows = [(1 + s, f"{name}.log", name) for s, name in enumerate(("agent", "otel", "tool", "policy"))]
        connection.executemany(
            "INSERT INTO sources (source, path, format, stream, status, bytes, blake3, content_bytes, resume_record, "
            "records, records_with_events, events, quarantined, blank, ignored, duplicates, loaded_by, loaded_ns) "
            "VALUES (?, ?, 'jsonl', ?, 'new', 0, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 'benchmark', 0)",
            rows,
        )
        case.mark_settled(connection, False)


def case_of(events: int) -> Path:
    """The case with that many events, made once for each schema."""
    DATA.mkdir(exist_ok=True)
    version = record_digest("".join(schema.ddl()).encode()).hex()[:8]
    path = DATA / f"correlate-{events}-{version}.duckdb"
    if not path.exists():
        make(path, events)
    return path


def measure(path: Path) -> tuple[float, float, int]:
    """Wall and CPU seconds of one correlation, and the peak of the process's memory in MiB."""
    with case.open_write(path) as connection:
        wall, cpu = time.perf_counter(), time.process_time()
        settle(connection)
        used = time.perf_counter() - wall, time.process_time() - cpu
    return *used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def one(events: int) -> tuple[float, float, int]:
    """Makes the case if need be and measures in a process of its own, so that memory is that of one correlation."""
    path = case_of(events)
    words = [sys.executable, __file__, "--one", str(path)]
    wall, cpu, memory = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    return float(wall), float(cpu), int(memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--one", type=Path)
    options = parser.parse_args()
    if options.one:
        print(*measure(options.one))
        return
    sizes = (50_000, 500_000) if options.quick else (500_000, 1_000_000, 5_000_000, 10_000_000)
    base: tuple[int, float] | None = None
    for events in sizes:
        # The median of three: the smaller ones are soon over, and other work on the machine is felt most there.
        wall, cpu, memory = sorted(one(events) for _ in range(3 if events <= 1_000_000 else 1))[
            -2 if events <= 1_000_000 else 0
        ]
        grown = ""
        if base is not None:
            times, allowed = wall / base[1], events / base[0] * math.log(events) / math.log(base[0])
            grown = f", {times:.1f} times as long as {base[0]:,} (n log n: {allowed:.1f})"
        base = base or (events, wall)
        print(f"| correlating {events:,} events | {wall:.1f} s wall, {cpu:.1f} s CPU, peak {memory} MiB{grown} |")


if __name__ == "__main__":
    main()
