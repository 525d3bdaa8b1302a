"""Values of many records at once: integers, times, ids and words, each as the plain reader's own functions would say.

Every function answers only where it is certain; the rest is for the plain functions, value by value.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from auditrail.ingest._fast_index import Block, Bools, Ints, Words
from auditrail.times import NS, parse

# MASKS[n] keeps the first n bytes of a little-endian word.
MASKS: Words = np.array([(1 << (8 * n)) - 1 for n in range(8)] + [(1 << 64) - 1], "<u8")
_U = np.uint64
_HIGH = _U(0xF0F0F0F0F0F0F0F0)
_ZEROS = _U(0x3030303030303030)
_SIXES = _U(0x0606060606060606)
_ONES = _U(0x0101010101010101)
_TOPS = _U(0x8080808080808080)
_HEX_KINDS = frozenset({"trace", "span", "parent_span", "linked_span", "linked_trace"})
# Times in one block are written in few ways; the rest is read one by one.
_MAX_FORMS = 4
_EPOCHS = {10: NS, 13: 10**6, 16: 10**3}


def _eight(words: Words) -> tuple[Bools, Ints]:
    """Eight decimal digits each -> whether they are, and the number."""
    good = ((words & _HIGH) == _ZEROS) & (((words + _SIXES) & _HIGH) == _ZEROS)
    x = words - _ZEROS
    x = x * _U(10) + (x >> _U(8))
    low = (x & _U(0x000000FF000000FF)) * _U(0x000F424000000064)
    high = ((x >> _U(16)) & _U(0x000000FF000000FF)) * _U(0x0000271000000001)
    return good, ((low + high) >> _U(32)).astype(np.int64)


def _short(block: Block, starts: Ints, lengths: Ints) -> tuple[Bools, Ints]:
    """At most eight digits each."""
    missing = (8 - lengths).astype(np.uint64) << _U(3)
    # A shift by 64 is not defined: no digits at all are zeros.
    word = np.where(lengths > 0, block.word(starts) << missing, _U(0))
    padding = np.where(lengths > 0, _ZEROS & ~(~_U(0) << missing), _ZEROS)
    return _eight(cast("Words", word | padding))


def digits(block: Block, starts: Ints, lengths: Ints) -> tuple[Bools, Ints]:
    """Integers without sign and leading zero, of at most 16 digits: whether they are, and the number."""
    good = (lengths > 0) & (lengths <= 16) & ((lengths == 1) | (block.bytes[starts] != 48))
    if not len(lengths) or int(lengths.max()) <= 8:
        fine, numbers = _short(block, starts, np.minimum(lengths, 8))
        return good & fine, numbers
    low = np.minimum(lengths, 8)
    fine, numbers = _short(block, starts + (lengths - low).clip(0, 8), low)
    more, upper = _short(block, starts, (lengths - 8).clip(0, 8))
    return good & fine & more, numbers + upper * 10**8


def number(block: Block, starts: Ints, lengths: Ints) -> Ints:
    """The numbers of tokens that were proven to be integers, not negative, of at most 18 digits."""
    good, numbers = digits(block, starts, lengths)
    for row in np.flatnonzero(~good).tolist():
        numbers[row] = int(block.data[starts[row] : starts[row] + lengths[row]])
    return numbers


def times(block: Block, starts: Ints, lengths: Ints) -> tuple[Bools, Ints, Bools]:
    """Texts that are times: whether that is certain, ns since the epoch, and whether the zone was assumed.

    Read here are `2026-01-31T23:59:59` with a blank for the T, a fraction of up to nine digits behind a point or
    comma, and nothing, `Z` or `+00:00` at the end; which of these is taken from one text, and all that have its
    length and its punctuation follow.
    """
    good = np.zeros(len(starts), bool)
    ns = np.zeros(len(starts), np.int64)
    assumed = np.zeros(len(starts), bool)
    left = np.flatnonzero((lengths >= 19) & (lengths <= 35))
    for _ in range(_MAX_FORMS):
        if not len(left):
            break
        length = int(lengths[left[0]])
        rows = left[lengths[left] == length]
        text = block.data[starts[rows[0]] : starts[rows[0]] + length]
        form = _form(text)
        left = left[lengths[left] != length] if len(rows) < len(left) else left[:0]
        if form is None:
            continue
        fraction, zone = form
        fine, moments = _fixed(block, starts[rows], text, fraction)
        good[rows], ns[rows], assumed[rows] = fine, moments, zone == b""
    return good, ns, assumed


def _form(text: bytes) -> tuple[int, bytes] | None:
    """(digits of the fraction, zone) of a time."""
    rest = text[19:]
    count = 0
    if rest[:1] in (b".", b","):
        while count < len(rest) - 1 and 48 <= rest[1 + count] <= 57:
            count += 1
        rest = rest[1 + count :]
        if not 1 <= count <= 9:
            return None
    shaped = text[10:11] in (b"T", b" ") and rest in (b"", b"Z", b"+00:00")
    return (count, rest) if shaped else None


def _fixed(block: Block, starts: Ints, text: bytes, fraction: int) -> tuple[Bools, Ints]:
    """Times with digits where `text` has them up to the end of the fraction, and else the same bytes."""
    end = 20 + fraction if fraction else 19
    grid = block.bytes[starts[:, None] + np.arange(len(text))]
    model = np.frombuffer(text, np.uint8)
    at = np.array([*range(4), 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, *range(20, end)])
    fixed = np.setdiff1d(np.arange(len(text)), at)
    figures = grid[:, at] - np.uint8(48)
    good = (figures <= 9).all(axis=1) & (grid[:, fixed] == model[fixed]).all(axis=1)
    good &= (text[4:5] + text[7:8] + text[13:14] + text[16:17]) == b"--::"
    figures = figures.astype(np.int64)
    date = figures[:, :8] @ 10 ** np.arange(7, -1, -1)
    hour, minute, second = (figures[:, i] * 10 + figures[:, i + 1] for i in (8, 10, 12))
    good &= (hour < 24) & (minute < 60) & (second < 60)
    days = np.zeros(len(starts), np.int64)
    rows = np.flatnonzero(good)
    values, inverse = np.unique(date[rows], return_inverse=True)
    found = []
    for value in values.tolist():
        moment = parse(f"{value // 10000:04d}-{value // 100 % 100:02d}-{value % 100:02d}")
        found.append(moment.ns if moment else -1)
    days[rows] = np.array(found, np.int64)[inverse] if found else 0
    if -1 in found:
        good[rows[days[rows] == -1]] = False
    ns = days + ((hour * 60 + minute) * 60 + second) * NS
    if fraction:
        ns = ns + figures[:, 14:] @ 10 ** np.arange(8, 8 - fraction, -1)
    # The last day that 64 bits hold is not a whole one.
    return good & (days < 9_223_000_000_000_000_000) & (days > -9_223_000_000_000_000_000), ns


def epochs(numbers: Ints, lengths: Ints) -> tuple[Bools, Ints]:
    """Integers that are seconds, milliseconds or microseconds, by their number of digits."""
    good = np.zeros(len(numbers), bool)
    ns = np.zeros(len(numbers), np.int64)
    for length, unit in _EPOCHS.items():
        rows = lengths == length
        good |= rows
        ns[rows] = numbers[rows] * unit
    good &= numbers < 9_223_372_036 * 10 ** (lengths - 10).clip(0, 6)
    return good, ns


def printable(block: Block, starts: Ints, lengths: Ints) -> Bools:
    """Texts that begin and end with an ASCII character that can be seen: not blank, and nothing to strip."""
    first = block.bytes[starts]
    last = block.bytes[starts + lengths - 1]
    good: Bools = (lengths > 0) & (first > 32) & (first < 127) & (last > 32) & (last < 127)
    return good


def plain_ids(block: Block, kind: str, starts: Ints, lengths: Ints) -> Bools:
    """Texts that are ids as they stand: none of the words for nothing, not zeros, and nothing to put in lower case."""
    good = (lengths > 9) & (lengths <= 64) & printable(block, starts, lengths)
    first, second = block.bytes[starts], block.bytes[starts + 1]
    good &= ~(((first == 48) | (first == 45)) & ((second == 48) | (second == 45)))
    good &= (first != 91) & (first != 60) & (first != 42)  # `[`, `<`, `*`: it may be a mark of redaction
    # Only hexadecimal letters are ever changed: `A` to `F`, and here `@` and `G` too.
    rows = np.arange(len(starts)) if kind in _HEX_KINDS else np.flatnonzero(lengths == 36)
    if len(rows):
        begin, length = starts[rows], lengths[rows]
        capitals = np.zeros(len(rows), np.uint64)
        for word in _all_words(block, begin, length, 64):
            test = (word & _U(0xF8F8F8F8F8F8F8F8)) ^ _U(0x4040404040404040)
            capitals |= (test - _ONES) & ~test & _TOPS
        good[rows[capitals != 0]] = False
    return good


def _all_words(block: Block, starts: Ints, lengths: Ints, most: int) -> list[Words]:
    """The texts, eight bytes each, with zeros behind their ends."""
    longest = min(int(lengths.max()), most)
    same = int(lengths.min()) == longest
    words = []
    for at in range(0, longest, 8):
        if at % 32 == 0:
            wide = block.wide(starts + at)
        word = wide[:, at % 32 // 8]
        words.append(word if same and at + 8 <= longest else word & MASKS[(lengths - at).clip(0, 8)])
    return words


def coded(block: Block, starts: Ints, lengths: Ints, most: int) -> npt.NDArray[np.int64] | None:
    """Numbers texts by their value: equal texts, and only those, have equal numbers.

    Returns None if there are more than `most` values or if one is longer than 256 bytes.
    """
    codes = np.full(len(starts), -1, np.int64)
    longest = int(lengths.max())
    if longest > 256:
        return None
    words = _all_words(block, starts, lengths, 256)
    rows = np.arange(len(starts))
    for code in range(most):
        if not len(rows):
            return codes
        same = np.ones(len(rows), bool)
        for word in words:
            same &= word[rows] == word[rows[0]]
        codes[rows[same]] = code
        rows = rows[~same]
    return None if len(rows) else codes


def views(block: Block, starts: Ints, lengths: Ints, buffer: int) -> npt.NDArray[np.uint64]:
    """Arrow string views (16 bytes each, as two words) of texts; those of up to 12 bytes hold their bytes."""
    made = np.empty((len(starts), 2), np.uint64)
    word = block.word(starts)
    length = lengths.astype(np.uint64)
    made[:, 0] = length | (word << _U(32))
    made[:, 1] = (starts.astype(np.uint64) << _U(32)) | _U(buffer)
    rows = np.flatnonzero(lengths <= 12)
    if len(rows):
        size = lengths[rows]
        made[rows, 0] = length[rows] | ((word[rows] & MASKS[size.clip(0, 4)]) << _U(32))
        made[rows, 1] = block.word(starts[rows] + 4) & MASKS[(size - 4).clip(0, 8)]
    return made


def constant_views(texts: list[bytes], side: bytearray, buffer: int) -> npt.NDArray[np.uint64]:
    """Views of texts; the long ones are added to `side`, which will be the buffer of that number."""
    made = np.zeros((len(texts), 4), np.int32)
    for row, text in enumerate(texts):
        made[row, 0] = len(text)
        if len(text) <= 12:
            made[row, 1:] = np.frombuffer(text.ljust(12, b"\0"), np.int32)
        else:
            made[row, 1:] = int.from_bytes(text[:4], "little", signed=True), buffer, len(side)
            side += text
    return made.view(np.uint64)
