"""Anchors: what is known about a log from outside of it. Only against one is a chain INTACT.

Where they come from:

- `--expect-head HASH`, `--expect-count N`: said by the caller.
- `--anchor FILE`: an earlier result of `auditrail verify` (`--save-anchor` writes one); a checkpoint of auditchain
  (`{version, seq, hash, key_id, ts, sig}`, its source: `chain/checkpoint.py` of auditchain 0.3.0); a head of arcaeon
  (`{chain, rows, as_of}`); a file that holds just a hash (witnesskit's expected head); a C2SP signed note whose
  checkpoint has the chain's head as root (https://c2sp.org/tlog-checkpoint). Its signatures are checked with the keys
  of the call (`notekeys.attested`).

An anchor file proves as much as the place where it was kept: one beside the log may have been changed with it, but for
one that is signed with a key that was given.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail import notes
from auditrail.errors import NoteError, UsageError

if TYPE_CHECKING:
    from auditrail.verify.keys import Keyring

_HASH = re.compile(r"(?:[a-z0-9-]+:)?(?:[0-9a-fA-F]{32,128}|[A-Za-z0-9+/_-]{40,88}={0,2})")
_LARGEST = 64 << 20


class Anchor(NamedTuple):
    """What is known about one chain.

    Attributes:
        label: where it is from, for people.
        head: hash of record `records` (or of the record `seq`), as the log writes it; None if only a count is known.
        records: records of the chain up to the head. seq: sequence number of the head.
        path, profile, chain: what it is about; None: any.
        signed: bytes that `signature` is over, with `key_id`; None if the anchor is not signed.
        note, origin: the signed note that it is and the log that it names, None if it is none.
        root: Merkle root over the records up to the head, in hex.
        exact: whether the log must end there (an expectation), or may have grown since (a checkpoint).
    """

    label: str
    head: str | None = None
    records: int | None = None
    seq: int | None = None
    path: str | None = None
    profile: str | None = None
    chain: str | None = None
    signed: bytes | None = None
    signature: str | None = None
    key_id: str | None = None
    exact: bool = False
    keyed: bool = False
    origin: str | None = None
    root: str | None = None
    note: notes.Note | None = None


def expected(head: str | None, count: int | None) -> tuple[Anchor, ...]:
    """The anchor of `--expect-head` and `--expect-count`.

    Raises:
        UsageError: the count is negative, or the head is no hash.
    """
    if count is not None and count < 0:
        raise UsageError("--expect-count is negative")
    if head is not None and not _HASH.fullmatch(head):
        raise UsageError("--expect-head is no hash", hint="give it as the log writes it: hex, base64 or sha256:…")
    if head is None and count is None:
        return ()
    words = [name for name, value in (("--expect-head", head), ("--expect-count", count)) if value is not None]
    return (Anchor(" and ".join(words), head, count, exact=True),)


def load(path: Path) -> tuple[Anchor, ...]:
    """The anchors that a file holds.

    Raises:
        UsageError: it can't be read, is a note that breaks the rules, or nothing that is known here.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"--anchor {path}: too large to be an anchor")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"--anchor {path}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--anchor {path}: not text") from None
    try:
        found = _parse(text.strip(), path.name) or _note(text, path.name)
    except NoteError as error:
        raise UsageError(
            f"--anchor {path}: it looks like a checkpoint, but is no signed one: {error.message}"
        ) from None
    if not found:
        raise UsageError(
            f"--anchor {path}: no anchor that is known here",
            hint="a file of --save-anchor, a checkpoint, a signed note, or just the hash of the last record",
        )
    return found


def _parse(text: str, label: str) -> tuple[Anchor, ...]:
    if text.startswith("{"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return ()
        return _results(value, label) if "results" in value else _checkpoint(value, label)
    if _HASH.fullmatch(text):
        return (Anchor(label, text, keyed=True),)
    return ()


def _results(value: dict[str, Any], label: str) -> tuple[Anchor, ...]:
    """An earlier result: only chains that were intact then are anchors now."""
    made = []
    for row in value["results"] if isinstance(value["results"], list) else ():
        if not isinstance(row, dict) or row.get("verdict") not in ("INTACT", "INTACT-UNANCHORED"):
            continue
        head, count = row.get("head"), row.get("records")
        if isinstance(head, str) and isinstance(count, int):
            made.append(
                Anchor(
                    label,
                    head,
                    count,
                    row.get("seq") if isinstance(row.get("seq"), int) else None,
                    _text(row.get("path")),
                    _text(row.get("profile")),
                    _text(row.get("chain")),
                    keyed=True,
                )
            )
    return tuple(made)


def _checkpoint(value: dict[str, Any], label: str) -> tuple[Anchor, ...]:
    seq, head = value.get("seq"), value.get("hash")
    if isinstance(seq, int) and isinstance(head, str) and _HASH.fullmatch(head):
        words = [str(seq), head, str(value.get("key_id", ""))]
        if value.get("merkle_root") is not None:
            words.append(str(value["merkle_root"]))
        return (
            Anchor(
                label,
                head,
                None,
                seq,
                signed=":".join(words).encode() if _text(value.get("sig")) else None,
                signature=_text(value.get("sig")),
                key_id=_text(value.get("key_id")),
                root=_text(value.get("merkle_root")),
            ),
        )
    chain, rows = value.get("chain"), value.get("rows")
    if isinstance(chain, str) and isinstance(rows, int) and _HASH.fullmatch(chain):
        return (Anchor(label, chain, rows),)
    return ()


def _note(text: str, label: str) -> tuple[Anchor, ...]:
    """A C2SP checkpoint: origin, size, base64 of the root, then a blank line and signatures.

    Raises:
        NoteError: it looks like one, and is none.
    """
    lines = text.split("\n", 2)
    if len(lines) < 3 or not re.fullmatch(r"0|[1-9]\d{0,18}", lines[1]):
        return ()
    note = notes.parse(text.encode())
    head = notes.checkpoint(note.text)
    return (Anchor(label, head.root.hex(), head.size, origin=head.origin, note=note),)


def sealed(anchor: Anchor, keys: Keyring) -> bool | None:
    """Whether a signed checkpoint carries the seal of a key that was given; None: it is not signed, or no key is.

    The seal is HMAC-SHA256 or Ed25519 over `seq:hash:key_id[:merkle_root]`, in hex (auditchain 0.3.0).
    """
    if anchor.signed is None or anchor.signature is None or not keys:
        return None
    import hmac

    from auditrail.verify.signatures import verify

    try:
        seal = bytes.fromhex(anchor.signature)
    except ValueError:
        return False
    if any(hmac.compare_digest(hmac.digest(s, anchor.signed, "sha256"), seal) for s in keys.secrets(anchor.key_id)):
        return True
    return any(verify(key, "ed25519", anchor.signed, seal) for key in keys.publics(anchor.key_id))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def same_hash(one: str, other: str | None) -> bool:
    """Whether two texts are one hash; a prefix such as `sha256:` may be left out by whoever typed it."""
    if other is None:
        return False
    if one == other:
        return True
    bare = other.rpartition(":")[2]
    return one == bare or (one.rpartition(":")[2] == bare and ":" in one and ":" not in other)
