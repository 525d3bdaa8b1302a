"""What paths name: in a fixed order, each once, and nothing silently left out."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import sys
import warnings
import zipfile
from pathlib import Path

import pytest

from auditrail import case
from auditrail.ingest import inputs
from auditrail.ingest.load import Loader


def walked(*paths: Path) -> dict[str, str | None]:
    return {Path(item.shown).name: item.error for item in inputs.expand(paths)}


def test_paths_are_shown_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_bytes(b"12345")
    monkeypatch.chdir(tmp_path)
    (item,) = inputs.expand([Path("logs")])
    assert item == inputs.Input("logs/a.log", Path("logs/a.log"), 5, None)
    (absolute,) = inputs.expand([tmp_path / "logs"])
    assert absolute.shown == str(tmp_path / "logs" / "a.log")


def test_the_order_is_that_of_the_arguments_and_inside_a_folder_of_the_names(tmp_path: Path) -> None:
    for name in ("z/b", "z/a", "z/c/0", "z/B", "a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert list(walked(tmp_path / "z", tmp_path / "a")) == ["B", "a", "b", "0"], "z/a; `a` of the top has its name"
    shown = [
        Path(item.shown).relative_to(tmp_path).as_posix() for item in inputs.expand([tmp_path / "z", tmp_path / "a"])
    ]
    assert shown == ["z/B", "z/a", "z/b", "z/c/0", "a"]


def test_a_file_counts_once_however_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "a.log")
    found = list(inputs.expand([tmp_path / "a.log", tmp_path, tmp_path / "link", tmp_path / "." / "a.log"]))
    assert [item.shown for item in found] == [str(tmp_path / "a.log")]


def test_a_folder_named_by_a_link_is_walked(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.log").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert walked(tmp_path / "link") == {"a.log": None}


def test_links_that_lead_to_themselves_are_named(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "one")
    (tmp_path / "two").symlink_to(tmp_path / "three")
    (tmp_path / "three").symlink_to(tmp_path / "two")
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / "z.log").write_bytes(b"x")
    found = walked(tmp_path)
    assert found["z.log"] is None
    assert set(found) <= {"one", "two", "three", "z.log"}
    assert "symbolic links" in str(found["one"])
    assert "symbolic links" in str(walked(tmp_path / "one")["one"])


def test_pipes_and_sockets_are_named_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert walked(tmp_path) == {"pipe": "not a regular file", "socket": "not a regular file"}
    assert walked(tmp_path / "pipe") == {"pipe": "not a regular file"}, "named outright, too"


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    assert walked(tmp_path / "none") == {"none": "no such file or directory"}
    (tmp_path / "a").write_bytes(b"x")
    assert walked(tmp_path / "a" / "b") == {"b": "not a directory"}
    assert walked(tmp_path / ("x" * 300)) == {"x" * 300: "file name too long"}


def test_a_folder_that_can_not_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "a.log").write_bytes(b"x")
    (tmp_path / "shut").mkdir()
    real = os.scandir

    def scandir(path: str | Path) -> object:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert walked(tmp_path) == {"a.log": None, "shut": "folder not readable: permission denied"}


def test_a_path_below_a_shut_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.stat

    def stat(path: str | Path, **options: bool) -> os.stat_result:
        if "shut" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", stat)
    assert walked(tmp_path / "shut" / "a.log") == {"a.log": "permission denied"}


def test_a_name_that_is_no_utf8_can_be_loaded_and_stored(tmp_path: Path) -> None:
    name = os.fsencode(str(tmp_path)) + b"/caf\xe9.log"
    try:
        Path(os.fsdecode(name)).write_bytes(b'{"timestamp":"2026-01-01T00:00:00Z","run_id":"r1","event":"x"}\n')
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    with case.memory_case() as connection:
        loader = Loader(connection)
        loader.load_all(inputs.expand([tmp_path]))
        ((source, how),) = loader.sources()
    assert (source.path, how, source.events) == (str(tmp_path / "caf\\udce9.log"), "new", 1)


def test_what_no_producer_writes_is_left_out(tmp_path: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", ".git/config", "__pycache__/a.pyc", ".hidden.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert walked(tmp_path) == {".hidden.log": None}
    assert walked(tmp_path / ".DS_Store") == {".DS_Store": None}, "named outright, it is read"


# --- standard input -------------------------------------------------------------------------------------------------


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_without_a_dash_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"data")
    with inputs.standard_input([tmp_path], tmp_path) as (paths, names):
        assert (paths, names) == ([tmp_path], {})
        assert list(tmp_path.iterdir()) == []
    assert sys.stdin.buffer.read() == b"data"


def test_standard_input_stands_in_its_place_and_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, b"a\xff\n" * 1_000_000)
    with inputs.standard_input([Path("x"), Path("-"), Path("-")], tmp_path) as (paths, names):
        assert paths[0] == Path("x")
        assert paths[1] == paths[2]
        assert names == {paths[1]: "-"}
        assert paths[1].read_bytes() == b"a\xff\n" * 1_000_000
        assert tmp_path in paths[1].parents, "beside the case, and not where memory may be short"
        assert paths[1].parent.stat().st_mode & 0o077 == 0, "evidence that only its owner may read"
        assert len(list(inputs.expand(paths[1:]))) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_spool_is_removed_when_a_load_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        with inputs.standard_input([Path("-")], tmp_path) as (paths, _):
            assert paths[0].exists()
            raise KeyboardInterrupt

    give(monkeypatch, b"data")
    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_spool_is_removed_when_reading_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Broken())))
    with pytest.raises(OSError, match="Input/output"), inputs.standard_input([Path("-")], tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_yet_is_no_place_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"data")
    with inputs.standard_input([Path("-")], tmp_path / "none") as (paths, _):
        assert paths[0].read_bytes() == b"data"
        assert not (tmp_path / "none").exists()
    assert not paths[0].exists()


# --- archives -------------------------------------------------------------------------------------------------------


def line(run: str, number: int = 0) -> bytes:
    return f'{{"timestamp":"2026-01-01T00:00:0{number}Z","run_id":"{run}","event":"x"}}\n'.encode()


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def loaded(connection: object, folder: Path, *paths: Path, **options: int) -> list[tuple[str, str, int, str | None]]:
    """(name below the folder, status, events, error) of every input, loaded with archives opened."""
    loader = Loader(connection)  # type: ignore[arg-type]
    with inputs.open_archives(inputs.expand(paths), folder, **options) as items:
        loader.load_all(items)
    return [
        (source.path.removeprefix(f"{folder}/"), how, source.events, source.error) for source, how in loader.sources()
    ]


def test_every_member_of_an_archive_is_a_source(tmp_path: Path) -> None:
    zipped(tmp_path / "b.eval", {"x/1.json": line("r1"), "../2.json": line("r2"), "none": b""})
    (tmp_path / "a.log").write_bytes(line("r0"))
    with case.memory_case() as connection:
        assert loaded(connection, tmp_path, tmp_path) == [
            ("a.log", "new", 1, None),
            ("b.eval!x/1.json", "new", 1, None),
            ("b.eval!../2.json", "new", 1, None),
            ("b.eval!none", "new", 0, None),
        ]
        assert [status for _, status, _, _ in loaded(connection, tmp_path, tmp_path)] == ["unchanged"] * 4
    assert {path.name for path in tmp_path.iterdir()} == {"a.log", "b.eval"}, "no spool stays behind"


def test_members_that_grew_or_changed_are_known_by_their_path(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with case.memory_case() as connection:
        zipped(path, {"grows": line("r1"), "changes": line("r2"), "stays": line("r3")})
        loaded(connection, tmp_path, path)
        zipped(path, {"grows": line("r1") + line("r1", 1), "changes": line("r4"), "stays": line("r3")})
        assert loaded(connection, tmp_path, path) == [
            ("a.zip!grows", "grown", 2, None),
            ("a.zip!changes", "changed", 1, None),
            ("a.zip!stays", "unchanged", 1, None),
        ]


def test_a_name_that_stands_twice_is_no_later_version(tmp_path: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a", line("r1"))
        archive.writestr("a", line("r2"))
    with case.memory_case() as connection:
        assert loaded(connection, tmp_path, tmp_path / "a.zip") == [
            ("a.zip!a", "new", 1, None), ("a.zip!a#2", "new", 1, None),
        ]  # fmt: skip


def test_an_archive_inside_an_archive_is_opened_once_more(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "i", {"a": line("r1")}).read_bytes()
    middle = zipped(tmp_path / "m", {"i.zip": inner, "b": line("r2")}).read_bytes()
    (tmp_path / "i").unlink()
    (tmp_path / "m").unlink()
    path = zipped(tmp_path / "o.zip", {"m.zip": middle, "i.zip": inner, "c": line("r3")})
    with case.memory_case() as connection:
        assert loaded(connection, tmp_path, path) == [
            (
                "o.zip!m.zip!i.zip",
                "unreadable",
                0,
                "an archive (zip) inside an archive inside an archive: not opened",
            ),
            ("o.zip!m.zip!b", "new", 1, None),
            ("o.zip!i.zip!a", "new", 1, None),
            ("o.zip!c", "new", 1, None),
        ]


def test_a_damaged_member_is_loaded_as_far_as_it_goes_and_marked(tmp_path: Path) -> None:
    data = b"".join(line(hashlib.sha256(str(n).encode()).hexdigest()) for n in range(500))
    raw = bytearray(zipped(tmp_path / "a.zip", {"a": data, "b": line("r9")}).read_bytes())
    raw[9000:9020] = b"\xff" * 20
    (tmp_path / "a.zip").write_bytes(raw)
    with case.memory_case() as connection:
        first, second = loaded(connection, tmp_path, tmp_path / "a.zip")
        assert first[:2] == ("a.zip!a", "new")
        assert 0 < first[2] < 500
        assert second == ("a.zip!b", "new", 1, None)
        codes = connection.execute("SELECT code FROM remarks WHERE source = 1").fetchall()
        assert ("compression-damaged",) in codes


def test_what_is_wrong_with_an_archive_as_a_whole_stands_under_its_own_path(tmp_path: Path) -> None:
    raw = zipped(tmp_path / "cut.zip", {"a": line("r1")}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(raw[: raw.index(b"PK\1\2")])
    zipped(tmp_path / "empty.zip", {"folder/": b""})
    with case.memory_case() as connection:
        found = loaded(connection, tmp_path, tmp_path)
    assert [row[:3] for row in found] == [
        ("cut.zip!a", "new", 1), ("cut.zip", "unreadable", 0), ("empty.zip", "unreadable", 0),
    ]  # fmt: skip
    assert found[2][3] == "the zip archive holds no files"


def test_an_archive_that_grows_beyond_the_limit_is_left_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditrail.containers.limits.EXPANSION_FLOOR", 10_000)
    path = zipped(tmp_path / "a.zip", {"a": line("r1"), "bomb": line("r2") * 2000, "c": line("r3")})
    with case.memory_case() as connection:
        found = loaded(connection, tmp_path, path, max_expansion=2)
        assert [row[:2] for row in found] == [
            ("a.zip!a", "new"), ("a.zip!bomb", "unreadable"), ("a.zip!c", "new"),
        ]  # fmt: skip
        zipped(path, {name: line(name) * 100 for name in "abcd"})  # each below the limit, together above it
        found = loaded(connection, tmp_path, path, max_expansion=2)
    assert [row[0] for row in found] == ["a.zip!a", "a.zip!b", "a.zip"]
    assert found[1][3] == found[2][3].replace("its members", "the archive's members").partition(":")[0]


def test_the_spool_is_removed_when_a_load_of_an_archive_fails(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a": line("r1"), "b": line("r2")})

    def fail() -> None:
        with inputs.open_archives(inputs.expand([path]), tmp_path) as items:
            assert next(items).path.read_bytes() == line("r1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [each.name for each in tmp_path.iterdir()] == ["a.zip"]
