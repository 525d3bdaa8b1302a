"""Calls of the verifier, as the command line makes them."""

from __future__ import annotations

from pathlib import Path

from auditrail.verify import anchors, engine, keys
from auditrail.verify.anchors import Anchor
from auditrail.verify.evidence import Call
from auditrail.verify.types import Result, VerificationReport


def report(
    *paths: Path, key: tuple[str, ...] = (), anchor: tuple[Path, ...] = (), expected: tuple[Anchor, ...] = ()
) -> VerificationReport:
    known = expected
    for path in anchor:
        known += anchors.load(path)
    return engine.run(list(paths), Call(keys=keys.load(list(key)), anchors=known))


def result(
    *paths: Path, key: tuple[str, ...] = (), anchor: tuple[Path, ...] = (), expected: tuple[Anchor, ...] = ()
) -> Result:
    (made,) = report(*paths, key=key, anchor=anchor, expected=expected).results
    return made
