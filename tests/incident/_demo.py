"""The demo evidence as a case in memory, loaded once for all tests, and a ledger on the run that did harm."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from auditrail.check import loading
from auditrail.config import Config
from auditrail.incident.entries import Entry
from auditrail.incident.ledger import Ledger

EVIDENCE = Path(__file__).parents[2] / "fixtures" / "demo" / "evidence"
RUN = "run-7f3a91"
MORNING = 1_789_640_000_000_000_000  # 2026-09-17, a quarter of an hour after the run


@cache
def _held() -> tuple[Any, Any]:
    opened = loading.held([EVIDENCE], Config())
    return opened, opened.__enter__()  # stays open until the process ends


def connection() -> Any:
    """A cursor of its own: the rules make temporary tables, and one connection answers one question."""
    return _held()[1].connection.cursor()


def ledger(folder: Path, *, attach: Path | None = None) -> str:
    """An incident that was answered and closed."""
    minute = 60_000_000_000
    with Ledger(folder, operator="ada", recorded_ns=MORNING + 10 * minute) as made:
        name, _ = made.open("Refund paid twice", [RUN], at_ns=MORNING)
        made.append(Entry("action", name, "", {"action": "pause", "what": "stopped it", "by": "bob"}, MORNING + minute))
        if attach is not None:
            from auditrail.incident import attach as files

            made.append(Entry("attach", name, "", files.copy(folder, name, attach)))
        made.append(Entry("close", name, "", {"cause": "a retry was allowed", "changed": ["one refund per order"]}))
    return name
