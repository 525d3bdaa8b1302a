"""Evidence: the files of a call, and what all kinds are handed along with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail.containers import limits

if TYPE_CHECKING:
    from auditrail.containers.compression import ByteStream
    from auditrail.verify.anchors import Anchor
    from auditrail.verify.keys import Keyring

_HEAD = 1 << 18


class Evidence(NamedTuple):
    """One file.

    Attributes:
        path: where its bytes lie. shown: the path as the user gave it (`archive!member` for a member).
        size: bytes on disk, as they were when the call began: what is appended later is not looked at.
        head: the first bytes, decompressed (at most 256 KiB). complete: whether that is all of it.
        compression: `gzip`, ... or None.
        error: why it can't be read, None if it can.
        whole: NAME of the kind that judges the path as a whole, be it an archive or a folder; then there is no head.
    """

    path: Path
    shown: str
    size: int
    head: bytes = b""
    complete: bool = True
    compression: str | None = None
    error: str | None = None
    whole: str | None = None

    def open(self, max_expansion: int = limits.MAX_EXPANSION) -> ByteStream:
        """Its bytes from the start, decompressed.

        Raises:
            UnreadableError: it can't be opened.
        """
        from auditrail.containers.compression import open_bytes

        return open_bytes(self.path, size=self.size, max_expansion=max_expansion)

    def read(self, limit: int = 64 << 20, max_expansion: int = limits.MAX_EXPANSION) -> bytes | None:
        """All of its bytes, decompressed; None if there are more than `limit`. For small files: sidecars, digests."""
        if self.complete:
            return self.head
        with self.open(max_expansion) as stream:
            parts, left = [], limit + 1
            while left > 0 and (block := stream.read(min(left, 1 << 20))):
                parts.append(block)
                left -= len(block)
        return b"".join(parts) if left > 0 else None


class Claim(NamedTuple):
    """What a file is to a kind; see `kinds`."""

    score: int
    companion: bool = False


@dataclass(frozen=True)
class Call:
    """What a call of `auditrail verify` says besides the files.

    Attributes:
        keys: keys that were given. anchors: what is known from outside.
        profile: the only profile to use (`--profile`), a name or the path of a file; None: by content.
        profiles: profiles of the user's configuration: raw tables, checked by `verify.profile`.
        strict: see `types.green`.
        roots: certificates of time-stamping authorities (objects of `cryptography`).
        trusted_root: file of the roots of trust of Sigstore, None: those that come with its library.
        identity, issuer: who must have signed a Sigstore bundle, and who must have vouched for it; None: not said.
        processes: how many to use for large files.
    """

    keys: Keyring
    anchors: tuple[Anchor, ...] = ()
    profile: str | None = None
    profiles: tuple[tuple[str, dict[str, Any]], ...] = ()
    strict: bool = False
    processes: int = 1
    roots: tuple[Any, ...] = ()
    trusted_root: Path | None = None
    identity: str | None = None
    issuer: str | None = None
    max_expansion: int = limits.MAX_EXPANSION
    max_record: int = limits.MAX_RECORD
    cache: dict[Any, Any] = field(default_factory=dict)


def look(path: Path, shown: str, size: int, max_expansion: int = limits.MAX_EXPANSION) -> Evidence:
    """The evidence of a file, with its first bytes."""
    from auditrail.errors import AuditrailError

    item = Evidence(path, shown, size)
    try:
        with item.open(max_expansion) as stream:
            parts, left = [], _HEAD + 1
            while left > 0 and (block := stream.read(left)):
                parts.append(block)
                left -= len(block)
            head = b"".join(parts)
            if not head and stream.defect:
                return item._replace(error=stream.defect, compression=stream.compression)
            return item._replace(head=head[:_HEAD], complete=len(head) <= _HEAD, compression=stream.compression)
    except AuditrailError as error:
        return item._replace(error=error.message)
    except OSError as error:
        return item._replace(error=(error.strerror or str(error)).lower())
