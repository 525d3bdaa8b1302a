"""Every byte of a small log of each format changed, one at a time: never intact, but for what is listed as open.

That takes a quarter of an hour: with AUDITRAIL_EXHAUSTIVE=1 (`make test-exhaustive`). Otherwise every fifth byte is
changed, in one way of several.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from auditrail.verify.types import Result
from tests.verify._run import one, report
from tests.verify._writers import WRITERS, Log

# 0x01 changes letters and digits, 0x20 their case and blanks, 0x2A and 0x07 a newline into a blank and a return, 0xFF
# everything.
FLIPS = (0x01, 0x20, 0xFF)
SPACES = (0x2A, 0x07)
EXHAUSTIVE = bool(os.environ.get("AUDITRAIL_EXHAUSTIVE"))
SPACE = "white space between the records"


def records(data: bytes) -> list[Any] | None:
    text = data.decode("utf-8", "surrogatepass") if _is_text(data) else None
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            return None
    return value if isinstance(value, list) else [value]


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def differences(one: Any, other: Any, at: str = "") -> set[str]:
    """Paths at which two values differ; elements of lists go without a number."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            path
            for key in {*one, *other}
            for path in (
                differences(one[key], other[key], f"{at}{key}.") if key in one and key in other else {f"{at}{key}"}
            )
        }
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return {path for a, b in zip(one, other, strict=True) for path in differences(a, b, at)}
    return set() if one == other and type(one) is type(other) else {at.rstrip(".")}


def is_open(path: str, fields: tuple[str, ...]) -> bool:
    """Whether a path is among the uncovered fields, or inside one."""
    names = [field.partition(" (")[0] for field in fields]
    return any(path == name or path.startswith(f"{name}.") for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(name for name in WRITERS if not WRITERS[name](1).rows))
def test_no_changed_byte_stays_unseen(name: str, tmp_path: Path) -> None:
    log = WRITERS[name](3)
    path = log.file(tmp_path)
    data = path.read_bytes()
    honest = one(path, key=log.keys)
    assert honest.verdict == "INTACT-UNANCHORED"
    before = records(data)
    seen = 0
    tried = 0
    for position in range(0, len(data), 1 if EXHAUSTIVE else 5):
        ways = FLIPS + SPACES * (data[position] in b" \r\n")
        for number, flip in enumerate(ways):
            if not EXHAUSTIVE and number != position // 5 % len(ways):
                continue
            tried += 1
            changed = data[:position] + bytes([data[position] ^ flip]) + data[position + 1 :]
            path.write_bytes(changed)
            # Mostly with the profile named, since to find it takes longer than to use it.
            found = report(path, key=log.keys, profile=None if (position + number) % 8 == 0 else log.profile)
            if found.exit_code != 0:
                seen += 1
                continue
            _excused(log, before, changed, found.results, position)
    assert seen > tried // 3


def _excused(log: Log, before: Any, changed: bytes, results: tuple[Result, ...], position: int) -> None:
    """A change that leaves the log intact is in a field that is listed as uncovered, or changes no value.

    What changes no value is white space between the records, which is listed, or another spelling inside of one.
    """
    fields = tuple(field for result in results for field in result.uncovered_fields)
    after = records(changed)
    where = (log.profile, position, changed[max(0, position - 30) : position + 10])
    assert after is not None, where
    paths = differences(before, after)
    if not paths:
        assert all(any(text.startswith(SPACE) for text in result.not_checked) for result in results), where
        return
    if log.profile == "witnesskit":  # members of the object around the records
        paths = {path.removeprefix("entries.") for path in paths} - {"version", "actor"}
    open_paths = [path for path in paths if not is_open(path, fields)]
    # A null that is left out of the hash may get another name.
    nulls = {field for field in fields if field.endswith("(null)")}
    # In some formats a field that is null and one that is missing are hashed alike.
    gone = {path for path in open_paths if _is_null(before, path)}
    open_paths = [path for path in open_paths if path not in gone]
    assert not open_paths or nulls or "every field of the last record" in fields, (where, open_paths)


def _is_null(values: Any, path: str) -> bool:
    found = [value.get(path) for value in values if isinstance(value, dict)]
    return None in found


@pytest.mark.parametrize("name", ["signet", "autonomous-audit", "verityledger", "raw-line"])
@pytest.mark.parametrize("end", [b"", b" ", b"\r\n", b"\n\n", b"\n \t\n", b"\r"])
def test_another_end_of_the_file_changes_nothing_and_is_listed_as_not_checked(
    name: str, end: bytes, tmp_path: Path
) -> None:
    log = WRITERS[name](3)
    path = log.file(tmp_path)
    data = path.read_bytes()
    assert data.endswith(b"\n")
    path.write_bytes(data[:-1] + end)
    result = one(path, key=log.keys)
    assert result.verdict == "INTACT-UNANCHORED"
    assert any(text.startswith(SPACE) for text in result.not_checked)


def test_a_changed_byte_of_a_table_is_seen(tmp_path: Path) -> None:
    """Of a database, what is read from it counts: its pages hold much that is nothing."""
    log = WRITERS["merkle-audit"](3)
    path = log.file(tmp_path)
    data = path.read_bytes()
    for text in (record["payload_hash"].encode() for record in log.records):
        position = data.index(text)
        path.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        assert one(path).verdict == "BROKEN"
