"""OTLP/JSON into a case, against a bare `CREATE TABLE t AS SELECT * FROM read_json(...)` of the same file.

The bar: a load with everything that a case keeps (a blake3 and the offsets of every record, all columns, ids,
attributes, calls) takes no longer than the bare one, which keeps the nested values as they are. Each run has a process
of its own, and takes turns with the others; the figures are medians of three. Run it on a quiet machine:

    python benchmarks/ingest_otlp.py            # 200 MB
    python benchmarks/ingest_otlp.py --size 1GB
    python benchmarks/ingest_otlp.py --quick    # 20 MB, one round: whether it runs at all
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import _otlp_data
from _usage import Usage

_SIZES = {"20MB": 20_000_000, "200MB": 200_000_000, "1GB": 1_000_000_000}
_MODES = ("bare-memory", "bare-file", "case")


def measure(mode: str, path: Path, folder: Path) -> dict[str, Any]:
    """One load, in this process; imports are not counted, opening and closing the database is."""
    import duckdb
    import pyarrow as pa

    from auditrail import case
    from auditrail.ingest.inputs import Input
    from auditrail.ingest.load import Loader, Options

    assert pa.__version__
    target = folder / f"{mode}.duckdb"
    target.unlink(missing_ok=True)
    events = 0
    usage = Usage()
    if mode.startswith("case"):
        with case.open_write(target) as connection:
            loader = Loader(connection, Options(vectorised=mode == "case"))
            loader.load_all([Input(str(path), path, path.stat().st_size)])
            ((source, _),) = loader.sources()
            events = source.events
    else:
        config = {} if mode == "bare-memory" else {"storage_compatibility_version": "latest"}
        connection = duckdb.connect(":memory:" if mode == "bare-memory" else str(target), config=config)
        connection.execute(f"CREATE TABLE t AS SELECT * FROM read_json('{path}')")
        connection.close()
    return {**usage.so_far(), "events": events}


def run(mode: str, path: Path, folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", mode, "--path", str(path), "--folder", str(folder)]
    made: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return made


def spans_of(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(1 for _ in lines) * _otlp_data.SPANS_PER_LINE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=_SIZES, default="200MB")
    parser.add_argument("--quick", action="store_true", help="20 MB, one round")
    parser.add_argument("--row", action="store_true", help="print one row of a table")
    parser.add_argument("--plain", action="store_true", help="time the plain reader, too")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one, given.path, given.folder)))
        return
    path = _otlp_data.file_of(_SIZES["20MB" if given.quick else given.size])
    size, spans = path.stat().st_size, spans_of(path)
    modes = (*_MODES, "case-plain") if given.plain else _MODES
    if not given.row:
        print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
        print(f"{size / 1e6:.0f} MB, {spans} spans of {size / spans:.0f} bytes\n")
    found: dict[str, list[dict[str, Any]]] = {mode: [] for mode in modes}
    with tempfile.TemporaryDirectory(dir=_otlp_data.FOLDER) as folder:
        for _ in range(1 if given.quick else 3):
            for mode in modes:
                found[mode].append(run(mode, path, Path(folder)))
    middle = {
        mode: {key: statistics.median(one[key] for one in runs) for key in runs[0]} for mode, runs in found.items()
    }
    if given.row:
        memory, file = (
            [
                statistics.median(bare[key] / own[key] for bare, own in zip(found[mode], found["case"], strict=True))
                for key in ("seconds", "cpu")
            ]
            for mode in ("bare-memory", "bare-file")
        )
        print(
            f"| ingest of {size / 1e6:,.0f} MB of OTLP/JSON ({spans:,} spans) beside a bare read_json | "
            f"{file[0]:.2f} x of one into a file (bar 1.0), {memory[0]:.2f} x of one into memory; by CPU seconds "
            f"{file[1]:.2f} x and {memory[1]:.2f} x; peak memory {middle['case']['peak']:.0f} MiB "
            f"(bare: {middle['bare-file']['peak']:.0f}) |"
        )
        return
    print(f"{'':12} {'s':>7} {'cpu s':>7} {'MB/s':>7} {'spans/s':>9} {'RSS MiB':>7} {'x memory':>9} {'x file':>7}")
    for mode, one in middle.items():
        seconds = one["seconds"]
        print(
            f"{mode:12} {seconds:7.2f} {one['cpu']:7.2f} {size / 1e6 / seconds:7.0f} {spans / seconds:9.0f} "
            f"{one['peak']:7.0f} {seconds / middle['bare-memory']['seconds']:9.2f} "
            f"{seconds / middle['bare-file']['seconds']:7.2f}"
        )
    print(f"\n{middle['case']['events']:.0f} events; RSS is that of all processes; x: seconds against the bare load")


if __name__ == "__main__":
    main()
