"""Exporting a quarter: seconds and peak memory for a bundle of two million events, and the time of its verification.

The evidence is made up (`_data`), loaded once and kept. Bars: 60 s and 2 GiB on two cores, 20 s for the verification.

    python benchmarks/export.py [--quick]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import _data
from _usage import Usage

SIZE, QUICK = 1_600_000_000, 80_000_000
SECONDS, MIB, VERIFY_SECONDS = 60, 2048, 20


def case_of(size: int) -> Path:
    """A case with lines of that many bytes, made once."""
    path = _data.FOLDER / f"export-{size}.duckdb"
    if not path.exists():
        words = ["ingest", str(_data.agent_runtime(size)), "--case", str(path), "--quiet", "--no-verify"]
        subprocess.run([sys.executable, "-m", "auditrail", *words], check=True, stdout=subprocess.DEVNULL)
    return path


def measure(words: list[str]) -> None:
    """Runs one command in this process and prints what it used."""
    from auditrail.cli._main import run

    usage = Usage()
    code = run(words)
    used = usage.so_far()
    print(used["seconds"], used["peak"], code, file=sys.stderr)


def used(*words: str) -> tuple[float, int]:
    """Wall seconds and peak MiB of a command in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--measure", *words], check=True, capture_output=True, text=True)
    seconds, peak, code = done.stderr.splitlines()[-1].split()
    if code != "0":
        raise SystemExit(done.stderr)
    return float(seconds), int(peak)


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a twentieth of it")
    path = case_of(QUICK if parser.parse_args().quick else SIZE)
    from auditrail import case

    with case.open_read(path) as connection:
        events = case.count(connection, "SELECT count(*) FROM events")
    with tempfile.TemporaryDirectory(dir=_data.FOLDER) as folder:
        target = f"{folder}/bundle.zip"
        seconds, peak = used("export", "--quarter", "--case", str(path), "-o", target)
        checked, memory = used("verify", target)
        size = Path(target).stat().st_size >> 20
    print(
        f"| exporting {events:,} events | {seconds:.1f} s, peak {peak} MiB (bars {SECONDS} s, {MIB} MiB), {size} MiB "
        f"of ZIP; verified in {checked:.1f} s, peak {memory} MiB (bar {VERIFY_SECONDS} s) |"
    )


if __name__ == "__main__":
    main()
