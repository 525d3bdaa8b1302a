"""Events -> rows -> Arrow: ids in their columns, and nothing odd stops a batch."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail import model, schema
from auditrail.ingest import rows
from auditrail.model import Event, Id

PLACE = (rows.event_key(1, 0, 0), 1, 1, 0, 0, 9, b"\0" * 32)


def record(event: Event) -> tuple[dict[str, Any], list[tuple[int, str, str]]]:
    more: list[tuple[int, str, str]] = []
    made = rows.table("events", [rows.event_row(PLACE, event, more)])
    assert made.schema == schema.arrow("events")
    (row,) = made.to_pylist()
    return row, more


def test_keys_are_unique_and_in_order_of_the_evidence() -> None:
    places = [(1, 0, 0), (1, 0, 1), (1, 2, 0), (1, (1 << 44) - 1, 0), (2, 0, 0), (2, 5, 3), ((1 << 19) - 1, 0, 0)]
    keys = [rows.event_key(*place) for place in places]
    assert keys == sorted(set(keys))
    assert rows.event_key((1 << 19) - 1, (1 << 44) - 1, 0) < 1 << 63


def test_an_event_without_ids() -> None:
    row, more = record(Event(ts_ns=5, name="x"))
    assert (row["event"], row["ts_ns"], row["name"], more) == (PLACE[0], 5, "x", [])
    assert {row[f"{kind}_id"] for kind in model.ID_COLUMNS} == {None}


def test_the_first_id_of_a_kind_has_its_column_and_further_ones_are_rows() -> None:
    ids = (
        Id("run", "r1"),
        Id("request", "q1"),
        Id("request", "q2"),
        Id("user", "u1"),
        Id("run", "r2"),
        Id("other", "o"),
    )
    row, more = record(Event(ids=ids))
    assert (row["run_id"], row["request_id"], row["trace_id"]) == ("r1", "q1", None)
    key = PLACE[0]
    assert more == [(key, "request", "q2"), (key, "user", "u1"), (key, "run", "r2"), (key, "other", "o")]


def test_every_kind_of_id_is_kept() -> None:
    row, more = record(Event(ids=tuple(Id(kind, f"v-{kind}") for kind in model.ID_KINDS)))
    columns = {kind: row[f"{kind}_id"] for kind in model.ID_COLUMNS}
    assert columns | {kind: value for _, kind, value in more} == {kind: f"v-{kind}" for kind in model.ID_KINDS}


def test_no_rows_are_an_empty_table() -> None:
    for name in schema.tables():
        assert rows.table(name, []).schema == schema.arrow(name)


@pytest.mark.parametrize(
    ("value", "stored"),
    [(1, 1), (-(1 << 63), -(1 << 63)), ((1 << 63) - 1, (1 << 63) - 1), (1 << 63, None), (-(1 << 63) - 1, None),
     (10**400, None), ("5", None), (1.5, 1), (1e300, None), (float("nan"), None), ([], None), ({}, None),
     (True, 1), (None, None)],
)  # fmt: skip
def test_a_number_that_does_not_fit_is_null(value: Any, stored: int | None) -> None:
    row, _ = record(Event(ts_ns=value, name="kept"))
    assert (row["ts_ns"], row["name"]) == (stored, "kept")


@pytest.mark.parametrize(
    ("value", "stored"),
    [(0.5, 0.5), (1, 1.0), (True, 1.0), ("0.5", None), (float("inf"), None), (10**400, None), ([], None), (None, None)],
)
def test_a_probability_that_does_not_fit_is_null(value: Any, stored: float | None) -> None:
    row, _ = record(Event(sampling_probability=value, name="\ud800"))
    assert row["sampling_probability"] == stored


@pytest.mark.parametrize(
    ("value", "stored"),
    [("x", "x"), ("", ""), ("caf\u00e9", "caf\u00e9"), ("a\ud800b", "a\\ud800b"), ("a\x00b", "a\x00b"), (5,
    "5"), (True, "true"),
     ([1, "x"], '[1,"x"]'), ({"a": None}, '{"a":null}'), (1 << 70, str(1 << 70)), (None, None)],
)  # fmt: skip
def test_what_is_no_text_is_stored_as_json_text(value: Any, stored: str | None) -> None:
    row, _ = record(Event(name=value))
    assert row["name"] == stored


@pytest.mark.parametrize("value", [1.5, -2.75, True, float("nan"), 1 << 70, "x"])
def test_a_row_is_the_same_whatever_stands_beside_it(value: Any) -> None:
    alone, _ = record(Event(ts_ns=value))
    events = [Event(ts_ns=value), Event(ts_ns=1 << 80, name="\ud800")]
    beside = rows.table("events", [rows.event_row(PLACE, event, []) for event in events])
    assert beside.column("ts_ns").to_pylist() == [alone["ts_ns"], None]


def test_one_odd_value_does_not_touch_its_neighbours() -> None:
    odd: Any = "x"
    events = [Event(ts_ns=1, name="a"), Event(ts_ns=odd, name="\ud800"), Event(ts_ns=3, name="c", sampled=False)]
    made = rows.table("events", [rows.event_row(PLACE, event, []) for event in events])
    assert made.column("ts_ns").to_pylist() == [1, None, 3]
    assert made.column("name").to_pylist() == ["a", "\\ud800", "c"]
    assert made.column("sampled").to_pylist() == [None, None, False]


ANY = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=4)
    | st.text(st.characters(exclude_categories=()), max_size=6) | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.none(), max_size=2)
)  # fmt: skip
NULLABLE = [
    column.name for column in schema.columns("events") if column.nullable and column.name in Event._fields
]  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(NULLABLE), ANY, max_size=5), min_size=1, max_size=4))
def test_whatever_a_reader_lets_through_a_table_is_made(drawn: list[dict[str, Any]]) -> None:
    made = rows.table("events", [rows.event_row(PLACE, Event(**values), []) for values in drawn])
    made.validate(full=True)
    assert made.num_rows == len(drawn)
    assert isinstance(made, pa.Table)
