r"""Text from logs made harmless for the medium it is shown in, and cut to the width of a screen.

Logs are written by whoever the agent talked to. Shown raw, such text can move the cursor, hide or reorder words on a
terminal, become a formula in a spreadsheet, or a link, an image or a mention in a ticket. All functions are pure.
What they replace stays visible as an escape (`\x1b`, `\u202e`); the exact value stands in JSON.
"""

from __future__ import annotations

import re
from functools import cache

# Unicode categories Cc, Cf, Cs, Zl and Zp (a test compares with `unicodedata`), and what else is shown as nothing:
# grapheme joiner, Hangul and Khmer fillers, blank Braille, variation selectors and tags, in which text can be hidden.
_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
)
_PLAIN = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BREAKS = re.compile(r"\s*[\r\n]\s*")
_BLANKS = re.compile(r"[ \t]{2,}|\t")
# What a spreadsheet takes for the start of a formula, with the full-width forms that some of them fold.
_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(f"\\s*[{re.escape(_SIGNS)}\t\r]")
# What Python's `\s` takes for a blank beside control characters, which are unsafe in any case.
_BLANK = " \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_MARKUP = re.compile(r"[\\`*_\[\]<>|~&$#]")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_BLOCK_START = re.compile(r"(?:[-+=]|\d+[.)])")
_SCHEME = re.compile(r"://")
_WWW = re.compile(r"\bwww\.", re.IGNORECASE)
ELLIPSIS = "\u2026"


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _PLAIN:
        return _PLAIN[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def terminal(text: str, *, ascii_only: bool = False) -> str:
    r"""One line that a terminal shows as it stands: no control, format or invisible character is left.

    Args:
        text: anything.
        ascii_only: whether characters beyond ASCII become escapes too, for a terminal that has no others.

    Each such character becomes a visible escape (`\n`, `\x1b`, `\u202e`, `\U000e0041`). A backslash of the text
    stays single, so the result is for reading and is not reversible.
    """
    made = _UNSAFE.sub(_escape, text)
    return made.encode("ascii", "backslashreplace").decode() if ascii_only and not made.isascii() else made


def one_line(text: str, *, ascii_only: bool = False) -> str:
    r"""As `terminal`, but easier to read: a line break with the blanks around it is one mark, blanks are one blank."""
    text = _BREAKS.sub("\\\\n" if ascii_only else "\u23ce", text.strip()) if "\n" in text or "\r" in text else text
    return terminal(_BLANKS.sub(" ", text), ascii_only=ascii_only)


def json_safe(text: str) -> str:
    r"""JSON text whose unsafe characters are `\uXXXX` escapes: the same values, but nothing that acts on a terminal.

    Args:
        text: JSON, in which such characters stand inside strings only (line feeds between members are kept).
    """
    return _UNSAFE.sub(lambda match: match.group() if match.group() == "\n" else _json_escape(match.group()), text)


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2))


def width(text: str) -> int:
    """Columns of a terminal that the text takes (East Asian wide characters take two, combining ones none)."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def shorten(text: str, columns: int, *, ellipsis: str = ELLIPSIS) -> str:
    """The text cut at the end to at most `columns` columns, with an ellipsis if anything was cut."""
    if text.isascii() and len(text) <= columns:
        return text
    # Combining marks take no column: without a bound on characters, one cell could hold a megabyte of them.
    bounded = text[: 4 * columns + 16]
    if len(bounded) == len(text) and width(text) <= columns:
        return text
    return head(bounded, columns - len(ellipsis)) + ellipsis if columns > len(ellipsis) else head(bounded, columns)


def middle(text: str, columns: int, *, ellipsis: str = ELLIPSIS) -> str:
    """The text cut in the middle: for paths, whose first and last parts both tell something."""
    if width(text) <= columns:
        return text
    room = columns - len(ellipsis)
    if room < 2:
        return shorten(text, columns, ellipsis=ellipsis)
    tail = head(text[: -room - 1 : -1], room * 2 // 3)[::-1]
    return head(text, room - width(tail)) + ellipsis + tail


def head(text: str, columns: int) -> str:
    """The longest beginning of the text that takes at most `columns` columns."""
    if text.isascii():
        return text[: max(columns, 0)]
    from rich.cells import cell_len

    used = 0
    for index, char in enumerate(text):
        used += cell_len(char)
        if used > columns:
            return text[:index]
    return text


def csv_cell(text: str) -> str:
    """Text for a cell of CSV that no spreadsheet runs as a formula; give it text from logs only, never numbers."""
    made = terminal(text)
    return f"'{made}" if _FORMULA.match(text) else made


def csv_pattern() -> str:
    """A pattern of RE2 (for engines that search columns of text) that finds every text which `csv_cell` changes."""
    unsafe = "".join(char if char in "[-]" else f"\\x{{{ord(char):x}}}" for char in _UNSAFE.pattern)
    # UTF-8, all that RE2 sees, has no halves of characters.
    unsafe = unsafe.replace(r"\x{d800}-\x{dfff}", "")
    signs = "".join(f"\\x{{{ord(char):x}}}" for char in _SIGNS)
    blanks = "".join(f"\\x{{{ord(char):x}}}" for char in _BLANK)
    return f"{unsafe}|\\A[{blanks}]*[{signs}]"


@cache
def csv_bytes() -> tuple[bytes, bytes]:
    """Bytes by which UTF-8 text is cleared without reading its characters, for engines that hold columns of it.

    Returns:
        Bytes of which none stands in a text, and bytes with which it does not begin: then `csv_cell` changes nothing.
        Of characters beyond ASCII these are the first bytes, which others share: such a text may still be harmless.
    """
    made: set[int] = set()
    for low, high in re.findall("(.)(?:-(.))?", _UNSAFE.pattern[1:-1].replace("\ud800-\udfff", ""), re.DOTALL):
        made.update(range(low.encode()[0], (high or low).encode()[0] + 1))
    starts = {char.encode()[0] for char in _BLANK + _SIGNS}
    return bytes(sorted(byte for byte in made if not 0x80 <= byte < 0xC0)), bytes(sorted(starts))


def markdown_cell(text: str) -> str:
    r"""Text for Markdown, in a table or at the start of a line, without any meaning of its own there.

    Markup is escaped. Addresses are written as responders do, `https[:]//` and `name[@]host`: GitHub and others turn
    even escaped ones into links and mentions.
    """
    made = one_line(text).strip()  # a blank before it would hide the start of a list from the check below
    made = _WWW.sub(lambda match: match.group()[:-1] + "[.]", _SCHEME.sub("[:]//", made)).replace("@", "[@]")
    made = _MARKUP.sub(lambda match: _ENTITIES.get(match.group(), "\\" + match.group()), made)
    start = _BLOCK_START.match(made)
    return made[: start.end() - 1] + "\\" + made[start.end() - 1 :] if start else made


def digest(text: str, *, digits: int = 16, ellipsis: str = ELLIPSIS) -> str:
    """What stands for hidden content: `blake3:` and the first hex digits of its hash (all 64: no ellipsis)."""
    from blake3 import blake3

    value = blake3(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"blake3:{value[:digits]}{ellipsis if digits < len(value) else ''}"
