"""How a line is spelled, beside what it says: blanks between its parts, and escapes of characters beyond ASCII."""

from __future__ import annotations

import re

_BEYOND_ASCII = re.compile("[^\x00-\x7e]")


def is_plain(data: bytes) -> bool:
    """Whether nothing in it has to be escaped by a writer of ASCII."""
    return data.isascii() and b"\x7f" not in data


def escaped(data: bytes) -> bytes:
    """JSON with every character beyond ASCII, and DEL, as an escape: what Python's `json` writes by default."""
    if is_plain(data):
        return data
    text = data.decode()
    # Python's own writer of escapes gives four digits to most characters, as JSON has them, and is ten times as fast.
    made = text.encode("ascii", "backslashreplace")
    if b"\\x" in made or b"\\U" in made or b"\x7f" in made:
        return _BEYOND_ASCII.sub(_escape, text).encode()
    return made


def _escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def respells(compact: bytes, line: bytes) -> bool:
    """Whether a line is what a compact writer wrote, but for blanks between its parts and escapes beyond ASCII.

    So it says what was parsed of it and no more: no member was dropped, and no character is written in another way.
    """
    if compact == line:
        return True
    bare = line.replace(b" ", b"")
    return compact.replace(b" ", b"") == bare or escaped(compact).replace(b" ", b"") == bare
