r"""Finds where a JSON value ends, without parsing it: fast by one regular expression, or exactly by a small automaton.

The expression matches a whole object or array up to `_LEVELS` deep; possessive quantifiers keep it linear. It does
not check that brackets pair up. The automaton does: it goes on block by block, and stops at the first byte that proves
the value damaged (`Scan.damage`). What it takes as proof no valid JSON contains: a closing bracket of the wrong kind,
a raw newline in a string, a bracket in an object that follows no colon, a string followed by neither `:` nor `,` nor a
closing bracket (and nesting that no parser follows). So damage is noticed close to where the bytes are wrong.
"""

from __future__ import annotations

import re
from typing import Final

from auditrail.containers.stretch import LOOK_BACK, Buffer

# OTLP/JSON with nested attribute values stays below this; deeper values go to the automaton.
_LEVELS: Final = 16
WHITE: Final = b" \t\r\n\x1e"
SEPARATORS: Final = WHITE + b","

_STRING: Final = rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"'
_PLAIN: Final = rb'[^"{}\[\]]*+'


def _content(levels: int) -> bytes:
    content = _PLAIN + rb"(?:" + _STRING + _PLAIN + rb")*+"
    for _ in range(levels):
        content = _PLAIN + rb"(?:(?:" + _STRING + rb"|[{\[]" + content + rb"[}\]])" + _PLAIN + rb")*+"
    return content


COMPOSITE: Final = re.compile(rb"[{\[]" + _content(_LEVELS) + rb"[}\]]")
SKIP: Final = re.compile(rb"[ \t\r\n,\x1e]*+")
KEY: Final = re.compile(rb'"([^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+)"[ \t\r\n]*+:[ \t\r\n]*+')
SCALAR: Final = re.compile(rb'(?:-?\d[\d.eE+-]*+|true|false|null|NaN|-?Infinity)(?=[\s,\[\]{}"\x1e]|\Z)')

_RUN: Final = re.compile(
    rb'[^"{}\[\]]*+(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"[ \t\r\n]*+(?=[:,}\]])[^"{}\[\]]*+)*+',
)
_STRING_REST: Final = re.compile(rb'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+')
_SPACES: Final = re.compile(rb"[ \t\r\n]*+")

OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY = b"{}[]"
# So far every bracket of a value is looked at; behind that, whole inner values are passed over where they pair up:
# a document of hundreds of megabytes would take minutes otherwise.
_EXACT: Final = 1 << 20

# No parser here follows deeper nesting (orjson stops at 1024): such a value counts as damaged, and memory is bounded.
DEEPEST: Final = 1024

QUOTE, BACKSLASH, COLON, COMMA = b'"\\:,'
CLOSES: Final = {OPEN_OBJECT: CLOSE_OBJECT, OPEN_ARRAY: CLOSE_ARRAY}
_BEHIND_STRING: Final = frozenset(b":,}]")
_PLAIN_MODE, _STRING_MODE, _AFTER_MODE = range(3)


def pairs_up(data: bytes, start: int, end: int) -> bool:
    """Whether the outermost brackets are of one kind."""
    return CLOSES[data[start]] == data[end - 1]


class Scan:
    """Goes over one value (object, array or string) as its bytes arrive.

    Attributes:
        pos: where the scan stands; once `done`, the end of the value.
        damage: offset of the byte that proves the value damaged, or None.
        stack: the brackets that are open: (bracket, offset).
    """

    __slots__ = ("_mode", "_start", "_string", "damage", "done", "pos", "stack")

    def __init__(self, start: int) -> None:
        self.pos = start
        self.done = False
        self.damage: int | None = None
        self.stack: list[tuple[int, int]] = []
        self._mode = _PLAIN_MODE
        self._start = start
        self._string = start

    def run(self, buffer: Buffer) -> bool:
        """Goes on to the end of the buffer; True when it has come to a result (`done` or `damage`)."""
        data, base = buffer.data, buffer.base
        at = self.pos - base
        while True:
            if self._mode == _PLAIN_MODE:
                at = self._brackets(data, base, at)
            elif self._mode == _STRING_MODE:
                at = self._in_string(data, base, at)
            else:
                at = self._after_string(data, at)
            if at < 0:
                return self.done or self.damage is not None
            self.pos = base + at
            if at == len(data):
                return False

    def _brackets(self, data: bytes, base: int, at: int) -> int:
        """Follows brackets until a string that the buffer does not hold; -1 when there is a result or no more data."""
        stack, size, run = self.stack, len(data), _RUN.match
        while True:
            # At the start there is no bracket yet, and a string is the value itself.
            match = run(data, at) if stack else None
            at = match.end() if match else at
            if at == size:
                self.pos = base + at
                return -1
            byte = data[at]
            if byte == QUOTE:
                self._string = base + at
                self._mode = _STRING_MODE
                return at + 1
            if byte in CLOSES:
                if len(stack) > DEEPEST or (stack and not _may_open(stack[-1][0], data, at)):
                    self.damage = base + at
                    return -1
                inner = COMPOSITE.match(data, at) if base + at - self._start > _EXACT else None
                if inner and pairs_up(data, at, inner.end()):
                    at = inner.end()
                    continue
                stack.append((byte, base + at))
                at += 1
                continue
            if not stack or CLOSES[stack[-1][0]] != byte:
                self.damage = base + at
                return -1
            stack.pop()
            at += 1
            if not stack:
                self.pos, self.done = base + at, True
                return -1

    def _in_string(self, data: bytes, base: int, at: int) -> int:
        match = _STRING_REST.match(data, at)
        at = match.end() if match else at
        if at == len(data):
            return at
        if data[at] == QUOTE:
            at += 1
            if not self.stack:
                self.pos, self.done = base + at, True
                return -1
            self._mode = _AFTER_MODE
            return at
        if data[at] == BACKSLASH and at + 1 == len(data):
            self.pos = base + at
            return -1
        self.damage = base + at
        return -1

    def _after_string(self, data: bytes, at: int) -> int:
        match = _SPACES.match(data, at)
        at = match.end() if match else at
        if at == len(data):
            return at
        if data[at] not in _BEHIND_STRING:
            self.damage = self._string
            return -1
        self._mode = _PLAIN_MODE
        return at


def _may_open(around: int, data: bytes, at: int) -> bool:
    """Whether a bracket may stand at `at` inside an open bracket, judged by what stands before it."""
    before = data[max(at - LOOK_BACK, 0) : at].rstrip(WHITE)
    if not before:
        return True
    if around == OPEN_OBJECT:
        return before[-1] == COLON
    return before[-1] == COMMA or before[-1] == OPEN_ARRAY
