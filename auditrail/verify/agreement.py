"""Whether a compact writer of JSON (orjson, msgspec) writes a value as a canonical form would.

They write the same but for the following, and where one of these is met the exact way (`canon`) decides. It matters
even though the hash fits: a hash over another writing of the same value is one that the producer's verifier refuses.

- Numbers with an exponent: `1e+16` in Python and ECMAScript, `1e16` in Rust, `1e-05` or `0.00001` for a small one. All
  write a double from 1e-4 up to 1e16 with the same digits and no exponent.
- Doubles without a fraction and integers beyond 2**53 in ECMAScript: 45.0 is `45` there, and -0.0 is `0`.
- Characters beyond ASCII where the form escapes them, and DEL, which Python escapes then: `exactly` does so.
- The order of names beyond ASCII in ECMAScript: UTF-16 code units, and not code points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from auditrail.verify.spelling import escaped

ECMA = ("jcs", "js")
_SAFE = 2**53 - 1
# All writers give the digits of these without an exponent.
_SMALLEST, _BEYOND = 1e-4, 1e16


class Agreement:
    """Parses records, and tells of them whether compact writers agree with a canonical form.

    Args:
        canon: the name of the form, one of `quick.COMPACT`.

    Attributes:
        odd: whether a number was parsed, since this was last set to False, of which they may write something else.
        float: reads such a number. bound: the largest integer that all of them write alike; None: any.
        ascii: whether the form escapes what is not ASCII.
    """

    def __init__(self, canon: str) -> None:
        self.ecma = canon in ECMA
        self.ascii = canon == "py-c"
        self.odd = False
        self.bound = _SAFE if self.ecma else None if canon.startswith("py") else 2**63 - 1
        self.float = self._reader()
        decoder = msgspec.json.Decoder(float_hook=self.float)
        self.loads, self.load_lines = decoder.decode, decoder.decode_lines

    def _reader(self) -> Callable[[str], float]:
        """What reads a number that is no integer; a closure, because the parser calls it for each of them."""
        ecma, of_text = self.ecma, float

        def read(text: str) -> float:
            value = of_text(text)
            if _SMALLEST <= value < _BEYOND and not ecma:
                return value
            if not _SMALLEST <= abs(value) < _BEYOND:
                self.odd = self.odd or value != 0 or ecma
            elif ecma and value.is_integer():
                self.odd = True
            return value

        return read

    def exactly(self, data: bytes) -> bytes:
        """What was written, in the characters of the form."""
        return escaped(data) if self.ascii else data

    def value(self, value: Any) -> bool:
        """Whether integers and names are written and sorted alike."""
        if not self.ecma:
            return True
        stack = [value]
        while stack:
            item = stack.pop()
            kind = type(item)
            if kind is dict:
                if not all(map(str.isascii, item)):
                    return False
                stack += item.values()
            elif kind is list:
                stack += item
            elif kind is int and not -_SAFE <= item <= _SAFE:
                return False
        return True
