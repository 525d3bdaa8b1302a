import struct
import zipfile
from pathlib import Path

import pytest

from auditrail.containers import zip_layout, zips
from auditrail.containers.zip_layout import Content, Fault

TEXTS = {"a.txt": b"a" * 3000, "b/c.txt": b"c"}


def packed(path: Path, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    with zipfile.ZipFile(path, "w", compression) as out:
        for name, data in TEXTS.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            out.writestr(info, data)
    return path.read_bytes()


def read(path: Path, member: zip_layout.Member) -> tuple[bytes, str | None]:
    content = Content(path, member)
    try:
        parts = []
        while block := content.read(100):
            assert len(block) <= 100
            parts.append(block)
        return b"".join(parts), content.defect
    finally:
        content.close()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("wide", [False, True])
def test_a_plain_archive_has_no_faults(
    compression: int, wide: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wide:
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    path = tmp_path / "x.zip"
    made = zip_layout.layout(path, len(packed(path, compression)))
    assert (made.faults, made.forms, made.whole) == ([], [], True)
    assert {member.name: read(path, member) for member in made.members} == {
        name: (data, None) for name, data in TEXTS.items()
    }


def test_the_directory_of_very_many_members_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond 65,535 members the end is that of zip64, though length and offset are told in the old one, too."""
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    path = tmp_path / "x.zip"
    size = len(packed(path))
    with path.open("rb") as file:
        found, whole = zips.entries(file, size)
        assert ([entry.name for entry in found], whole) == (list(TEXTS), True)


def test_damaged_data_is_told_and_what_came_before_is_given(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    data = packed(path)
    (first, _) = zip_layout.layout(path, len(data)).members
    path.write_bytes(data[: first.start] + b"\xff" * first.packed + data[first.start + first.packed :])
    assert "damaged" in str(read(path, first)[1])
    assert read(path, first._replace(packed=first.packed - 3))[1] is not None
    path.write_bytes(data)
    assert read(path, first._replace(packed=first.packed - 3))[1] == "its compressed data ends early"
    assert read(path, first._replace(packed=first.packed + 3))[1] == "bytes stand behind its compressed data"
    assert read(path, first._replace(crc=1))[1] == "size or checksum differ from what the archive says"


def test_places_that_no_file_has(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    data = packed(path)
    at = data.index(b"PK\x01\x02")
    extra = struct.pack("<HHQ", 1, 8, 1 << 63)
    # The directory says of the first member that its header lies at 2**63.
    entry = data[at : at + 30] + struct.pack("<H", len(extra)) + data[at + 32 : at + 42] + b"\xff" * 4
    rest = data[at + 46 : at + 51] + extra + data[at + 51 :]
    end = rest.rindex(b"PK\x05\x06")
    length = struct.unpack_from("<L", rest, end + 12)[0] + len(extra)
    changed = data[:at] + entry + rest[: end + 12] + struct.pack("<L", length) + rest[end + 16 :]
    path.write_bytes(changed)
    made = zip_layout.layout(path, len(changed))
    assert Fault("a.txt", "the directory tells a place where there is no such member") in made.faults
    assert made.members[0].error is not None


def test_a_cut_extra_field_is_read_as_far_as_it_goes() -> None:
    assert zips.wide(struct.pack("<HHQ", 1, 16, 7)[:-3], 0xFFFFFFFF) == (0xFFFFFFFF,)
