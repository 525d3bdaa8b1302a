"""Measures `auditrail watch`: append to alert, sustained rate, memory, and what a kill -9 costs.

    python benchmarks/watch.py [--seconds 20] [--rate 2000] [--files 20] [--records 1000000] [--only NAME]

1. latency: writes at `rate` over `files` logs; 40 records in a second raise an alert. Measured from just before the
   write to the arrival of the alert's line in this process. In between: a rotation (rename and create), a
   copytruncate, and a kill -9 with a restart a second later. Then every alert must stand in the journal once, and have
   been handed over.
2. rate: the same at ten times the rate, without incidents: how far behind it is at the end.
3. memory: `records` records that are there, read once: records per second, and the resident memory along the way.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

# One record in so many raises an alert, at 2,000 records in a second.
_EVERY = 50
CONFIG = """
[[watch.rule]]
id = "marked"
where = { tool = "marked_tool" }
"""


class Watching:
    """The command, and the alerts that it prints: tool call id -> times of arrival."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arrived: dict[str, list[float]] = {}
        self.rss: list[int] = []
        self.start()

    def start(self) -> None:
        words = [
            sys.executable, "-m", "auditrail", "watch", str(self.folder / "logs"), "--format", "jsonl",
            "--heartbeat", "1", "--state", str(self.folder / "state"), "--config", str(self.folder / "auditrail.toml"),
        ]  # fmt: skip
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE)
        self.beats: list[dict[str, object]] = []
        self.thread = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.thread.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        for line in process.stdout or ():
            now = time.time()
            value = json.loads(line)
            if value["schema"] == "auditrail.alert/1":
                if value["rule"] == "marked":
                    self.arrived.setdefault(value["call"], []).append(now)
            else:
                self.beats.append(value)
                self.rss.append(rss(process.pid))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.thread.join()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.thread.join()


def rss(pid: int) -> int:
    """Resident memory in KiB; 0 if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")), 0)


def line(number: int, now: float, files: int, every: int = _EVERY) -> bytes:
    stamp = datetime.fromtimestamp(now, UTC).isoformat()
    k, file = number // 2, (number // 2) % files
    row = {
        "ts": stamp,
        "run_id": f"r-{file}-{number // 4000}",
        "agent": f"agent-{file}",
        "seq": number // (2 * files) * 2 + number % 2,
    }
    tool = "marked_tool" if number % every == 0 else "search"
    if number % 2 == 0:
        row |= {"event": "tool_call_started", "tool": tool, "tool_call_id": f"c{number}", "args": {"q": "x", "n": k}}
    else:
        row |= {"event": "tool_call_finished", "tool": "search", "tool_call_id": f"c{number - 1}", "status": "ok"}
    return json.dumps(row).encode() + b"\n"


def written(folder: Path, rate: int, files: int, seconds: float, happen: dict[float, object]) -> dict[str, float]:
    """Writes at the rate; what is to happen, at its time. Tool call ids of marked records -> when they were written."""
    paths = [folder / "logs" / f"worker-{chr(97 + n)}.log" for n in range(files)]
    handles = [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for path in paths]
    marked: dict[str, float] = {}
    left = dict(sorted(happen.items()))
    begin, number, every = time.time(), 0, max(_EVERY, _EVERY * rate // 2000)
    while (now := time.time()) - begin < seconds:
        for at in [at for at in left if now - begin >= at]:
            left.pop(at)(paths, handles)  # type: ignore[operator]
        due = int((now - begin) * rate)
        batch: dict[int, list[bytes]] = {}
        while number < due:
            batch.setdefault((number // 2) % files, []).append(line(number, now, files, every))
            if number % every == 0:
                marked[f"c{number}"] = time.time()
            number += 1
        for file, lines in batch.items():
            os.write(handles[file], b"".join(lines))
        time.sleep(0.002)
    for handle in handles:
        os.close(handle)
    print(f"  written: {number:,} records in {time.time() - begin:.1f} s ({number / (time.time() - begin):,.0f}/s)")
    return marked


def rotate(paths: list[Path], handles: list[int]) -> None:
    for n in range(0, len(paths), 2):
        paths[n].rename(paths[n].with_name(paths[n].name + ".1"))
        os.close(handles[n])
        handles[n] = os.open(paths[n], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def copytruncate(paths: list[Path], _handles: list[int]) -> None:
    for path in paths[1::4]:
        shutil.copy(path, path.with_name(path.name + ".1"))
        os.truncate(path, 0)


def told(name: str, values: list[float]) -> None:
    values.sort()
    if values:
        p = [values[min(int(len(values) * share), len(values) - 1)] * 1000 for share in (0.5, 0.95, 0.99, 1.0)]
        print(f"  {name}: n={len(values)} p50={p[0]:.0f} ms p95={p[1]:.0f} ms p99={p[2]:.0f} ms max={p[3]:.0f} ms")


def journal(folder: Path) -> list[str]:
    calls = []
    for path in sorted(folder.glob("state.alerts*.jsonl")):
        for raw in path.read_bytes().splitlines():
            body = json.loads(raw).get("body") or {}
            alert = body.get("alert") if isinstance(body, dict) else None
            if alert and alert["rule"] == "marked":
                calls.append(alert["call"])
    return calls


def run(folder: Path, rate: int, files: int, seconds: float, *, disturbed: bool) -> None:
    (folder / "logs").mkdir(parents=True)
    (folder / "auditrail.toml").write_text(CONFIG)
    watch = Watching(folder)
    time.sleep(2)
    down = [0.0, 0.0]

    def crash(_paths: list[Path], _handles: list[int]) -> None:
        down[0] = time.time()
        watch.kill()
        threading.Timer(1.0, again).start()

    def again() -> None:
        watch.start()
        down[1] = time.time() + 2  # what came while it was down and was starting is told apart

    happen = {seconds * 0.25: rotate, seconds * 0.5: copytruncate, seconds * 0.75: crash} if disturbed else {}
    marked = written(folder, rate, files, seconds, happen)
    end = time.time()
    while time.time() - end < 30 and len(watch.arrived) < len(marked):
        time.sleep(0.02)
    print(f"  last alert {time.time() - end:.2f} s after the last write")
    time.sleep(1.5)
    watch.stop()
    late = {call: times[0] - marked[call] for call, times in watch.arrived.items() if call in marked}
    told("append to alert", [value for call, value in late.items() if not down[0] - 1 <= marked[call] <= down[1]])
    if disturbed:
        told("of those while it was down", [v for call, v in late.items() if down[0] - 1 <= marked[call] <= down[1]])
    kept = journal(folder)
    print(
        f"  marked {len(marked)}, in the journal {len(kept)} ({len(set(marked) - set(kept))} lost, "
        f"{len(kept) - len(set(kept))} double), handed over {len(watch.arrived)}"
    )
    curve = watch.rss[:: max(len(watch.rss) // 8, 1)]
    print(f"  resident memory, MiB: {[value >> 10 for value in curve if value]}")
    if watch.beats:
        print(f"  last heartbeat: {json.dumps({k: watch.beats[-1][k] for k in ('records', 'behind_bytes', 'faults')})}")


def memory(folder: Path, records: int, files: int) -> None:
    (folder / "logs").mkdir(parents=True)
    (folder / "auditrail.toml").write_text(CONFIG)
    begin = time.time() - records / 2000
    handles = [(folder / "logs" / f"worker-{chr(97 + n)}.log").open("wb") for n in range(files)]
    for number in range(records):
        file = (number // 2) % files
        handles[file].write(line(number, begin + number / 2000, files).replace(b"marked_tool", b"search"))
    for handle in handles:
        handle.close()
    words = [
        sys.executable,
        "-m",
        "auditrail",
        "watch",
        str(folder / "logs"),
        "--once",
        "--heartbeat",
        "1",
        "--format",
        "jsonl",
    ]
    started = time.time()
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    curve: list[tuple[int, int]] = []
    for raw in process.stdout or ():
        value = json.loads(raw)
        if value["schema"] != "auditrail.alert/1":
            curve.append((value["records"], rss(process.pid)))
    process.wait()
    took = time.time() - started
    print(f"  {records:,} records in {took:.1f} s: {records / took:,.0f}/s with the start")
    shown = [f"{count / 1e6:.1f} M: {size >> 10}" for count, size in curve[:: max(len(curve) // 10, 1)] if size]
    print(f"  resident memory, MiB: {', '.join(shown)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("latency", "rate", "memory"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        if asked.only in (None, "latency"):
            print(f"latency: {asked.rate:,}/s over {asked.files} logs, with a rotation, a copytruncate and a kill -9")
            run(base / "latency", asked.rate, asked.files, asked.seconds, disturbed=True)
        if asked.only in (None, "rate"):
            print(f"rate: {10 * asked.rate:,}/s over {asked.files} logs")
            run(base / "rate", 10 * asked.rate, asked.files, asked.seconds, disturbed=False)
        if asked.only in (None, "memory"):
            print(f"memory: {asked.records:,} records that are there")
            memory(base / "memory", asked.records, asked.files)


if __name__ == "__main__":
    main()
