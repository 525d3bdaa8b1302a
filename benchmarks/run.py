"""Runs every benchmark and prints the table of the README: `python benchmarks/run.py [--quick]`."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.processor()
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, Python {platform.python_version()}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = ["--quick"] if parser.parse_args().quick else []
    print(f"Measured on {machine()}.\n\n| what | result |\n|---|---|", flush=True)
    for script, *words in (
        ("ingest_jsonl.py",),
        ("ingest_otlp.py", "--row"),
        ("memory.py",),
        ("correlate.py",),
        ("stitching.py",),
        ("seal.py",),
        ("startup.py",),
        ("verify.py",),
    ):
        subprocess.run([sys.executable, str(HERE / script), *words, *quick], check=True)


if __name__ == "__main__":
    main()
