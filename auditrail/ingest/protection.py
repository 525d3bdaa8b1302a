"""Files that protect logs and are none: seals, keys, checkpoints, proofs, earlier results of a verification.

They lie beside the logs that they are about. Nothing of them is loaded; they are named for what they are.
"""

from __future__ import annotations

from contextlib import suppress

from auditrail import notes
from auditrail.errors import NoteError

_PEM = b"-----BEGIN "
_RESULT = b'"schema": "auditrail.verification/1"'
_SEAL = b"auditrail-seal/"
_REDACTED = b"auditrail-redacted/"
_PROOF = b"c2sp.org/tlog-proof@"
# Longer files are no keys and no notes.
_SHORT = 1 << 16


def named(head: bytes) -> str | None:
    """What a file that begins so is, in a few words; None: nothing of this kind. The head of a short file is all of it.

    Facts: docs/seal.md; C2SP signed-note, tlog-checkpoint and tlog-proof; RFC 7468 for PEM.
    """
    if head.startswith(_SEAL):
        return "a seal"
    if head.startswith(_REDACTED):
        return "the list of the lines of a redacted copy"
    if head.startswith(_PROOF):
        return "a proof of one record"
    if head.lstrip()[:1] == b"{" and _RESULT in head[:200]:
        return "a result of auditrail verify"
    if len(head) >= _SHORT:
        return None
    if head.startswith(b"PRIVATE+KEY+") or (head.startswith(_PEM) and b"PRIVATE KEY-----" in head[:60]):
        return "a private key, which does not belong beside logs"
    if head.startswith(_PEM):
        kind = head[len(_PEM) : 60].partition(b"-----")[0]
        return {b"PUBLIC KEY": "a public key", b"CERTIFICATE": "a certificate"}.get(kind)
    return _of_notes(head)


def _of_notes(head: bytes) -> str | None:
    with suppress(NoteError):
        notes.checkpoint(notes.parse(head).text)
        return "a signed checkpoint"
    with suppress(NoteError, UnicodeDecodeError):
        return "a public key" if notes.verifiers(head.decode()) else None
    return None
