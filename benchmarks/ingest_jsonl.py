"""Ingest of generic JSON lines beside bare DuckDB: the same bytes, in turn, each run in a process of its own.

`python benchmarks/ingest_jsonl.py [--quick | --size 1GB] [--rounds 3]`. The data are made up (`_data.agent_runtime`)
and kept under `benchmarks/data`. Measured is `Loader.load` into a case file, with everything that it does for
evidence (hash of the file and of each record, places, quarantine, normalised columns); putting runs together is
measured apart. The ratio is speed to speed: 0.5 means that ingest takes twice as long as bare DuckDB. On a machine with
other work to do, the ratio of CPU seconds says more than that of wall seconds.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import _data
from _usage import Usage

BAR = 0.5
_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def size_of(text: str) -> int:
    """`1GB` -> 1,000,000,000."""
    match = re.fullmatch(r"(\d+)(KB|MB|GB)?", text.upper())
    if match is None:
        raise argparse.ArgumentTypeError(f"not a size: {text}")
    return int(match.group(1)) * _UNITS[match.group(2) or ""]


def bare(path: Path, folder: Path) -> dict[str, Any]:
    import _bare
    import duckdb

    assert duckdb.__version__
    usage = Usage()
    _bare.load(path, folder / "bare.duckdb", _data.COLUMNS)
    return usage.so_far()


def ours(path: Path, folder: Path) -> dict[str, Any]:
    import duckdb
    import pyarrow as pa

    from auditrail import case
    from auditrail.correlate.settle import settle
    from auditrail.ingest.inputs import expand
    from auditrail.ingest.load import Loader

    assert duckdb.__version__
    assert pa.__version__
    usage = Usage()
    with case.open_write(folder / "ours.duckdb") as connection:
        loader = Loader(connection)
        loader.load_all(expand([path]))
        loaded = usage.so_far()
        settle(connection)
        settled = usage.so_far()["seconds"]
        source, _ = loader.sources()[0]
    assert source.records == source.records_with_events + source.quarantined + source.blank + source.ignored
    return {**loaded, "settled": settled, "records": source.records}


def measured(what: str, path: Path) -> dict[str, Any]:
    """One run in a process of its own."""
    with tempfile.TemporaryDirectory(dir=_data.FOLDER) as folder:
        words = [sys.executable, __file__, "--one", what, str(path), folder]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 MB instead of 1 GB")
    parser.add_argument("--size", type=size_of)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "FILE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        what, path, folder = options.one
        result = {"bare": bare, "ours": ours}[what](Path(path), Path(folder))
        print(json.dumps(result))
        return
    path = _data.agent_runtime(options.size or (10**8 if options.quick else 10**9))
    size = path.stat().st_size
    rounds = [(measured("bare", path), measured("ours", path)) for _ in range(options.rounds)]
    ratio = statistics.median(one["seconds"] / own["seconds"] for one, own in rounds)
    cpu = statistics.median(one["cpu"] / own["cpu"] for one, own in rounds)
    whole = statistics.median(one["seconds"] / own["settled"] for one, own in rounds)
    base, own = (statistics.median(pair[side]["seconds"] for pair in rounds) for side in (0, 1))
    peaks = [max(pair[side]["peak"] for pair in rounds) for side in (0, 1)]
    records = rounds[0][1]["records"]
    print(
        f"| ingest of {size / 1e6:,.0f} MB of generic JSON lines ({records:,} records) beside a bare typed read_json | "
        f"{ratio:.2f} x ({size / own / 1e6:.0f} MB/s beside {size / base / 1e6:.0f}; bar {BAR}), by CPU seconds "
        f"{cpu:.2f} x; with correlation {whole:.2f} x; peak memory {peaks[1]} MiB (bare: {peaks[0]}) |"
    )


if __name__ == "__main__":
    main()
