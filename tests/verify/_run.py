"""Runs a verification in one call, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auditrail.verify import anchors, engine, keys
from auditrail.verify.evidence import Call
from auditrail.verify.types import Result, VerificationReport


def report(
    *paths: Path | str,
    key: Sequence[str] = (),
    head: str | None = None,
    count: int | None = None,
    anchor: Sequence[Path] = (),
    **more: Any,
) -> VerificationReport:
    known = anchors.expected(head, count)
    for path in anchor:
        known += anchors.load(path)
    return engine.run(list(paths), Call(keys.load(list(key)), known, **more))


def one(*paths: Path | str, **more: Any) -> Result:
    (result,) = report(*paths, **more).results
    return result


def kinds(result: Result) -> list[tuple[str, int | None]]:
    """What breaks the chain, and where."""
    return [(defect.kind, defect.record) for defect in result.defects if defect.breaks]


def remarks(result: Result) -> list[str]:
    return [defect.kind for defect in result.defects if not defect.breaks]
