"""Keys and logs for tests of seals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from auditrail.notes import Checkpoint, Signer, Verifier
from auditrail.seal import check, make
from auditrail.seal.check import Checked

SIGNER = Signer("example.com/sealing", bytes(range(32)))
WITNESS = Signer("witness.example.com/w1", bytes(range(1, 33)))
STRANGER = Signer("example.com/sealing", bytes(range(2, 34)))
KEY = SIGNER.verifier
TIME = 1_789_639_562  # 2026-09-17T10:06:02Z


def line(number: int) -> bytes:
    return b'{"seq":%d,"event":"tool_call","tool":"issue_refund","text":"%s"}\n' % (number, b"x" * (number % 7))


def jsonl(numbers: Iterable[int]) -> bytes:
    return b"".join(line(number) for number in numbers)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def seal(log: Path, **wishes: object) -> make.Outcome:
    signer = wishes.pop("signer", SIGNER)
    return make.seal(log, signer, make.Wishes(**{"time": TIME, **wishes}))  # type: ignore[arg-type]


def checked(log: Path, trusted: Sequence[Verifier] = (KEY,), checkpoints: Sequence[Checkpoint] = ()) -> Checked:
    return check.check(log, trusted=trusted, checkpoints=checkpoints)


def told(found: Checked) -> list[tuple[str, int | None]]:
    """Kind and record of each finding."""
    return [(finding.kind, finding.record) for finding in found.findings]
