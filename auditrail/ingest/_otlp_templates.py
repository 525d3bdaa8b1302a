r"""Spans that differ only in their texts and numbers: found without parsing each of them.

A writer gives all spans of a kind the same members in the same order. So one span is parsed, and what stands around its
texts and numbers becomes a pattern; marks in place of these, parsed again, tell where each of them goes. A span that
fits the pattern is read exactly as the parser reads it, because

1. what stands outside of its texts and numbers is, byte for byte, what the parser has accepted, and `START` stands
   only where an object begins: elsewhere one of its quotes would have to be escaped;
2. a text is what the pattern admits between two quotes: no control characters, no quotes, only the escapes of JSON; one
   with escapes is given to the parser by itself;
3. a number is one that 64 bits hold exactly, or a plain decimal fraction; what a number decides on (kind, flags, the
   code of a status) belongs to the pattern.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import orjson

from auditrail.ingest._otlp_plans import Plan, Shape

# Where a span begins in compact JSON text, for writers that keep the order of the format's definition.
START = '{"traceId":"'
MEMBERS = (
    "traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "name", "kind", "flags", "status",
    "message",
)  # fmt: skip
_FREE = frozenset({*MEMBERS[:7], "message"})
_NAME = MEMBERS.index("name")
# Templates that are remembered: hostile input must not fill the memory, nor try pattern after pattern.
MAX_TEMPLATES = 512
MAX_TRIED = 32
_MAX_PLANS = 4096
_DECODER = json.JSONDecoder()
_TEXT = r'([^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+)'
_TOKEN = re.compile(f'"{_TEXT}"')
_NUMBERS: tuple[tuple[str, Callable[[str], Any]], ...] = (
    (r"(0|-?[1-9][0-9]{0,17}+)(?![0-9.eE])", int),
    (r"(-?(?:0|[1-9][0-9]{0,14}+)\.[0-9]{1,15}+)(?![0-9eE])", float),
)
_NUMBER_KEYS = frozenset({"intValue", "doubleValue"})


class Template:
    """Where the texts and numbers of a span go.

    Numbers of values are those of the pattern's groups; behind them follow the values that are the same in all spans.

    Attributes:
        match: the pattern, to be matched behind `START`; it ends where the span does.
        shape: of the attributes.
        members: the values of `MEMBERS`; `message` is the status', if it isn't in there.
        inner: the values of the attributes.
        statics: values that are the same in all spans.
        converted: group -> what makes a number of its text.
        key: groups -> what decides on the plan.
        plans: that -> the plan, and what the name says behind its first word.
    """

    def __init__(
        self,
        pattern: str,
        shape: Shape,
        members: list[int],
        inner: list[int],
        statics: list[Any],
        converted: dict[int, Callable[[str], Any]],
    ) -> None:
        compiled = re.compile(pattern)
        self.match = compiled.match
        self.shape = shape
        self.members = members
        self.inner = inner
        self.statics = statics
        self.converted = converted
        self.plans: dict[Any, tuple[Plan | None, str]] = {}
        self._count = compiled.groups
        deciding = (members[_NAME], *(inner[at] for at in shape.deciding))
        self.key: Callable[[Sequence[str]], Any] = _getter([at for at in deciding if at < self._count])

    def value(self, groups: Sequence[str], number: int) -> Any:
        """One value of a span."""
        if number >= self._count:
            return self.statics[number - self._count]
        made = self.converted.get(number)
        return groups[number] if made is None else made(groups[number])

    def name(self, groups: Sequence[str]) -> Any:
        """The name of a span."""
        return self.value(groups, self.members[_NAME])

    def remember(self, key: Any, made: tuple[Plan | None, str]) -> None:
        """Keeps the plan for spans with a `key`."""
        if len(self.plans) >= _MAX_PLANS:
            self.plans.clear()
        self.plans[key] = made

    def columns(self, rows: Sequence[Sequence[str]], numbers: Iterable[int]) -> list[Sequence[Any]]:
        """Values of many spans, one list for each of the numbers."""
        found = list(zip(*rows, strict=True))
        made: list[Sequence[Any]] = []
        for number in numbers:
            if number >= self._count:
                made.append([self.statics[number - self._count]] * len(rows))
            elif number in self.converted:
                made.append(list(map(self.converted[number], found[number])))
            else:
                made.append(found[number])
        return made


def plain_texts(groups: Sequence[str]) -> list[str]:
    """The texts of a span, with their escapes read.

    Raises:
        ValueError: one is no JSON.
    """
    return [orjson.loads(f'"{text}"') if "\\" in text else text for text in groups]


def whole_span(segment: str) -> tuple[Any, str, str]:
    """A span behind its `START`: the value, its text, and what stands behind it.

    Raises:
        ValueError: it is no JSON.
    """
    text = START + segment
    _, end = _DECODER.raw_decode(text)
    return orjson.loads(text[:end]), text[:end], text[end:]


def pattern_of(text: str) -> tuple[str, str, dict[int, Callable[[str], Any]]] | None:
    """What spans like this one look like behind `START`; None where a text has escapes that are not of JSON.

    Returns:
        The pattern; the span with a mark in place of each group; what makes numbers of the texts of some groups.
    """
    gaps, texts = (found := _TOKEN.split(text))[::2], found[1::2]
    if any('"' in gap or "\\" in gap for gap in gaps):
        return None
    pattern: list[str] = []
    marked: list[str] = []
    converted: dict[int, Callable[[str], Any]] = {}
    groups = 0

    def literal(given: str) -> None:
        pattern.append(re.escape(given))
        marked.append(given)

    literal(gaps[0])
    for at, own in enumerate(texts):
        behind = gaps[at + 1]
        is_key = behind.lstrip()[:1] == ":"
        if is_key or (at and gaps[at].strip() == ":" and texts[at - 1] == "key"):
            literal(f'"{own}"')
        else:
            pattern.append(f'"{_TEXT}"')
            marked.append(f'"{_mark(groups)}"')
            groups += 1
        if is_key and own in _NUMBER_KEYS:
            lead = behind[: len(behind) - len(behind.lstrip(": "))]
            for number, made in _NUMBERS:
                if number_found := re.compile(number).match(behind, len(lead)):
                    literal(lead)
                    pattern.append(number)
                    marked.append(f'"{_mark(groups)}"')
                    converted[groups] = made
                    groups += 1
                    behind = behind[number_found.end() :]
                    break
        literal(behind)
    whole = "".join(pattern)
    start = re.escape(START[:-1]) + '"'
    return (whole.removeprefix(start), "".join(marked), converted) if whole.startswith(start) else None


def _mark(group: int) -> str:
    return f"\ue000{group}"


def template_of(
    found: tuple[str, str, dict[int, Callable[[str], Any]]],
    shape_of: Callable[[tuple[Any, ...]], Shape | None],
    is_plain: Callable[[Any], bool],
) -> Template | None:
    """The template of spans that fit a pattern (see `pattern_of`); None if they must be read one by one.

    Args:
        found: what `pattern_of` gave.
        shape_of: (keys, kinds, types) of attributes -> shape.
        is_plain: whether all members of a span are known, and those that a template can't fill say nothing.
    """
    pattern, marked, converted = found
    value = orjson.loads(marked)
    listed = value.get("attributes", [])
    if type(listed) is not list or not is_plain(value):
        return None
    count = re.compile(pattern).groups
    left = {_mark(group): group for group in range(count)}
    statics: list[Any] = []

    def place(value: Any) -> int:
        """Where a value comes from: a group, or a static value that is put behind the groups."""
        if type(value) is str and value in left:
            return left.pop(value)
        statics.append(value)
        return count + len(statics) - 1

    members = []
    stated = value.get("status")
    message = stated.pop("message") if type(stated) is dict and stated.get("message", "") in left else None
    for name in MEMBERS:
        given = message if name == "message" else value.get(name)
        if type(given) is str and name not in _FREE:  # its mark stays, and so the template is refused
            return None
        members.append(place(given))
    keys, kinds, types, inner = [], [], [], []
    for pair in listed:
        if type(pair) is not dict or pair.keys() != {"key", "value"} or type(pair["value"]) is not dict:
            return None
        if len(pair["value"]) != 1 or pair["key"] in left:
            return None
        ((kind, bare),) = pair["value"].items()
        keys.append(pair["key"])
        kinds.append(kind)
        inner.append(place(bare))
        types.append(converted.get(inner[-1], type(bare)))
    if left:  # a text stands where none is expected
        return None
    shape = shape_of((tuple(keys), tuple(kinds), tuple(types)))
    return Template(pattern, shape, members, inner, statics, converted) if shape is not None else None


def _getter(places: list[int]) -> Callable[[Sequence[str]], Any]:
    return itemgetter(*places) if places else lambda _: None
