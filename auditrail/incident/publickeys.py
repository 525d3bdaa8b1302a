"""The public keys that verdicts on frozen evidence depend on: kept with the case, to check signatures again.

1. Of each key that was given, the public forms are taken: keys of signed notes, public keys (of a private one, its
   public half), a list of CloudTrail. The bytes that a key may stand for as a secret are never kept.
2. A form is kept if more is verified with it, or another defect is found: 32 bytes that are a secret verify nothing.
3. What still is judged otherwise with all keys needed a secret: it is said, and judged without.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from auditrail import notes
from auditrail.check import keyring as kept_keys
from auditrail.config import Config
from auditrail.errors import NoteError
from auditrail.verify.keys import Key, Keyring
from auditrail.verify.types import Result


class Kept(NamedTuple):
    """What was kept.

    Attributes:
        entries: for `expected.json`: `file` below the case, and the key id (`kid`) that it is for, or None.
        unheld: paths whose verdict needs a key that is not kept.
    """

    entries: tuple[dict[str, Any], ...] = ()
    unheld: tuple[str, ...] = ()


def keep(case: Path, root: Path, given: Keyring, settings: Config) -> Kept:
    """Writes the public keys that the verdicts on some evidence need.

    Args:
        case: the folder of the case.
        root: the folder of the evidence.
        given: the keys of the call.
        settings: the configuration, for its chain profiles.
    """
    if not given:
        return Kept()
    bare = _judged(root, Keyring(), settings)
    entries: list[dict[str, Any]] = []
    for data, end, kid in _forms(given):  # 1
        name = f"{kept_keys.FOLDER}/{len(entries) + 1}{end}"
        entry = {"file": name, "kid": kid}
        path = case / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        if _judged(root, kept_keys.load(case, [entry]), settings) == bare:  # 2
            path.unlink()
        else:
            entries.append(entry)
    folder = case / kept_keys.FOLDER
    if not entries:
        folder.rmdir() if folder.is_dir() else None
    now = _judged(root, kept_keys.load(case, entries), settings) if entries else bare
    all_keys = _judged(root, given, settings)
    unheld = sorted({path for path in all_keys if all_keys[path] != now.get(path)})  # 3
    return Kept(tuple(entries), tuple(unheld))


def _judged(root: Path, keys: Keyring, settings: Config) -> dict[str, list[tuple[Any, ...]]]:
    from auditrail.verify import engine
    from auditrail.verify.evidence import Call

    made: dict[str, list[tuple[Any, ...]]] = {}
    for result in engine.run([root], Call(keys, profiles=settings.chains)).results:
        made.setdefault(Path(result.path).relative_to(root).as_posix(), []).append(_told(result))
    return made


def _told(result: Result) -> tuple[Any, ...]:
    kinds = tuple((defect.kind, defect.record) for defect in result.defects)
    return result.checked, result.verified, kinds


def _forms(given: Keyring) -> Iterator[tuple[bytes, str, str | None]]:
    """Step 1: bytes of a file, the end of its name, and the key id, of everything public; each once."""
    seen: set[tuple[bytes, str | None]] = set()
    for key in given.keys:
        for data, end in _public(key):
            if (data, key.kid) not in seen:
                seen.add((data, key.kid))
                yield data, end, key.kid


def _public(key: Key) -> Iterator[tuple[bytes, str]]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    for reading in key.readings:
        if reading.startswith(b'{"PublicKeyList"') or (reading[:1] == b"{" and b'"PublicKeyList"' in reading):
            yield reading, ".json"
            continue
        try:
            named = notes.verifiers(reading.decode())
        except (NoteError, UnicodeDecodeError):
            continue
        yield "".join(f"{one.render()}\n" for one in named).encode(), ".pub"
    for public in key.public:
        yield public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), ".pem"
