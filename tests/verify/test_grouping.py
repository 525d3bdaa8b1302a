"""What of a log's fields links its records by hashes, and what only by ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from auditrail.verify import engine
from auditrail.verify.evidence import Call
from auditrail.verify.keys import Keyring
from auditrail.verify.types import NOT_CHAINED, UNVERIFIABLE


def _digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


@pytest.mark.parametrize(
    ("form", "verdict"),
    [
        (_digest, UNVERIFIABLE),
        (lambda number: f"sha256:{_digest(number)}", UNVERIFIABLE),
        (lambda number: str(UUID(_digest(number)[:32])), NOT_CHAINED),
        (lambda number: str(UUID(_digest(number)[:32])).upper(), NOT_CHAINED),
        (lambda number: _digest(number)[:16], NOT_CHAINED),
    ],
)
def test_only_hashes_make_a_chain(tmp_path: Path, form: Callable[[int], str], verdict: str) -> None:
    path = tmp_path / "session.jsonl"
    lines = [{"id": form(number), "parent": form(number - 1), "text": "word " * number} for number in range(12)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (result,) = engine.run([path], Call(Keyring())).results
    assert result.verdict == verdict
