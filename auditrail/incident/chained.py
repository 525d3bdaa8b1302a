"""Logs that are chained or sealed, redacted: what is kept of their protection.

A record that is changed breaks its chain. So the copy is no chained log: `LOG.redacted` (`redact.copies`) lists the
hash of every line of the original beside that of the copy, and the original's seal is kept with it, if it has one. What
verification says of such a copy is told in `verify.kinds.redacted_copy`. A log in which the policy withholds nothing
stays as it is, with its chain.

Some protections are none of a log's lines: a digest of whole files (CloudTrail), signatures in a file of their own
(Sigstore), a bundle. A copy of a file that these protect cannot be told from a forgery by anything, so it is refused.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from auditrail.incident.select import FreezeError, Piece, unpacked

# Kinds of verification that judge lines of a log, each by itself or by the one before.
_BY_LINE = ("profile-chain", "seal", "sealed-log")
_SEAL = ".seal"


def permitted(piece: Piece, framing: str) -> None:
    """Asks whether a chained source can be redacted at all.

    Raises:
        FreezeError: it is protected as a whole.
    """
    others = sorted({guard.kind for guard in piece.guards} - set(_BY_LINE))
    if others or framing != "lines":
        what = f"protected as a whole ({', '.join(others)})" if others else "chained, and its records are not lines"
        raise FreezeError(
            f"{piece.path} is {what}: of a redacted copy nothing could be shown any more",
            hint="freeze without --redact and keep the case where the log itself may be kept; or hand over a redacted "
            "bundle, which holds the digests of the records: auditrail export --redact",
        )


def redacted(piece: Piece, before: bytes, target: Path, policy: str, named: Callable[[str], str]) -> bool:
    """Puts beside the copy what is kept of the original's protection.

    Args:
        piece: the source.
        before: its bytes, decompressed.
        target: the copy.
        policy: name of the policy.
        named: the name of a chain as the policy leaves it.

    Returns:
        whether the copy is another one than the original.
    """
    from auditrail.redact import copies

    after = target.read_bytes()
    seal = Path(piece.path + _SEAL)
    if after != before:
        original = [
            {**guard._asdict(), "chain": None if guard.chain is None else named(guard.chain)} for guard in piece.guards
        ]
        target.with_name(target.name + copies.SUFFIX).write_bytes(copies.render(before, after, original, policy))
    # A seal names its log: where names of files are withheld, it is not kept.
    if seal.is_file() and target.name == unpacked(Path(piece.path).name):
        shutil.copyfile(seal, target.with_name(target.name + _SEAL))
    return after != before
