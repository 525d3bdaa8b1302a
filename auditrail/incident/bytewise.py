"""The bytes of a redacted source: record by record, with what stands between them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from auditrail import jsontext
from auditrail.containers.table import DELIMITERS
from auditrail.errors import RecordError
from auditrail.incident.rereading import Reading, Unit
from auditrail.incident.rewrite import Rewriter
from auditrail.incident.select import FreezeError, Piece

_BINARY = ("length-prefixed", "varint-prefixed", "message")
_AROUND = b" \t\r\n,[]\x1e"


class Source:
    """A source that is redacted.

    Args:
        piece: what is kept of it.
        data: its bytes, decompressed.
        reading: what it says.

    `numbers` has record -> its number in the copy, after `write`.

    Raises:
        FreezeError: it is binary, or its records are made of parts that do not touch.
    """

    def __init__(self, piece: Piece, data: bytes, reading: Reading) -> None:
        self.numbers: dict[int, int] = {}
        self._piece = piece
        self._data = data
        self._reading = reading
        if reading.framing in _BINARY:
            raise FreezeError(
                f"{piece.path} is binary ({reading.framing}): its records can't be redacted",
                hint="freeze without --redact, and keep the case where the logs themselves may be kept",
            )
        if any(unit.joined for unit in reading.units):
            raise FreezeError(f"{piece.path}: records of it are joined from parts, and can't be redacted")

    def write(
        self, target: Path, rewriter: Callable[[int], Rewriter], around: Rewriter, unread: Callable[[int, bytes], bytes]
    ) -> set[tuple[str, str]]:
        """Writes the copy.

        Args:
            target: the file.
            rewriter: of a record.
            around: of what stands between records.
            unread: what stands in place of a record that gives no event.

        Returns:
            what was changed and may be spared.
        """
        changed: set[tuple[str, str]] = set()
        parts: list[bytes] = []
        at = 0
        self.numbers.clear()
        for unit in sorted(self._reading.units, key=lambda unit: unit.offset):
            if self._piece.lines and unit.number not in self._piece.places:
                continue
            raw = self._data[unit.offset : unit.offset + unit.length]
            if not self._piece.lines:
                parts.append(_between(self._data[at : unit.offset], around))
                at = unit.offset + unit.length
            self.numbers[unit.number] = len(self.numbers) + 1 if self._piece.lines else unit.number
            if unit.number in self._reading.events:
                made = rewriter(unit.number)
                parts.append(self._record(raw, unit, made))
                changed |= made.changed
            else:
                parts.append(self._unread(raw, unit, unread))
            if self._piece.lines:
                parts.append(b"\n")
        if not self._piece.lines:
            parts.append(_between(self._data[at:], around))
        target.write_bytes(b"".join(parts))
        return changed | around.changed

    def _record(self, raw: bytes, unit: Unit, rewriter: Rewriter) -> bytes:
        if not rewriter.acts:
            return raw
        framing = self._reading.framing
        if framing in DELIMITERS:
            return _row(rewriter.json(jsontext.parse(unit.row)[0]), DELIMITERS[framing].decode())
        try:
            value, _ = jsontext.parse(raw)
        except RecordError:
            return rewriter.text(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        made = rewriter.json(value)
        return raw if made == value else jsontext.dumps(made).encode("utf-8", "surrogatepass")

    def _unread(self, raw: bytes, unit: Unit, unread: Callable[[int, bytes], bytes]) -> bytes:
        if not raw.strip():
            return raw
        made = unread(unit.number, raw)
        if made == raw or self._reading.framing in DELIMITERS:
            return made
        return jsontext.dumps(made.decode("utf-8", "replace")).encode()


def _between(data: bytes, around: Rewriter) -> bytes:
    if not data.strip(_AROUND):
        return data
    return around.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _row(values: dict[str, object], delimiter: str) -> bytes:
    out = io.StringIO()
    cells = ["" if one is None else one if isinstance(one, str) else jsontext.dumps(one) for one in values.values()]
    csv.writer(out, delimiter=delimiter, lineterminator="", quoting=csv.QUOTE_MINIMAL).writerow(cells)
    return out.getvalue().encode("utf-8", "surrogateescape")
