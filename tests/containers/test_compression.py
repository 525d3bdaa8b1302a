"""Compression is told by content, bounded, and a damaged stream still gives what came before the damage."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.containers import compression, limits
from auditrail.errors import UnreadableError

SKIPPABLE = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"abcde"
TEXT = b"".join(b'{"n":%d,"word":"w%d"}\n' % (n, n * 7919 % 1009) for n in range(40_000))


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


PACK = {"gzip": gzip.compress, "zstd": zstd, "bzip2": bz2.compress, "xz": partial(lzma.compress, preset=0)}


def drain(stream: compression.ByteStream, n: int = 1 << 16) -> bytes:
    out = bytearray()
    while block := stream.read(n):
        assert len(block) <= n
        out += block
    assert stream.read(n) == b""
    return bytes(out)


def unpack(data: bytes, n: int = 1 << 16, **options: int) -> tuple[bytes, str | None, str | None]:
    with compression.open_memory(data, **options) as stream:
        out = drain(stream, n)
        assert stream.consumed <= len(data)
        return out, stream.compression, stream.defect


@pytest.mark.parametrize("name", PACK)
@pytest.mark.parametrize("n", [1000, 1 << 22])
def test_reads_several_streams_one_after_another(name: str, n: int) -> None:
    pack = PACK[name]
    assert unpack(pack(TEXT) + pack(b"") + pack(b"x" * 5) + pack(TEXT), n) == (TEXT + b"xxxxx" + TEXT, name, None)


@pytest.mark.parametrize("name", PACK)
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_truncated_stream_gives_what_is_there(name: str, share: float) -> None:
    data = random.Random(1).randbytes(2_000_000)
    packed = PACK[name](data)
    out, kind, defect = unpack(packed[: int(len(packed) * share)])
    assert kind == name
    assert defect == f"{name} stream is truncated"
    assert data.startswith(out)
    slack = 1_000_000 if name == "bzip2" else 200_000  # a block of bzip2 holds 900 kB, one of zstd 128 KiB
    assert len(out) >= len(data) * share - slack


@pytest.mark.parametrize("name", PACK)
def test_damage_in_the_middle_keeps_what_came_before(name: str) -> None:
    first, second = TEXT, TEXT[::-1] * 3
    packed = bytearray(PACK[name](first) + PACK[name](second))
    start = len(PACK[name](first)) + 2000
    packed[start : start + 30_000] = b"\xff" * 30_000
    out, _, defect = unpack(bytes(packed))
    assert defect is not None
    assert "damaged" in defect
    assert out.startswith(first)
    assert out != first + second


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_garbage_behind_a_stream_is_a_defect(name: str) -> None:
    assert unpack(PACK[name](TEXT) + b"garbage") == (
        TEXT, name, f"bytes that are not {name} stand behind the last {name} {'member' if name == 'gzip' else 'stream'}"
    )  # fmt: skip


def test_garbage_behind_a_zstd_frame_is_a_defect() -> None:
    out, kind, defect = unpack(zstd(TEXT) + b"garbage garbage", 1 << 20)
    assert (out, kind) == (TEXT, "zstd")
    assert defect == "zstd stream is damaged (Unknown frame descriptor)"


def test_zero_padding_behind_gzip_is_legal() -> None:
    packed = gzip.compress(TEXT) + bytes(1000) + gzip.compress(b"more") + bytes(7)
    assert unpack(packed) == (TEXT + b"more", "gzip", None)


def test_a_wrong_checksum_keeps_the_content() -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1
    assert unpack(bytes(packed)) == (TEXT, "gzip", "gzip stream is damaged (incorrect data check)")


def test_skippable_zstd_frames_are_left_out() -> None:
    assert unpack(SKIPPABLE + zstd(b"one ") + SKIPPABLE + zstd(b"two")) == (b"one two", "zstd", None)


def test_nested_compression() -> None:
    assert unpack(zstd(gzip.compress(TEXT))) == (TEXT, "zstd+gzip", None)
    four = gzip.compress(gzip.compress(gzip.compress(gzip.compress(TEXT))))
    out, kind, defect = unpack(four)
    assert (gzip.decompress(out), kind, defect) == (TEXT, "gzip+gzip+gzip", None)


def test_nested_damage_is_salvaged() -> None:
    inner = zstd(TEXT) + b"garbage garbage"
    out, kind, defect = unpack(gzip.compress(inner), 1 << 20)
    assert (out, kind) == (TEXT, "gzip+zstd")
    assert defect is not None


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1f\x8b", b"BZh9 is how this text begins", b"P*M is text", b"{}\n"])
def test_plain_bytes_stay_plain(data: bytes) -> None:
    assert unpack(data) == (data, None, None)


@pytest.mark.parametrize("name", ["gzip", "zstd", "xz"])
def test_a_bomb_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPANSION_FLOOR", 1 << 20)
    bomb = PACK[name](bytes(20 << 20))
    with pytest.raises(UnreadableError, match="grew to more than"):
        unpack(bomb, max_expansion=100)
    assert len(unpack(bomb, max_expansion=1_000_000)[0]) == 20 << 20


def test_a_bomb_of_padding_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPANSION_FLOOR", 1 << 20)
    with pytest.raises(UnreadableError):
        unpack(gzip.compress(gzip.compress(b"x") + bytes(20 << 20)), max_expansion=100)


def test_never_reads_beyond_the_size(tmp_path: Path) -> None:
    path = tmp_path / "growing.log"
    path.write_bytes(b"one\ntwo\nthree\n")
    with compression.open_bytes(path, size=8) as stream:
        assert drain(stream) == b"one\ntwo\n"
        assert stream.consumed == 8


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="cannot open"):
        compression.open_bytes(tmp_path / "nowhere", size=1)
    with pytest.raises(UnreadableError):
        compression.open_bytes(tmp_path, size=1)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(PACK)),
    st.binary(max_size=300),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
    st.integers(1, 64),
)
def test_damaged_streams_never_raise(name: str, data: bytes, edits: list[tuple[int, int]], n: int) -> None:
    packed = bytearray(PACK[name](data) + PACK[name](data))
    for at, value in edits:
        if at < len(packed):
            packed[at] = value
    out, _, _ = unpack(bytes(packed), n)
    if not edits and compression.detect(data) is None:
        assert out == data + data
