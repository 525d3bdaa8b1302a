"""Logs sealed with HMAC under changing keys."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verify._run import kinds, one
from tests.verify._writers import SECRET, WRITERS, Record

SECOND = SECRET + b" 2"
KEYS = [f"text:{SECRET.decode()}", f"text:{SECOND.decode()}"]


def written(folder: Path, records: list[Record]) -> Path:
    """The rows of the log as lines: three of key k0, and as many of k1 as there are more."""
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(record, sort_keys=True) + "\n" for record in records))
    return path


@pytest.fixture
def records() -> list[Record]:
    return copy.deepcopy(WRITERS["auditchain-sqlite-hmac"](9).records)


def test_each_record_is_checked_with_the_key_of_its_id(records: list[Record], tmp_path: Path) -> None:
    path = written(tmp_path, records)
    for keys in (KEYS, KEYS[::-1], [f"k{number}={key}" for number, key in enumerate(KEYS)]):
        result = one(path, key=keys)
        assert (result.verdict, result.profile, result.checked) == ("INTACT-UNANCHORED", "auditchain-hmac", 9)


@pytest.mark.parametrize(("given", "checked", "missing"), [(0, 3, "k1"), (1, 6, "k0")])
def test_a_key_that_was_not_given_is_named_and_nothing_is_green(
    given: int, checked: int, missing: str, records: list[Record], tmp_path: Path
) -> None:
    result = one(written(tmp_path, records), key=[KEYS[given]])
    assert (result.verdict, result.checked, kinds(result)) == ("UNVERIFIABLE", checked, [])
    assert any(f"under the key id '{missing}'" in sentence for sentence in result.not_checked)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda r: r[3].update(action="x"), 4),
        (lambda r: r[5].update(action="x"), 6),
        (lambda r: r[5].update(action="x", key_id="k9"), 6),
        (lambda r: r[5].update(action="x", key_id=""), 6),
        (lambda r: r[5].update(key_id="k0"), 6),
    ],
    ids=["first-of-its-key", "middle", "unknown-id", "blank-id", "another-id"],
)
def test_changes_are_found_whatever_the_key_id_says(
    change: Callable[[list[Record]], Any], where: int, records: list[Record], tmp_path: Path
) -> None:
    change(records)
    assert kinds(one(written(tmp_path, records), key=KEYS)) == [("edited", where)]


def test_an_unknown_id_at_the_end_may_be_a_new_key_and_is_not_green(records: list[Record], tmp_path: Path) -> None:
    records[-1].update(action="x", key_id="k9")
    assert one(written(tmp_path, records), key=KEYS).verdict == "UNVERIFIABLE"


def test_a_key_that_changes_without_an_id(tmp_path: Path) -> None:
    """Signatures of a writer that names no keys: each may be by any key that was given."""
    log = WRITERS["agt-file-sink"](6)
    for record in log.records[3:]:
        record["signature"] = hmac.new(SECOND, record["content_hash"].encode(), hashlib.sha256).hexdigest()
    path = log.file(tmp_path)
    assert one(path, key=KEYS).verified == 6
    assert kinds(one(path, key=KEYS[:1])) == [("bad-signature", number) for number in (4, 5, 6)]
