"""Lines of one shape, matched against its keys byte by byte; what stands between the keys are the values.

A line that matches is proven to be the JSON object that it seems to be, each of its keys named once: it is exactly
the keys of the template, in compact form, and values that are checked one by one:

1. A string is what stands between two quotes; control characters, bad UTF-8 and odd escapes were ruled out before.
2. `true`, `false`, `null`, `{}`, `[]` are compared; an integer is a few digits.
3. Any other number, object or array is parsed, and must be, written again, the same bytes. So no key stands twice
   in it, no number lost a digit, and its bytes can be taken as they are.

Whatever does not match is left to the caller.
"""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import orjson

from auditrail.ingest._fast_index import Block, Bools, Ints, slices
from auditrail.ingest._fast_values import MASKS, digits
from auditrail.readers._jsonl_plans import Plan, Shape, build, shape_of

STRING, INTEGER, FLOAT, TRUE, FALSE, NULL, OBJECT, ARRAY, NO_TEXT, NO_OBJECT, NO_ARRAY, NEGATIVE = range(12)
_BAD = 255
_TAGS = np.full(256, _BAD, np.uint8)
for _byte, _tag in ((34, STRING), (116, TRUE), (102, FALSE), (110, NULL), (123, OBJECT), (91, ARRAY), (45, FLOAT)):
    _TAGS[_byte] = _tag
_TAGS[48:58] = INTEGER
_LITERALS = {TRUE: b"true", FALSE: b"false", NULL: b"null"}
_OPEN = np.array([123, 91])
# Keys that may hold recognised names are opened if they hold an object, and then the shape is another.
_PROBE = {"x": 0}


class Hole(NamedTuple):
    """A place for a value: the path of its keys, and the bytes between it and the value before it."""

    path: tuple[str, ...]
    prefix: bytes
    openable: bool


class Template:
    """All records of one shape: their holes, and the plan to read them by."""

    def __init__(self, shape: Shape, plan: Plan) -> None:
        self.shape = shape
        self.plan = plan
        self.holes: list[Hole] = []
        self.members: list[tuple[str, int, int]] = []  # key, first hole, behind the last hole
        self.outcomes: dict[Any, Any] = {}
        self.suffix = self._add(shape, (), b"") + b"}"

    def _add(self, shape: Shape, parents: tuple[str, ...], before: bytes) -> bytes:
        """Adds the holes of an object; gives what closes its last opened members."""
        lead = b"{"
        for item in shape:
            key, inner = (item, None) if isinstance(item, str) else item
            first = len(self.holes)
            path = (*parents, key)
            prefix = before + lead + orjson.dumps(key) + b":"
            if inner is None:
                below = _PROBE
                for parent in reversed(path):
                    below = {parent: below}  # type: ignore[dict-item]
                self.holes.append(Hole(path, prefix, _opens(below, path)))
                before = b""
            else:
                before = self._add(inner, path, prefix) + b"}"
            if not parents:
                self.members.append((key, first, len(self.holes)))
            lead = b","
        return before

    @cached_property
    def places(self) -> dict[tuple[str, ...], int]:
        """Path -> number of its hole."""
        return {hole.path: number for number, hole in enumerate(self.holes)}


def _opens(value: Any, path: tuple[str, ...]) -> bool:
    """Whether the shape of records goes into an object at the path."""
    shape: Any = shape_of(value)
    for _ in path:
        if not shape or isinstance(shape[0], str):
            return False
        shape = shape[0][1]
    return True


def template_of(value: dict[str, Any]) -> Template | None:
    """The template for a record; None if lines of its shape are not to be matched."""
    shape = shape_of(value)
    plan = build(shape)
    if not value or plan.odd or "tool_calls" in plan.slots:
        return None
    made = Template(shape, plan)
    paths = {path for some in plan.slots.values() for path in some} | {path for _, path, _ in plan.ids}
    # An opened object that is arguments as a whole: what is in it may change the plan.
    return made if paths <= made.places.keys() else None


class Matched(NamedTuple):
    """Lines that match: for each hole the places where its values begin and end (quotes included), and their tags."""

    lines: Ints
    starts: list[Ints]
    ends: list[Ints]
    tags: list[Any]

    def select(self, keep: Any) -> Matched:
        """Some of the rows. `keep` is a mask."""
        if keep.all():
            return self
        return Matched(
            self.lines[keep], [a[keep] for a in self.starts], [a[keep] for a in self.ends], [a[keep] for a in self.tags]
        )


def _literal(block: Block, places: Ints, text: bytes) -> Bools:
    """Where the text stands."""
    found = np.ones(len(places), bool)
    for at in range(0, len(text), 32):
        piece = text[at : at + 32]
        seen = block.wide(places + at) if len(piece) > 8 else block.word(places + at)[:, None]
        for number in range((len(piece) + 7) // 8):
            wanted = piece[8 * number : 8 * number + 8]
            word = seen[:, number] if len(wanted) == 8 else seen[:, number] & MASKS[len(wanted)]
            found &= word == np.uint64(int.from_bytes(wanted, "little"))
    return found


def _quotes_in(text: bytes) -> tuple[int, int]:
    """(place of the first quote, or the length; number of quotes that are not escaped)."""
    count, at, first = 0, 0, len(text)
    while at < len(text):
        if text[at] == 92:
            at += 1
        elif text[at] == 34:
            first = min(first, at)
            count += 1
        at += 1
    return first, count


class _Walk:
    """The state of a walk: one row per line that still matches."""

    def __init__(self, block: Block, lines: Ints) -> None:
        self.block = block
        self.lines = lines
        self.at = block.starts[lines]
        self.stop = block.ends[lines]
        self.quote = block.first_quote[lines]
        self.last = block.last_quote[lines]
        self.starts: list[Ints] = []
        self.ends: list[Ints] = []

    def keep(self, mask: Bools) -> None:
        if mask.all():
            return
        self.lines, self.at, self.stop = self.lines[mask], self.at[mask], self.stop[mask]
        self.quote, self.last = self.quote[mask], self.last[mask]
        self.starts = [a[mask] for a in self.starts]
        self.ends = [a[mask] for a in self.ends]

    def prefix(self, text: bytes) -> None:
        self.keep(_literal(self.block, self.at, text) & (self.at + len(text) < self.stop))
        self.at = self.at + len(text)
        self.quote = self.quote + _quotes_in(text)[1]

    def value(self, follows: bytes, *, is_last: bool) -> None:
        block = self.block
        first = block.bytes[self.at]
        strings = first == 34
        if strings.all():
            end = block.quotes[self.quote + 1] + 1
            quote = self.quote + 2
        else:
            end, quote = self._other(first, strings, follows, is_last)
        good = (end > self.at) & (end <= self.stop) & (quote <= self.last)
        self.starts.append(self.at)
        self.ends.append(end)
        self.at, self.quote = end, quote
        self.keep(good)

    def _other(self, first: Any, strings: Bools, follows: bytes, is_last: bool) -> tuple[Ints, Ints]:
        """Ends of values that are not all strings: a number ends where what follows begins."""
        quotes = self.block.quotes
        containers = (first == 123) | (first == 91)
        if is_last:
            end, quote = self.stop - len(follows), np.where(containers, self.last, self.quote)
        else:
            end, quote = quotes[np.minimum(self.quote, len(quotes) - 1)] - _quotes_in(follows)[0], self.quote
            if containers.any():
                rows = np.flatnonzero(containers)
                end, quote = end.copy(), quote.copy()
                end[rows], quote[rows] = self._behind(self.at[rows], quote[rows], follows)
        if strings.any():
            end = np.where(strings, quotes[np.minimum(self.quote + 1, len(quotes) - 1)] + 1, end)
            quote = np.where(strings, self.quote + 2, quote)
        return end, quote

    def _behind(self, places: Ints, quote: Ints, follows: bytes) -> tuple[Ints, Ints]:
        """Where an object or array ends: at the first place behind which the next key follows.

        Its content may have that key, too: then what was cut off is no JSON, and the line does not match.
        """
        block = self.block
        skip = _quotes_in(follows)[0]
        low, high = int(quote.min()), int(self.last.max())
        some = block.quotes[low:high]
        head = follows[skip : skip + 8]
        candidates = np.flatnonzero(block.bytes[some + 1] == head[1])
        candidates = candidates[_literal(block, some[candidates], head)] + low
        if not len(candidates):
            return places, quote
        found = candidates[np.minimum(np.searchsorted(candidates, quote), len(candidates) - 1)]
        return block.quotes[found] - skip, found


def walk(block: Block, template: Template, lines: Ints) -> Matched | None:
    """The lines among `lines` that are made of the template's keys, with values that are proven."""
    state = _Walk(block, lines)
    holes = template.holes
    for number, hole in enumerate(holes):
        state.prefix(hole.prefix)
        if not len(state.lines):
            return None
        is_last = number == len(holes) - 1
        state.value(template.suffix if is_last else holes[number + 1].prefix, is_last=is_last)
    suffix = template.suffix
    state.keep(_literal(block, state.at, suffix) & (state.at + len(suffix) == state.stop) & (state.quote == state.last))
    if not len(state.lines):
        return None
    good = np.ones(len(state.lines), bool)
    tags = [_proven(block, state.starts[n], state.ends[n], hole, good) for n, hole in enumerate(holes)]
    made = Matched(state.lines, state.starts, state.ends, tags).select(good)
    return made if len(made.lines) else None


def _proven(block: Block, starts: Ints, ends: Ints, hole: Hole, good: Bools) -> Any:
    """Tags of values; rows with values that are not proven are marked in `good`."""
    tags = _TAGS[block.bytes[starts]]
    lengths = ends - starts
    low, high = int(tags.min()), int(tags.max())
    if low == high == STRING:
        tags[lengths == 2] = NO_TEXT
        return tags
    for tag in np.flatnonzero(np.bincount(tags)).tolist():
        rows = np.flatnonzero(tags == tag) if low != high else np.arange(len(tags))
        if tag == STRING:
            tags[rows[lengths[rows] == 2]] = NO_TEXT
        elif tag in _LITERALS:
            text = _LITERALS[tag]
            good[rows[(lengths[rows] != len(text)) | ~_literal(block, starts[rows], text)]] = False
        elif tag in (OBJECT, ARRAY):
            empty = rows[lengths[rows] == 2]
            tags[empty] = NO_OBJECT if tag == OBJECT else NO_ARRAY
            good[empty[block.bytes[starts[empty] + 1] != (125 if tag == OBJECT else 93)]] = False
            rows = rows[lengths[rows] != 2]
            if tag == OBJECT and hole.openable:
                good[rows] = False
            else:
                _containers(block, starts, ends, rows[good[rows]], good)
        elif tag == _BAD:
            good[rows] = False
        else:
            plain, _ = digits(block, starts[rows], lengths[rows])
            _numbers(block, starts, ends, rows[~plain], tags, good)
    return tags


def _numbers(block: Block, starts: Ints, ends: Ints, rows: Ints, tags: Any, good: Bools) -> None:
    for row, text in zip(rows.tolist(), slices(block, starts[rows], ends[rows]), strict=True):
        value = _same(text)
        if type(value) is int:
            tags[row] = INTEGER if value >= 0 else NEGATIVE
        else:
            tags[row] = FLOAT
        # An integer of more digits may be beyond what the store can hold.
        good[row] = good[row] and (type(value) is float or (type(value) is int and len(text) <= 18))


# Values are checked as deep as they stand in a record, or deeper: writers have a limit.
_WRAP, _UNWRAP = b"[[[[", b"]]]]"


def _same(text: bytes) -> Any:
    """The value, if it is written as it stands; else None, which is no number, object or array."""
    wrapped = _WRAP + text + _UNWRAP
    try:
        (((outer,),),) = value = orjson.loads(wrapped)
        return outer[0] if len(outer) == 1 and orjson.dumps(value) == wrapped else None
    except (ValueError, TypeError):
        return None


def _containers(block: Block, starts: Ints, ends: Ints, rows: Ints, good: Bools) -> None:
    """Proves objects and arrays: all of a block at once, or one by one if one of them is odd.

    Between two stands a text that no log can know, so that no value can reach into the next.
    """
    texts = slices(block, starts[rows], ends[rows])
    between = secrets.token_hex(8)
    joined = _WRAP + f',"{between}",'.encode().join(texts) + _UNWRAP
    try:
        (((parsed,),),) = whole = orjson.loads(joined)
        if (
            len(parsed) == 2 * len(texts) - 1
            and parsed[1::2].count(between) == len(texts) - 1
            and orjson.dumps(whole) == joined
        ):
            return
    except (ValueError, TypeError):
        pass
    good[rows] = [type(_same(text)) in (dict, list) for text in texts]
