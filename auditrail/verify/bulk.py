"""Checks a block of clean lines at once: lists through C functions instead of calls for each record.

Says yes or nothing: where anything is not as it should be, `fast` goes through the block record by record. What it
takes is exact, because the hash is made of the parsed value written anew, as the canonical form writes it
(`agreement`), and because of one more thing that is held here:

A parser drops a member that an object names twice, and the hash of what it kept still fits. In a line without a
backslash each string stands between two quotes and holds none; the value written anew has as many quotes as it has
strings. So a block has more quotes than its values if anything was dropped from any line, and else as many. A line with
a backslash must be its own value written anew, but for blanks between its parts.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import orjson

from auditrail.verify.paths import get
from auditrail.verify.plan import Plan
from auditrail.verify.quick import COMPACT, around
from auditrail.verify.spelling import is_plain, respells

if TYPE_CHECKING:
    from auditrail.verify.agreement import Agreement

# Bytes of a file for which numpy is loaded, which takes as long as to check 25 MB.
_LARGE = 64 << 20
_ABSENT = object()
_NUMBERS = {int, float}
_SCALARS = (str, int, float, bool, type(None))


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
    if own is None or prev is None or before is None or after is None or not plain or body.reshaped or profile.root:
        return None
    if body.select != "all-minus" or body.canon not in COMPACT or own not in body.fields or profile.checks:
        return None
    # The link must stay in the value until it is read; inner fields can't be taken out by their name.
    if prev in body.fields or any("." in path for path in (*body.fields, prev)):
        return None
    return Bulk(body.fields, own, prev, before, after, orjson.OPT_SORT_KEYS if body.sort else 0, digest.prefix)


class Rows(Protocol):
    """The records of a block of lines: parsed, and on their way to be written anew."""

    # The type of what `take` gives for a member that a record does not have.
    absent: ClassVar[type[Any]]

    def column(self, name: str | None) -> list[Any]:
        """The values of a top-level member; None where it is absent."""
        ...

    def take(self, name: str) -> list[Any]:
        """The same, and the member is taken out of the records."""
        ...

    def written(self) -> list[bytes]:
        """The records, written with sorted names or as they are, as the profile says."""
        ...

    def agrees(self) -> bool:
        """Whether what is written of them, its characters aside, is what the profile's canonical form would be."""
        ...

    def lines(self) -> Sequence[bytes]:
        """The lines, each with its newline."""
        ...

    def respelled(self, number: int) -> bool:
        """Whether a line says what was parsed and no more (`spelling.respells`); before anything is taken out."""
        ...

    def samples(self) -> list[dict[str, Any]]:
        """A record for each set of top-level members that there is, the first one of all first."""
        ...


class Parsed:
    """Lines as dicts, made of a block.

    Raises:
        ValueError: a line is blank or no JSON.
        TypeError: a record is no object.
    """

    absent: ClassVar[type[Any]] = object

    def __init__(self, bulk: Bulk, agreement: Agreement, block: bytes) -> None:
        self._option = bulk.option
        self._agreement = agreement
        self._lines = split(block)
        self._values: list[dict[str, Any]] = agreement.load_lines(block)
        if set(map(type, self._values)) - {dict}:
            raise TypeError
        if len(self._values) != len(self._lines):
            raise ValueError("blank lines count, too")

    def column(self, name: str | None) -> list[Any]:
        if name is None:
            return [None] * len(self._values)
        if "." in name:
            return [get(value, name) for value in self._values]
        return [value.get(name) for value in self._values]

    def take(self, name: str) -> list[Any]:
        return [value.pop(name, _ABSENT) for value in self._values]

    def written(self) -> list[bytes]:
        dumps, option = orjson.dumps, self._option
        return [dumps(value, option=option) for value in self._values]

    def agrees(self) -> bool:
        return not self._agreement.ecma or all(map(self._agreement.value, self._values))

    def lines(self) -> Sequence[bytes]:
        return self._lines

    def respelled(self, number: int) -> bool:
        return respells(orjson.dumps(self._values[number]), self._lines[number].removesuffix(b"\n"))

    def samples(self) -> list[dict[str, Any]]:
        shapes: dict[tuple[str, ...], dict[str, Any]] = {}
        for shape, value in zip(map(tuple, self._values), self._values, strict=True):
            shapes.setdefault(shape, value)
        return list(map(dict, shapes.values()))


def split(block: bytes) -> list[bytes]:
    """The lines of a block, each with its newline. `readlines` takes a quarter of the time of `split`."""
    return io.BytesIO(block).readlines()


def counter(size: int) -> Callable[[bytes], int]:
    """What counts the quotes in bytes of a file of this size.

    `bytes.count` stops at each; numpy does not, and takes a tenth of the time. It is worth loading for large files.
    """
    if size < _LARGE:
        return lambda data: data.count(b'"')
    import numpy as np

    quote = ord('"')
    return lambda data: int(np.count_nonzero(np.frombuffer(data, np.uint8) == quote))


def check(
    bulk: Bulk, agreement: Agreement, block: bytes, rows: Rows, count: Callable[[bytes], int]
) -> tuple[list[str], list[Any]] | None:
    """Whether every record gives its own hash and says no more than was parsed; takes the fields out of the rows.

    Args:
        bulk: how the records are checked.
        agreement: with the canonical form.
        block: the lines.
        rows: what was parsed of them.
        count: counts quotes (`counter`).

    Returns:
        The declared hashes and the links. None: not all of them fit, or it can't be told from here.
    """
    escaped = [number for number, line in enumerate(rows.lines()) if b"\\" in line] if b"\\" in block else []
    if not all(map(rows.respelled, escaped)):
        return None
    taken = {name: rows.take(name) for name in bulk.fields}
    owns, links = taken[bulk.own], rows.column(bulk.prev)
    if set(map(type, owns)) != {str}:
        return None
    if not rows.agrees():
        return None
    data = rows.written()
    whole = b"".join(data)
    if agreement.ascii and not is_plain(whole):
        data = list(map(agreement.exactly, data))
    quotes = _quotes(taken.values(), escaped, rows.absent)
    if quotes is None or _rest(count, block, rows.lines, escaped) != (
        _rest(count, whole, lambda: data, escaped) + quotes
    ):
        return None
    if bulk.before or bulk.after:
        if "{prev}" in bulk.before and not set(map(type, links)) <= {str}:
            return None
        data = [
            bulk.before.replace("{prev}", link or "").encode() + item + bulk.after
            for link, item in zip(links, data, strict=True)
        ]
    sha, prefix = hashlib.sha256, bulk.prefix
    hashed = [sha(item).hexdigest() for item in data]
    if (hashed if not prefix else [prefix + text for text in hashed]) != owns:
        return None
    return owns, links


def _rest(
    count: Callable[[bytes], int], whole: bytes, parts: Callable[[], Sequence[bytes]], escaped: Sequence[int]
) -> int:
    """Quotes of the lines that hold no backslash."""
    made = count(whole)
    return made - sum(count(parts()[number]) for number in escaped) if escaped else made


def _quotes(taken: Any, escaped: Sequence[int], absent: type[Any]) -> int | None:
    """Quotes of the members that were taken out of those lines; None: one of them has an inside."""
    total, left_out = 0, frozenset(escaped)
    for column in taken:
        found = [item for number, item in enumerate(column) if number not in left_out] if left_out else column
        kinds = list(map(type, found))
        if not {*kinds} <= {absent, *_SCALARS}:
            return None
        total += 2 * (len(found) - kinds.count(absent)) + 2 * kinds.count(str)
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
