"""Loading into a case: idempotent by content, new bytes only, versions kept apart, nothing doubled."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from auditrail import case, config, schema
from auditrail.correlate.settle import settle
from auditrail.errors import UsageError
from auditrail.ingest import inputs
from auditrail.ingest.load import Loader, Options
from auditrail.model import Source
from tests.conformance import _pipeline as pipeline

VOLATILE = ("loaded_ns",)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with case.memory_case() as made:
        yield made


def line(number: int, **more: Any) -> bytes:
    stamp = f"2026-01-01T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
    return json.dumps({"timestamp": stamp, "run_id": "r", "event": "step", "n": number, **more}).encode() + b"\n"


def lines(first: int, last: int) -> bytes:
    return b"".join(line(number) for number in range(first, last))


def load(connection: duckdb.DuckDBPyConnection, *paths: Path, **options: Any) -> list[tuple[Source, str]]:
    loader = Loader(connection, Options(**options))
    loader.load_all(inputs.expand(paths))
    return loader.sources()


def status(connection: duckdb.DuckDBPyConnection, *paths: Path, **options: Any) -> list[str]:
    return [status for _, status in load(connection, *paths, **options)]


def content(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, without the moment of loading."""
    held = {}
    for table in schema.tables():
        names = [column.name for column in schema.columns(table) if column.name not in VOLATILE]
        held[table] = sorted(connection.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall(), key=repr)
    return held


def numbers(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """What the lines of `line` counted, in the order of the evidence."""
    rows = connection.execute("SELECT attributes FROM events ORDER BY event").fetchall()
    return [json.loads(row[0])["n"] for row in rows]


def balanced(connection: duckdb.DuckDBPyConnection) -> None:
    """The identity of every source, and that its counts are those of its rows."""
    for key, *counts in connection.execute(
        "SELECT source, records, records_with_events, quarantined, blank, ignored, events FROM sources"
    ).fetchall():
        records, with_events, quarantined, blank, ignored, events = counts
        assert records == with_events + quarantined + blank + ignored
        assert case.count(connection, "SELECT count(*) FROM events WHERE source = ?", [key]) == events
        assert case.count(connection, "SELECT count(*) FROM quarantine WHERE source = ?", [key]) <= quarantined
    assert case.count(connection, "SELECT count(*) - count(DISTINCT event) FROM events") == 0
    assert case.count(connection, "SELECT count(*) FROM ids_more WHERE event NOT IN (SELECT event FROM events)") == 0


# --- the same bytes again -------------------------------------------------------------------------------------------


def test_loading_again_changes_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    first = status(connection, pipeline.EVIDENCE)
    before = content(connection)
    assert set(first) == {"new"}
    assert set(status(connection, pipeline.EVIDENCE)) == {"unchanged"}
    assert content(connection) == before
    balanced(connection)


def test_a_copy_under_another_name_is_unchanged(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(lines(0, 3))
    (tmp_path / "b.log").write_bytes(lines(0, 3))
    assert status(connection, tmp_path) == ["new", "unchanged"]
    assert numbers(connection) == [0, 1, 2]


def test_the_same_file_named_twice_is_one_input(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 3))
    (tmp_path / "link.log").symlink_to(file)
    assert [item.shown for item in inputs.expand([file, tmp_path, file])] == [str(file)]


# --- growth ---------------------------------------------------------------------------------------------------------


def test_a_grown_file_gives_its_new_records(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 5))
    load(connection, file)
    keys = connection.execute("SELECT event FROM events ORDER BY event").fetchall()
    file.write_bytes(lines(0, 9))
    ((source, how),) = load(connection, file)
    assert how == "grown"
    assert (source.records, source.events, source.bytes) == (9, 9, len(lines(0, 9)))
    assert numbers(connection) == list(range(9))
    assert connection.execute("SELECT event FROM events ORDER BY event").fetchall()[:5] == keys
    assert connection.execute("SELECT record FROM events ORDER BY event").fetchall() == [(n,) for n in range(1, 10)]
    balanced(connection)


@pytest.mark.parametrize("vectorised", [True, False])
@pytest.mark.parametrize("size", range(0, 2 * len(line(0)) + 60, 13))
def test_growth_gives_what_one_load_gives(tmp_path: Path, size: int, vectorised: bool) -> None:
    """Wherever the first load cut the file: the second ends with the same rows as one load of the whole."""
    whole = line(0) + b"\n" + line(1, run_id="q") + b"not json\n" + line(2) + line(3)[:-1]
    file = tmp_path / "a.log"
    with case.memory_case() as grown, case.memory_case() as once:
        file.write_bytes(whole[: len(line(0)) + size])
        load(grown, file, vectorised=vectorised, share_below=0)
        file.write_bytes(whole)
        load(grown, file, vectorised=vectorised, share_below=0)
        load(once, file, vectorised=vectorised, share_below=0)
        balanced(grown)
        made, expected = content(grown), content(once)
        for table in ("events", "ids_more", "quarantine", "remarks"):
            assert made[table] == expected[table], table
        status_at = [c.name for c in schema.columns("sources") if c.name not in VOLATILE].index("status")
        for rows in (made["sources"], expected["sources"]):
            rows[0] = rows[0][:status_at] + rows[0][status_at + 1 :]
        assert made["sources"] == expected["sources"]


def test_a_torn_tail_is_completed_later(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 3) + line(3)[:20])
    ((source, _),) = load(connection, file)
    assert (source.records, source.events, source.quarantined) == (4, 3, 1)
    assert connection.execute("SELECT code, record FROM quarantine").fetchall() == [("torn-tail", 4)]
    file.write_bytes(lines(0, 5))
    ((source, how),) = load(connection, file)
    assert (how, source.records, source.events, source.quarantined) == ("grown", 5, 5, 0)
    assert connection.execute("SELECT * FROM quarantine").fetchall() == []
    assert numbers(connection) == list(range(5))


def test_a_last_line_without_newline_is_read_once(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 3)[:-1])
    ((source, _),) = load(connection, file)
    assert (source.records, source.events) == (3, 3)
    file.write_bytes(lines(0, 4))
    assert status(connection, file) == ["grown"]
    assert numbers(connection) == [0, 1, 2, 3]
    balanced(connection)


def test_growth_of_white_space_only(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 2))
    load(connection, file)
    file.write_bytes(lines(0, 2) + b"\n  \n")
    ((source, how),) = load(connection, file)
    assert (how, source.records, source.events, source.blank) == ("grown", 4, 2, 2)
    balanced(connection)


def test_an_empty_file_that_grows(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b"")
    ((source, how),) = load(connection, file)
    assert (how, source.records, source.error) == ("new", 0, None)
    file.write_bytes(lines(0, 2))
    ((source, how),) = load(connection, file)
    assert (how, source.format, source.events) == ("grown", "jsonl", 2)
    balanced(connection)


def test_white_space_is_counted(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b"\n \n\t\r\n")
    ((source, how),) = load(connection, file)
    assert (how, source.records, source.blank, source.events) == ("new", 3, 3, 0)


def test_a_compressed_file_that_grew_is_read_anew(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log.gz"
    file.write_bytes(gzip.compress(lines(0, 3), mtime=0))
    load(connection, file)
    file.write_bytes(gzip.compress(lines(0, 3), mtime=0) + gzip.compress(lines(3, 6), mtime=0))
    ((source, how),) = load(connection, file)
    assert (how, source.records, source.events, source.compression) == ("grown", 6, 6, "gzip")
    assert numbers(connection) == list(range(6))
    balanced(connection)


def test_an_array_that_grew_has_changed(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Its closing bracket moved, so its first bytes are not what they were."""
    file = tmp_path / "a.json"
    entry = {"agent": "a", "tool": "t", "decision": "allowed", "timestamp": "2026-01-01T00:00:00Z"}
    file.write_text(json.dumps([entry] * 2))
    load(connection, file)
    file.write_text(json.dumps([entry] * 3))
    assert status(connection, file) == ["changed"]
    assert [row[0] for row in connection.execute("SELECT events FROM sources ORDER BY source").fetchall()] == [2, 3]
    balanced(connection)


def test_an_array_without_its_end_grows(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    entry = {"agent": "a", "tool": "t", "decision": "allowed", "timestamp": "2026-01-01T00:00:00Z"}
    whole = json.dumps([{**entry, "n": number} for number in range(4)]).encode()
    file.write_bytes(whole[: len(whole) // 2])
    load(connection, file)
    file.write_bytes(whole)
    ((source, how),) = load(connection, file)
    assert (how, source.records, source.events, source.quarantined) == ("grown", 4, 4, 0)
    balanced(connection)


def test_a_docker_file_that_grew_joins_its_pieces(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    def piece(text: str) -> bytes:
        return json.dumps({"log": text, "stream": "stdout", "time": "2026-01-01T00:00:00Z"}).encode() + b"\n"

    file = tmp_path / "c-json.log"
    file.write_bytes(piece("first\n") + piece("one half, "))
    load(connection, file)
    file.write_bytes(piece("first\n") + piece("one half, ") + piece("the other\n"))
    ((source, how),) = load(connection, file)
    assert (how, source.format, source.records, source.events) == ("grown", "docker", 3, 2)
    rows = connection.execute("SELECT attributes FROM events ORDER BY event").fetchall()
    texts = [json.loads(row[0])["message"] for row in rows]
    assert [text.strip() for text in texts] == ["first", "one half, the other"]
    balanced(connection)


def test_growth_again_and_again(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    whole = lines(0, 12)
    for size in range(0, len(whole) + 1, 41):
        file.write_bytes(whole[:size])
        load(connection, file)
        balanced(connection)
    file.write_bytes(whole)
    load(connection, file)
    assert numbers(connection) == list(range(12))
    assert case.count(connection, "SELECT count(*) FROM sources") == 1
    assert connection.execute("SELECT records, events, quarantined, blank FROM sources").fetchall() == [(12, 12, 0, 0)]


# --- change ---------------------------------------------------------------------------------------------------------


def test_a_changed_file_keeps_both_versions(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 3))
    load(connection, file)
    file.write_bytes(lines(0, 3).replace(b'"n": 1', b'"n": 7'))
    ((source, how),) = load(connection, file)
    assert (how, source.source) == ("changed", 2)
    assert connection.execute("SELECT source, superseded_by FROM sources ORDER BY source").fetchall() == [
        (1, 2),
        (2, None),
    ]
    assert numbers(connection) == [0, 1, 2, 0, 7, 2]
    balanced(connection)


def test_a_file_that_shrank_has_changed(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 3))
    load(connection, file)
    file.write_bytes(lines(0, 2))
    assert status(connection, file) == ["changed"]


def test_a_changed_file_that_grows_grows_from_its_last_version(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "a.log"
    for data in (lines(0, 3), lines(5, 7), lines(5, 9)):
        file.write_bytes(data)
        load(connection, file)
    assert connection.execute("SELECT source, status, events FROM sources ORDER BY source").fetchall() == [
        (1, "new", 3), (2, "grown", 4)
    ]  # fmt: skip
    assert numbers(connection) == [0, 1, 2, 5, 6, 7, 8]


def test_rotation_loads_nothing_twice(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 3))
    load(connection, tmp_path)
    file.rename(tmp_path / "a.log.1")
    file.write_bytes(lines(3, 5))
    assert status(connection, tmp_path) == ["changed", "unchanged"]
    assert numbers(connection) == list(range(5))
    balanced(connection)


def test_rotation_of_a_file_that_grew_before(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The rotated file holds more than was loaded, under a new name: it is loaded whole, its copies set aside."""
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 3))
    load(connection, tmp_path)
    file.write_bytes(lines(0, 4))
    file.rename(tmp_path / "a.log.1")
    file.write_bytes(lines(4, 6))
    assert status(connection, tmp_path) == ["changed", "new"]
    balanced(connection)
    settle(connection)
    assert connection.execute("SELECT count(*), bool_and(same_content) FROM copies").fetchall() == [(3, True)]
    assert connection.execute("SELECT events FROM runs").fetchall() == [(6,)]


def test_changing_back_is_known(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 3))
    load(connection, file)
    file.write_bytes(lines(5, 8))
    load(connection, file)
    file.write_bytes(lines(0, 3))
    assert status(connection, file) == ["unchanged"]
    assert numbers(connection) == [0, 1, 2, 5, 6, 7]


# --- what can't be read ---------------------------------------------------------------------------------------------


def test_an_unknown_format_is_named_and_stops_nothing(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(256)))
    (tmp_path / "b.log").write_bytes(lines(0, 2))
    (tmp_path / "c.txt").write_bytes(b"Dear diary,\nnothing happened.\n")
    assert status(connection, tmp_path) == ["unknown-format", "new", "unknown-format"]
    row = connection.execute("SELECT format, records, length(blake3) FROM sources WHERE source = 1").fetchall()
    assert row == [(None, 0, 64)]
    assert status(connection, tmp_path) == ["unknown-format", "unchanged", "unknown-format"]
    assert case.count(connection, "SELECT count(*) FROM sources") == 3
    balanced(connection)


def test_an_unknown_format_may_become_known(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b"starting\n")
    assert status(connection, file) == ["unknown-format"]
    file.write_bytes(lines(0, 2))
    ((source, how),) = load(connection, file)
    assert (how, source.events) == ("new", 2)
    assert case.count(connection, "SELECT count(*) FROM sources") == 1


@pytest.mark.parametrize("data", [b"\x1f\x8b\x08\x00garbage", b"\x28\xb5\x2f\xfdgarbage", b"\xfd7zXZ\x00garbage"])
def test_broken_compression_stops_nothing(connection: duckdb.DuckDBPyConnection, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.gz").write_bytes(data)
    (tmp_path / "b.log").write_bytes(lines(0, 2))
    first, second = load(connection, tmp_path)
    assert second[1] == "new"
    assert first[1] in ("unreadable", "unknown-format", "new")
    said = connection.execute("SELECT count(*) FROM remarks WHERE code = 'compression-damaged'").fetchall()[0][0]
    assert said or first[0].error, "the damage is said"
    balanced(connection)


def test_a_cut_gzip_keeps_what_stands_before_the_cut(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.gz"
    whole = gzip.compress(b"".join(line(n, pad=os.urandom(40).hex()) for n in range(3000)), mtime=0)
    file.write_bytes(whole[: len(whole) // 2])
    ((source, how),) = load(connection, file)
    assert (how, source.format) == ("new", "jsonl")
    assert 500 < source.events < 3000
    assert connection.execute("SELECT code FROM remarks WHERE code LIKE 'compression%'").fetchall()
    balanced(connection)


def test_a_bomb_is_refused_and_leaves_nothing(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    from auditrail.containers import limits

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "EXPANSION_FLOOR", 1 << 20)
        (tmp_path / "a.gz").write_bytes(gzip.compress(line(0) * 100_000, mtime=0))
        ((source, how),) = load(connection, tmp_path, max_expansion=20)
    assert how == "unreadable"
    assert source.error
    assert case.count(connection, "SELECT count(*) FROM events") == 0


def test_a_pipe_is_named_and_not_waited_for(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.fifo")
    (tmp_path / "b.log").write_bytes(lines(0, 1))
    assert status(connection, tmp_path) == ["unreadable", "new"]
    assert connection.execute("SELECT error FROM sources WHERE source = 1").fetchall() == [("not a regular file",)]


def test_a_missing_file_is_named(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    ((source, how),) = load(connection, tmp_path / "none.log")
    assert how == "unreadable"
    assert source.error == "no such file or directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_named(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(lines(0, 1))
    file.chmod(0)
    ((source, how),) = load(connection, file)
    assert (how, source.error) == ("unreadable", "permission denied")


def test_an_oversized_record_is_hashed(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(line(0) + line(1, pad="x" * 5000) + line(2))
    ((source, _),) = load(connection, file, max_record=1000)
    assert (source.records, source.events, source.quarantined) == (3, 2, 1)
    ((code, length, digest),) = connection.execute("SELECT code, byte_length, blake3 FROM quarantine").fetchall()
    from auditrail.digest import record_digest

    assert (code, length) == ("oversized", len(line(1, pad="x" * 5000)) - 1)
    assert digest == record_digest(line(1, pad="x" * 5000)[:-1])


# --- walking --------------------------------------------------------------------------------------------------------


def test_folders_are_walked_in_order(tmp_path: Path) -> None:
    for name in ("b/2.log", "b/1.log", "a.log", "c/d/e.log", ".hidden/f.log", ".git/g", "__pycache__/h", "b/.DS_Store"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = [Path(item.shown).relative_to(tmp_path).as_posix() for item in inputs.expand([tmp_path])]
    assert found == ["a.log", ".hidden/f.log", "b/1.log", "b/2.log", "c/d/e.log"]


def test_a_link_in_a_circle_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.log").write_bytes(b"x")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "dangling").symlink_to(tmp_path / "nothing")
    found = {Path(item.shown).name: item.error for item in inputs.expand([tmp_path])}
    assert found == {"x.log": None, "dangling": "no such file or directory"}


def test_the_case_is_no_evidence(tmp_path: Path) -> None:
    (tmp_path / "auditrail.duckdb").write_bytes(b"x")
    (tmp_path / "a.log").write_bytes(b"x")
    skip = frozenset({(tmp_path / "auditrail.duckdb").resolve()})
    assert [Path(item.shown).name for item in inputs.expand([tmp_path], skip=skip)] == ["a.log"]


# --- the same content in other clothes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("gzip", gzip.compress),
        ("bzip2", bz2.compress),
        ("xz", lzma.compress),
        ("zstd", lambda data: pa.compress(data, codec="zstd", asbytes=True)),
    ],
)
def test_compressed_or_not_gives_the_same_events(tmp_path: Path, name: str, pack: Any) -> None:
    data = lines(0, 4) + b"not json\n" + lines(4, 6)[:-1]
    (tmp_path / "plain").write_bytes(data)
    (tmp_path / "packed").write_bytes(pack(data))
    with case.memory_case() as plain, case.memory_case() as packed:
        load(plain, tmp_path / "plain")
        ((source, _),) = load(packed, tmp_path / "packed")
        assert source.compression == name
        assert (source.content_bytes, source.bytes) == (len(data), len(pack(data)))
        query = "SELECT * EXCLUDE (stream) FROM events ORDER BY event"
        assert plain.execute(query).fetchall() == packed.execute(query).fetchall()
        query = "SELECT * FROM quarantine"
        assert plain.execute(query).fetchall() == packed.execute(query).fetchall()


def test_standard_input_is_loaded_and_leaves_no_file(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines(0, 3))))
    with inputs.standard_input([Path("-")], tmp_path) as (real, names):
        loader = Loader(connection)
        loader.load_all(item._replace(shown=names[item.path]) for item in inputs.expand(real))
    assert [(source.path, how, source.events) for source, how in loader.sources()] == [("-", "new", 3)]
    assert list(tmp_path.iterdir()) == []


# --- choice ---------------------------------------------------------------------------------------------------------


def test_a_mapping_makes_an_unknown_log_known(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "own.log"
    file.write_bytes(b'{"q7":"2026-01-01 00:00:00","zz":{"k":"job-1"}}\n' * 2)
    assert status(connection, file) == ["unknown-format"]
    toml = tmp_path / "auditrail.toml"
    toml.write_text('[[reader.jsonl]]\npath = "own.log"\n[reader.jsonl.fields]\nts = "q7"\nrun = "zz.k"\n')
    ((source, how),) = load(connection, file, config=config.load(toml))
    assert (how, source.format, source.events) == ("new", "jsonl", 2)
    assert "mapping" in (source.why or "")
    assert connection.execute("SELECT DISTINCT run_id, ts_ns FROM events").fetchall() == [
        ("job-1", 1767225600000000000)
    ]


def test_a_forced_reader_reads(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b'{"x":1}\n')
    ((source, _),) = load(connection, file, reader="jsonl")
    assert (source.format, source.events, source.why) == ("jsonl", 1, "chosen on the command line")
    file.write_bytes(b'{"x":2}\n')
    with pytest.raises(UsageError, match="no reader"):
        load(connection, file, reader="nothing")


def test_remarks_say_what_was_assumed(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(line(0).replace(b"Z", b"") + line(1)[:-2] + b',"n":2}\n')
    load(connection, file)
    assert connection.execute("SELECT code, record FROM remarks ORDER BY code").fetchall() == [
        ("duplicate-keys", 2), ("zone-assumed", None)
    ]  # fmt: skip
    assert connection.execute("SELECT flags FROM events ORDER BY event").fetchall() == [(None,), ("duplicate-keys",)]
