"""Sealing, checking and proving of large logs, beside SHA-256 over the same bytes in one process.

`python benchmarks/seal.py [--quick]`. 10 M records of some 800 bytes (8 GB) and as many of 100 bytes; each measured by
a process of its own, the file read once before. Then how many records a second a program can write to a `SealedLog`.
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

import _data
from _usage import Usage
from memory import repeated

from auditrail.notes import Signer

SIGNER = Signer("example.com/benchmark", bytes(range(32)))
BAR_MIB, BAR_RATIO = 500, 0.5


def short(records: int) -> Path:
    """A file of lines of 100 bytes; made once."""
    path = _data.FOLDER / f"short-{records}.jsonl"
    if not path.exists():
        _data.FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb", buffering=1 << 20) as out:
            for number in range(records):
                text = hashlib.sha256(b"%d" % number).hexdigest()[:58]
                out.write(b'{"seq":%10d,"event":"x","text":"%s"}\n' % (number, text.encode()))
        part.rename(path)
    return path


def hash_file(path: Path) -> None:
    hasher = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(1 << 20):
            hasher.update(block)


def seal(path: Path) -> None:
    from auditrail.seal import make, sidecar

    sidecar.path_of(path).unlink(missing_ok=True)
    make.seal(path, SIGNER, make.Wishes(time=0))


def check(path: Path) -> None:
    from auditrail.seal import check as checking

    found = checking.check(path, trusted=[SIGNER.verifier])
    assert found.verdict == checking.INTACT
    assert found.checked == found.records > 0


def prove(path: Path) -> None:
    from auditrail.seal import proving, sidecar

    records = sidecar.header_of(sidecar.path_of(path)).statement.leaves
    proof = proving.prove(path, records)
    assert proving.check(proof, [SIGNER.verifier])


STEPS = {"hash": hash_file, "seal": seal, "check": check, "prove": prove}


def measured(step: str, path: Path) -> dict[str, float]:
    """Seconds, CPU seconds and peak memory of a step, in a process of its own."""
    words = [sys.executable, __file__, "--one", step, str(path)]
    made: dict[str, float] = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return made


def rows(path: Path, what: str) -> None:
    hash_file(path)  # from here on the file is in memory, for all alike
    bare = min((measured("hash", path) for _ in range(3)), key=lambda one: one["seconds"])
    for step, words in (("seal", "sealing"), ("check", "checking the seal"), ("prove", "proving the last record")):
        made = measured(step, path)
        print(
            f"| {words} of {what} | {bare['seconds'] / made['seconds']:.2f} x the speed of SHA-256 over the file "
            f"({bare['seconds']:.1f} s; {bare['cpu'] / made['cpu']:.2f} x by CPU seconds); {made['peak']:.0f} MiB "
            f"(bars {BAR_RATIO} x, {BAR_MIB} MiB) |",
            flush=True,
        )


def appends(count: int) -> None:
    from auditrail.seal import SealedLog

    body = {"tool": "issue_refund", "args": {"order": 70355, "amount": "1400.00", "note": "x" * 300}}
    for policy, number in (("never", count), ("always", count // 10)):
        with tempfile.TemporaryDirectory(dir=_data.FOLDER) as folder:
            log = SealedLog(Path(folder) / "log.jsonl", fsync=policy)  # type: ignore[arg-type]
            start = time.perf_counter()
            for _ in range(number):
                log.append(body)
            seconds = time.perf_counter() - start
            log.close()
        print(f"| appends to a `SealedLog`, fsync {policy} | {number / seconds:,.0f} a second |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="an eighth of the sizes")
    parser.add_argument("--one", nargs=2, metavar=("STEP", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        usage = Usage()
        STEPS[options.one[0]](Path(options.one[1]))
        print(json.dumps(usage.so_far()))
        return
    times = 1 if options.quick else 8
    base = _data.agent_runtime(10**9)
    path = repeated(base, times) if times > 1 else base
    rows(path, f"{times} GB of JSON lines ({times * 1.3:.1f} M records)")
    records = 10_000_000 // (8 // times)
    rows(short(records), f"{records / 1e6:.2f} M records of 100 bytes")
    appends(2_000 if options.quick else 20_000)


if __name__ == "__main__":
    main()
