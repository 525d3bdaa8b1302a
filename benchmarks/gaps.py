"""How well `auditrail gaps` tells why records are missing: precision and recall for each cause, on made-up fleets.

Each fault alone on each family of producers, mixtures of faults, and intact fleets; then the time and the memory of all
rules over five million events. Bars: 0.95 each for every cause over (run, cause) pairs on fleets of 2,000 runs; no
finding of severity medium or above on intact ones; 20 s and 2 GiB.

    python benchmarks/gaps.py [--quick] [--runs N] [--seeds N] [--family F] [--fault F] [--show-wrong] [--no-speed]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import _content_faults  # noqa: F401 - registers its faults
import correlate
from _faults import FAULTS, spoil
from _judge import Tally, Verdict, judge
from _producers import FAMILIES, family
from _usage import Usage

BAR = 0.95
SPEED_SECONDS, SPEED_MIB = 20, 2048
INTACT = "intact"
MIXTURES = {
    "mixture-1": ("crash", "sampling-head", "redaction-member", "outage-hours", "policy-denied", "lost"),
    "mixture-2": ("retention", "crash", "logging-agent", "truncation-marker", "duplicate-conflict", "policy-bypassed"),
    "mixture-3": ("export-cut", "sampling-tail", "hashing", "clock-window", "lost-stream", "siloed"),
}
NAMES = (INTACT, *sorted(FAULTS), *MIXTURES)


def fleets(options: argparse.Namespace) -> Iterator[tuple[str, str, Verdict]]:
    """Each fleet that was asked for: family, fault and how it was judged."""
    for name in options.family or FAMILIES:
        for fault in options.fault or NAMES:
            for seed in range(1, options.seeds + 1):
                fleet = family(name).fleet(options.runs, seed)
                if fault != INTACT and not spoil(fleet, MIXTURES.get(fault, (fault,)), seed):
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    yield name, fault, judge(fleet, Path(folder))


def show(name: str, fault: str, verdict: Verdict, wrong: int) -> None:
    """One line for each cause that is or was said to be in the fleet, and the worst of what is wrong."""
    parts = [
        f"{cause} P {tally.precision:.3f} ({tally.right}/{tally.found}) R {tally.recall:.3f} ({tally.met}/{tally.true})"
        for cause, tally in verdict.tallies.items()
        if tally.found or tally.true
    ]
    bad = any(min(t.precision, t.recall) < BAR for t in verdict.tallies.values())
    print(
        f"{'✗' if bad else '✓'} {name} {fault}: {'; '.join(parts) or 'nothing found'} [{verdict.seconds:.1f} s]",
        flush=True,
    )
    if verdict.quarantined:
        print(f"    {verdict.quarantined} record(s) in quarantine")
    if verdict.unknown_runs:
        print(f"    {len(verdict.unknown_runs)} run id(s) that no run of the fleet has: {verdict.unknown_runs[:3]}")
    if wrong:
        kinds = Counter((item.kind, item.cause, item.said) for item in verdict.wrong)
        for (kind, cause, said), number in kinds.most_common(wrong):
            example = next(i.run for i in verdict.wrong if (i.kind, i.cause, i.said) == (kind, cause, said))
            words = "not said:" if kind == "missed" else "said wrongly by"
            print(f"    {number} x {cause} {words} {', '.join(said)} (as in {example})")
        if fault == INTACT:
            for gap in verdict.alarms:
                print(f"    alarm {gap.severity} {gap.rule} [{gap.cause}] {gap.title} ({len(gap.runs)} runs)")


def table(verdicts: list[tuple[str, str, Verdict]]) -> bool:
    """Prints precision and recall for each cause and family, over all fleets; whether all reach the bar."""
    by_cause: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for name, _, verdict in verdicts:
        for cause, tally in verdict.tallies.items():
            by_cause[cause][name].add(tally)
            by_cause[cause]["all"].add(tally)
    families = [*dict.fromkeys(name for name, _, _ in verdicts), "all"]
    print("\n| cause | " + " | ".join(families) + " |\n|---" * 1 + "|---" * (len(families)) + "|")
    good = True
    for cause, tallies in by_cause.items():
        if tallies["all"].found or tallies["all"].true:
            cells = [f"P {tallies[name].precision:.3f} R {tallies[name].recall:.3f}" for name in families]
            print(f"| {cause} | " + " | ".join(cells) + " |")
            good &= all(min(tallies[name].precision, tallies[name].recall) >= BAR for name in families)
    alarms = [(name, gap) for name, fault, verdict in verdicts if fault == INTACT for gap in verdict.alarms]
    if any(fault == INTACT for _, fault, _ in verdicts):
        print(f"\nIntact fleets: {len(alarms)} finding(s) of severity medium or above")
        for name, gap in alarms[:20]:
            print(f"  {name}: {gap.severity} {gap.rule} [{gap.cause}] {gap.title}")
    return good and not alarms


def speed(events: int) -> None:
    """Time and peak memory of all rules over a case of that many events, in a process of its own."""
    path = correlate.case_of(events)
    correlate_once = [sys.executable, str(Path(correlate.__file__)), "--one", str(path)]
    subprocess.run(correlate_once, check=True, capture_output=True)
    words = [sys.executable, __file__, "--measure", str(path)]
    seconds, peak = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    print(f"\n| all rules over {events:,} events | {float(seconds):.1f} s, peak {peak} MiB "
          f"(bars {SPEED_SECONDS} s, {SPEED_MIB} MiB) |")  # fmt: skip


def measure(path: Path) -> None:
    from auditrail import case
    from auditrail.gaps.engine import Question
    from auditrail.report.gaps import gaps

    usage = Usage()
    with case.open_analysis(path) as connection:
        gaps(connection, Question())
    used = usage.so_far()
    print(used["seconds"], used["peak"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fleets of 400 runs, half a million events")
    parser.add_argument("--runs", type=int, help="runs of each fleet (2,000)")
    parser.add_argument("--seeds", type=int, default=1, help="fleets for each family and fault (1)")
    parser.add_argument("--family", action="append", choices=FAMILIES)
    parser.add_argument("--fault", action="append", choices=NAMES)
    parser.add_argument("--show-wrong", type=int, nargs="?", const=6, default=0, metavar="N",
                        help="of each fleet, the N most frequent kinds of pairs that are wrong or missed")  # fmt: skip
    parser.add_argument("--no-speed", action="store_true", help="do not measure time and memory")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    options.runs = options.runs or (400 if options.quick else 2_000)
    verdicts = []
    for name, fault, verdict in fleets(options):
        show(name, fault, verdict, options.show_wrong)
        verdicts.append((name, fault, verdict))
    table(verdicts)
    if not options.no_speed:
        speed(500_000 if options.quick else 5_000_000)


if __name__ == "__main__":
    main()
