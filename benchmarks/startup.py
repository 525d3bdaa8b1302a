"""How soon commands answer: `--help` above an empty Python, `reconstruct` in a large case above its bare imports.

`python benchmarks/startup.py [--quick]`. Commands are run in turn; the medians and their difference are printed.
"""

from __future__ import annotations

import argparse
import compileall
import statistics
import subprocess
import sys
import time
from pathlib import Path

import correlate

from auditrail import case

ROUNDS = 11


def seconds(words: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - start


def compare(name: str, ours: list[str], bare: list[str], bar: float) -> None:
    """Runs both in turn and prints one row."""
    pairs = [(seconds(ours), seconds(bare)) for _ in range(ROUNDS)]
    own, base = (statistics.median(side) for side in zip(*pairs, strict=True))
    extra = statistics.median(a - b for a, b in pairs)
    print(
        f"| {name} | {extra * 1000:.0f} ms above {base * 1000:.0f} ms (in all {own * 1000:.0f}; bar {bar * 1000:.0f}) |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    events = 500_000 if parser.parse_args().quick else 5_000_000
    python = sys.executable
    # As an installed package is: where the environment forbids writing bytecode, each start would compile anew.
    compileall.compile_dir(Path(case.__file__).parent, quiet=1)
    auditrail = str(Path(python).with_name("auditrail"))
    compare("`auditrail --help` above `python -c pass`", [auditrail, "--help"], [python, "-c", "pass"], 0.15)
    correlate.one(events)
    path = correlate.case_of(events)
    connection = case.open_read(path)
    run = case.one(connection, "SELECT id FROM runs WHERE events > 40 ORDER BY run OFFSET 1000 LIMIT 1") or case.one(
        connection, "SELECT id FROM runs ORDER BY events DESC, run LIMIT 1"
    )
    connection.close()
    assert run is not None
    compare(
        f"`auditrail reconstruct` in a case of {events:,} events above `import duckdb, typer, rich`",
        [auditrail, "reconstruct", run[0], "--case", str(path)],
        [python, "-c", "import duckdb, typer, rich"],
        0.15,
    )


if __name__ == "__main__":
    main()
