"""Signed notes: vectors of other implementations, and whatever a hostile note may try."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import notes
from auditrail.errors import NoteError
from auditrail.notes import Checkpoint, Note, Signer

# Of Go's golang.org/x/mod/sumdb/note (BSD-3): the keys and the note of its documentation.
GO_KEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
GO_NOTE = f"{GO_TEXT}\n\u2014 PeterNeumann {GO_SIGNATURE}\n"

SEED = bytes(range(32))
SIGNER = Signer("example.com/log", SEED)
WITNESS = Signer("witness.example.com/w1", bytes(range(1, 33)))
TEXT = Checkpoint("example.com/log", 3, b"\x07" * 32, ("note of ours",)).text()


def test_go_reads_and_writes_the_same() -> None:
    signer, verifier = notes.signer(GO_KEY), notes.verifier(GO_PUBLIC)
    assert signer.verifier == verifier
    assert signer.render() == GO_KEY
    assert verifier.render() == GO_PUBLIC
    note = notes.parse(GO_NOTE.encode())
    assert note.text == GO_TEXT
    assert [found.verifier for found in notes.verify(note, [verifier])] == [verifier]
    assert Note(GO_TEXT, (signer.sign(GO_TEXT),)).render() == GO_NOTE


def test_a_checkpoint_is_signed_and_cosigned() -> None:
    note = Note(TEXT, (SIGNER.sign(TEXT), WITNESS.cosign(TEXT, 1679315147)))
    again = notes.parse(note.render().encode())
    assert again == note
    assert notes.checkpoint(again.text) == Checkpoint("example.com/log", 3, b"\x07" * 32, ("note of ours",))
    keys = [SIGNER.verifier, WITNESS.verifier.cosigner()]
    assert [(found.verifier, found.time) for found in notes.verify(again, keys)] == [
        (keys[0], None),
        (keys[1], 1679315147),
    ]
    # The key that signs notes is not the one that cosigns, though the bytes are the same.
    assert notes.verify(again, [WITNESS.verifier]) == []
    assert notes.verify(again, []) == []


def test_a_cosignature_covers_its_time() -> None:
    one = WITNESS.cosign(TEXT, 5)
    for time in (4, 1 << 62, (1 << 64) - 1):
        forged = one._replace(signature=time.to_bytes(8, "big") + one.signature[8:])
        with pytest.raises(NoteError):
            notes.verify(Note(TEXT, (forged,)), [WITNESS.verifier.cosigner()])


def test_a_failing_signature_of_a_known_key_refuses_the_note() -> None:
    good, bad = SIGNER.sign(TEXT), SIGNER.sign(TEXT + "x\n")
    with pytest.raises(NoteError, match="does not hold"):
        notes.verify(Note(TEXT, (good, bad)), [SIGNER.verifier])
    # A stranger's signature with the same name, or the same id, is left alone.
    stranger = bad._replace(key_id=b"abcd")
    other = bad._replace(name="example.com/other")
    assert len(notes.verify(Note(TEXT, (stranger, good, other)), [SIGNER.verifier])) == 1


def test_a_key_is_not_shown() -> None:
    assert SEED.hex() not in repr(SIGNER)
    assert str(SIGNER) == f"{SIGNER}" == "Signer('example.com/log')"
    text = SIGNER.render()
    for wrong in (text[:-2], text[1:], text.replace("log", "lag"), text[:-3] + "AA=", "PRIVATE+KEY+a+b", ""):
        with pytest.raises(NoteError) as caught:
            notes.signer(wrong)
        assert text.rpartition("+")[2][:12] not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\u2003b", "a\x00b"])
def test_names_of_keys(name: str) -> None:
    with pytest.raises(NoteError):
        notes.generate(name)


def test_a_new_key_is_another_each_time() -> None:
    one, two = notes.generate("a.example"), notes.generate("a.example")
    assert one.seed != two.seed
    assert notes.signer(one.render()) == one
    assert notes.verifiers(f"# ours\n\n{one.verifier.render()}\n{two.verifier.render()}\n") == [
        one.verifier,
        two.verifier,
    ]


LINE = SIGNER.sign(TEXT).line()


@pytest.mark.parametrize(
    "data",
    [
        "", "\n", "\n\n", "text\n", "text\n\n", f"text\n{LINE}", f"text\n\n{LINE[:-1]}", f"text\n\n{LINE}x",
        f"text\n\n{LINE}\n", f"text\r\n\n{LINE}", f"te\0xt\n\n{LINE}", f"text\n\n{LINE.replace('example', 'exa mple')}",
        f"text\n\n-- {LINE[2:]}", f"text\n\n{LINE[:-3]}\n", "text\n\n\u2014 name \n", "text\n\n\u2014 name AAAA\n",
        "text\n\n\u2014 na+me AAAAAAAA\n", f"text\n\n{LINE * 65}", "text\n\n\u2014 name AAAAAAB=\n",
    ],
)  # fmt: skip
def test_what_is_no_note(data: str) -> None:
    with pytest.raises(NoteError):
        notes.parse(data.encode())


def test_the_text_ends_at_the_last_empty_line() -> None:
    text = "one\n\n\u2014 no signature\n\ntwo\n"
    note = Note(text, (SIGNER.sign(text),))
    assert notes.parse(note.render().encode()) == note


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n1\n", "a\n01\n{root}\n", "a\n-1\n{root}\n", "a\n1\nAAAA\n", "a\n1\n{root}\n\n", "\n1\n{root}\n",
     "a\n1\n{root}\n\nb\n", "a\n1\n{root}", "a\n9999999999999999999\n{root}\n", "a\n\u0661\n{root}\n"],
)  # fmt: skip
def test_what_is_no_checkpoint(text: str) -> None:
    root = TEXT.split("\n")[2]
    assert notes.checkpoint(f"a\n1\n{root}\n").size == 1
    with pytest.raises(NoteError):
        notes.checkpoint(text.replace("{root}", root))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 255))
def test_hostile_bytes_end_in_a_note_or_a_typed_error(junk: bytes, at: int, byte: int) -> None:
    good = Note(TEXT, (SIGNER.sign(TEXT), WITNESS.cosign(TEXT, 9))).render().encode()
    for data in (junk, good[:at] + junk + good[at:], good[:at] + bytes([byte]) + good[at + 1 :]):
        try:
            note = notes.parse(data)
            found = notes.verify(note, [SIGNER.verifier, WITNESS.verifier.cosigner()])
        except NoteError:
            continue
        # What still verifies says what was signed.
        assert not found or note.text == TEXT
        assert note.render().encode() == data


def test_every_flipped_bit_of_the_text_and_the_signature_is_seen() -> None:
    good = Note(TEXT, (SIGNER.sign(TEXT),)).render().encode()
    for at in range(len(good)):
        for bit in range(8):
            data = good[:at] + bytes([good[at] ^ (1 << bit)]) + good[at + 1 :]
            with contextlib.suppress(NoteError):
                assert notes.verify(notes.parse(data), [SIGNER.verifier]) == []
