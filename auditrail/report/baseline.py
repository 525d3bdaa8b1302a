"""Baselines: what an earlier report listed is known, and only what is new since then is told.

A baseline is the JSON document of an earlier `auditrail gaps` (`auditrail.gaps/1`). Two findings are the same one if
rule, cause, agent, layer, stream and tool are: titles, counts and details change from load to load. A finding is known
if the baseline has it and lists every run that it touches; one that touches no run, if it counts no more things than
in the baseline. So a known fault that reaches further runs is told again, whole: a baseline is about what happened,
not a licence for what will. What is to be accepted in future, too, needs a waiver, with reason and end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditrail.digest import record_digest
from auditrail.errors import UsageError
from auditrail.report.gap_types import Gap

_SCHEMA = "auditrail.gaps/1"
_PARTS = ("rule", "cause", "agent", "layer", "stream", "tool")


@dataclass(slots=True)
class Known:
    """What a baseline says of one fingerprint: the runs touched, and how many things were missing."""

    runs: set[str] = field(default_factory=set)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier report: its path, and fingerprint -> what it listed."""

    path: str
    known: Mapping[str, Known]

    def has(self, gap: Gap) -> bool:
        """Whether a finding is known."""
        before = self.known.get(fingerprint(gap))
        if before is None:
            return False
        return before.runs.issuperset(gap.runs) if gap.runs else gap.count <= before.count


def fingerprint(gap: Gap) -> str:
    """What names a finding from report to report: 16 hex digits, the same for the same rule, cause and place."""
    return _digest(getattr(gap, part) for part in _PARTS)


def read(path: Path) -> Baseline:
    """Reads a baseline.

    Raises:
        UsageError: the file cannot be read, or is no report of gaps.
    """
    import orjson

    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"baseline {path}: cannot be read: {error.strerror or error}") from None
    except orjson.JSONDecodeError as error:
        raise UsageError(f"baseline {path}: not JSON: {error}", hint="make one: auditrail gaps --format json") from None
    if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
        raise UsageError(f"baseline {path}: not a report of gaps", hint="make one: auditrail gaps --format json")
    rows = document.get("gaps")
    known: dict[str, Known] = {}
    for row in rows if isinstance(rows, list) else [None]:
        if not isinstance(row, dict) or not isinstance(row.get("rule"), str):
            raise UsageError(f"baseline {path}: `gaps` holds something that is no finding")
        entry = known.setdefault(_digest(_text(row.get(part)) for part in _PARTS), Known())
        runs = row.get("runs")
        entry.runs.update(run for run in runs if isinstance(run, str)) if isinstance(runs, list) else None
        entry.count += _whole(row.get("count"))
    return Baseline(str(path), known)


def _digest(parts: Iterable[str | None]) -> str:
    # Lengths before texts: no value of a log can be made to look like two others.
    text = "".join("-" if part is None else f"{len(part)}:{part}" for part in parts)
    return record_digest(text.encode("utf-8", "surrogatepass")).hex()[:16]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
