"""Hostile text: nothing of it acts on a terminal, in a spreadsheet or in a ticket, and cutting keeps to its width."""

from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len

from auditrail import text

ANY = st.text(st.characters(exclude_categories=()), max_size=200)
NASTY = st.text(
    st.sampled_from("ab1 \x1b[]()<>|`*_~&#=+-@!:/.\\\r\n\t\x9b\u202e\u200b\ufe0f\ud800\u65e5$'\""), max_size=60
)
ACTING = ("Cc", "Cf", "Cs", "Zl", "Zp")


def acts(made: str) -> list[str]:
    return [f"{ord(char):x}" for char in made if unicodedata.category(char) in ACTING]


@given(ANY | NASTY)
def test_no_output_for_a_terminal_holds_a_character_that_acts(given_text: str) -> None:
    assert acts(text.terminal(given_text)) == []
    assert acts(text.one_line(given_text)) == []
    assert acts(text.markdown_cell(given_text)) == []
    assert acts(text.csv_cell(given_text)) == []
    assert text.terminal(given_text, ascii_only=True).isascii()
    assert text.one_line(given_text, ascii_only=True).isascii()


def test_every_character_of_unicode_that_acts_is_replaced() -> None:
    everything = (chr(code) for code in range(sys.maxunicode + 1))
    left = [f"{ord(c):x}" for c in everything if unicodedata.category(c) in ACTING and text.terminal(c) == c]
    assert left == []


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("a\r\n\tb", "a\\r\\n\\tb"),
        ("na\u00efve \u65e5\u672c \U0001f600", "na\u00efve \u65e5\u672c \U0001f600"),
        ("C:\\x1b", "C:\\x1b"),
    ],
)
def test_escapes_are_visible_and_the_rest_is_left_alone(raw: str, shown: str) -> None:
    assert text.terminal(raw) == shown


def test_a_line_break_is_one_mark() -> None:
    assert text.one_line("a  \r\n   b\tc") == "a\u23ceb c"
    assert text.one_line("a\nb", ascii_only=True) == "a\\nb"


@given(ANY, st.integers(0, 60))
def test_shortened_text_keeps_to_its_width(given_text: str, columns: int) -> None:
    made = text.shorten(text.terminal(given_text), columns)
    assert cell_len(made) <= columns
    assert cell_len(text.middle(text.terminal(given_text), columns)) <= max(columns, 0)
    if made != text.terminal(given_text) and columns > 1:
        assert made.endswith(text.ELLIPSIS)


def test_wide_characters_take_two_columns() -> None:
    assert text.shorten("\u65e5\u672c\u8a9e", 5) == "\u65e5\u672c\u2026"
    assert text.shorten("\u65e5\u672c\u8a9e", 6) == "\u65e5\u672c\u8a9e"
    assert text.width("\u65e5\u672ca") == 5


def test_marks_without_a_width_are_bounded() -> None:
    assert len(text.shorten("a" + "\u0301" * 100_000, 10)) < 100


def test_the_middle_of_a_path_goes_first() -> None:
    made = text.middle("evidence/very/long/folder/agent.jsonl", 20)
    assert made.startswith("evid")
    assert made.endswith("agent.jsonl")
    assert len(made) == 20


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "\uff1d", "\n+"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert text.csv_cell(f"{start}cmd|' /C calc'!A0").startswith("'")


@given(ANY | NASTY)
def test_csv_reads_back_what_was_shown(given_text: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([text.csv_cell(given_text), "x"])
    (row,) = csv.reader(io.StringIO(buffer.getvalue(), newline=""))
    assert row == [text.csv_cell(given_text), "x"]
    assert row[0][:1] not in ("=", "+", "-", "@")


_PLAIN_TOKENS = {
    "table_open", "thead_open", "tr_open", "th_open", "inline", "th_close", "tr_close", "thead_close", "tbody_open",
    "td_open", "td_close", "tbody_close", "table_close", "text", "paragraph_open", "paragraph_close", "text_special",
}  # fmt: skip


@given(ANY | NASTY)
def test_markdown_has_no_meaning_of_its_own(given_text: str) -> None:
    made = text.markdown_cell(given_text)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(f"| h | i |\n|---|---|\n| {made} | x |\n\n{made}\n")
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    assert kinds <= _PLAIN_TOKENS
    assert sum(token.type == "td_open" for token in tokens) == 2
    assert "://" not in made
    assert "@" not in made.replace("\\[@\\]", "")


def test_markdown_shows_the_text_itself() -> None:
    raw = "<b>1 & 2</b> `rm` | *x* [a](b) # c_d ~e~ $f$"
    (_, inline, _) = MarkdownIt().parse(text.markdown_cell(raw))
    assert "".join(child.content for child in inline.children or ()) == raw


@pytest.mark.parametrize("raw", ["# a", "- a", "+ a", "1. a", "23) a", "===", "> a", "```", "---", "\t-", "  - a"])
def test_text_at_the_start_of_a_line_begins_no_block(raw: str) -> None:
    assert {token.type for token in MarkdownIt().parse(text.markdown_cell(raw))} <= _PLAIN_TOKENS


def test_addresses_and_mentions_are_not_live() -> None:
    made = text.markdown_cell("see https://evil.example, www.evil.example, a@b.example, @everyone")
    assert made == ("see https\\[:\\]//evil.example, www\\[.\\]evil.example, a\\[@\\]b.example, \\[@\\]everyone")


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=100))
def test_json_is_the_same_value_without_what_acts(given_text: str) -> None:
    made = text.json_safe(json.dumps({"a": given_text}, ensure_ascii=False))
    assert json.loads(made) == {"a": given_text}
    assert acts(made) == []


def test_digests_tell_values_apart_and_do_not_show_them() -> None:
    one, other = text.digest("4200.00"), text.digest("1400.00")
    assert one != other
    assert one.startswith("blake3:")
    assert len(one) == len("blake3:") + 16 + 1
    assert len(text.digest("\ud800", digits=64)) == len("blake3:") + 64


@given(st.text(st.one_of(st.sampled_from(" =+-@\uff1d\u3000\xa0\t\nab'"), st.characters(codec="utf-8")), max_size=6))
def test_the_pattern_of_re2_finds_what_a_csv_cell_changes(value: str) -> None:
    found = duckdb.execute("SELECT regexp_matches(?, ?)", [value, text.csv_pattern()]).fetchone()
    assert found == (text.csv_cell(value) != value,)


def test_the_bytes_that_clear_a_text_let_none_pass_that_a_csv_cell_changes() -> None:
    anywhere, first = text.csv_bytes()
    every = [char for char in map(chr, (*range(0xD800), *range(0xE000, 0x110000))) if char.encode()[0] not in anywhere]
    cleared = "a" + "".join(every)
    assert text.csv_cell(cleared) == cleared
    for char in every:
        if char.encode()[0] not in first and not char.isalnum():
            assert text.csv_cell(f"{char}=") == f"{char}="
    assert not {*b"aZ0\"',;{[", "\xe9".encode()[0], "\u0436".encode()[0]} & {*anywhere, *first}
