"""Matched lines -> columns of events.

1. Every value that has a meaning is judged: can it be used for its column, and does it decide anything (`_Judged`).
2. Lines whose judgements are equal are alike, and `_fast_outcome` says what becomes of them.
3. Columns are views on the bytes of the block, numbers, or constants; a text with escapes, an id that must be put
   in lower case, and arguments that may be redacted go through the plain reader's functions one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from auditrail.content import state_of
from auditrail.ingest import _fast_walk as tag
from auditrail.ingest._fast_columns import PIECES, Columns, marks
from auditrail.ingest._fast_index import Block, Bools, Ints, distinct, slices
from auditrail.ingest._fast_outcome import CONSTANTS, CONTENTS, COUNTS, TEXTS, TIMES, Layout, Outcome, outcome
from auditrail.ingest._fast_values import (
    coded,
    constant_views,
    epochs,
    number,
    plain_ids,
    printable,
    times,
    views,
)  # fmt: skip
from auditrail.ingest._fast_walk import Matched, Template
from auditrail.model import ID_COLUMNS
from auditrail.readers._jsonl_values import DURATIONS, USABLE, id_of

# Slots whose values decide something: equal only if their bytes are.
_WORDS = frozenset(
    {"name", "status", "status_not", "decision", "decision_not", "level", "stream", "sampled", "sampling_probability"}
)
_MAX_WORDS = 64
_MAX_TEXT = 512
_MAX_OUTCOMES = 4096
_SHORTEST_HASH = 32
_HEX = np.zeros(256, bool)
_HEX[list(b"0123456789abcdef")] = True
_SCALARS = (tag.STRING, tag.INTEGER, tag.FLOAT, tag.NEGATIVE)
_UNUSABLE = 2


class Group:
    """The matched lines of one template in one block, on their way to columns."""

    def __init__(self, block: Block, template: Template, matched: Matched, side: bytearray) -> None:
        self.block = block
        self.template = template
        self.matched = matched
        self.side = side
        self.good: Bools = np.ones(len(matched.lines), bool)
        self.moments: dict[int, Ints] = {}
        self.patches: dict[int, dict[int, bytes]] = {}
        self.any_slashed = bool(block.slashed[matched.lines].any())
        self._codes: list[tuple[int, Ints, bool]] = []  # hole, code by row, whether it stands for the bytes

    # --- 1. judgement -------------------------------------------------------------------------------------------

    def judge(self) -> None:
        """Judges every value that has a meaning."""
        plan, places = self.template.plan, self.template.places
        for slot, paths in plan.slots.items():
            for path in paths:
                self._judge(slot, places[path])  # type: ignore[index]
        for kind, path, text_only in plan.ids:
            self._judge_id(kind, places[path], text_only)  # type: ignore[index]

    def _rows(self, hole: int, *tags: int) -> Ints:
        """The rows with values of these types."""
        own = self.matched.tags[hole]
        found = own == tags[0]
        for other in tags[1:]:
            found |= own == other
        return np.flatnonzero(found)

    def _judge(self, slot: str, hole: int) -> None:
        own = self.matched.tags[hole]
        self._codes.append((hole, own.astype(np.int64), False))
        if slot in _WORDS or slot == "error":
            self._words(hole, self._rows(hole, *(_SCALARS if slot != "error" else _SCALARS[1:])))
        if slot in TEXTS:
            self._texts(slot, hole)
        elif slot in TIMES:
            self._times(slot, hole)
        elif slot in DURATIONS:
            codes = np.zeros(len(self.good), np.int64)
            for row in self._rows(hole, tag.FLOAT).tolist():
                codes[row] = USABLE[slot](self._value(hole, row)) is None
            self._codes.append((hole, codes, False))

    def _words(self, hole: int, rows: Ints) -> None:
        if not len(rows):
            return
        starts, ends = self.matched.starts[hole][rows], self.matched.ends[hole][rows]
        codes = coded(self.block, starts, ends - starts, _MAX_WORDS)
        if codes is None:
            self.good[rows] = False
            return
        whole = np.full(len(self.good), -1, np.int64)
        whole[rows] = codes
        self._codes.append((hole, whole, True))

    def _strings(self, hole: int) -> tuple[Ints, Ints, Ints]:
        """(rows, places, lengths) of texts, without their quotes."""
        rows = self._rows(hole, tag.STRING)
        starts = self.matched.starts[hole][rows] + 1
        return rows, starts, self.matched.ends[hole][rows] - 1 - starts

    def _with_escapes(self, hole: int, rows: Ints) -> Bools:
        """Which of the rows have a value with a backslash."""
        found = np.zeros(len(rows), bool)
        if self.any_slashed:
            some = np.flatnonzero(self.block.slashed[self.matched.lines[rows]])
            texts = slices(self.block, self.matched.starts[hole][rows[some]], self.matched.ends[hole][rows[some]])
            found[some] = [b"\\" in text for text in texts]
        return found

    def _value(self, hole: int, row: int) -> Any:
        """A value as parsed."""
        return orjson.loads(self.block.data[self.matched.starts[hole][row] : self.matched.ends[hole][row]])

    def _texts(self, slot: str, hole: int) -> None:
        rows, starts, lengths = self._strings(hole)
        sure = printable(self.block, starts, lengths) & ~self._with_escapes(hole, rows)
        if slot != "error":
            sure &= lengths <= _MAX_TEXT
        self._one_by_one(hole, rows[~sure], USABLE[slot])

    def _judge_id(self, kind: str, hole: int, text_only: bool) -> None:
        self._codes.append((hole, self.matched.tags[hole].astype(np.int64), False))
        rows, starts, lengths = self._strings(hole)
        sure = plain_ids(self.block, kind, starts, lengths) & ~self._with_escapes(hole, rows)
        if text_only:
            sure[:] = False
        numbers = self._rows(hole, tag.INTEGER)
        zeros = numbers[self.block.bytes[self.matched.starts[hole][numbers]] == 48]

        def normal(value: Any) -> str | None:
            made = id_of(kind, value, text_only=text_only)
            return None if made is None else made.value

        self._one_by_one(hole, np.concatenate((rows[~sure], zeros)), normal)

    def _one_by_one(self, hole: int, rows: Ints, usable: Callable[[Any], str | None]) -> None:
        """Judges texts by the plain reader's function, and keeps what they are where that is not their bytes."""
        if not len(rows):
            return
        codes = np.zeros(len(self.good), np.int64)
        patches = self.patches.setdefault(hole, {})
        for row in rows.tolist():
            value = self._value(hole, row)
            text = usable(value)
            if text is None:
                codes[row] = _UNUSABLE
            else:
                patches[row] = text.encode()
        self._codes.append((hole, codes, False))

    def _times(self, slot: str, hole: int) -> None:
        size = len(self.good)
        codes, moments = np.full(size, _UNUSABLE, np.int64), np.zeros(size, np.int64)
        rows, starts, lengths = self._strings(hole)
        good, ns, assumed = times(self.block, starts, lengths)
        moments[rows] = ns
        codes[rows] = np.where(good, assumed, _UNUSABLE)
        unsure = [rows[~good], self._rows(hole, tag.FLOAT, tag.NEGATIVE)]
        rows = self._rows(hole, tag.INTEGER)
        if len(rows):
            starts = self.matched.starts[hole][rows]
            lengths = self.matched.ends[hole][rows] - starts
            good, ns = epochs(number(self.block, starts, lengths), lengths)
            moments[rows] = ns
            codes[rows] = np.where(good, 0, _UNUSABLE)
            unsure.append(rows[~good])
        for row in np.concatenate(unsure).tolist():
            moment = USABLE[slot](self._value(hole, row))
            if moment is not None:
                moments[row], codes[row] = moment.ns, moment.tz_assumed
        self.moments[hole] = moments
        self._codes.append((hole, codes, False))

    # --- 2. what becomes of them --------------------------------------------------------------------------------

    def outcomes(self) -> tuple[list[Outcome], Ints]:
        """The different outcomes, and the number of its outcome for each row; rows without one are no longer good."""
        signature = np.zeros(len(self.good), np.int64)
        width = 1
        for _, codes, _ in self._codes:
            low, high = int(codes.min()), int(codes.max())
            if low != high:
                if width > 1 << 40:
                    signature = distinct(signature)[1]
                    width = int(signature.max()) + 1
                signature = signature * (high - low + 1) + (codes - low)
                width *= high - low + 1
        rows = np.flatnonzero(self.good)
        first, inverse = distinct(signature[rows])
        found = [self._outcome(int(rows[one])) for one in first]
        known = np.array([one is not None for one in found], bool)
        by_row = np.full(len(signature), -1, np.int64)
        by_row[rows] = np.where(known, np.cumsum(known) - 1, -1)[inverse]
        self.good &= by_row >= 0
        return [one for one in found if one is not None], by_row

    def _outcome(self, row: int) -> Outcome | None:
        key = tuple(
            self.block.data[self.matched.starts[hole][row] : self.matched.ends[hole][row]]
            if exact and codes[row] >= 0 else int(codes[row])
            for hole, codes, exact in self._codes
        )  # fmt: skip
        known = self.template.outcomes
        if len(known) > _MAX_OUTCOMES:
            known.clear()
        # Which judgements there are depends on the values, so their names are part of the key.
        named = (tuple((hole, exact) for hole, _, exact in self._codes), key)
        if named not in known:
            known[named] = outcome(self.template, self.block.line(int(self.matched.lines[row])))
        made: Outcome | None = known[named]
        return made

    # --- 3. columns ---------------------------------------------------------------------------------------------

    def columns(self, layout: Layout, rows: Ints, outcomes: list[Outcome], codes: Ints) -> Columns:
        """The columns of rows of one layout; `codes` numbers the outcome of each."""
        made = Columns(self.matched.lines[rows])
        for slot, hole in zip(TEXTS, layout.texts, strict=True):
            if hole >= 0:
                made.texts[slot] = self._text(hole, rows), None
        for slot, hole in zip(COUNTS, layout.counts, strict=True):
            if hole >= 0:
                made.numbers[slot] = self._number(hole, rows), None
        for place, slot in enumerate(CONTENTS):
            state = [one.states[place].encode() for one in outcomes]
            self._content(made, slot, layout.contents[place], rows, state, codes)
        begin = layout.begin if layout.begin >= 0 else layout.observed
        for name, hole in (("ts_ns", begin), ("end_ns", layout.end), ("observed_ns", layout.observed)):
            if hole >= 0:
                made.numbers[name] = self.moments[hole][rows], None
        for place, name in enumerate(CONSTANTS):
            made.constant(name, [one.constants[place] for one in outcomes], codes, self.side)
        for _, hole, column in layout.ids:
            if column >= 0:
                made.texts[f"{ID_COLUMNS[column]}_id"] = self._text(hole, rows), None
        if any(column < 0 for _, _, column in layout.ids):
            made.more = self._more(layout, rows)
        self._attributes(made, layout, rows)
        return made

    def backwards(self, layout: Layout, rows: Ints) -> Bools:
        """Rows that end before they begin."""
        if layout.end < 0:
            return np.zeros(len(rows), bool)
        found: Bools = self.moments[layout.end][rows] < self.moments[layout.begin][rows]
        return found

    def _text(self, hole: int, rows: Ints) -> Any:
        """Views of texts without their quotes, or of numbers."""
        starts, ends = self.matched.starts[hole][rows], self.matched.ends[hole][rows]
        quoted = (self.block.bytes[starts] == 34).astype(np.int64)
        made = views(self.block, starts + quoted, ends - starts - 2 * quoted, 0)
        if patches := self.patches.get(hole):
            self._patch(made, rows, patches)
        return made

    def _patch(self, made: Any, rows: Ints, patches: dict[int, bytes]) -> None:
        patched = np.array(sorted(patches), np.int64)
        places = np.searchsorted(rows, patched)
        there = places < len(rows)
        there[there] = rows[places[there]] == patched[there]
        if there.any():
            texts = [patches[row] for row in patched[there].tolist()]
            made[places[there]] = constant_views(texts, self.side, 1)

    def _number(self, hole: int, rows: Ints) -> Ints:
        starts = self.matched.starts[hole][rows]
        return number(self.block, starts, self.matched.ends[hole][rows] - starts)

    def _content(self, made: Columns, slot: str, hole: int, rows: Ints, states: list[bytes], codes: Ints) -> None:
        views_of_states = constant_views(states, self.side, 1)
        if hole < 0:
            made.texts[f"{slot}_state"] = views_of_states[codes], None
            return
        tags = self.matched.tags[hole][rows]
        valid = tags != tag.NULL
        # What a state is for one text it may not be for the next; all else is told by the type.
        full = (tags == tag.STRING) | (tags == tag.OBJECT) | (tags == tag.ARRAY)
        state = views_of_states[codes]
        state[full] = constant_views([b"present"], self.side, 1)
        escaped = np.flatnonzero((tags == tag.STRING) & self._with_escapes(hole, rows))
        for place in escaped.tolist():
            row = int(rows[place])
            self.patches.setdefault(hole, {})[row] = self._value(hole, row).encode()
        unsure = np.flatnonzero(full & self._suspicious(hole, rows, tags))
        if len(unsure):
            found = [self._state(hole, int(rows[place])) for place in unsure]
            state[unsure] = constant_views(found, self.side, 1)
        made.texts[f"{slot}_state"] = state, None
        if valid.any():
            made.texts[slot] = self._text(hole, rows), None if valid.all() else valid

    def _state(self, hole: int, row: int) -> bytes:
        return state_of(self._value(hole, row)).encode()

    def _suspicious(self, hole: int, rows: Ints, tags: Any) -> Bools:
        """Values that may be redacted, hashed or cut short."""
        starts, ends = self.matched.starts[hole][rows], self.matched.ends[hole][rows]
        found = marks(self.block, starts, ends)
        strings = tags == tag.STRING
        if strings.any():
            # A hash has hexadecimal digits from its eighth character on, whatever stands before and behind it.
            maybe = np.flatnonzero(strings & (ends - starts - 2 >= _SHORTEST_HASH))
            for at in range(8, 24, 2):
                maybe = maybe[_HEX[self.block.bytes[starts[maybe] + at]]]
            found[maybe] = True
        return found

    def _more(self, layout: Layout, rows: Ints) -> list[tuple[int, str, str]]:
        """(row, kind, value) of ids without a column; equal ones of a kind count once."""
        made: list[tuple[int, str, str]] = []
        texts = []
        for _, hole, _ in layout.ids:
            patches = self.patches.get(hole, {})
            raw = slices(self.block, self.matched.starts[hole][rows], self.matched.ends[hole][rows])
            texts.append([
                (patches[row] if row in patches else text.strip(b'"')).decode()
                for row, text in zip(rows.tolist(), raw, strict=True)
            ])  # fmt: skip
        kinds = [kind for kind, _, _ in layout.ids]
        for place in range(len(rows)):
            seen = set()
            for order, (kind, _, column) in enumerate(layout.ids):
                one = kind, texts[order][place]
                if column < 0 and one not in seen:
                    made.append((place, *one))
                if kinds.count(kind) > 1 or column < 0:
                    seen.add(one)
        return made

    def _attributes(self, made: Columns, layout: Layout, rows: Ints) -> None:
        if not layout.kept:
            return
        runs = self._runs(layout)
        if runs is None:
            texts = [self._joined(layout.kept, int(row)) for row in rows]
            made.texts["piece_0"] = constant_views(texts, self.side, 1), None
            return
        written = self.block.bytes
        for place, (begin, end) in enumerate(runs):
            starts, ends = self._member(begin, rows), self._behind(end, rows)
            if place == 0:
                starts = starts - 1
                written[starts] = 123
            if place == len(runs) - 1:
                written[ends] = 125
            made.texts[f"piece_{place}"] = views(self.block, starts, ends + 1 - starts, 0), None

    def _runs(self, layout: Layout) -> list[tuple[int, int]] | None:
        """(first, last) members of the stretches that are kept; None if they are too many, or in parts of objects."""
        numbers = {key: number for number, (key, _, _) in enumerate(self.template.members)}
        runs: list[tuple[int, int]] = []
        for key, part in layout.kept:
            number = numbers[key]
            if part is not None:
                return None
            if runs and runs[-1][1] == number - 1:
                runs[-1] = (runs[-1][0], number)
            else:
                runs.append((number, number))
        return runs if len(runs) <= PIECES else None

    def _member(self, number: int, rows: Ints) -> Ints:
        """Where the key of a member begins."""
        first = self.template.members[number][1]
        prefix = self.template.holes[first].prefix
        closing = len(prefix) - len(prefix.lstrip(b"}"))
        return self.matched.starts[first][rows] - (len(prefix) - closing - 1)

    def _behind(self, number: int, rows: Ints) -> Ints:
        """Behind the value of a member."""
        if number + 1 < len(self.template.members):
            return self._member(number + 1, rows) - 1
        ends: Ints = self.block.ends[self.matched.lines[rows]] - 1
        return ends

    def _joined(self, kept: tuple[Any, ...], row: int, parents: tuple[str, ...] = ()) -> bytes:
        """What is kept of an object, as compact JSON."""
        members = []
        for key, part in kept:
            path = (*parents, key)
            if part is not None:
                text = self._joined(part, row, path)
            elif path in self.template.places:
                hole = self.template.places[path]
                text = self.block.data[self.matched.starts[hole][row] : self.matched.ends[hole][row]]
            else:
                below = dict.fromkeys(other[len(path)] for other in self.template.places if other[: len(path)] == path)
                text = self._joined(tuple((inner, None) for inner in below), row, path)
            members.append(orjson.dumps(key) + b":" + text)
        return b"{" + b",".join(members) + b"}"
