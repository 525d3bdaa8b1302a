"""Writes `fixtures/chains`: for each profile an honest log and tampered copies, each named by what was done to it.

Run as `python -m tests.verify._fixtures` from the top of the project; the result is the same each time. Expected
verdicts stand in `expected.json` beside the logs; `tests/conformance/test_chains.py` holds the verifier to them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.verify import _attacks as attacks
from tests.verify._run import report
from tests.verify._writers import WRITERS, Log, other

FOLDER = Path(__file__).parents[2] / "fixtures" / "chains"
COUNT = 7
# Reports of one file, each case with the records it is made of.
CASES = ("edit", "delete", "insert_copy", "reorder", "drop_head", "edit_with_hash")


def records_of(case: str, log: Log) -> list[Any]:
    if case == "intact":
        return log.records
    if case == "spliced":
        foreign = other(log.profile, COUNT).records
        return [*log.records[:3], *foreign[3:6], *log.records[6:]]
    if case == "forked":
        return [*log.records, *other(log.profile, COUNT, since=3).records[3:]]
    if case == "two_writers":
        pairs = zip(log.records, other(log.profile, COUNT).records, strict=True)
        return [record for pair in pairs for record in pair]
    return attacks.CAUGHT[case](log)


def cases_of(name: str) -> tuple[str, ...]:
    """Every profile has an honest log and one that was edited; the rest differs little, and stands for a few."""
    if name in ("autonomous-audit", "witnesskit", "aat-06", "agt-file-sink"):
        return ("intact", *CASES, "spliced", "forked", "two_writers")
    return ("intact", "edit") if WRITERS[name](1).rows else ("intact", "edit", "delete")


def expected(path: Path, log: Log) -> list[dict[str, Any]]:
    return [
        {
            "verdict": result.verdict,
            "profile": result.profile,
            "records": result.records,
            "defects": [[defect.kind, defect.record] for defect in result.defects if defect.breaks],
            "remarks": [defect.kind for defect in result.defects if not defect.breaks],
            "uncovered_fields": list(result.uncovered_fields),
        }
        for result in report(path, key=log.keys).results
    ]


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, make in sorted(WRITERS.items()):
        log = make(COUNT)
        for case in cases_of(name):
            folder = FOLDER / name / case
            folder.mkdir(parents=True)
            path = log.file(folder, records_of(case, log))
            made = {"keys": log.keys, "results": expected(path, log)}
            (folder / "expected.json").write_text(json.dumps(made, indent=1) + "\n")
    unverifiable()


def unverifiable() -> None:
    """Formats whose hashes can't be made again from the log: their events, as their sources write them."""
    for name, made in EVENTS.items():
        folder = FOLDER / name / "intact"
        folder.mkdir(parents=True)
        path = folder / "log.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in made))
        log = Log(name, [])
        (folder / "expected.json").write_text(json.dumps({"keys": [], "results": expected(path, log)}, indent=1) + "\n")


def _event(number: int, **hashes: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"e-{number}",
        "type": "ai.agentmesh.tool_call",
        "source": "did:mesh:bot",
        "time": f"2026-11-23T11:27:0{number}+00:00Z",
        "data": {"action": "tool_call", "outcome": "success"},
        **hashes,
    }


EVENTS: dict[str, list[dict[str, Any]]] = {
    "agt-cloudevents": [
        _event(n, agentmeshentryhash=f"{n + 1:064x}", agentmeshprevioushash=f"{n:064x}" if n else "") for n in range(3)
    ],
    "agt-mcp-proxy-cloudevents": [_event(n, entryhash=f"{n + 1:064x}", previoushash=f"{n + 1:064x}") for n in range(3)],
    "agt-mcp-proxy": [{"tool": "search", "arguments": {"q": "[REDACTED]"}, "_hash": f"{n + 1:064x}"} for n in range(3)],
}

if __name__ == "__main__":
    main()
