"""Peak memory of ingest, and that it does not grow with the size of the input.

`python benchmarks/memory.py [--quick]`. JSON lines of 1 GB and of 4 GB, OTLP/JSON of 0.2 GB and of 1 GB, each loaded
once by a process of its own. The larger file is the smaller one several times over: what is in it does not matter here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import _data
import _otlp_data
from _usage import Usage

BAR_MIB = 1024


def repeated(path: Path, times: int) -> Path:
    """A file with the content of another one several times; made once."""
    made = path.with_name(f"{path.stem}-{times}x{path.suffix}")
    if not made.exists():
        part = made.with_suffix(".part")
        with part.open("wb") as out:
            for _ in range(times):
                with path.open("rb") as source:
                    shutil.copyfileobj(source, out, 1 << 20)
        part.rename(made)
    return made


def peak(path: Path) -> int:
    """Peak memory in MiB of a load, in a process of its own."""
    with tempfile.TemporaryDirectory(dir=_data.FOLDER) as folder:
        words = [sys.executable, __file__, "--one", str(path), folder]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
    return int(json.loads(done.stdout))


def measure(path: Path, folder: Path) -> int:
    from auditrail import case
    from auditrail.ingest.inputs import expand
    from auditrail.ingest.load import Loader

    usage = Usage()
    with case.open_write(folder / "case.duckdb") as connection:
        Loader(connection).load_all(expand([path]))
    made: int = usage.so_far()["peak"]
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes")
    parser.add_argument("--one", nargs=2, metavar=("FILE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(measure(*map(Path, options.one)))
        return
    part = 10 if options.quick else 1
    for what, path, times in (
        ("JSON lines", _data.agent_runtime(10**9 // part), 4),
        ("OTLP/JSON", _otlp_data.file_of(2 * 10**8 // part), 5),
    ):
        size = path.stat().st_size / 1e9
        found = [peak(path), peak(repeated(path, times))]
        print(
            f"| peak memory of ingest, {what}, all processes | {found[0]} MiB for {size:.1f} GB, {found[1]} MiB for "
            f"{size * times:.1f} GB (bar {BAR_MIB}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
