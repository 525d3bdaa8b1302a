"""What of a record is hashed, where a producer's own code does more than to leave members out."""

from __future__ import annotations

from typing import Any

import pytest

from auditrail.verify.coverage import Coverage
from auditrail.verify.profile import Body, parse
from auditrail.verify.selecting import selector

NESTED = {"a": None, "d": {"hash": 1, "x": None}, "l": [{"hash": 1, "x": None}, None]}


def test_what_is_in_lists_may_stay_as_it_is() -> None:
    body = Body(drop_nulls=True, exclude_deep=("hash",))
    assert selector(body)(NESTED) == {"d": {}, "l": [{}, None]}
    body = Body(drop_nulls=True, exclude_deep=("hash",), inside_lists=False)
    assert selector(body)(NESTED) == {"d": {}, "l": NESTED["l"]}
    assert NESTED["a"] is None
    assert NESTED["d"] == {"hash": 1, "x": None}


def test_what_stays_in_lists_is_covered() -> None:
    table: dict[str, Any] = {
        "chain": {"hash": "hash", "prev": "prev", "genesis": ""},
        "body": {"fields": ["hash"], "drop_nulls": True, "exclude_deep": ["sig"]},
    }
    value = {"hash": "h", "prev": "", "d": {"sig": 1}, "l": [{"sig": 1, "x": None}]}
    for lists, left in ((True, {"d.sig", "l.sig", "l.x (null)"}), (False, {"d.sig"})):
        table["body"]["inside_lists"] = lists
        coverage = Coverage(parse("made", table))
        coverage.see(value)
        assert coverage.by_hash == left


def test_a_null_that_is_kept_is_null_where_it_is_absent() -> None:
    select = selector(Body(drop_nulls=True, keep_null=("c.prev",)))
    assert select({"c": {"prev": None, "x": None}}) == {"c": {"prev": None}}
    assert select({"c": {}}) == {"c": {"prev": None}}
    assert select({"d": 1}) == {"d": 1}
    record: dict[str, Any] = {"c": {}}
    select(record)
    assert record == {"c": {}}


def test_what_stands_for_a_null() -> None:
    select = selector(Body(fill=(("parent", ""),)))
    assert select({"parent": None}) == select({}) == {"parent": ""}
    assert select({"parent": "x"}) == {"parent": "x"}


@pytest.mark.parametrize(
    ("stored", "hashed"),
    [
        ("2026-11-23T11:27:00.100000Z", "2026-11-23T11:27:00.100000+00:00"),
        ("2026-11-23 11:27:00.100000+00:00", "2026-11-23T11:27:00.100000+00:00"),
        ("2026-11-23 11:27:00", "2026-11-23T11:27:00"),
        ("2026-11-23T11:27:00+02:00", "2026-11-23T11:27:00+02:00"),
        ("2026-11-23T11:27:00.1Z", "2026-11-23T11:27:00.1Z"),
        ("yesterday Z", "yesterday Z"),
        (7, 7),
    ],
)
def test_times_as_isoformat_writes_them(stored: Any, hashed: Any) -> None:
    assert selector(Body(isoformat=("t",)))({"t": stored}) == {"t": hashed}
