"""The verdict on a ledger: its chain, its checkpoints and the files it names, as `auditrail verify` judges them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from auditrail.incident import ledger
from auditrail.verify.types import VerificationReport


def verdict(folder: Path, keys: Sequence[str] = ()) -> VerificationReport:
    """Verifies a ledger; `keys` are public keys as `--key` takes them.

    Raises:
        UsageError: a key can't be read. NothingReadableError: there is no ledger.
    """
    from auditrail.verify import engine
    from auditrail.verify import keys as rings
    from auditrail.verify.evidence import Call

    ledger.exists(folder)
    return engine.run([folder], Call(rings.load(list(keys))))


def told(report: VerificationReport) -> str:
    """The verdict in one sentence."""
    if report.unreadable:
        path, reason = report.unreadable[0]
        return f"the ledger can't be read: {path}: {reason}"
    chains = [result for result in report.results if result.kind in ("incident-ledger", "sealed-log")]
    broken = [result for result in chains if result.breaking]
    if broken:
        first = broken[0].breaking[0]
        where = f" at record {first.record}" if first.record is not None else ""
        return f"BROKEN{where}: {first.kind}: {first.note or 'see auditrail verify'}"
    if not chains:
        return "NOT-CHAINED: the ledger is no sealed log"
    last = chains[-1]
    anchored = f", anchored by {last.anchor}" if last.anchor else ""
    return f"{last.verdict}: {sum(result.records for result in chains):,} records{anchored}"
