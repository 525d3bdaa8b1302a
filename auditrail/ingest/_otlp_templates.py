r"""Spans that differ only in their texts: found without parsing each of them.

A writer gives all spans of a kind the same members in the same order. Cut at its quotes, the JSON text of such spans
is the same sequence of punctuation and keys, with other texts between. So one span is parsed, with marks in place of
the free texts; what becomes of each mark tells where the texts of all others go. This reads exactly what the parser
reads, because

1. in a text without raw control characters, and with the escapes marked by one, every quote is punctuation (so `START`
   stands only where an object begins);
2. what stands outside of the free texts is, byte for byte, what the parser has accepted;
3. a free text with escapes is given to the parser by itself.

Numbers belong to the punctuation: spans with other numbers have a template of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from auditrail.ingest._otlp_plans import Shape

# Where a span begins in compact JSON text, for writers that keep the order of the format's definition.
START = '{"traceId":"'
# Stands before what was a backslash; raw control characters are no JSON.
MARK = "\x01"
MEMBERS = (
    "traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "name", "kind", "flags", "status",
    "message",
)  # fmt: skip
_FREE = frozenset({*MEMBERS[:7], "message"})
# Templates that are remembered: numbers that differ from span to span make new ones without end.
MAX_TEMPLATES = 2048
_DECODER = json.JSONDecoder()


class Template(NamedTuple):
    """Where the texts of a span go.

    Attributes:
        shape: of the attributes.
        members: texts and `statics` -> the values of `MEMBERS`; `message` is the status', if it isn't in there.
        inner: texts and `statics` -> the values of the attributes.
        statics: values that are the same in all spans.
        trailer: what stands behind the span, up to the next one or the end of the record.
    """

    shape: Shape
    members: Callable[[list[Any]], tuple[Any, ...]]
    inner: Callable[[list[Any]], tuple[Any, ...]]
    statics: list[Any]
    trailer: str


class Frame:
    """All spans with the same punctuation; `keys` picks what must be equal besides, to be of one template."""

    __slots__ = ("keys", "templates")

    def __init__(self, parts: list[str]) -> None:
        self.templates: dict[tuple[Any, ...], Template | None] = {}
        self.keys = _getter(_fixed(parts))


def _fixed(parts: list[str]) -> list[int]:
    """Places of texts that are no values: keys, and the keys of attributes."""
    return [
        at
        for at in range(0, len(parts) - 1, 2)
        if parts[at + 1][:1] == ":" or (at >= 2 and parts[at - 1] == ":" and parts[at - 2] == "key")
    ]


def masked(text: str) -> str:
    """The text with its escapes replaced, so that each quote is punctuation."""
    return text.replace("\\\\", "\x01b").replace('\\"', "\x01q").replace("\\", "\x01e")


def unmasked(text: str) -> str:
    """What `masked` was given."""
    if MARK not in text:
        return text
    return text.replace("\x01e", "\\").replace("\x01q", '\\"').replace("\x01b", "\\\\")


def plain_texts(parts: list[str]) -> None:
    """Reads the escapes in the texts of a span, in place.

    Raises:
        ValueError: one is no JSON.
    """
    parts[::2] = [text if MARK not in text else orjson.loads(f'"{unmasked(text)}"') for text in parts[::2]]


def whole_span(segment: str) -> tuple[Any, str, str]:
    """A span behind its `START`: the value, its text, and what stands behind it.

    Raises:
        ValueError: it is no JSON.
    """
    text = START + segment
    _, end = _DECODER.raw_decode(text)
    return orjson.loads(text[:end]), text[:end], text[end:]


def template_of(
    parts: list[str], trailer: str, shape_of: Callable[[tuple[Any, ...]], Shape | None], is_plain: Callable[[Any], bool]
) -> Template | None:
    """The template of a span that the parser has read; None if its spans must be read one by one.

    Args:
        parts: the texts (even places) and the punctuation (odd places), from behind the first quote of `START`'s value.
        trailer: what stands behind the span; without texts of its own.
        shape_of: (keys, kinds, types) of attributes -> shape.
        is_plain: whether all members of a span are known, and those that a template can't fill say nothing.
    """
    fixed = set(_fixed(parts))
    marks = {f"\ue000{at}": at for at in range(0, len(parts), 2) if at not in fixed}
    pieces = [
        f'"{_mark}"' if (_mark := f"\ue000{at}") in marks else orjson.dumps(part).decode() if at % 2 == 0 else part
        for at, part in enumerate(parts)
    ]
    text = START[:-1] + "".join(pieces)
    value = orjson.loads(text[: len(text) - len(trailer)])
    listed = value.get("attributes", [])
    if type(listed) is not list or not is_plain(value):
        return None
    statics: list[Any] = []

    def place(found: Any) -> int:
        """Where a value comes from: a text, or a static value that is put behind the texts."""
        if type(found) is str and found in marks:
            return marks.pop(found)
        statics.append(found)
        return len(parts) + len(statics) - 1

    members = []
    stated = value.get("status")
    message = stated.pop("message") if type(stated) is dict and stated.get("message", "") in marks else None
    for name in MEMBERS:
        given = message if name == "message" else value.get(name)
        if type(given) is str and name not in _FREE:  # its mark stays, and so the template is refused
            return None
        members.append(place(given))
    keys, kinds, types, inner = [], [], [], []
    for pair in listed:
        if type(pair) is not dict or pair.keys() != {"key", "value"} or type(pair["value"]) is not dict:
            return None
        if len(pair["value"]) != 1 or pair["key"] in marks:
            return None
        ((kind, bare),) = pair["value"].items()
        keys.append(pair["key"])
        kinds.append(kind)
        types.append(type(bare))
        inner.append(place(bare))
    if marks:  # a text stands where none is expected
        return None
    shape = shape_of((tuple(keys), tuple(kinds), tuple(types)))
    return Template(shape, _getter(members), _getter(inner), statics, trailer) if shape is not None else None


def _getter(places: list[int]) -> Callable[[list[Any]], tuple[Any, ...]]:
    if len(places) > 1:
        return itemgetter(*places)
    if places:
        (only,) = places
        return lambda parts: (parts[only],)
    return lambda _: ()
