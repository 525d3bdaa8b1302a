"""Records that are JSON values: one after another with or without separators, pretty-printed or not.

A top-level array is taken apart into its elements. An object (at top level, or in a top-level array) that has a member
named in `arrays` which holds an array is a wrapper: the elements of that array are the records. A name with dots is the
path to the member: `hits.hits` is the member `hits` of the object that is the member `hits`.

Damage costs the damaged value only. `scan` tells where a value is proven damaged; the next one is found because
neighbours look alike: it starts a line with the same indentation, or begins with the same first key. The bytes up to
there are one record, which will not parse. If nothing alike follows, brackets are counted whatever their kind, and if
that does not end either, the rest of the source is the record. What stands between values and is none is a record too.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import orjson

from auditrail import jsontext
from auditrail.containers import limits
from auditrail.containers.records import Readable, Record, Wrapper
from auditrail.containers.scan import (
    CLOSE_ARRAY,
    CLOSE_OBJECT,
    CLOSES,
    COMPOSITE,
    DEEPEST,
    KEY,
    OPEN_ARRAY,
    OPEN_OBJECT,
    QUOTE,
    SCALAR,
    SEPARATORS,
    SKIP,
    Scan,
    pairs_up,
)
from auditrail.containers.stretch import BLOCK, BOM, LOOK_BACK, Buffer, Stretch
from auditrail.digest import record_digest
from auditrail.errors import RecordError

# How many different starts of values are remembered, each to be searched for in every record.
_MANY_SIGNS = 4
_FIRST_KEY = re.compile(rb'(?:\[[ \t\r\n]*+)?\{[ \t\r\n]*+"[^"\\\n]{1,64}"')
_LENIENT = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\[\s\S][^"\\]*+)*+"[^"{}\[\]]*+)*+')
_GARBAGE_TOP = re.compile(rb"[^\n{\[]*+")
_GARBAGE_ELEMENT = re.compile(rb"[^\n{\[\],]*+")
# What an element costs beside its bytes while it is held back.
_RECORD_COST = 400
_SCALAR_SIZE = 1 << 12
# How far brackets of a damaged value are counted one by one.
_BALANCED = 16 << 20
_CUT_LITERALS = tuple(word[:n] for word in (b"true", b"false", b"null") for n in range(1, len(word)))


# How often damage may lead to a second look at, or a search over, more than a block; after that it may not.
_FAR_SEARCHES = 32


def is_wrapper(value: Any, arrays: tuple[str, ...]) -> bool:
    """Whether a parsed value is an object that holds an array of records."""
    return any(isinstance(_at(value, name.split(".")), list) for name in arrays)


def _at(value: Any, path: list[str]) -> Any:
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


class ValueSplitter:
    """Splits a stream into JSON values; see `splitting.Splitter` for the attributes."""

    def __init__(
        self, stream: Readable, arrays: tuple[str, ...], start: int, first_number: int, max_record: int
    ) -> None:
        self.resume_offset: int | None = start
        self.resume_number = first_number - 1
        self.unclosed = False
        self.number = first_number
        self._buffer = Buffer(stream, start)
        self._pos = start
        self._arrays = frozenset(tuple(name.split(".")) for name in arrays)
        self._outer = frozenset(path[:length] for path in self._arrays for length in range(1, len(path)))
        self._inside: tuple[str, ...] = ()  # the objects inside the wrapper that are open around its array
        self._names = tuple(b'"' + path[-1].encode() + b'"' for path in self._arrays)
        named = b"|".join(re.escape(path[-1].encode()) for path in self._arrays)
        self._member = re.compile(rb'"(?:' + named + rb')"[ \t\r\n]*+:[ \t\r\n]*+(?=\[)')
        self._max_record = max_record
        self._header: dict[str, Any] | None = None
        self._indent: bytes | None = None  # white space before a value that is the first of its line
        self._between = b""  # white space and commas before a value (the last of them)
        self._skipped = -1
        self._torn = False  # the last value may be unfinished
        self._suspect = False  # damage was met in this wrapper: its end may have been lost
        # How values begin (`_sign`), by where they stand.
        self._top: list[bytes] = []
        self._listed: list[bytes] = []
        self._wrapped: list[bytes] = []
        self._absent: set[bytes] = set()  # signs that do not occur any more
        self._far_searches = 0

    @property
    def position(self) -> int:
        return self._buffer.end

    def __iter__(self) -> Iterator[Record | Wrapper]:
        if self._pos == 0 and self._buffer.want(0, len(BOM)) and self._buffer.cut(0, len(BOM)) == BOM:
            self.resume_offset = self._pos = len(BOM)
        while (byte := self._skip()) >= 0:
            self._torn = False
            if byte == OPEN_ARRAY:
                yield from self._elements(self._listed, None)
            elif byte == OPEN_OBJECT:
                yield from self._object(self._top)
            elif byte == QUOTE:
                yield from self._value(self._top)
            else:
                yield self._other(_GARBAGE_TOP)
            if self.unclosed:
                self.resume_offset = None
            elif not self._torn:
                self.resume_offset, self.resume_number = self._pos, self.number - 1

    # -- where values stand --------------------------------------------------------------------------------------

    def _elements(self, signs: list[bytes], outer: list[bytes] | None) -> Iterator[Record | Wrapper]:
        """The elements of an array; `outer` are the signs of the wrapper around it.

        Sets `unclosed` at the end of the source. Stops before what looks like the next wrapper, once damage was met.
        """
        self._pos += 1
        first = self._pos
        while (byte := self._skip()) >= 0:
            if byte == CLOSE_ARRAY:
                self._pos += 1
                return
            if first < 0 and b"," not in self._between:
                self._suspect = True
            first = -1
            if byte == OPEN_OBJECT:
                if outer is None:
                    yield from self._object(signs)
                    continue
                if self._suspect and (sign := self._sign()) in outer and sign not in signs:
                    return
            if byte in (OPEN_OBJECT, OPEN_ARRAY, QUOTE):
                yield from self._value(signs, outer)
            else:
                record = self._other(_GARBAGE_ELEMENT)
                self._suspect = self._suspect or not SCALAR.fullmatch(record.raw)
                yield record
        self.unclosed = True

    def _object(self, signs: list[bytes]) -> Iterator[Record | Wrapper]:
        """An object that may be a wrapper."""
        if not self._arrays:
            yield from self._value(signs)
            return
        start, sign = self._pos, self._sign()
        end = self._whole(start, signs, sign)
        data, base = self._buffer.data, self._buffer.base
        if end is None or any(data.find(name, start - base, end - base) >= 0 for name in self._names):
            number = self.number
            yield from self._wrapper(signs, sign, trusted=end is not None)
            if self.number != number or self._pos != start:
                return
        yield from self._value(signs, None, sign)

    def _wrapper(self, signs: list[bytes], sign: bytes | None, *, trusted: bool) -> Iterator[Record | Wrapper]:
        """The elements of a wrapper object and its `Wrapper`; yields nothing and stays if it is no wrapper."""
        start = self._pos
        first = self.number
        members = self._members_before(start)
        damaged: Record | None = None
        if members is None:
            failed = self._pos
            self._pos = start
            found = None if trusted else self._member.search(self._buffer.data, failed - self._buffer.base)
            place = found.start() + self._buffer.base if found else -1
            if place < 0 or not self._is_first(signs, start, place):
                return
            damaged = self._record(start, self._stripped(start, place))
            first = self.number
            self._pos = place
            members = []
            self._inside = self._likely_around(place)
        self._learn(signs, sign)
        self._suspect = damaged is not None
        key = self._key(self._pos)
        held = _Held(self._parsed(members))
        self._header = held.header
        if damaged:
            yield from held.give(damaged)
        array = ".".join((*self._inside, key or ""))
        elements = 0
        complete = False
        while key is not None:
            before = self.number
            for record in self._elements(self._wrapped, signs):
                yield from held.give(record)
            elements += self.number - before
            key = None
            while not self.unclosed:
                byte = self._skip()
                if byte < 0:
                    self.unclosed = True
                elif byte == CLOSE_OBJECT:
                    self._pos += 1
                    if not self._inside:
                        complete = True
                        break
                    self._inside = self._inside[:-1]
                elif byte == OPEN_OBJECT and self._suspect and self._sign() in signs:
                    break
                elif byte == QUOTE and (key := self._member_behind(held.header)) is not None:
                    if key:
                        break
                else:
                    self._suspect = True
                    for record in held.give(self._damaged_member(signs)):
                        yield record
                key = None
        yield from held.rest()
        self._header = None
        self._suspect = False
        self._inside = ()
        yield Wrapper(held.header, array, elements, first, start, complete)

    def _members_before(self, start: int) -> list[tuple[tuple[str, ...], int, int]] | None:
        """Walks to the key of the first array that holds records; None if there is none.

        Then `_pos` is at the last place that may be good: a quote too many or too few shows only one string later.
        """
        self._pos = start + 1
        members: list[tuple[tuple[str, ...], int, int]] = []
        good = self._pos
        self._inside = ()
        while (byte := self._skip(keep=start)) == QUOTE or (byte == CLOSE_OBJECT and self._inside):
            if byte == CLOSE_OBJECT:
                good = self._pos = self._pos + 1
                self._inside = self._inside[:-1]
                continue
            place = self._pos
            key = self._key(start)
            if key is None:
                break
            path = (*self._inside, key)
            if path in self._arrays and self._byte() == OPEN_ARRAY:
                self._pos = place
                return members
            if path in self._outer and self._byte() == OPEN_OBJECT:
                good = self._pos = self._pos + 1
                self._inside = path
                continue
            good = value = self._pos
            end = self._extent(value, start)
            if end is None:
                break
            members.append((path, value, end))
            self._pos = end
        self._pos = good
        self._inside = ()
        return None

    def _likely_around(self, place: int) -> tuple[str, ...]:
        """The objects that are open around the array whose key stands at `place`, when what is before it is damaged."""
        data, at = self._buffer.data, place - self._buffer.base
        found = [path for path in self._arrays if data.startswith(b'"' + path[-1].encode() + b'"', at)]
        return min(found, key=len)[:-1] if found else ()

    def _member_behind(self, header: dict[str, Any]) -> str | None:
        """Reads a member behind the array.

        Returns:
            "" once it is in the header; its key if it is one more array of records; None if it is damaged.
        """
        place = self._pos
        key = self._key(place)
        if key is None:
            self._pos = place
            return None
        path = (*self._inside, key)
        if path in self._arrays and self._byte() == OPEN_ARRAY:
            return key
        value = self._pos
        end = self._extent(value, None)
        if end is None:
            self._pos = place
            return None
        self._put(header, path, value, end)
        self._pos = end
        return ""

    def _parsed(self, members: list[tuple[tuple[str, ...], int, int]]) -> dict[str, Any]:
        header: dict[str, Any] = {}
        for path, start, end in members:
            self._put(header, path, start, end)
        return header

    def _put(self, header: dict[str, Any], path: tuple[str, ...], start: int, end: int) -> None:
        """Puts a member into the header, under the objects that it stands in."""
        for step in path[:-1]:
            inner = header.get(step)
            if not isinstance(inner, dict):
                inner = header[step] = {}
            header = inner
        header[path[-1]] = None
        if end - start <= limits.HEADER_VALUE:
            try:
                header[path[-1]] = jsontext.parse(self._buffer.cut(start, end))[0]
            except RecordError:
                header[path[-1]] = self._buffer.cut(start, end).decode("utf-8", "backslashreplace")

    def _damaged_member(self, signs: list[bytes]) -> Record:
        """A record of what stands in a wrapper where a member should, up to the next member or the closing brace."""
        buffer, start = self._buffer, self._pos
        buffer.want(start, BLOCK)
        data, base = buffer.data, buffer.base
        at = start + 1 - base
        places = [place for sign in signs if (place := data.find(sign, at)) >= 0]
        places += [match.start() for match in (KEY.search(data, at),) if match]
        places += [place for place in (data.find(b"}", at),) if place >= 0]
        self._pos = base + min(places) if places else buffer.end
        torn = not places and buffer.eof
        return self._record(start, self._stripped(start, self._pos), "torn-tail" if torn else None)

    # -- values --------------------------------------------------------------------------------------------------

    def _value(
        self, signs: list[bytes], outer: list[bytes] | None = None, sign: bytes | None = None
    ) -> Iterator[Record]:
        """An object, array or string as one record, damaged or not."""
        start = self._pos
        sign = sign or self._sign()
        end = self._whole(start, signs, sign)
        if end is not None:
            self._learn(signs, sign)
            self._pos = end
            yield self._record(start, end)
            if outer is not None or not self._arrays:
                yield from self._more_alike(signs, self._buffer.data[start - self._buffer.base])
            return
        scan, stretch = self._scan(start)
        if scan.done:
            self._learn(signs, sign)
            self._pos = scan.pos
            yield self._record(start, scan.pos, None, stretch)
            return
        self._suspect = True
        alike = [*signs, *(outer or ())]
        if sign and sign not in alike:
            alike.append(sign)
        place, stretch = self._next_alike(start, scan, alike, stretch)
        if place is not None:
            self._pos = place
            yield self._record(start, self._stripped(start, place), None, stretch)
            return
        if scan.damage is not None and stretch is None:
            end = self._balanced(start)
            if end is not None:
                self._pos = end
                yield self._record(start, end)
                return
        yield self._tail(start, stretch, torn=scan.damage is None)

    def _more_alike(self, signs: list[bytes], opening: int) -> Iterator[Record]:
        """The values that follow, as long as they are separated, begin and end like the one before.

        A short cut for speed: `_value` gives the same records.
        """
        buffer, between, header, closing = self._buffer, self._between, self._header, CLOSES[opening]
        data, base = buffer.data, buffer.base
        begins: tuple[bytes, ...]
        if self._indent is None:
            begins = tuple(sign for sign in signs if sign[0] == opening)
        elif b"\n" in between:
            begins = (bytes((opening,)),) if b"\n" + self._indent + bytes((opening,)) in signs else ()
        else:
            begins = ()
        end = self._pos - base
        while begins and data.startswith(between, end):
            at = end + len(between)
            match = COMPOSITE.match(data, at) if data.startswith(begins, at) else None
            if not match or data[match.end() - 1] != closing or match.end() - at > self._max_record:
                return
            end = match.end()
            for sign in signs:
                if data.find(sign, at + 1, end) >= 0:
                    return
            raw = data[at:end]
            self._pos = base + end
            self.number += 1
            yield Record(self.number - 1, base + at, len(raw), raw, record_digest(raw), 1, None, header, line=False)

    def _whole(self, start: int, signs: list[bytes], sign: bytes | None) -> int | None:
        """The end of an object or array that the buffer holds, or None if it takes a closer look."""
        buffer = self._buffer
        while (match := COMPOSITE.match(buffer.data, start - buffer.base)) is None:
            if buffer.end - start >= BLOCK or self._byte() == QUOTE or not buffer.more(start):
                return None
        data, at, end = buffer.data, match.start(), match.end()
        if end - at > self._max_record or not pairs_up(data, at, end):
            return None
        for known in signs if sign is None or sign in signs else (*signs, sign):
            if data.find(known, at + 1, end) >= 0:  # it may have swallowed its neighbour
                try:
                    orjson.loads(data[at:end])
                except orjson.JSONDecodeError:
                    return None
                break
        return buffer.base + end

    def _scan(self, start: int) -> tuple[Scan, Stretch | None]:
        """Goes to the end of a value, or to where it is damaged, or to the end of the source."""
        buffer = self._buffer
        scan = Scan(start)
        stretch: Stretch | None = None
        while not scan.run(buffer):
            keep = start
            if buffer.end - start > self._max_record:
                stretch = stretch or Stretch(start)
                stretch.take(buffer, scan.pos)
                keep = max(stretch.end - LOOK_BACK, buffer.base)
            if not buffer.more(keep):
                break
        return scan, stretch

    def _extent(self, start: int, keep: int | None) -> int | None:
        """The end of a member's value, or None if it is damaged or unfinished.

        With `keep`, all from there on stays in the buffer (up to `max_record`), else a long value does not.
        """
        buffer = self._buffer
        buffer.want(start if keep is None else keep, start - (start if keep is None else keep) + _SCALAR_SIZE)
        at = start - buffer.base
        match = COMPOSITE.match(buffer.data, at) or SCALAR.match(buffer.data, at)
        if match and (match.end() < len(buffer.data) or buffer.eof):
            return buffer.base + match.end()
        if self._byte() not in (OPEN_OBJECT, OPEN_ARRAY, QUOTE):
            return None
        scan = Scan(start)
        while not scan.run(buffer):
            hold = start if keep is None else keep
            if buffer.end - hold > self._max_record and keep is not None:
                return None
            if buffer.end - hold > limits.HEADER_VALUE and keep is None:
                hold = scan.pos - LOOK_BACK
            if not buffer.more(hold):
                return None
        return scan.pos if scan.done else None

    def _next_alike(
        self, start: int, scan: Scan, signs: list[bytes], stretch: Stretch | None
    ) -> tuple[int | None, Stretch | None]:
        """Where the neighbour of a damaged value begins: at a bracket still open, else behind the damage."""
        buffer = self._buffer
        low = max(start + 1, stretch.end if stretch else 0)
        far = self._far_searches < _FAR_SEARCHES
        self._far_searches += scan.pos - start > BLOCK
        # Without proof of damage the source may just end here, inside of values that look like those around them.
        sure = signs if scan.damage is not None else [sign for sign in signs if sign[:1] == b"\n"]
        for _, at in scan.stack[1:] if far and len(scan.stack) <= DEEPEST else ():
            for sign in sure:
                place = at - len(sign) + 1 if sign[:1] == b"\n" else at
                if place >= max(low, buffer.base) and buffer.data.startswith(sign, place - buffer.base):
                    return place, stretch
        if scan.damage is None:
            return None, stretch
        signs = [sign for sign in signs if sign not in self._absent]
        longest = max(map(len, signs), default=0)
        at = scan.damage
        while signs:
            data, base = buffer.data, buffer.base
            places = []
            for sign in signs:
                back = len(sign) - 1 if sign[:1] == b"\n" else 0
                place = data.find(sign, max(at - back, low, base) - base)
                if place >= 0:
                    places.append(base + place)
            if places:
                return min(places), stretch
            if not far and buffer.end - scan.damage > BLOCK:
                return None, stretch
            at = max(at, buffer.end - longest)
            keep = start
            if buffer.end - start > self._max_record:
                stretch = stretch or Stretch(start)
                stretch.take(buffer, max(at - longest, stretch.end))
                low = max(low, stretch.end)
                keep = min(stretch.end, at - longest)
            if not buffer.more(max(keep, base)):
                self._absent.update(signs)
                self._far_searches += 1
                break
        return None, stretch

    def _balanced(self, start: int) -> int | None:
        """The end of a damaged value by counting brackets whatever their kind; newlines in strings are let pass."""
        buffer = self._buffer
        at, depth = start, 0
        while at - start <= _BALANCED and buffer.end - start <= self._max_record:
            match = _LENIENT.match(buffer.data, at - buffer.base)
            at = match.end() + buffer.base if match else at
            byte = buffer.data[at - buffer.base] if at < buffer.end else QUOTE
            if byte == QUOTE:
                if depth == 0 and at > start:
                    return at
                if not buffer.more(start):
                    return None
                continue
            depth += 1 if byte in (OPEN_OBJECT, OPEN_ARRAY) else -1
            if depth < 0:
                return at if at > start else None
            at += 1
            if depth == 0:
                return at
        return None

    def _tail(self, start: int, stretch: Stretch | None, *, torn: bool) -> Record:
        """A record of all that is left of the source."""
        buffer = self._buffer
        while True:
            if buffer.end - start > self._max_record:
                stretch = stretch or Stretch(start)
                stretch.take(buffer, buffer.end)
            if not buffer.more(stretch.end if stretch else start):
                break
        self._torn = True
        self._pos = buffer.end
        return self._record(start, self._stripped(start, buffer.end), "torn-tail" if torn else None, stretch)

    def _other(self, garbage: re.Pattern[bytes]) -> Record:
        """A number, a literal, or what is no JSON at all, up to where a value may begin again."""
        buffer, start = self._buffer, self._pos
        buffer.want(start, _SCALAR_SIZE)
        match = SCALAR.match(buffer.data, start - buffer.base)
        if match and (match.end() < len(buffer.data) or buffer.eof):
            self._pos = buffer.base + match.end()
            self._torn = self._pos == buffer.end  # a number at the end may go on
            return self._record(start, self._pos)
        stretch: Stretch | None = None
        at = start + 1
        while True:
            match = garbage.match(buffer.data, at - buffer.base)
            at = buffer.base + match.end() if match else at
            if at < buffer.end:
                break
            if buffer.end - start > self._max_record:
                stretch = stretch or Stretch(start)
                stretch.take(buffer, at)
            if not buffer.more(stretch.end if stretch else start):
                break
        self._pos = at
        self._torn = at == buffer.end
        if stretch:
            return self._record(start, at, None, stretch)
        end = self._stripped(start, at)
        cut = self._torn and buffer.cut(start, end) in _CUT_LITERALS
        return self._record(start, end, "torn-tail" if cut else None)

    # -- small parts ---------------------------------------------------------------------------------------------

    def _record(self, start: int, end: int, defect: str | None = None, stretch: Stretch | None = None) -> Record:
        number = self.number
        self.number += 1
        if stretch or end - start > self._max_record:
            stretch = stretch or Stretch(start)
            stretch.take(self._buffer, end)
            return stretch.record(number)._replace(header=self._header)
        raw = self._buffer.cut(start, end)
        return Record(number, start, end - start, raw, record_digest(raw), 1, defect, self._header, line=False)

    def _byte(self) -> int:
        """The byte at `_pos`, or -1 at the end of the buffer."""
        at = self._pos - self._buffer.base
        return self._buffer.data[at] if at < len(self._buffer.data) else -1

    def _skip(self, keep: int | None = None) -> int:
        """Goes to the next byte that separates nothing, and returns it, or -1 at the end; notes the indentation."""
        buffer, start = self._buffer, self._pos
        if start == self._skipped and start < buffer.end:  # asked a second time: the white space is behind already
            return self._byte()
        hold = start if keep is None else keep
        at = start
        while True:
            match = SKIP.match(buffer.data, at - buffer.base)
            at = buffer.base + match.end() if match else at
            if at < buffer.end:
                break
            if keep is None and at - start > BLOCK:
                start = hold = at - LOOK_BACK
            if not buffer.more(hold):
                break
        self._pos = self._skipped = at
        run = buffer.cut(max(start, at - LOOK_BACK), at)
        line = run.rfind(b"\n") + 1
        first = line > 0 or at - len(run) in (0, len(BOM))
        self._indent = run[line:] if first and b"," not in run[line:] else None
        self._between = run
        return self._byte()

    def _sign(self) -> bytes | None:
        """How the value at `_pos` begins: newline, indentation and bracket, or bracket and first key, or None."""
        at = self._pos - self._buffer.base
        if self._indent is not None:
            return b"\n" + self._indent + self._buffer.data[at : at + 1]
        match = _FIRST_KEY.match(self._buffer.data, at)
        return match[0] if match else None

    @staticmethod
    def _learn(signs: list[bytes], sign: bytes | None) -> None:
        if sign and len(signs) < _MANY_SIGNS and sign not in signs:
            signs.append(sign)

    def _is_first(self, signs: list[bytes], start: int, place: int) -> bool:
        """Whether nothing between `start` and `place` looks like the start of a neighbour."""
        buffer = self._buffer
        return all(buffer.data.find(sign, start + 1 - buffer.base, place - buffer.base) < 0 for sign in signs)

    def _stripped(self, start: int, end: int) -> int:
        """`end` without the separators before it."""
        low = max(start, self._buffer.base)
        kept = self._buffer.cut(low, end).rstrip(SEPARATORS)
        return low + len(kept)

    def _key(self, keep: int) -> str | None:
        """Reads a key and its colon and goes to the value; None if there is no such thing."""
        buffer, start = self._buffer, self._pos
        while True:
            match = KEY.match(buffer.data, start - buffer.base)
            if match and match.end() < len(buffer.data):
                break
            if buffer.end - start > BLOCK or not buffer.more(keep):
                return None
        self._pos = buffer.base + match.end()
        try:
            key = orjson.loads(b'"' + match[1] + b'"')
        except orjson.JSONDecodeError:
            return match[1].decode("utf-8", "backslashreplace")
        return str(key)


class _Held:
    """Records of a wrapper, held back until its header is known, or until they are too many."""

    def __init__(self, header: dict[str, Any]) -> None:
        self.header = header
        self._records: list[Record | Wrapper] | None = []
        self._cost = 0

    def give(self, record: Record | Wrapper) -> list[Record | Wrapper]:
        if self._records is None:
            return [record]
        self._records.append(record)
        self._cost += _RECORD_COST + (len(record.raw) if isinstance(record, Record) else 0)
        if self._cost <= limits.WRAPPER_BUFFER:
            return []
        out = self._records
        self._records = None
        self.header = copy.deepcopy(self.header)  # the records keep the header as far as it is known now
        return out

    def rest(self) -> list[Record | Wrapper]:
        return self._records or []
