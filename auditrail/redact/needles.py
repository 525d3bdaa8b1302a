"""What of the withheld values is searched for in finished files: windows of 8 to 32 bytes, kept as 64-bit hashes.

A *value* (withheld by a path, a pattern or as a name) is searched for from `LEAST_VALUE` bytes on. A *content* that is
withheld whole is searched for in pieces: runs without quotes, brackets, angles, ampersands, backslashes or control
characters, so that no file's way of escaping hides them, of at least `LEAST_PIECE` bytes. Left out are what says
nothing and occurs everywhere: names of members, times and short numbers, single words of fewer than `LEAST_WORD`
letters.
Longer runs are cut into windows, so a text that is shown shortened is found by its beginning.

Nothing readable is kept: a needle has its first eight bytes, its length and a hash; 20 bytes each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

LEAST_VALUE = 8
LEAST_PIECE = 12
LEAST_WORD = 20
WINDOW = 32
# Numbers of so many digits are content: cards, accounts. Times in milliseconds and finer begin with 1.
_LEAST_DIGITS = 13
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
# Needles are made unique from time to time, so that a value that stands in a million records is kept once.
_MERGE_AT = 4_000_000


def _rows() -> Any:
    import numpy as np

    return np.dtype([("hash", "<u8"), ("word", "<u8"), ("rule", "<u2"), ("length", "u1"), ("value", "?")])


class Needles:
    """All needles; `add_*`, then `search` any number of texts. Rules are numbers of the caller's."""

    def __init__(self) -> None:
        import numpy as np

        self._parts: list[Any] = []
        self._pending = 0
        self._rows = np.zeros(0, _rows())
        self._index: _Index | None = None

    def __len__(self) -> int:
        self._merge()
        return len(self._rows)

    def add_values(self, values: Iterable[bytes], rule: int) -> None:
        """Adds values that were withheld in their places inside of a text, or as names."""
        import numpy as np

        kept = [value for value in values if len(value) >= LEAST_VALUE]
        if kept:
            lengths = np.array([len(value) for value in kept])
            starts = np.cumsum(lengths) - lengths
            data = np.frombuffer(b"".join(kept) + bytes(WINDOW), np.uint8)
            self.add_rows(_windows(data, starts, lengths, rule, value=True))

    def add_contents(self, texts: Iterable[bytes], rule: int) -> None:
        """Adds the pieces of contents that were withheld whole."""
        import numpy as np

        joined = b"\x00".join(texts)
        if len(joined) >= LEAST_PIECE:
            data = np.frombuffer(joined + bytes(WINDOW), np.uint8)
            starts, lengths = _runs(data)
            self.add_rows(_windows(data, starts, lengths, rule, value=False))

    def add_rows(self, rows: Any) -> None:
        """Adds needles that another process made (`rows`)."""
        if len(rows):
            self._index = None
            self._parts.append(rows)
            self._pending += len(rows)
            if self._pending > _MERGE_AT:
                self._merge()

    def rows(self) -> Any:
        """The needles as an array, each once."""
        self._merge()
        return self._rows

    def _merge(self) -> None:
        import numpy as np

        if not self._parts:
            return
        rows = np.concatenate([self._rows, *self._parts])
        self._parts, self._pending = [], 0
        # Of equal ones the first rule stays; a value goes before a piece of a content.
        order = np.lexsort((rows["rule"], ~rows["value"], rows["hash"]))
        rows = rows[order]
        first = np.ones(len(rows), bool)
        first[1:] = rows["hash"][1:] != rows["hash"][:-1]
        self._rows = rows[first]

    def search(self, data: bytes, known: int = 0) -> Any:
        """Numbers of the needles that stand in a text, each as often as it stands there, as an array.

        Args:
            data: the text.
            known: so many bytes at its beginning were searched already, as the end of the text before.
        """
        return self.places(data, known)[0]

    def places(self, data: bytes, known: int = 0) -> tuple[Any, Any]:
        """The same, and where each begins."""
        import numpy as np

        if self._index is None:
            self._merge()
            self._index = _Index(self._rows)
        if not len(self._rows) or len(data) < LEAST_VALUE:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        return self._index.search(data, known)

    def of_values(self) -> Needles:
        """Those of values alone, with the same rules."""
        made = Needles()
        made.add_rows(self.rows()[self.rows()["value"]])
        return made

    def drop(self, found: Any, *, pieces: Any = ()) -> int:
        """Drops needles by their numbers, those of `pieces` only if they are pieces of contents; returns how many."""
        import numpy as np

        gone = np.zeros(len(self._rows), bool)
        gone[np.asarray(pieces, np.int64)] = True
        gone &= ~self._rows["value"]
        gone[found] = True
        self._rows = self._rows[~gone]
        self._index = None
        return int(gone.sum())


def _runs(data: Any) -> tuple[Any, Any]:
    """Begins and lengths of the runs that are worth searching for."""
    import numpy as np

    plain, letter, digit = _classes()
    inside = plain[data]
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if inside[0]:
        edges = np.concatenate([[0], edges])
    starts, ends = edges[0::2], edges[1::2]  # the padding ends the last run
    long = ends - starts >= LEAST_PIECE
    starts, stops = starts[long], ends[long]
    # What stands between members of JSON (`: 12, `) is no part of a number.
    edge, ends = _between(), stops.copy()
    for _ in range(2):
        starts = starts + edge[data[starts]]
        ends = ends - edge[data[ends - 1]]
    long = ends - starts >= LEAST_PIECE
    starts, ends, stops = starts[long], ends[long], stops[long]
    letters = np.concatenate([[0], np.cumsum(letter[data], dtype=np.int64)])
    digits = np.concatenate([[0], np.cumsum(digit[data], dtype=np.int64)])
    lengths = ends - starts
    few, many = letters[ends] - letters[starts], digits[ends] - digits[starts]
    is_key = (data[stops] == 0x22) & (data[stops + 1] == 0x3A)
    is_word = (few == lengths) & (lengths < LEAST_WORD)
    is_number = (few == 0) & (many >= _LEAST_DIGITS) & (many + 6 >= lengths) & (data[starts] != 0x31)
    is_date = (few == 0) & (data[starts] == 0x32) & (data[starts + 1] == 0x30)
    kept = ~is_key & ~is_word & ((few >= 3) | (is_number & ~is_date))
    return starts[kept], lengths[kept]


def _between() -> Any:
    import numpy as np

    edge = np.zeros(256, np.int64)
    edge[list(b",: ")] = 1
    return edge


def _classes() -> tuple[Any, Any, Any]:
    import numpy as np

    plain = np.ones(256, bool)
    plain[:32] = False
    plain[list(b"\"'\\<>&{}[]\x7f")] = False
    letter = np.zeros(256, bool)
    letter[128:] = True
    letter[ord("A") : ord("Z") + 1] = True
    letter[ord("a") : ord("z") + 1] = True
    digit = np.zeros(256, bool)
    digit[ord("0") : ord("9") + 1] = True
    return plain, letter, digit


def _windows(data: Any, starts: Any, lengths: Any, rule: int, *, value: bool) -> Any:
    """Needles of runs: windows of up to `WINDOW` bytes; what is left at a run's end is covered by its last bytes."""
    import numpy as np

    pieces = (lengths + WINDOW - 1) // WINDOW
    run = np.repeat(np.arange(len(starts)), pieces)
    first = np.cumsum(pieces) - pieces
    number = np.arange(len(run)) - first[run]
    sizes = np.minimum(lengths[run], WINDOW)
    at = starts[run] + np.minimum(number * WINDOW, lengths[run] - sizes)
    made = np.zeros(len(at), _rows())
    made["hash"], made["word"] = _hashes(data, at, sizes)
    made["length"] = sizes
    made["rule"] = rule
    made["value"] = value
    return made


def _hashes(data: Any, at: Any, sizes: Any) -> tuple[Any, Any]:
    """Hash and first word of windows; `data` goes on for `WINDOW` bytes behind the last one's begin."""
    import numpy as np

    text = data[at[:, None] + np.arange(WINDOW)]
    text[np.arange(WINDOW) >= sizes[:, None]] = 0
    words = np.ascontiguousarray(text).view("<u8")
    made = sizes.astype(np.uint64)
    for number, multiplier in enumerate(_MULTIPLIERS):
        made = (made ^ words[:, number]) * np.uint64(multiplier)
        made ^= made >> np.uint64(29)
    return made, words[:, 0].copy()


class _Index:
    """A table of first words, and for each the lengths that needles beginning so have."""

    def __init__(self, rows: Any) -> None:
        import numpy as np

        self._hashes = rows["hash"]  # sorted by `_merge`
        self._words, inverse = np.unique(rows["word"], return_inverse=True)
        self._lengths = np.zeros(len(self._words), np.uint64)
        np.bitwise_or.at(self._lengths, inverse, np.uint64(1) << rows["length"].astype(np.uint64))
        self._all = sorted({int(one) for one in np.unique(rows["length"])})
        # One byte a slot, sixteen slots a word: a look-up fails at once for nearly every place of a text.
        bits = min(max(16, int(len(self._words) * 16).bit_length()), 27)
        self._shift = np.uint64(64 - bits)
        self._table = np.zeros(1 << bits, bool)
        self._table[self._slots(self._words)] = True

    def _slots(self, words: Any) -> Any:
        import numpy as np

        return (words * np.uint64(_MULTIPLIERS[0])) >> self._shift

    def search(self, data: bytes, known: int) -> tuple[Any, Any]:
        import numpy as np

        size = len(data)
        places = []
        for phase in range(8):
            number = (size - phase) // 8
            if number > 0:
                words = np.frombuffer(data, "<u8", count=number, offset=phase)
                places.append(np.flatnonzero(self._table[self._slots(words)]) * 8 + phase)
        at = np.concatenate(places)
        padded = np.frombuffer(data + bytes(WINDOW), np.uint8)
        words = np.ascontiguousarray(padded[at[:, None] + np.arange(8)]).view("<u8")[:, 0]
        place = np.minimum(np.searchsorted(self._words, words), len(self._words) - 1)
        held = self._words[place] == words
        at, lengths = at[held], self._lengths[place[held]]
        found, begins = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for length in self._all:
            some = at[((lengths >> np.uint64(length)) & np.uint64(1)).astype(bool)]
            some = some[(some + length <= size) & (some + length > known)]
            if len(some):
                hashes, _ = _hashes(padded, some, np.full(len(some), length))
                number = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
                right = self._hashes[number] == hashes
                found.append(number[right])
                begins.append(some[right])
        return np.concatenate(found), np.concatenate(begins)
