"""Names of prompts: the same for the same text, and nothing but a name."""

from __future__ import annotations

from auditrail.readers._prompts import PREFIX, prompt_key


def test_the_same_text_has_the_same_name():
    assert prompt_key("List the files.") == prompt_key("  List the files.\n")
    assert prompt_key("List the files.") != prompt_key("List the  files.")


def test_a_name_has_its_prefix_and_32_hex_digits():
    key = prompt_key("Summarise the ticket")
    assert key.startswith(PREFIX)
    assert len(key) == len(PREFIX) + 32
    assert int(key.removeprefix(PREFIX), 16)


def test_half_a_character_is_no_failure():
    assert prompt_key("half a letter \ud83d") != prompt_key("half a letter ?")


def test_a_text_that_strangers_share_names_nothing():
    assert prompt_key("continue") == prompt_key("") == prompt_key("  go on  ") == ""
