"""Parts of a pre-image, as profiles write them: `{name}`, `{name:argument}`, or text as it stands."""

from __future__ import annotations

from typing import Any

from auditrail.errors import ConfigError

# Parts without an argument, and parts with one.
_PARTS = ("prev", "body", "raw", "hash", "hash-bytes", "preimage")
_ARGUED = ("f", "o", "py", "len32", "hex")


def part_of(part: Any, where: str) -> tuple[str, str]:
    """A part of a pre-image as (kind, argument); text as it stands has the kind `text`.

    Raises:
        ConfigError: it looks like a placeholder, and is none.
    """
    if not isinstance(part, str):
        raise ConfigError(f"{where}: expected a text, found {part!r}")
    if not (part.startswith("{") and part.endswith("}") and len(part) > 2):
        return "text", part
    kind, _, argument = part[1:-1].partition(":")
    if kind in _PARTS and not argument:
        return kind, ""
    if kind in _ARGUED and argument:
        if kind == "hex":
            try:
                bytes.fromhex(argument)
            except ValueError:
                raise ConfigError(f"{where}: {part} is not hex") from None
        return kind, argument
    known = ", ".join([*(f"{{{name}}}" for name in _PARTS), *(f"{{{name}:…}}" for name in _ARGUED)])
    raise ConfigError(f"{where}: {part} is not known", hint=f"known: {known}")
