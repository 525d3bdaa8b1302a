"""Names of prompts: the same for the same text, and nothing but a name."""

from __future__ import annotations

from auditrail.readers._prompts import PREFIX, prompt_key


def test_the_same_text_has_the_same_name():
    assert prompt_key("List the files.") == prompt_key("  List the files.\n")
    assert prompt_key("List the files.") != prompt_key("List the  files.")


def test_a_name_has_its_prefix_and_32_hex_digits():
    key = prompt_key("")
    assert key.startswith(PREFIX)
    assert len(key) == len(PREFIX) + 32
    assert int(key.removeprefix(PREFIX), 16)


def test_half_a_character_is_no_failure():
    assert prompt_key("\ud83d") != prompt_key("?")
