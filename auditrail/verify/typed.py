"""Lines of one make, read into the fields of a class made for them, and written with sorted names: at once, in C.

A class is made of the records of a block: each object whose members have a few names becomes one with those fields,
absent ones marked as such. Reading a line into it takes two thirds of the time of a dict (half for records with
lists of objects), and its fields are written in the order of their names without being sorted.

What is taken is exact, as in `bulk`, because the hash is made of what was read, written anew; a line that has another
member, or a value of another type, does not read into the class, and its block is left to `bulk`'s other way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import attrgetter, or_
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec
import orjson
from msgspec import UNSET, UnsetType

from auditrail.verify.agreement import Agreement
from auditrail.verify.bulk import Bulk, split
from auditrail.verify.spelling import respells

# Objects with more names than this, or deeper than this, are maps rather than records.
_MOST_NAMES = 64
_DEEPEST = 8
# Blocks from which a shape is learnt before it is left at that.
_TRIES = 6


class Shape(NamedTuple):
    """How the lines of a log are read and written.

    Attributes:
        names: top-level member -> attribute. optional: members that not every record has.
        decode: lines -> an object of each; encode: an object -> bytes with sorted names, absent members left out.
        agreement: of the canonical form.
    """

    names: dict[str, str]
    optional: tuple[str, ...]
    decode: Callable[[bytes], list[Any]]
    encode: Callable[[Any], bytes]
    agreement: Agreement


class Typed:
    """A block of lines as objects of a shape: `bulk.Rows`.

    Raises:
        msgspec.DecodeError: a line is no JSON, or not of this shape.
    """

    absent: ClassVar[type[Any]] = UnsetType

    def __init__(self, shape: Shape, block: bytes) -> None:
        self._shape = shape
        self._block = block
        self._rows = shape.decode(block)
        self._lines: list[bytes] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str | None) -> list[Any]:
        if name is None or name not in self._shape.names:
            return [None] * len(self._rows)
        found = self._column(name)
        return [None if value is UNSET else value for value in found] if name in self._shape.optional else found

    def _column(self, name: str) -> list[Any]:
        return list(map(attrgetter(self._shape.names[name]), self._rows))

    def take(self, name: str) -> list[Any]:
        if name not in self._shape.names:
            return [UNSET] * len(self._rows)
        found = self._column(name)
        attribute = self._shape.names[name]
        for row in self._rows:
            setattr(row, attribute, UNSET)
        return found

    def written(self) -> list[bytes]:
        return list(map(self._shape.encode, self._rows))

    def agrees(self) -> bool:
        return True  # the types hold the values to it

    def lines(self) -> Sequence[bytes]:
        if self._lines is None:
            self._lines = split(self._block)
        return self._lines

    def respelled(self, number: int) -> bool:
        line = self.lines()[number].removesuffix(b"\n")
        return self._shape.encode(self._rows[number]) == line or respells(orjson.dumps(orjson.loads(line)), line)

    def samples(self) -> list[dict[str, Any]]:
        there = (list(map(type, self._column(name))) for name in self._shape.optional)
        varying = [kinds for kinds in there if UnsetType in kinds]
        numbers = [0]
        if varying:
            first: dict[tuple[bool, ...], int] = {}
            for number, kinds in enumerate(zip(*varying, strict=True)):
                first.setdefault(tuple(kind is UnsetType for kind in kinds), number)
            numbers = list(first.values())
        return [msgspec.to_builtins(self._rows[number]) for number in numbers]


class Shapes:
    """The shape of a log's lines, learnt from its blocks; given up where one after the other does not fit.

    Args:
        bulk: how the records are checked; None: nothing is learnt.
        agreement: what tells of numbers that are written in several ways.
        paths: members that will be asked for.
    """

    def __init__(self, bulk: Bulk | None, agreement: Agreement, paths: Sequence[str | None]) -> None:
        # Inner members are no columns here, and names are written in their sorted order alone.
        fits = (
            bulk is not None and bulk.option == orjson.OPT_SORT_KEYS and not any("." in path for path in paths if path)
        )
        self._bulk = bulk if fits else None
        self._agreement = agreement
        self._shape: Shape | None = None
        self._seen: list[dict[str, Any]] = []
        self._sorted = False
        self._tries = _TRIES

    def rows(self, block: bytes) -> Typed | None:
        """The records of these lines; None if they are not of the shape, or it would save no time."""
        if self._shape is None or (b"\\" in block and not self._sorted and self._is_escaped(block)):
            return None
        try:
            made = Typed(self._shape, block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._shape = None
            return None
        if len(made) != block.count(b"\n") + (block[-1:] != b"\n"):  # there are blank lines: they count as lines
            return None
        return made

    def _is_escaped(self, block: bytes) -> bool:
        """Whether many lines have escapes: `respelled` costs more than is saved then, unless names are sorted there."""
        lines = split(block)
        return 3 * sum(b"\\" in line for line in lines) > len(lines)

    def missed(self) -> None:
        """Lines of the shape were not what their hashes say, or writes of the shape are not those of the log."""
        self._shape = None

    def learn(self, block: bytes) -> None:
        """Takes in lines that had to be read otherwise, each an object."""
        if self._bulk is None or self._shape is not None or not self._tries:
            return
        self._tries -= 1
        lines = split(block)
        self._seen += map(orjson.loads, lines)
        self._sorted = orjson.dumps(self._seen[-1], option=orjson.OPT_SORT_KEYS) == lines[-1].rstrip(b"\n")
        self._shape = shape_of(self._seen, self._bulk.fields, self._agreement)
        if not self._tries:
            self._seen.clear()


def shape_of(values: Sequence[dict[str, Any]], dropped: Sequence[str], agreement: Agreement) -> Shape | None:
    """The shape of records as orjson reads them; None where their members have too many names.

    Args:
        values: some records, at least one.
        dropped: top-level members that will be dropped before the rest is written.
        agreement: told of each number that is no integer; a type holds each integer to what all writers write alike.
    """
    names = _names(values)
    if names is None:
        return None
    always = set(names).intersection(*map(dict.keys, values)) - set(dropped)
    try:
        made = _Classes(agreement).record(values, names, always, 0)
        # Called for what has no type: so doubles have none.
        decode = msgspec.json.Decoder(made, float_hook=agreement.float).decode_lines
        encode = msgspec.json.Encoder(order="deterministic").encode
    except (TypeError, ValueError):  # a union of types that the library can't tell apart
        return None
    attributes = {name: f"f{number}" for number, name in enumerate(names)}
    optional = tuple(name for name in names if name not in always)
    return Shape(attributes, optional, decode, encode, agreement)


def _names(values: Sequence[dict[str, Any]]) -> list[str] | None:
    names: set[str] = set().union(*values)
    return sorted(names) if 0 < len(names) <= _MOST_NAMES else None


class _Classes:
    """Makes the classes of a shape.

    Raises (each method):
        ValueError: what such a class reads could be written otherwise in the canonical form, and would not be seen.
    """

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement

    def record(self, values: Sequence[dict[str, Any]], names: list[str], always: set[str], depth: int) -> Any:
        if self._agreement.ecma and not all(map(str.isascii, names)):
            raise ValueError(names)
        fields: list[Any] = []
        for number, name in enumerate(names):
            kind = self._kind([value[name] for value in values if name in value], depth + 1)
            fields.append((f"f{number}", kind) if name in always else (f"f{number}", kind | UnsetType, UNSET))
        renamed = {f"f{number}": name for number, name in enumerate(names)}
        return msgspec.defstruct(
            "Record", fields, rename=renamed, kw_only=True, forbid_unknown_fields=True, gc=False, eq=False
        )

    def _kind(self, values: list[Any], depth: int) -> Any:
        """The type of all these values."""
        found = set(map(type, values))
        if float in found:
            return self._anything()
        parts: list[Any] = [kind for kind in (str, bool, type(None)) if kind in found]
        if int in found:
            bound = self._agreement.bound
            parts.append(int if bound is None else Annotated[int, msgspec.Meta(ge=-bound, le=bound)])
        if list in found:
            items = [item for value in values if type(value) is list for item in value]
            inner = self._kind(items, depth + 1) if items and depth < _DEEPEST else self._anything()
            parts.append(list[inner])  # type: ignore[valid-type]
        if dict in found:
            parts.append(self._object([value for value in values if type(value) is dict], depth))
        return reduce(or_, parts)

    def _object(self, values: list[dict[str, Any]], depth: int) -> Any:
        names = _names(values) if depth < _DEEPEST else None
        if names is None:
            return dict[str, self._anything()]  # type: ignore[misc]
        return self.record(values, names, set(names).intersection(*map(dict.keys, values)), depth)

    def _anything(self) -> Any:
        """Any value: only where all writers write all integers alike."""
        if self._agreement.bound is not None:
            raise ValueError("integers without a bound")
        return Any
