"""Checks a record's hash at nearly the speed of the hash: writes the pre-image by shortcuts, and lets the hash decide.

A shortcut may write wrong bytes; then the hash does not fit, and the exact way (`plan`, `canon`) decides. It can't
accept what the exact way refuses, because two things are looked at here. A record may have been hashed as the shortcut
writes it, and not in the canonical form: a shortcut counts only where both are the same (`agreement`). And a parser
drops a member that an object names twice: it counts only where the record's bytes, written again from what was parsed,
are the same, or hold as many quotes.

The shortcut: orjson's bytes with sorted keys are those of `py-c-u8`, `py-c`, `jcs`, `js` and `serde` but for some
numbers, names and characters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from auditrail.verify import parse as parsing
from auditrail.verify.plan import Context, Plan
from auditrail.verify.selecting import selector
from auditrail.verify.spelling import respells

if TYPE_CHECKING:
    from auditrail.verify.agreement import Agreement

_SORT = orjson.OPT_SORT_KEYS
COMPACT = ("py-c-u8", "py-c", "jcs", "js", "serde", "orjson")

# How far a record was looked at: its hash fits; its bytes, too, are as such a record is written.
WRONG, FITS, VOUCHED = 0, 1, 2


def checker(plan: Plan, agreement: Agreement) -> Callable[[Any, bytes, str | None, str], int]:
    """A function that tells whether a parsed record gives its own hash; exact where no shortcut helps.

    Called with the value as `agreement` parsed it after `odd` was set to False, the bytes, the link and the declared
    hash. WRONG too where the value is not all that the bytes say.
    """
    shortcut = _shortcut(plan, agreement) if plan.profile.root is None else None

    def exact(value: Any, raw: bytes, link: str | None, own: str) -> int:
        if link is None:
            link = plan.genesis_text or ""
        if _respelled(value, raw) == VOUCHED and type(item := plan.object_of(value)) is dict:
            return VOUCHED if plan.compute(Context(item, raw, link, own)) == own else WRONG
        try:
            parsed = parsing.parse(raw)
        except parsing.ParseError:
            return WRONG
        item = plan.object_of(parsed.value)
        if parsed.duplicates or not isinstance(item, dict):
            return WRONG
        return FITS if plan.compute(Context(item, raw, link, own)) == own else WRONG

    if shortcut is None:
        return exact
    quick = shortcut

    def check(value: Any, raw: bytes, link: str | None, own: str) -> int:
        return (not agreement.odd and quick(value, raw, link, own)) or exact(value, raw, link, own)

    return check


def _respelled(value: Any, raw: bytes) -> int:
    """Whether the bytes say what was parsed and no more: no member was dropped by the parser."""
    try:
        again = orjson.dumps(value)
    except (TypeError, ValueError):  # an integer beyond 64 bits
        return WRONG
    if respells(again, raw):
        return VOUCHED
    return FITS if b"\\u0022" not in raw and again.count(b'"') == raw.count(b'"') else WRONG


def _shortcut(plan: Plan, agreement: Agreement) -> Callable[[Any, bytes, str | None, str], int] | None:
    profile, digest, body = plan.profile, plan.profile.digest, plan.profile.body
    plain = digest.algorithm == "sha256" and digest.encoding == "hex" and not digest.prefix and digest.length is None
    before, after = around(digest.preimage, profile.prev)
    if not plain or before is None or after is None or not body.sort or body.canon not in COMPACT:
        return None
    sha = hashlib.sha256
    select = selector(body)
    head, linked = before.encode(), "{prev}" in before

    def shortcut(value: Any, raw: bytes, link: str | None, own: str) -> int:
        try:
            data = agreement.exactly(orjson.dumps(select(value), option=_SORT))
            whole = (before.replace("{prev}", link or "").encode() if linked else head) + data + after
            fits = sha(whole).hexdigest() == own and agreement.value(value)
            return _respelled(value, raw) if fits else WRONG
        except (TypeError, ValueError, RecursionError, AttributeError):
            return WRONG

    return shortcut


def around(parts: tuple[str, ...], prev: str | None) -> tuple[str | None, bytes | None]:
    """What stands before and behind the body in a pre-image: text and the link only; None: something else does."""
    if parts.count("{body}") != 1:
        return None, None
    at = parts.index("{body}")
    before = ""
    for part in parts[:at]:
        if part in ("{prev}", f"{{f:{prev}}}"):
            before += "{prev}"
        elif part.startswith("{"):
            return None, None
        else:
            before += part
    if any(part.startswith("{") for part in parts[at + 1 :]):
        return None, None
    return before, "".join(parts[at + 1 :]).encode()
