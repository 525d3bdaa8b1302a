"""Objects in the cloud: listed in order, fetched when their turn comes, and gone from the disk afterwards."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail import case
from auditrail.cli._load import load_into
from auditrail.config import Config
from auditrail.errors import UsageError
from auditrail.ingest import inputs, remote
from tests.ingest import _cloud

KEYS = ("runs/b.jsonl", "runs/a b.jsonl", "runs/x/c%20d.jsonl.gz", "runs-old.jsonl", "other.txt")


def line(run: str, step: int = 0) -> bytes:
    return json.dumps({"ts": "2026-09-17T10:00:01Z", "run_id": run, "event": f"step {step}"}).encode() + b"\n"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for _ in _cloud.server(monkeypatch):
        s3 = _cloud.client("s3")
        s3.create_bucket(Bucket="logs")
        for key in KEYS:
            body = line(key)
            s3.put_object(Bucket="logs", Key=key, Body=gzip.compress(body) if key.endswith(".gz") else body)
        yield s3


def listed(address: str, folder: Path) -> list[tuple[str, str | None]]:
    with remote.named([address], folder / "c.duckdb") as (places, fetched):
        return [(item.shown, item.error) for item in fetched(list(inputs.expand(places)))]


def load(folder: Path, *addresses: str) -> list[tuple[str, str, str | None]]:
    with case.open_write(folder / "c.duckdb") as connection:
        loaded = load_into(
            connection, addresses, folder / "c.duckdb", Config(), reader=None, max_record=None, max_expansion=None,
            quiet=True,
        )  # fmt: skip
    return [(source.path, status, source.error) for source, status in loaded]


# -- without a cloud ---------------------------------------------------------------------------------------------------


def test_a_path_is_no_address() -> None:
    assert [remote.is_address(text) for text in ("logs", "-", "./s3:/x", "s3:/x", "C:\\logs")] == [False] * 5
    assert remote.is_address("s3://logs")


def test_paths_alone_load_no_cloud_library(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(line("r"))
    command = [
        "-X",
        "importtime",
        "-m",
        "auditrail",
        "ingest",
        str(tmp_path / "a.jsonl"),
        "--case",
        str(tmp_path / "c"),
    ]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    assert "pyarrow.lib" in done.stderr
    assert not [name for name in ("boto", "pyarrow.fs", "pyarrow._fs", "pyarrow._s3") if name in done.stderr]


@pytest.mark.parametrize("address", ["ftp://host/x", "https://example.org/a.jsonl", "s3://", "s3:///key"])
def test_an_address_that_makes_no_sense_is_refused_before_anything_is_read(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError), remote.named(["a.log", address], tmp_path / "c.duckdb"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "address", ["gs://anonymous@bucket/pre?endpoint_override=127.0.0.1:9&scheme=http&retry_limit_seconds=1"]
)
def test_a_store_that_can_not_be_reached_is_named_and_stops_nothing(address: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(line("r"))
    found = load(tmp_path, address, str(tmp_path / "a.jsonl"))
    assert [(path, status) for path, status, _ in found] == [
        ("gs://bucket/pre", "unreadable"),
        (str(tmp_path / "a.jsonl"), "new"),
    ]
    assert found[0][2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "c.duckdb"]


# -- S3 on this machine ------------------------------------------------------------------------------------------------


def test_a_folder_gives_its_objects_in_order(bucket: Any, tmp_path: Path) -> None:
    below = ["s3://logs/runs/a b.jsonl", "s3://logs/runs/b.jsonl", "s3://logs/runs/x/c%20d.jsonl.gz"]
    assert listed("s3://logs/runs", tmp_path) == [(name, None) for name in below]
    assert listed("s3://logs/runs/", tmp_path) == [(name, None) for name in below]
    assert [name for name, _ in listed("s3://logs", tmp_path)] == [
        "s3://logs/other.txt",
        "s3://logs/runs-old.jsonl",
        *below,
    ]


def test_the_beginning_of_names_is_a_prefix(bucket: Any, tmp_path: Path) -> None:
    assert len(listed("s3://logs/run", tmp_path)) == 4
    assert listed("s3://logs/runs/x/c", tmp_path) == [("s3://logs/runs/x/c%20d.jsonl.gz", None)]


@pytest.mark.parametrize("key", KEYS)
def test_one_object_is_named_as_it_is_shown(key: str, bucket: Any, tmp_path: Path) -> None:
    assert listed(f"s3://logs/{key}", tmp_path) == [(f"s3://logs/{key}", None)]


@pytest.mark.parametrize("address", ["s3://logs/none", "s3://no-such-bucket/x", "s3://no-such-bucket"])
def test_what_is_not_there_is_named(address: str, bucket: Any, tmp_path: Path) -> None:
    ((shown, error),) = listed(address, tmp_path)
    assert shown == address
    assert error


def test_neither_query_nor_credentials_are_shown(bucket: Any, tmp_path: Path) -> None:
    assert listed(f"s3://key:secret@logs/other.txt?region={_cloud.REGION}", tmp_path) == [("s3://logs/other.txt", None)]


def test_objects_are_loaded_and_leave_no_file(bucket: Any, tmp_path: Path) -> None:
    found = load(tmp_path, "s3://logs/runs", "s3://logs/runs/b.jsonl")
    assert [(path, status) for path, status, _ in found] == [
        ("s3://logs/runs/a b.jsonl", "new"),
        ("s3://logs/runs/b.jsonl", "new"),
        ("s3://logs/runs/x/c%20d.jsonl.gz", "new"),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["c.duckdb"]
    with case.open_write(tmp_path / "c.duckdb") as connection:
        runs = connection.execute("SELECT id FROM runs ORDER BY id").fetchall()
        remarks = connection.execute("SELECT DISTINCT code, detail LIKE 'ETag %' FROM remarks").fetchall()
        hashes = connection.execute("SELECT bytes FROM sources WHERE compression = 'gzip'").fetchall()
    assert runs == [("runs/a b.jsonl",), ("runs/b.jsonl",), ("runs/x/c%20d.jsonl.gz",)]
    assert remarks == [("remote-object", True)]
    assert hashes == [(len(gzip.compress(line(KEYS[2]))),)]


def test_loading_again_changes_nothing_and_a_grown_object_gives_its_new_lines(bucket: Any, tmp_path: Path) -> None:
    assert load(tmp_path, "s3://logs/runs/b.jsonl")[0][1] == "new"
    assert load(tmp_path, "s3://logs/runs/b.jsonl")[0][1] == "unchanged"
    bucket.put_object(Bucket="logs", Key="runs/b.jsonl", Body=line("runs/b.jsonl") + line("runs/b.jsonl", 1))
    assert load(tmp_path, "s3://logs/runs/b.jsonl")[0][1] == "grown"
    bucket.put_object(Bucket="logs", Key="runs/b.jsonl", Body=line("another"))
    assert load(tmp_path, "s3://logs/runs/b.jsonl")[0][1] == "changed"


def test_an_object_that_goes_away_meanwhile_stops_nothing(bucket: Any, tmp_path: Path) -> None:
    with remote.named(["s3://logs/runs"], tmp_path / "c.duckdb") as (places, fetched):
        found = list(inputs.expand(places))
        bucket.delete_object(Bucket="logs", Key="runs/a b.jsonl")
        read = [(item.error is None, item.path.exists()) for item in fetched(found)]
    assert read == [(False, False), (True, True), (True, True)]


def test_no_room_is_said(bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_ROOM", 1 << 60)
    ((_, error),) = listed("s3://logs/other.txt", tmp_path)
    assert error == "no room beside the case to fetch it"


def test_the_spool_is_gone_after_an_interruption(bucket: Any, tmp_path: Path) -> None:
    def interrupted() -> None:
        with remote.named(["s3://logs"], tmp_path / "c.duckdb") as (places, fetched):
            next(fetched(list(inputs.expand(places))))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_an_archive_gives_its_members_with_the_version_of_the_object(bucket: Any, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", line("in-a-zip"))
    bucket.put_object(Bucket="logs", Key="packed.zip", Body=packed.getvalue())
    ((path, status, error),) = load(tmp_path, "s3://logs/packed.zip")
    assert (path, status, error) == ("s3://logs/packed.zip!a.jsonl", "new", None)
    with case.open_write(tmp_path / "c.duckdb") as connection:
        assert connection.execute("SELECT code FROM remarks").fetchall() == [("remote-object",)]
    assert [path.name for path in tmp_path.iterdir()] == ["c.duckdb"]
