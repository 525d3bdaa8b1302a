"""Hashes of evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from blake3 import blake3

from auditrail import digest


def test_the_digest_of_a_record_is_blake3_of_its_bytes() -> None:
    # The empty input of the official test vectors.
    assert digest.record_digest(b"").hex() == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    assert digest.record_digest(b"abc") == digest.record_digest(bytearray(b"abc")) == blake3(b"abc").digest()
    assert digest.record_digest(memoryview(b"xabcx")[1:4]) == blake3(b"abc").digest()


@pytest.mark.parametrize("size", [0, 1, 5_000_000, (1 << 22) - 1, 1 << 22, (1 << 22) + 1])
def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path, size: int) -> None:
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    (tmp_path / "a").write_bytes(data)
    assert digest.file_digest(tmp_path / "a", size) == blake3(data).hexdigest()


def test_what_a_growing_file_gained_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"first")
    before = digest.file_digest(file, 5)
    with file.open("ab") as out:
        out.write(b" and more" * 1_000_000)
    assert digest.file_digest(file, 5) == before
    assert digest.file_digest(file, 6) == blake3(b"first ").hexdigest()


def test_a_file_that_shrank_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert digest.file_digest(tmp_path / "a", 1000) == blake3(b"abc").hexdigest()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        digest.file_digest(tmp_path / "a", 1)
