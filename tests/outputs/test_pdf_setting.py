"""How documents are set: long words, characters that the fonts lack, bounds, and the drawing of charts."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import auditrail
from auditrail.outputs._pdf import glyphs, setting, strips
from auditrail.outputs._pdf.blocks import Block, Column, Document, Facts, Heading, Strip, Table, Text
from tests.outputs import _pdfs

PACKAGE = Path(auditrail.__file__).parent


def document(*blocks: Block, **more: Any) -> Document:
    fields: dict[str, Any] = {
        "title": "T", "subtitle": "s", "verdict": "v", "facts": Facts(()), "notes": (), "running": "r", "foot": "f",
    }  # fmt: skip
    return Document(**{**fields, "blocks": blocks, **more})


def test_every_character_of_the_table_can_be_shown() -> None:
    """PDF/UA-1 refuses a character without a glyph: this compiles because there is none."""
    # A letter between any two of them: combining characters would be put together.
    held = [char for char in glyphs.held() if char.strip()]
    lines = [" ".join(f"o{char}" for char in held[at : at + 40]) for at in range(0, len(held), 40)]
    blocks: list[Block] = [Text(line) for line in lines]
    blocks.append(Table((Column("mono", 1, "mono"), Column("bold", 1, "severity")), [(line, line) for line in lines]))
    plain = setting._Plain(ascii_only=False)
    plain.value(document(*blocks))
    assert plain.unshown == 0
    assert len(setting._set(document(*blocks), ascii_only=False)) > 10_000


def test_what_cannot_be_shown_is_written_as_its_number_and_told() -> None:
    words = _pdfs.words(setting.compiled(document(Text("agent 日本"))))
    assert r"agent \u65e5\u672c" in words
    assert r"2 characters that the fonts of this document do not hold" in words
    assert r"such as \u65e5" in words
    assert "fonts of this document" not in _pdfs.words(setting.compiled(document(Text("Ελληνικά, русский"))))


def test_fonts_other_than_the_known_ones_cost_letters_and_not_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "shown", lambda text: (text, 0))
    assert r"agent \u65e5\u672c" in _pdfs.words(setting.compiled(document(Text("agent 日本"))))


def test_a_long_word_breaks_and_is_copied_whole(tmp_path: Path) -> None:
    digest = "0123456789abcdef" * 4
    table = Table((Column("narrow", 1, "mono"), Column("wide", 5)), [(digest, "x")])
    made = setting.compiled(document(table))
    lines = _pdfs.pdftotext(made, tmp_path, "-raw").split("\n")
    parts = [line for line in lines if re.fullmatch(r"[0-9a-f]{2,}( x)?", line)]
    assert len(parts) > 2
    assert "".join(part.removesuffix(" x") for part in parts) == digest
    assert _pdfs.beyond_the_page(made, tmp_path) == []


@pytest.mark.parametrize(
    ("value", "room", "made"),
    [
        ("short", 12, "short"),
        ("with-hyphens-and/slashes/everywhere", 12, "with-hyphens-and/slashes/everywhere"),
        ("a" * 13, 12, "aa|aa|aa|aa|aa|aa|a"),
        ("2026-07-01/2026", 6, "2|0|2|6|-|0|7|-|0|1|/|2|0|2|6"),
        ("e\u0301" * 4, 3, "e\u0301|e\u0301|e\u0301|e\u0301"),
    ],
)
def test_where_a_word_may_break(value: str, room: int, made: str) -> None:
    assert setting._breakable(value, room).replace(setting.BREAK, "|") == made


def test_a_value_is_bounded_and_says_what_is_left_out() -> None:
    plain = setting._Plain(ascii_only=False)
    made = plain.value(Text("a " * 5_000))
    assert len(made["text"]) < 1_000
    assert made["text"].endswith(f"\u2026 ({10_000 - setting.LONGEST:,} more characters)")


def test_only_drawings_of_our_own_reach_the_page_as_drawings() -> None:
    svg = strips.cells([strips.shade(10)])
    plain = setting._Plain(ascii_only=False).value(Strip("<svg \x1b", "", svg, "alt"))
    assert plain["svg"] == svg
    assert plain["label"].replace(setting.BREAK, "") == "<svg \\x1b"


def test_our_words_stand_unbroken_in_their_columns() -> None:
    table = Table((Column("v", 1, "verdict"), Column("w", 9)), [("INTACT-UNANCHORED", "x"), ("W" * 60, "x")])
    rows = setting._Plain(ascii_only=False).value(table)["rows"]
    assert rows[0][0] == "INTACT-UNANCHORED"
    assert setting.BREAK in rows[1][0]


@settings(max_examples=25, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_can_be_set(text: str) -> None:
    assert setting.compiled(document(Text(text), Heading("h"), Facts([("n", text)]), subtitle=text, running=text))


@settings(max_examples=60, deadline=None)
@given(tenths=st.lists(st.one_of(st.none(), st.integers(0, 10)), max_size=120))
def test_a_strip_has_the_colour_of_each_cell(tenths: list[int | None]) -> None:
    colours = [strips.shade(value) for value in tenths]
    drawn: list[str] = [strips.NO_RUN] * len(colours)
    for rect in ET.fromstring(strips.cells(colours)):  # noqa: S314 - our own
        for at in range(int(rect.get("x", "")), int(rect.get("x", "")) + int(rect.get("width", ""))):
            drawn[at] = rect.get("fill", "")
    assert drawn == colours


def test_darker_is_less() -> None:
    def light(colour: str) -> float:
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    shades = [light(strips.shade(tenths)) for tenths in (10, 9, 6, 3, 0)]
    assert all(lighter - darker > 15 for lighter, darker in pairwise(shades))
    assert strips.shade(9) == strips.shade(8) != strips.shade(10)


def test_bars_are_as_high_as_their_numbers() -> None:
    (whole, half, rest) = ET.fromstring(strips.columns([(2, 0), (1, 1)], ["#111111", "#222222"]))  # noqa: S314 - our own
    assert (whole.get("height"), half.get("height"), rest.get("height")) == ("100.00", "50.00", "50.00")
    assert (half.get("y"), rest.get("y")) == ("50.00", "0.00")


def test_nothing_loads_typst_before_a_document_is_set() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert not re.search(r"^(?:import|from) typst", path.read_text("utf-8"), re.MULTILINE), path
