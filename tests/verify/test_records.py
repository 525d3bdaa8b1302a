"""Records cut from databases: with the log of writes beside them, and with columns that hold JSON."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.verify._run import kinds, one, report
from tests.verify._writers import WRITERS, Log


def logged(log: Log, folder: Path) -> Path:
    """A database as it is copied while its writer runs: the newest rows stand in the `-wal` beside it."""
    source = folder / "live.db"
    log.file(folder, log.records[:4], name="live")
    connection = sqlite3.connect(source)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    for record in log.records[4:]:
        marks = ", ".join("?" * len(record))
        connection.execute(f"INSERT INTO {log.rows} ({', '.join(record)}) VALUES ({marks})", list(record.values()))
    connection.commit()
    copied = folder / "copy"
    copied.mkdir()
    for path in folder.glob("live.db*"):
        shutil.copy(path, copied)
    connection.close()
    return copied / "live.db"


def test_rows_in_the_log_beside_a_database_are_read(tmp_path: Path) -> None:
    log = WRITERS["agt-flight-recorder"](9)
    path = logged(log, tmp_path)
    before = {item.name: item.read_bytes() for item in path.parent.iterdir()}
    assert "live.db-wal" in before
    result = one(path)
    assert (result.verdict, result.checked) == ("INTACT-UNANCHORED", 9)
    assert {item.name: item.read_bytes() for item in path.parent.iterdir()} == before
    (whole,) = report(path.parent).results
    assert (whole.path, whole.checked) == (str(path), 9)
    path.with_name("live.db-wal").unlink()
    assert one(path).checked == 4


def test_a_change_in_the_log_beside_a_database_is_found(tmp_path: Path) -> None:
    log = WRITERS["agt-flight-recorder"](9)
    log.records[6]["policy_verdict"] = "allowed, really"
    assert kinds(one(logged(log, tmp_path))) == [("edited", 7)]


def test_a_hash_that_is_optional_and_missing_is_told(tmp_path: Path) -> None:
    log = WRITERS["agt-flight-recorder"](5)
    log.records[2]["content_hash"] = None
    result = one(log.file(tmp_path))
    assert (result.verdict, kinds(result)) == ("INTACT-UNANCHORED", [])
    assert [(defect.kind, defect.record) for defect in result.defects] == [("unchained", 3)]
    assert {"policy_verdict", "result"} <= set(result.uncovered_fields)
    honest = one(WRITERS["agt-flight-recorder"](5).file(tmp_path))
    assert not {"policy_verdict", "result", "content_hash"} & set(honest.uncovered_fields)


@pytest.mark.parametrize("text", ['{"a": 1', '{"a": 1, "a": 2}', "\xff"])
def test_a_column_that_holds_no_json_is_no_record(text: str, tmp_path: Path) -> None:
    log = WRITERS["auditchain-sqlite"](5)
    path = log.file(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE audit_records SET meta = ? WHERE seq = 2", (text,))
    connection.commit()
    connection.close()
    assert ("unparsable", 3) in kinds(one(path))


def test_columns_beside_the_object_are_listed_as_open(tmp_path: Path) -> None:
    log = WRITERS["obsigna-store"](4)
    result = one(log.file(tmp_path), key=log.keys)
    beside = {"id", "chain_id", "sequence", "status", "rowid_"}
    assert set(result.uncovered_fields) == {*beside, "receipt_json.proof.type"}
