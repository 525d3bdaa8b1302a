"""How fast chains are verified, beside hashlib over the same lines in the same run.

`python benchmarks/verify.py [--quick]`.

Logs of SHA-256 over sorted JSON, as verityledger writes them, of two kinds of records of some 800 bytes: one with 18
fields, and one with a list of 8 objects in it, which takes a parser twice as long. Of each there is one whose lines are
written in the order of their fields, and one whose lines are canonical already. Each is verified in one process and in
two; the ratio is the time of `hashlib.sha256` over each line, in one process, by the time of `auditrail verify`,
start-up and all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

ROUNDS = 3


def _flat(count: int) -> dict[str, Any]:
    return {
        "tool": "search_orders",
        "customer": f"C-{count % 5000}",
        "run_id": f"run-{count // 40:06x}",
        "agent": "refunds-agent",
        "status": "ok",
        "model": "support-llm-2",
        "duration_ms": count % 977,
        "input_tokens": count % 4000,
        "output_tokens": count % 900,
        "user": "u-17",
        "note": "made-up text of an agent. " * 16,
    }


def _nested(count: int) -> dict[str, Any]:
    return {
        "tool": "search_orders",
        "args": {"customer": f"C-{count % 5000}", "limit": 25},
        "rows": [{"id": row, "value": f"value {row}", "ok": True} for row in range(8)],
        "note": "made-up text of an agent. " * 8,
    }


def write(path: Path, size: int, *, canonical: bool, nested: bool) -> int:
    """A log of so many bytes; how many records it has."""
    prev, count = "0" * 64, 0
    with path.open("wb") as out:
        while out.tell() < size:
            record = {
                "id": f"id-{count}",
                "session_id": "s-1",
                "timestamp": 1795433207.0 + count / 1000,
                "event_type": "tool_call",
                "data": _nested(count) if nested else _flat(count),
                "previous_hash": prev,
            }
            prev = hashlib.sha256(orjson.dumps(record, option=orjson.OPT_SORT_KEYS)).hexdigest()
            record["hash"] = prev
            out.write(orjson.dumps(record, option=orjson.OPT_SORT_KEYS if canonical else 0) + b"\n")
            count += 1
    return count


def bare(path: Path) -> float:
    start = time.perf_counter()
    with path.open("rb") as lines:
        for line in lines:
            hashlib.sha256(line).digest()
    return time.perf_counter() - start


def verified(path: Path, processes: int, records: int) -> tuple[float, int]:
    """Seconds of the command, and its peak memory over all processes in MiB."""
    code = (
        "import resource, subprocess, sys; "
        "done = subprocess.run([sys.executable, '-m', 'auditrail', 'verify', *sys.argv[1:], '--format', 'json'], "
        "capture_output=True); sys.stdout.buffer.write(done.stdout); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), "--processes", str(processes)], capture_output=True, check=True
    )
    took = time.perf_counter() - start
    (result,) = json.loads(done.stdout)["results"]
    assert (result["verdict"], result["checked"]) == ("INTACT-UNANCHORED", records), result
    return took, int(done.stderr) >> 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    size = 200_000_000 if parser.parse_args().quick else 1_000_000_000
    with tempfile.TemporaryDirectory() as folder:
        for nested, canonical in ((False, False), (False, True), (True, False), (True, True)):
            name = "sorted JSON" + (", lines canonical already" if canonical else "")
            name += ", records with a list of objects" if nested else ", records of 18 fields"
            path = Path(folder) / "log.jsonl"
            records = write(path, size, canonical=canonical, nested=nested)
            told = []
            for processes in (1, 2):
                rounds = [(bare(path), *verified(path, processes, records)) for _ in range(ROUNDS)]
                ratio = max(base / took for base, took, _ in rounds)
                told.append(f"{ratio:.2f} x in {processes} process{'es' * (processes > 1)}")
                peak = max(peak for _, _, peak in rounds)
            print(
                f"| verify {size // 1_000_000:,} MB, SHA-256 over {name} ({records:,} records) | {' and '.join(told)} "
                f"of hashlib over the lines; {peak} MiB for the largest process |",
                flush=True,
            )


if __name__ == "__main__":
    main()
