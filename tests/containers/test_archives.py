"""Members of zip and tar archives: all of them, in order, with what is wrong said; hostile bytes end in words."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import warnings
import zipfile
import zlib
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from auditrail.containers import archives, limits, tars, zips
from auditrail.errors import UnreadableError

A, B = b'{"a":1}\n' * 300, b'{"b":2}\n' * 200


def opened(path: Path, **options: int) -> list[tuple[str, bytes, str | None]]:
    """(name, content, defect or error) of every member."""
    size = path.stat().st_size
    kind = archives.kind_of(path, size)
    assert kind is not None
    found = []
    for member in archives.members(path, size, kind, **options):
        content, why = b"", member.error
        if member.content is not None:
            content = b"".join(iter(partial(member.content.read, 1000), b""))
            why = member.content.defect
        found.append((member.name, content, why))
    return found


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def tarred(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# --- zip ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_members_of_a_zip_come_in_order_without_folders(tmp_path: Path, method: int) -> None:
    path = zipped(tmp_path / "a", {"x/": b"", "x/b": B, "a": A, "empty": b""}, method)
    assert opened(path) == [("x/b", B, None), ("a", A, None), ("empty", b"", None)]


def test_zstd_members_are_read(tmp_path: Path) -> None:
    for method in (93, 20):
        assert opened(written(tmp_path / "z", one_member(pa.compress(A, "zstd", asbytes=True), method))) == [
            ("m", A, None)
        ]


def one_member(packed: bytes, method: int, *, flags: int = 0, crc: int | None = None, size: int = len(A)) -> bytes:
    """A zip of one member, its fields as told."""
    crc = zlib.crc32(A) if crc is None else crc
    local = struct.pack("<4sHHHHHLLLHH", b"PK\3\4", 20, flags, method, 0, 0, crc, len(packed), size, 1, 0) + b"m"
    central = struct.pack(
        "<4sHHHHHHLLLHHHHHLL", b"PK\1\2", 20, 20, flags, method, 0, 0, crc, len(packed), size, 1, 0, 0, 0, 0, 0, 0
    )
    start = len(local) + len(packed)
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, len(central) + 1, start, 0)
    return local + packed + central + b"m" + end


def test_what_can_not_be_read_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr("lzma", A, zipfile.ZIP_LZMA)
        archive.writestr("a", A)
    (name, content, why), rest = opened(tmp_path / "a")
    assert (name, content) == ("lzma", b"")
    assert "method 14 (LZMA)" in str(why)
    assert rest == ("a", A, None)
    ((_, content, why),) = opened(written(tmp_path / "b", one_member(A, 0, flags=1)))
    assert (content, why) == (b"", "the member is encrypted")


def test_a_member_whose_checksum_is_wrong_is_read_and_marked(tmp_path: Path) -> None:
    for method, packed in ((0, A), (8, zlib.compress(A, wbits=-15)), (12, bz2.compress(A))):
        ((_, content, why),) = opened(written(tmp_path / "a", one_member(packed, method, crc=7)))
        assert content == A
        assert why
    ((_, content, why),) = opened(written(tmp_path / "a", one_member(b"no bzip2", 12)))
    assert (content, why) == (b"no bzip2", "size or checksum differ from what the archive says")


def test_damage_inside_a_member_costs_what_stands_behind_it(tmp_path: Path) -> None:
    raw = bytearray(zipped(tmp_path / "a", {"a": bytes(range(256)) * 400, "b": B}).read_bytes())
    raw[200:210] = b"\xff" * 10
    (_, content, why), rest = opened(written(tmp_path / "b", bytes(raw)))
    assert (bytes(range(256)) * 400).startswith(content[:50])
    assert "damaged" in str(why)
    assert rest == ("b", B, None)


def test_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    names = ["../../etc/x", "/abs", "C:\\x", "nul\x01", "ünï", "x" * 3000]
    found = opened(zipped(tmp_path / "a", dict.fromkeys(names, A)))
    assert [name for name, _, _ in found] == names
    assert {path.name for path in tmp_path.iterdir()} == {"a"}


def test_a_name_that_stands_twice_is_two_members(tmp_path: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a", "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a", A)
        archive.writestr("a", B)
    assert opened(tmp_path / "a") == [("a", A, None), ("a", B, None)]


def test_a_zip_behind_other_bytes_is_found_by_its_directory(tmp_path: Path) -> None:
    raw = zipped(tmp_path / "a", {"a": A}).read_bytes()
    path = written(tmp_path / "b", b"PK\3\4 is how it begins" + raw)
    assert opened(path)[0] == ("a", A, None)


def test_an_empty_zip_has_no_members(tmp_path: Path) -> None:
    assert opened(zipped(tmp_path / "a", {})) == []


def test_a_zip64_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(A)
    assert opened(tmp_path / "a") == [("a", A, None)]


def test_without_its_directory_the_members_are_searched(tmp_path: Path) -> None:
    raw = zipped(tmp_path / "a", {"a": A, "b": B}).read_bytes()
    found = opened(written(tmp_path / "b", raw[: raw.index(b"PK\1\2")]))
    assert found[:2] == [("a", A, None), ("b", B, None)]
    assert found[2][0] == ""
    assert "cut off" in str(found[2][2])


def test_a_member_that_was_streamed_is_found_by_what_stands_behind_it(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes, /) -> int:  # type: ignore[override]
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        archive.writestr("a", A)
        archive.writestr("b", B)
    assert opened(written(tmp_path / "a", pipe.data)) == [("a", A, None), ("b", B, None)]
    cut = pipe.data[: pipe.data.index(b"PK\1\2")]
    assert opened(written(tmp_path / "b", cut))[:2] == [("a", A, None), ("b", B, None)]
    (_, content, why), _ = opened(written(tmp_path / "c", cut[:55]))
    assert A.startswith(content)
    assert why


def test_no_cut_and_no_byte_of_a_zip_raises(tmp_path: Path) -> None:
    raw = zipped(tmp_path / "a", {"a": A[:80], "b/c": B[:80]}).read_bytes()
    for at in range(4, len(raw)):
        opened(written(tmp_path / "b", raw[:at]))
        opened(written(tmp_path / "b", raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :]))


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPANSION_FLOOR", 1000)
    path = zipped(tmp_path / "a", {"a": bytes(1 << 20)})
    with pytest.raises(UnreadableError, match="grew to more"):
        opened(path, max_expansion=10)


def test_too_many_members_are_not_all_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MEMBERS", 3)
    found = opened(zipped(tmp_path / "a", {str(n): A for n in range(5)}))
    assert [name for name, _, _ in found] == ["0", "1", "2", ""]
    assert found[3][2] == "members behind the first 3 were not opened"


# --- tar ------------------------------------------------------------------------------------------------------------

LONG = "n" * 120 + "/" + "m" * 130


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_of_a_tar(tmp_path: Path, form: int) -> None:
    long = LONG if form != tarfile.USTAR_FORMAT else "n" * 90 + "/m"
    raw = tarred({"a": A, long: B, "empty": b"", "ü": b"x"}, form)
    assert opened(written(tmp_path / "a", raw)) == [
        ("a", A, None), (long, B, None), ("empty", b"", None), ("ü", b"x", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, lambda raw: pa.compress(raw, "zstd", asbytes=True)]
)
def test_a_compressed_tar_is_a_tar(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    assert opened(written(tmp_path / "a", pack(tarred({"a": A, "b": B})))) == [("a", A, None), ("b", B, None)]


def test_links_and_devices_are_named_and_not_followed(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a", "w") as archive:
        for name, kind in (("soft", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("fifo", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    assert opened(tmp_path / "a") == [
        ("soft", b"", "a symbolic link, not followed"),
        ("hard", b"", "a hard link, not followed"),
        ("fifo", b"", "not a regular file"),
    ]


def test_a_tar_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    raw = tarred({"a": A, "b": B}, tarfile.USTAR_FORMAT)
    found = opened(written(tmp_path / "a", raw[: 512 + 1000]))
    assert found == [
        ("a", A[:1000], "the archive ends inside this member"),
        ("", b"", "the archive is cut off or damaged: it ends inside a member"),
    ]
    packed = gzip.compress(bytes(tarred({"a": A * 50, "b": B})), 1)
    assert opened(written(tmp_path / "b", packed[:-60]))[-1][0] == ""


def test_a_huge_header_is_not_held_in_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, limits.TAR_HEADER + 512
    raw = info.tobuf(tarfile.USTAR_FORMAT) + bytes(info.size) + tarred({"a": A}, tarfile.USTAR_FORMAT)
    found = opened(written(tmp_path / "a", raw))
    assert [name for name, _, _ in found] == ["x", "a"]
    assert found[0][2]


def test_no_cut_and_no_byte_of_a_tar_raises(tmp_path: Path) -> None:
    raw = tarred({LONG: A[:80], "b": B[:80]})[:4200]
    for at in range(600, len(raw), 7):
        for data in (raw[:at], raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :]):
            if archives.kind_of(written(tmp_path / "a", data), len(data)):
                opened(tmp_path / "a")


def test_a_log_is_no_archive(tmp_path: Path) -> None:
    for data in (b"", b"PK", A, gzip.compress(A), bytes(2000), b"ustar" * 200, b"7" * 600):
        assert archives.kind_of(written(tmp_path / "a", data), len(data)) is None
    assert archives.kind_of(tmp_path / "none", 0) is None
    assert not tars.is_header(b"x" * 512)
    assert zips.is_zip(b"PK\3\4")
