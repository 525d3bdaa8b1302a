"""Checks a record's hash at nearly the speed of the hash: writes the pre-image by shortcuts, and lets the hash decide.

A shortcut may write wrong bytes; then the hash does not fit, and the exact way (`plan`, `canon`) decides. It can't
accept what the exact way refuses, because two things are looked at here. A record may have been hashed as the shortcut
writes it, and not in the canonical form: a shortcut counts only where both are the same (`agreement`). And a parser
drops a member that an object names twice: it counts only where the record's bytes, written again from what was parsed,
are the same, or hold as many quotes. The shortcuts:

- cut: the record's own bytes without its own hash (the line is written in canonical form already);
- sorted: orjson's bytes with sorted keys are those of `py-c-u8`, `jcs`, `js` and `serde` but for some numbers and keys;
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from auditrail.verify import parse as parsing
from auditrail.verify.plan import Context, Plan, selector
from auditrail.verify.profile import Profile

if TYPE_CHECKING:
    from auditrail.verify.agreement import Agreement

_SORT = orjson.OPT_SORT_KEYS
COMPACT = ("py-c-u8", "py-c", "jcs", "js", "serde", "orjson")


# A log whose lines are not canonical as they stand will not have some that are.
_TRIES = 50
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
    if again == raw:
        return VOUCHED
    return FITS if b"\\u0022" not in raw and again.count(b'"') == raw.count(b'"') else WRONG


def _shortcut(plan: Plan, agreement: Agreement) -> Callable[[Any, bytes, str | None, str], int] | None:
    profile, digest, body = plan.profile, plan.profile.digest, plan.profile.body
    plain = digest.algorithm == "sha256" and digest.encoding == "hex" and not digest.prefix and digest.length is None
    before, after = around(digest.preimage, profile.prev)
    if not plain or before is None or after is None or not body.sort or body.canon not in COMPACT:
        return None
    if _is_cut(profile) and digest.preimage == ("{body}",):
        return _cutter(profile, agreement)
    sha = hashlib.sha256
    select = selector(body)
    head, linked = before.encode(), "{prev}" in before

    def shortcut(value: Any, raw: bytes, link: str | None, own: str) -> int:
        try:
            data = orjson.dumps(select(value), option=_SORT)
            whole = (before.replace("{prev}", link or "").encode() if linked else head) + data + after
            fits = sha(whole).hexdigest() == own and agreement.text(data) and agreement.value(value)
            return _respelled(value, raw) if fits else WRONG
        except (TypeError, ValueError, RecursionError, AttributeError):
            return WRONG

    return shortcut


def _is_cut(profile: Profile) -> bool:
    """Whether the whole record but its own hash is hashed."""
    body = profile.body
    changed = body.rename or body.drop_nulls or body.exclude_deep or body.replace or body.root or body.orders
    return body.select == "all-minus" and body.fields == (profile.hash,) and not changed and "." not in body.fields[0]


def _cutter(profile: Profile, agreement: Agreement) -> Callable[[Any, bytes, str | None, str], int]:
    """The shortcuts for records that are hashed whole: their bytes without their hash, or the same with sorted keys.

    One function without calls of others: it runs for each record of a log, and a call costs a tenth of the hash.
    """
    name = profile.hash or ""
    member = b',"' + name.encode() + b'":"'
    sha, dumps = hashlib.sha256, orjson.dumps
    rest = len(member) + 1
    misses = 0

    def agrees(data: bytes, value: Any) -> bool:
        return agreement.text(data) and agreement.value(value)

    def check(value: Any, raw: bytes, _link: str | None, own: str) -> int:
        nonlocal misses
        at = raw.rfind(member)
        bare = raw[:at] + raw[at + rest + len(own) :] if at > 0 else b""
        try:
            if misses < _TRIES:
                if bare and sha(bare).hexdigest() == own and dumps(value, option=_SORT) == raw and agrees(raw, value):
                    return VOUCHED
                misses += 1
            del value[name]
            data = dumps(value, option=_SORT)
            fits = sha(data).hexdigest() == own and agrees(data, value)
            said = fits and dumps(value) == bare
            value[name] = own
        except (TypeError, ValueError, RecursionError):
            value[name] = own
            return WRONG
        # What was cut out is the value's own hash: else the bytes would not be those of the value without it.
        if said:
            return VOUCHED
        return _respelled(value, raw) if fits else WRONG

    return check


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
