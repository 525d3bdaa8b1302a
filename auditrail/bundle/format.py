r"""What stands in a bundle: paths, manifest, SHA256SUMS, Merkle root and the text of the signed note. Pure functions.

A bundle is a folder or a ZIP of files. `manifest.json` lists every file but itself, `SHA256SUMS` and `manifest.note`:

1. `files[]` is sorted by the UTF-8 bytes of `path`; each has `path`, `size`, `sha256` and `blake3` (lower-case hex).
2. The line of a file is `<sha256>  <path>\n`, as `sha256sum` writes it: so paths hold nothing that it would escape.
3. `merkle.root` is the root of RFC 6962 over these lines as leaves, in their order.
4. `self` is SHA-256 over the RFC 8785 form of the manifest without `self`: a changed manifest gives itself away, and is
   told from a changed `SHA256SUMS`. Whoever writes a whole manifest anew makes a new `self`: only the signature of the
   note, or a digest that was kept elsewhere, is a defence against that.
5. The manifest is JSON with two blanks of indent, keys in the order of `KEYS`, and a newline at its end: one text.
6. `SHA256SUMS` holds the lines of all files, then that of `manifest.json`.
7. `manifest.note` is a C2SP signed note whose text is a checkpoint: `auditrail bundle`, how many files, the root in
   base64, `manifest-sha256 <hex>`.

Writing: `manifest(body, files)`, `manifest_bytes`, `sums_text`, `note_text`. Reading: `read_manifest`, `read_sums`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from auditrail import jsontext, merkle, notes
from auditrail.errors import BundleError, NoteError, RecordError

SCHEMA = "auditrail.bundle/1"
MANIFEST, SUMS, NOTE = "manifest.json", "SHA256SUMS", "manifest.note"
# The files that the manifest does not list, since they are made of it.
UNLISTED = frozenset({MANIFEST, SUMS, NOTE})
ORIGIN = "auditrail bundle"
ALGORITHM = "rfc6962-sha256"
LEAF = "the line of SHA256SUMS: sha256 hex, two blanks, path, LF"
# The order in which the manifest's keys are written. `signer`: the public key of the note (`name+id+base64`), null
# without one: a note that was taken away would not be missed, and a damaged one not be seen by who has no key.
KEYS = (
    "schema", "generated_by", "not_checked", "command", "scope", "period", "operator", "generated_at", "custody",
    "sources", "counts", "redaction", "signer", "files", "merkle", "self",
)  # fmt: skip
_MADE = frozenset({"schema", "files", "merkle", "self"})
# A file's entry takes some 250 bytes: enough for a quarter of a million of them.
MOST_MANIFEST = 64 << 20
_LONGEST_PATH = 1024

_HEX = re.compile(r"[0-9a-f]{64}\Z")
_LINE = re.compile(rb"([0-9a-f]{64})  ([^\r\n\0]+)\Z")
# Control characters, separators of lines, marks that turn the direction of text, and what file systems give a meaning.
_FORBIDDEN = re.compile(
    '[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\\\\:*?"<>|]'
)
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?\Z", re.IGNORECASE)


class FileEntry(NamedTuple):
    """One file of a bundle: its path, its size in bytes, and its digests in lower-case hex."""

    path: str
    size: int
    sha256: str
    blake3: str

    @property
    def line(self) -> str:
        """Its line in SHA256SUMS, which is its leaf in the tree."""
        return line(self.sha256, self.path)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as it was read; whether what it says is so is for the verification to find out.

    Attributes:
        document: all of it. files: its entries, in its order.
        size, root: what it says of the Merkle tree (root in hex). own: what it says `self` is.
        signer: the public key that it says signed the note, None if nobody did.
        flags: what the parser had to say (`jsontext`).
    """

    document: dict[str, Any]
    files: tuple[FileEntry, ...]
    size: int
    root: str
    own: str
    signer: str | None
    flags: tuple[str, ...] = ()


class Sums(NamedTuple):
    """SHA256SUMS as it was read: (digest, path) in order, and the numbers (from 1) of lines that are none."""

    entries: tuple[tuple[str, str], ...]
    faults: tuple[int, ...]


def unsafe(path: str) -> str | None:
    """Why a path may not stand in a bundle, None if it may: it could leave the folder, or be read as another one."""
    if not path or len(path.encode("utf-8", "surrogatepass")) > _LONGEST_PATH:
        return "it is empty" if not path else f"it is longer than {_LONGEST_PATH} bytes"
    if found := _FORBIDDEN.search(path):
        return f"it holds the character U+{ord(found[0]):04X}"
    if path.startswith("/"):
        return "it begins at the root of the file system"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "it has an empty part" if not part else f"it has the part {part!r}"
        if part[-1] in ". " or part[0] == " " or _DEVICE.match(part):
            return f"some systems would read the part {part!r} as another one"
    return None


def same_place(path: str) -> str:
    """What two paths have in common that are one file where case or the form of accents does not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def order(path: str) -> bytes:
    """What files are sorted by."""
    return path.encode("utf-8", "surrogatepass")


def line(digest: str, path: str) -> str:
    """A line of SHA256SUMS."""
    return f"{digest}  {path}\n"


def root(files: Iterable[FileEntry]) -> bytes:
    """The Merkle root over the lines of files, in the order given (32 bytes)."""
    tree = merkle.Frontier()
    for entry in files:
        tree.add(merkle.leaf_hash(entry.line.encode("utf-8", "surrogatepass")))
    return tree.root()


def self_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over the RFC 8785 form of a manifest without `self`.

    Raises:
        BundleError: it holds what RFC 8785 can't write: an integer beyond 2**53, half a character, NaN.
    """
    import rfc8785

    try:
        made = rfc8785.dumps({key: value for key, value in document.items() if key != "self"})
    except (ValueError, RecursionError) as error:
        raise BundleError(f"the manifest has no canonical form: {error}") from error
    return sha256(made).hexdigest()


def manifest(body: Mapping[str, Any], files: Iterable[FileEntry]) -> dict[str, Any]:
    """The manifest's document over files in any order.

    Args:
        body: everything but `schema`, `files`, `merkle` and `self`; what is left out is null. Times are text, and no
            integer is beyond 2**53 (RFC 8785).
        files: all files but those of `UNLISTED`.

    Raises:
        BundleError: a key is unknown, a path is unsafe or stands twice, or a value has no canonical form.
    """
    if unknown := sorted(set(body) - (set(KEYS) - _MADE)):
        raise BundleError(f"a manifest has no {unknown[0]!r}")
    listed = sorted(files, key=lambda entry: order(entry.path))
    seen: set[str] = set()
    for entry in listed:
        if reason := unsafe(entry.path):
            raise BundleError(f"{entry.path!r} can't be the path of a file in a bundle: {reason}")
        if entry.path in UNLISTED or same_place(entry.path) in seen:
            raise BundleError(f"{entry.path!r} stands twice in the bundle")
        seen.add(same_place(entry.path))
    tree = {"algorithm": ALGORITHM, "leaf": LEAF, "size": len(listed), "root": root(listed).hex()}
    made = {"schema": SCHEMA, **body, "files": [entry._asdict() for entry in listed], "merkle": tree}
    document = {key: made.get(key) for key in KEYS[:-1]}
    return {**document, "self": self_digest(document)}


def manifest_bytes(document: Mapping[str, Any]) -> bytes:
    """The one text of a manifest, keys in the order of the document.

    Raises:
        BundleError: it holds what no JSON text holds.
    """
    try:
        return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise BundleError(f"the manifest can't be written: {error}") from error


def sums_text(files: Iterable[FileEntry], manifest_sha256: str) -> str:
    """The text of SHA256SUMS; `files` sorted as in the manifest."""
    return "".join([*(entry.line for entry in files), line(manifest_sha256, MANIFEST)])


def note_text(count: int, root: bytes, manifest_sha256: str) -> str:
    """The text of the note that is signed."""
    return notes.Checkpoint(ORIGIN, count, root, (f"manifest-sha256 {manifest_sha256}",)).text()


def is_manifest(head: bytes) -> bool:
    """Whether a file that begins so is a bundle's manifest."""
    return head.lstrip()[:1] == b"{" and b'"schema": "auditrail.bundle/' in head[:200]


def read_manifest(raw: bytes) -> Manifest:
    """Reads a manifest.

    Raises:
        BundleError: it is none, or of a version that is not known here.
    """
    if len(raw) > MOST_MANIFEST:
        raise BundleError(f"it is larger than {MOST_MANIFEST >> 20} MiB")
    try:
        document, flags = jsontext.parse(raw)
    except RecordError as error:
        raise BundleError(f"it is no JSON: {error.reason}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise BundleError(f"it is no manifest of {SCHEMA}")
    tree = document.get("merkle")
    if not isinstance(tree, dict) or tree.get("algorithm") != ALGORITHM:
        raise BundleError(f"its Merkle tree is not {ALGORITHM}")
    listed = document.get("files")
    if not isinstance(listed, list):
        raise BundleError("it lists no files")
    signer = document.get("signer")
    if signer is not None:
        try:
            notes.verifier(str(signer))
        except NoteError as error:
            raise BundleError(f"its signer is no public key: {error.message}") from None
    files = tuple(_entry(number, value) for number, value in enumerate(listed))
    size = _size(tree.get("size"), "its Merkle tree")
    top, own = _digest(tree.get("root"), "its Merkle root"), _digest(document.get("self"), "self")
    return Manifest(document, files, size, top, own, signer, flags)


def read_sums(raw: bytes) -> Sums:
    """Reads SHA256SUMS; a last line without a newline is none."""
    lines = raw.split(b"\n")
    entries: list[tuple[str, str]] = []
    faults: list[int] = []
    for number, text in enumerate(lines[:-1], 1):
        found = _LINE.match(text)
        if found is None:
            faults.append(number)
        else:
            entries.append((found[1].decode(), found[2].decode("utf-8", "backslashreplace")))
    if lines[-1]:
        faults.append(len(lines))
    return Sums(tuple(entries), tuple(faults))


def _entry(number: int, value: Any) -> FileEntry:
    where = f"files[{number}]"
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        raise BundleError(f"{where} has no path")
    return FileEntry(
        value["path"],
        _size(value.get("size"), where),
        _digest(value.get("sha256"), f"sha256 of {where}"),
        _digest(value.get("blake3"), f"blake3 of {where}"),
    )


def _size(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:  # as RFC 8785 can write
        raise BundleError(f"{where} has no size")
    return value


def _digest(value: Any, what: str) -> str:
    if not isinstance(value, str) or not _HEX.match(value):
        raise BundleError(f"{what} is no digest")
    return value
