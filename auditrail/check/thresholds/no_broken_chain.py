"""No chain, signature or digest is broken."""

from __future__ import annotations

import sys
from typing import Any

from auditrail.check import judging
from auditrail.check.judging import Evidence
from auditrail.config import type_of
from auditrail.errors import ConfigError
from auditrail.report.check_types import FAILED, INCONCLUSIVE, PASSED, SKIPPED, Check

NAME = "no-broken-chain"
TITLE = "no hash chain, signature or digest is broken"
REMEDY = "auditrail verify names each record that was changed, removed, added or moved"
EXAMPLE = "true"


def read(value: Any, key: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ConfigError(f"{key}: expected true or false, found {type_of(value)}")
    return value


def judge(value: bool, evidence: Evidence) -> Check:
    """The verdicts of the load; logs that nothing protects are no failure, but if all are so, nothing was checked."""
    this = sys.modules[__name__]
    if not value:
        return judging.made(this, evidence, SKIPPED, "switched off in auditrail.toml")
    rows = evidence.connection.execute("SELECT path, verdict FROM verdicts ORDER BY path, verdict_key").fetchall()
    broken = sorted({path for path, verdict in rows if verdict == "BROKEN"})
    if broken:
        said = f"{len(broken):,} file(s) with a broken chain"
        return judging.made(this, evidence, FAILED, said, "0", f"{len(broken)}", tuple(broken))
    intact = sum(verdict.startswith("INTACT") for _, verdict in rows)
    undecided = sum(verdict == "UNVERIFIABLE" for _, verdict in rows)
    if undecided or not intact:
        said = f"{undecided:,} chain(s) can't be checked" if undecided else "nothing is chained, signed or sealed"
        return judging.made(this, evidence, INCONCLUSIVE, said)
    return judging.made(this, evidence, PASSED, f"{intact:,} chain(s) intact, {len(rows) - intact:,} not chained")
