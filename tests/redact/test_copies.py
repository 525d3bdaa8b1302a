"""The list of the lines of a redacted copy: what is written is read, and what is damaged is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditrail.ingest import protection
from auditrail.merkle import leaf_hash
from auditrail.redact import copies
from auditrail.redact.copies import CopyError

SLOW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.binary(max_size=60))
def test_lines_are_the_bytes(data: bytes) -> None:
    made = list(copies.lines(data))
    assert b"".join(made) == data
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in made[:-1])


@SLOW
@given(st.lists(st.binary(max_size=8).map(lambda raw: raw.replace(b"\n", b"")), max_size=5), st.booleans())
def test_what_is_written_is_read(tmp_path: Path, rows: list[bytes], torn: bool) -> None:
    before = b"".join(row + b"\n" for row in rows) + (b"torn" if torn else b"")
    after = before.replace(b"t", b"u")
    path = tmp_path / "log.redacted"
    path.write_bytes(copies.render(before, after, [{"kind": "seal", "verdict": "INTACT"}], "contents"))
    said = copies.read(path)
    pairs = zip(copies.lines(before), copies.lines(after), strict=True)
    assert said.lines == tuple((leaf_hash(one), leaf_hash(other)) for one, other in pairs)
    assert (said.policy, said.original[0]["verdict"]) == ("contents", "INTACT")
    assert protection.named(path.read_bytes()) == "the list of the lines of a redacted copy"


def test_a_copy_of_other_lines_is_none() -> None:
    with pytest.raises(CopyError, match="as many lines"):
        copies.render(b"a\nb\n", b"a\n", [], "contents")


def test_every_byte_that_is_changed_in_the_hashes_or_counts_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log.redacted"
    good = copies.render(b"a\n", b"b\n", [], "contents")
    path.write_bytes(good)
    said = copies.read(path)
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        try:
            assert copies.read(path) != said
        except CopyError:
            continue
    for size in range(len(good)):
        path.write_bytes(good[:size])
        with pytest.raises(CopyError):
            copies.read(path)
