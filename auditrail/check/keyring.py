"""The public keys of a frozen case, as `expected.json` names them: `keys` has `file` and `kid` of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from auditrail.errors import UnreadableError
from auditrail.verify import keys
from auditrail.verify.keys import Keyring

FOLDER = "keys"
_LARGEST = 1 << 20


def load(case: Path, entries: Iterable[Any]) -> Keyring:
    """The keys.

    Raises:
        UnreadableError: an entry is none, or leads out of the case. UsageError: a file is no key.
    """
    made: list[keys.Key] = []
    for entry in entries:
        name, kid = (entry.get("file"), entry.get("kid")) if isinstance(entry, Mapping) else (None, None)
        pure = PurePosixPath(name) if isinstance(name, str) else PurePosixPath()
        if pure.parts[:1] != (FOLDER,) or len(pure.parts) != 2 or ".." in pure.parts or not isinstance(kid, str | None):
            raise UnreadableError(f"{case}: keys of expected.json are not what they should be")
        path = case.joinpath(*pure.parts)
        try:
            with path.open("rb") as file:
                data = file.read(_LARGEST)
        except OSError as error:
            raise UnreadableError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        made += keys.parse(data, name or "", kid)
    return Keyring(tuple(made))
