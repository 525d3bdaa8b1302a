"""Checks a block of clean lines at once: lists through C functions instead of calls for each record.

Says yes or nothing: where anything is not as it should be, `fast` goes through the block record by record. What it
takes is exact, because the hash is made of the parsed value written anew (so a wrong shortcut gives another hash), and
because of one more thing that is held here:

A parser drops a member that an object names twice, and the hash of what it kept still fits. In a line without a
backslash each string stands between two quotes and holds none; the value written anew has as many quotes as it has
strings. So a block has more quotes than its values if anything was dropped from any line, and else as many. A line with
a backslash must be, byte for byte, its own value written anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from auditrail.verify.plan import Plan
from auditrail.verify.quick import COMPACT, around

_ABSENT = object()
_NUMBERS = {int, float}


class Bulk(NamedTuple):
    """A profile whose records can be checked so: which fields are taken out before the rest is written and hashed.

    Attributes:
        fields: top-level fields that are not hashed; `own` is the first of them.
        before, after: what stands around the written value in the pre-image; `{prev}` in `before` is the link.
        option: of orjson. prefix: what stands before the hex of the hash in the record.
    """

    fields: tuple[str, ...]
    own: str
    prev: str
    before: str
    after: bytes
    option: int
    prefix: str


def plan_of(plan: Plan) -> Bulk | None:
    """How the records of a profile are checked at once; None: they can't be."""
    profile, digest, body = plan.profile, plan.profile.digest, plan.profile.body
    own, prev = profile.hash, profile.prev
    before, after = around(digest.preimage, prev)
    plain = digest.algorithm == "sha256" and digest.encoding == "hex" and digest.length is None
    changed = body.rename or body.drop_nulls or body.exclude_deep or body.replace or body.root or body.orders
    if own is None or prev is None or before is None or after is None or not plain or changed or profile.root:
        return None
    if body.select != "all-minus" or body.canon not in COMPACT or own not in body.fields or profile.checks:
        return None
    # The link must stay in the value until it is read; inner fields can't be taken out by their name.
    if prev in body.fields or any("." in path for path in (*body.fields, prev)):
        return None
    return Bulk(body.fields, own, prev, before, after, orjson.OPT_SORT_KEYS if body.sort else 0, digest.prefix)


def check(
    bulk: Bulk, block: bytes, lines: Sequence[bytes], values: list[dict[str, Any]]
) -> tuple[list[str], list[Any]] | None:
    """Whether every record gives its own hash and says no more than was parsed; takes the fields out of the values.

    Called with the values as orjson reads the lines; returns the declared hashes and the links. None: not all of them
    do, or it can't be told from here.
    """
    dumps, sha, option, prefix = orjson.dumps, hashlib.sha256, bulk.option, bulk.prefix
    escaped = [number for number, line in enumerate(lines) if b"\\" in line] if b"\\" in block else []
    if any(dumps(values[number]) != lines[number] for number in escaped):
        return None
    taken = {name: [value.pop(name, _ABSENT) for value in values] for name in bulk.fields}
    owns, links = taken[bulk.own], [value.get(bulk.prev) for value in values]
    if set(map(type, owns)) != {str}:
        return None
    data = [dumps(value, option=option) for value in values]
    quotes = _quotes(taken.values(), escaped)
    if quotes is None or _count(block, lines, escaped) != _count(b"".join(data), data, escaped) + quotes:
        return None
    if bulk.before or bulk.after:
        if "{prev}" in bulk.before and not set(map(type, links)) <= {str}:
            return None
        data = [
            bulk.before.replace("{prev}", link or "").encode() + item + bulk.after
            for link, item in zip(links, data, strict=True)
        ]
    hashed = [sha(item).hexdigest() for item in data]
    if (hashed if not prefix else [prefix + text for text in hashed]) != owns:
        return None
    return owns, links


def _count(whole: bytes, parts: Sequence[bytes], escaped: Sequence[int]) -> int:
    """Quotes of the lines that hold no backslash."""
    return whole.count(b'"') - sum(parts[number].count(b'"') for number in escaped)


def _quotes(taken: Any, escaped: Sequence[int]) -> int | None:
    """Quotes of the members that were taken out of those lines; None: one of them has an inside."""
    total, left_out = 0, frozenset(escaped)
    for column in taken:
        found = [item for number, item in enumerate(column) if number not in left_out] if left_out else column
        kinds = list(map(type, found))
        if dict in kinds or list in kinds:
            return None
        total += 2 * (len(found) - kinds.count(object)) + 2 * kinds.count(str)
    return total


def linked(last: str | None, owns: Sequence[str], links: Sequence[Any]) -> bool:
    """Whether each record names the one before it; the first one's link is compared if there is a record before it."""
    if list(links[1:]) != list(owns[:-1]):
        return False
    return last is None or links[0] == last


def counts_up(before: Any, numbers: Sequence[Any]) -> bool:
    """Whether sequence numbers count up by one; False, too, where some are numbers and some are not."""
    kinds = set(map(type, numbers))
    if int not in kinds:
        return True
    first = numbers[0]
    if kinds != {int} or list(numbers) != list(range(first, first + len(numbers))):
        return False
    return type(before) is not int or first == before + 1


def ascend(before: float | None, times: Sequence[Any]) -> bool:
    """Whether times are numbers that never go back."""
    if not set(map(type, times)) <= _NUMBERS or list(times) != sorted(times):
        return False
    return before is None or before <= times[0]


def getter(path: str | None, get: Callable[[Any, str], Any]) -> Callable[[Sequence[dict[str, Any]]], list[Any]]:
    """The function from records to the values of a field."""
    if path is None:
        return lambda values: [None] * len(values)
    if "." in path:
        return lambda values: [get(value, path) for value in values]
    return lambda values: [value.get(path) for value in values]
