"""The files around CloudTrail digests: what each is, its bytes, signatures in metadata, keys, and log files by name."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from auditrail import times
from auditrail.verify.evidence import Evidence
from auditrail.verify.keys import Keyring, public_of

# A digest of an hour with ten thousand log files has 4 MB.
LARGEST_DIGEST = 64 << 20
_LARGEST_MEMBER = 1 << 20
_BLOCK = 1 << 20
# <account>_CloudTrail-Digest_<region>_<trail>_<home region>_<time>[_backfill].json.gz
_DIGEST = re.compile(
    r"(?P<account>[^_/]+)_CloudTrail-Digest_(?P<region>[^_/]+)_(?P<trail>[^/]+)_(?P<home>[^_/]+)_(?P<time>\d{8}T\d{4,6}Z)"
    r"(?P<backfill>_backfill)?\.json\.gz"
)
_LOG = re.compile(r"(?P<account>[^_/]+)_CloudTrail_(?P<region>[^_/]+)_(?P<time>\d{8}T\d{4,6}Z)_[^/]+\.json(?:\.gz)?")
_SIGNATURES = ("signature", "x-amz-meta-signature")
_METADATA = ".metadata.json"


def kind_of(item: Evidence) -> str | None:
    """digest, metadata, keys, log or None, by content; metadata by its name, too."""
    head = item.head[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{"):
        return None
    if b'"digestS3Object"' in item.head and b'"digestEndTime"' in item.head:
        return "digest"
    if b'"PublicKeyList"' in head and b'"Fingerprint"' in item.head:
        return "keys"
    # Many a record has a member called signature: metadata is used by its name alone (`Stored.signature`).
    if item.shown.endswith(_METADATA) and item.complete and len(item.head) <= _LARGEST_MEMBER:
        return "metadata" if _signature_in(item.head) is not None else None
    if re.match(rb'\{\s*"Records"\s*:', head):
        return "log"
    return None


def parse(data: bytes) -> tuple[Any, str | None]:
    """(value, the first member that stands twice in one object); (None, None) if it is no JSON."""
    twice: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in pairs:
            if name in made:
                twice.append(name)
            made[name] = value
        return made

    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=members)
    except (ValueError, RecursionError):
        return None, None
    return value, twice[0] if twice else None


def trail_of(key: str) -> str:
    """The chain that an object key belongs to: account/region/trail, with /backfill for backfill digests."""
    name = _DIGEST.fullmatch(PurePosixPath(key).name)
    if name is None:
        return str(PurePosixPath(key).parent)
    return "/".join((name["account"], name["region"], name["trail"])) + ("/backfill" if name["backfill"] else "")


def object_name(name: str) -> str | None:
    """The name of the digest's object, if this is a file name of one, also unpacked; None: a name of another kind."""
    packed = name if name.endswith(".gz") else name + ".gz"
    return packed if _DIGEST.fullmatch(packed) else None


def delivered(item: Evidence) -> int | None:
    """When a log file was delivered, by its name, ns since the epoch."""
    name = _LOG.fullmatch(PurePosixPath(item.shown.replace("!", "/")).name)
    if name is None:
        return None
    text = name["time"].rstrip("Z").ljust(15, "0")
    moment = times.parse(f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[9:11]}:{text[11:13]}:{text[13:15]}Z")
    return moment.ns if moment else None


def hash_log(item: Evidence) -> tuple[str, int, str]:
    """(SHA-256 of the first gzip member decompressed, or of the plain file; bytes behind that member; what is damaged).

    Read here and not through `containers`, which joins members: what stands behind the first is not covered.
    """
    hasher = hashlib.sha256()
    try:
        with item.path.open("rb") as file:
            block = file.read(_BLOCK)
            if not block.startswith(b"\x1f\x8b"):
                while block:
                    hasher.update(block)
                    block = file.read(_BLOCK)
                return hasher.hexdigest(), 0, ""
            inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            while block and not inflate.eof:
                data = inflate.decompress(block, _BLOCK)
                hasher.update(data)
                block = inflate.unconsumed_tail or (b"" if inflate.eof else file.read(_BLOCK))
            if not inflate.eof:
                return "", 0, "its gzip stream stops in the middle"
            trailing = len(inflate.unused_data)
            while more := file.read(_BLOCK):
                trailing += len(more)
            return hasher.hexdigest(), trailing, ""
    except (OSError, zlib.error) as error:
        return "", 0, str(error)


@lru_cache(4096)
def _signature_in(data: bytes) -> str | None:
    value, _ = parse(data)
    if not isinstance(value, dict):
        return None
    for place in (value, value.get("Metadata"), value.get("metadata"), value.get("ResponseMetadata")):
        inner = place.get("HTTPHeaders", place) if isinstance(place, dict) else {}
        for name in _SIGNATURES:
            if isinstance(inner, dict) and isinstance(inner.get(name), str):
                return str(inner[name])
    return None


class Stored:
    """The files of a call by name."""

    def __init__(self, items: Sequence[Evidence]) -> None:
        self._metadata = {item.shown: item for item in items if kind_of(item) == "metadata"}
        self._logs: dict[str, list[Evidence]] = {}
        for item in items:
            if kind_of(item) == "log":
                self._logs.setdefault(_parts(item)[-1], []).append(item)

    @staticmethod
    def text(item: Evidence) -> bytes | None:
        """The decompressed bytes of a small file."""
        try:
            return item.read(LARGEST_DIGEST)
        except Exception:  # noqa: BLE001 - whatever is damaged about it, it can't be read
            return None

    def signature(self, digest: Evidence) -> tuple[str | None, str]:
        """The signature in the metadata beside a digest, and where it stood."""
        beside = self._metadata.get(digest.shown + _METADATA)
        if beside is None:
            return None, ""
        return _signature_in(beside.head), beside.shown

    def log(self, key: str) -> Evidence | None:
        """The log file with an object key: the one whose path ends in most of it."""
        wanted = tuple(part for part in key.removesuffix(".gz").split("/") if part)
        found = self._logs.get(wanted[-1] if wanted else "", [])
        return max(found, key=lambda item: (_alike(_parts(item), wanted), item.shown), default=None)

    def unlisted(self, trail: str, listed: set[str]) -> list[Evidence]:
        """Log files of a trail's account and region that are not in a set of object keys."""
        account, _, rest = trail.partition("/")
        region = rest.partition("/")[0]
        names = {key.rpartition("/")[2].removesuffix(".gz") for key in listed}
        made = []
        for name, items in sorted(self._logs.items()):
            match = _LOG.fullmatch(name)
            if match and (match["account"], match["region"]) == (account, region) and name not in names:
                made.extend(items)
        return made


def _parts(item: Evidence) -> tuple[str, ...]:
    """The path of a file, whether it was unpacked or not."""
    shown = item.shown.removesuffix(".gz")
    return tuple(part for part in shown.replace("\\", "/").replace("!", "/").split("/") if part)


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many parts at the end are the same."""
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count


class _Listed(NamedTuple):
    """A key of a `list-public-keys` answer."""

    fingerprint: str
    public: Any
    window: tuple[int, int] | None


class Keys:
    """Public keys by their fingerprint: those of `list-public-keys` answers, and RSA keys that were given."""

    def __init__(self, listed: Iterable[_Listed], given: Sequence[Any]) -> None:
        self._listed = {key.fingerprint: key for key in listed}
        self._given = given

    @classmethod
    def of(cls, companions: Sequence[Evidence], given: Keyring) -> Keys:
        listed = []
        answers = [item.head for item in companions if kind_of(item) == "keys"]
        answers += [reading for reading in given.secrets() if b'"PublicKeyList"' in reading]
        for answer in answers:
            value, _ = parse(answer)
            listed += _listed(value)
        return cls(listed, [key for key in given.publics() if hasattr(key, "public_numbers")])

    def of_fingerprint(self, fingerprint: str) -> list[Any]:
        """The keys that a signature under this fingerprint may be by."""
        listed = self._listed.get(fingerprint)
        return [listed.public] if listed else list(self._given)

    def window(self, fingerprint: str) -> tuple[int, int] | None:
        """When the key was valid, ns since the epoch."""
        listed = self._listed.get(fingerprint)
        return listed.window if listed else None


def _listed(value: Any) -> list[_Listed]:
    made = []
    entries = value.get("PublicKeyList") if isinstance(value, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        name, text = entry.get("Fingerprint"), entry.get("Value")
        try:
            public = public_of(base64.b64decode(text, validate=True)) if isinstance(text, str) else None
        except (ValueError, binascii.Error):
            public = None
        if isinstance(name, str) and public is not None:
            edges = [times.parse(entry.get(edge)) for edge in ("ValidityStartTime", "ValidityEndTime")]
            window = (edges[0].ns, edges[1].ns) if edges[0] and edges[1] else None
            made.append(_Listed(name, public, window))
    return made
