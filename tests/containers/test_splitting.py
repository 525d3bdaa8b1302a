"""Examples: each kind of container and of damage, and what becomes of it."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pyarrow as pa
import pytest

from auditrail.containers import limits
from auditrail.containers.records import Record, Wrapper
from auditrail.containers.splitting import split
from auditrail.digest import record_digest

Item = tuple[bytes, str | None]


def records(data: bytes, framing: str = "values", **options: Any) -> list[Record]:
    return [item for item in split(io.BytesIO(data), framing, **options) if isinstance(item, Record)]


def shown(data: bytes, framing: str = "values", **options: Any) -> list[Item]:
    return [(record.raw, record.defect) for record in records(data, framing, **options)]


def good(*values: bytes) -> list[Item]:
    return [(value, None) for value in values]


def test_unknown_framing() -> None:
    with pytest.raises(ValueError, match="unknown framing"):
        split(io.BytesIO(b""), "pages")


# -- lines -------------------------------------------------------------------------------------------------------


def test_lines_are_numbered_with_blank_ones() -> None:
    data = b'\xef\xbb\xbf{"a":1}\r\n\r\n  \n{"a":2}\n{"a":'
    found = records(data, "lines")
    assert [(r.number, r.offset, r.raw, r.last_unterminated) for r in found] == [
        (1, 3, b'{"a":1}', False),
        (2, 12, b"", False),
        (3, 14, b"  ", False),
        (4, 17, b'{"a":2}', False),
        (5, 25, b'{"a":', True),
    ]
    assert [r.digest for r in found] == [record_digest(r.raw) for r in found]


def test_a_line_of_50_mb() -> None:
    long = b'{"a":"' + b"x" * (50 << 20) + b'"}'
    begin = time.perf_counter()
    found = records(b'{"b":1}\n' + long + b'\n{"b":2}\n', "lines")
    assert [r.length for r in found] == [7, len(long), 7]
    assert found[1].defect is None
    assert found[1].digest == record_digest(long)
    assert time.perf_counter() - begin < 5  # quadratic work would take minutes


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_an_oversized_line_is_hashed_and_passed(end: bytes) -> None:
    long = b"x" * 5_000_000
    found = records(b"one\n" + long + end, "lines", max_record=1_000_000)
    assert found[1] == Record(
        2, 4, len(long), long[: limits.QUARANTINE_HEAD], record_digest(long),
        defect="oversized", last_unterminated=not end,
    )  # fmt: skip
    assert records(b"one\n" + long + b"\nlast\n", "lines", max_record=1_000_000)[2].raw == b"last"


def test_a_line_that_is_a_wrapper_is_taken_apart() -> None:
    data = b'{"logGroup":"g","logEvents":[{"id":1},{"id":2}]}\n{"id":3}\n{"logEvents":[1}\n'
    items = list(split(io.BytesIO(data), "lines", arrays=("logEvents",)))
    found = [item for item in items if isinstance(item, Record)]
    assert [(r.number, r.raw, r.header) for r in found] == [
        (1, b'{"id":1}', {"logGroup": "g"}),
        (2, b'{"id":2}', {"logGroup": "g"}),
        (3, b'{"id":3}', None),
        (4, b'{"logEvents":[1}', None),
    ]
    assert [item for item in items if isinstance(item, Wrapper)] == [Wrapper({"logGroup": "g"}, "logEvents", 2, 1, 0)]


# -- values ------------------------------------------------------------------------------------------------------


def test_values_one_after_another() -> None:
    data = b'{"a":1}{"a":2} {"a":3}\n[1,"x",[3],null] 5 "y"\n'
    assert shown(data) == good(b'{"a":1}', b'{"a":2}', b'{"a":3}', b"1", b'"x"', b"[3]", b"null", b"5", b'"y"')


@pytest.mark.parametrize("between", [b"", b"\n", b",", b"\x1e"])
def test_pretty_printed_one_after_another(between: bytes) -> None:
    values = [json.dumps({"id": n, "deep": [{"id": n}]}, indent=2).encode() for n in range(3)]
    assert shown(between.join(values)) == good(*values)


def test_pages_one_after_another() -> None:
    data = b'{"events":[{"id":1},{"id":2}],"nextToken":"x"}{"events":[{"id":3}]}{"events":[]}{"other":1}'
    items = list(split(io.BytesIO(data), "values", arrays=("events",)))
    assert [(i.number, i.header) if isinstance(i, Record) else i for i in items] == [
        (1, {"nextToken": "x"}),
        (2, {"nextToken": "x"}),
        Wrapper({"nextToken": "x"}, "events", 2, 1, 0),
        (3, {}),
        Wrapper({}, "events", 1, 3, 46),
        Wrapper({}, "events", 0, 4, 67),
        (4, None),
    ]


def test_an_array_inside_an_inner_object_is_named_with_dots() -> None:
    page = b'{"took":3,"hits":{"total":9,"hits":[{"n":1},{"n":2}],"max":1},"timed_out":false}'
    for framing in ("values", "lines"):
        items = list(split(io.BytesIO(page + b"\n" + page), framing, arrays=("hits.hits",)))
        assert [item.raw for item in items if isinstance(item, Record)] == [b'{"n":1}', b'{"n":2}'] * 2
        wrappers = [item for item in items if isinstance(item, Wrapper)]
        assert [(w.array, w.elements, w.first, w.complete) for w in wrappers] == [
            ("hits.hits", 2, 1, True),
            ("hits.hits", 2, 3, True),
        ]
        header = {"took": 3, "hits": {"total": 9, "max": 1}, "timed_out": False}
        assert [w.header for w in wrappers] == [header, header]
        assert items[0].header == header


@pytest.mark.parametrize(
    "data",
    [b'{"hits":{"hits":{"hits":[1]}}}', b'{"hits":[{"hits":1}]}', b'{"hits.hits":[1]}', b'{"a":{"hits":{"hits":[1]}}}'],
)
def test_an_array_elsewhere_than_the_path_says_is_no_container(data: bytes) -> None:
    assert shown(data, arrays=("hits.hits",)) == good(data)
    assert shown(data, "lines", arrays=("hits.hits",)) == good(data)


def test_an_inner_object_that_breaks_off_is_incomplete() -> None:
    items = list(
        split(io.BytesIO(b'{"a":1,"hits":{"total":9,"hits":[{"n":1},{"n":2}'), "values", arrays=("hits.hits",))
    )
    assert [item.raw for item in items if isinstance(item, Record)] == [b'{"n":1}', b'{"n":2}']
    assert isinstance(items[-1], Wrapper)
    assert not items[-1].complete


def test_damage_before_an_inner_array_keeps_its_elements() -> None:
    data = b'{"took":"3,"hits":{"hits":[{"n":1},{"n":2}]}}{"took":3,"hits":{"hits":[{"n":3}]}}'
    found = shown(data, arrays=("hits.hits",))
    assert [raw for raw, _ in found][-3:] == [b'{"n":1}', b'{"n":2}', b'{"n":3}']


def test_elements_of_any_type() -> None:
    data = b'{"results": [[{"field": "a"}], 1, "s"], "status": "Complete"}'
    assert shown(data, arrays=("results",)) == good(b'[{"field": "a"}]', b"1", b'"s"')


def test_two_arrays_of_one_name_hide_nothing() -> None:
    data = b'{"events":[1],"x":2,"events":[3]}'
    items = list(split(io.BytesIO(data), "values", arrays=("events",)))
    assert [i.raw if isinstance(i, Record) else i for i in items] == [
        b"1", b"3", Wrapper({"x": 2}, "events", 2, 1, 0)
    ]  # fmt: skip


def test_no_wrapper_without_an_array() -> None:
    values = (b'{"events":{"a":1}}', b'{"x":{"events":[1]}}', b'{"events":"[1]"}')
    assert shown(b"\n".join(values), arrays=("events",)) == good(*values)


def test_a_wrapper_beyond_the_buffer_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRAPPER_BUFFER", 10_000)
    data = b'{"before":1,"events":[' + b",".join(b'{"id":%d}' % n for n in range(1000)) + b'],"behind":2}'
    items = list(split(io.BytesIO(data), "values", arrays=("events",)))
    assert len(items) == 1001
    assert [item.header for item in items[:1000]] == [{"before": 1}] * 1000
    assert items[-1] == Wrapper({"before": 1, "behind": 2}, "events", 1000, 1, 0)


def test_a_long_header_member_is_named_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEADER_VALUE", 100)
    data = b'{"long":"' + b"x" * 200 + b'","events":[1],"short":2,"later":[' + b"1," * 200 + b"2]}"
    assert [r.header for r in records(data, arrays=("events",))] == [{"long": None, "short": 2, "later": None}]


def test_an_oversized_value_is_hashed_and_passed() -> None:
    long = b'{"a":["' + b"x" * 3_000_000 + b'",{"b":[1,2]}]}'
    found = records(b'[{"a":1},' + long + b',{"a":2}]', max_record=1_000_000)
    assert [(r.length, r.defect) for r in found] == [(7, None), (len(long), "oversized"), (7, None)]
    assert found[1].digest == record_digest(long)
    assert found[1].raw == long[: limits.QUARANTINE_HEAD]


def test_deep_and_long_values_across_blocks() -> None:
    deep = b"[" * 600 + b"]" * 600
    long = json.dumps({"k": [{"n": n, "t": '}{\\"' * 3} for n in range(90_000)]}).encode()
    assert len(long) > 3 << 20
    assert shown(deep[1:-1] + b"\n" + long + b"\n" + b'{"z":1}')[-2:] == good(long, b'{"z":1}')
    assert shown(b"[" + deep + b"," + long + b"]") == good(deep, long)


# -- damage ------------------------------------------------------------------------------------------------------

PRETTY = b"""[
  {
    "id": 1,
    "inner": [
      {
        "id": 10
      }
    ]
  },
  {
    "id": 2,
%s
  },
  {
    "id": 3
  }
]
"""


@pytest.mark.parametrize(
    "damage", [b'    "x": [1, 2', b'    "x": {"y": 1', b'    "x": "unfinished', b'    "x": 1}}', b"    \x00\xff{", b"]"]
)
def test_damage_in_a_pretty_printed_array_costs_one_record(damage: bytes) -> None:
    found = records(PRETTY % damage)
    assert [json.loads(r.raw)["id"] for r in (found[0], found[-1])] == [1, 3]
    assert found[1].raw.startswith(b'{\n    "id": 2')
    assert damage.strip() in b"".join(r.raw for r in found[1:-1]) + b"]"


@pytest.mark.parametrize(
    "damage",
    [
        b'{"a":2,"b":{"c":1}',
        b'{"a":2,"b":"tru',
        b'{"a":2,"b":[1,2}',
        b'{"a":2,"b":"x}',
        b'{"a":2',
    ],
)
@pytest.mark.parametrize("comma", [b",", b""])
def test_damage_in_a_compact_array_costs_one_record(damage: bytes, comma: bytes) -> None:
    data = b'[{"a":1},' + damage + comma + b'{"a":3},{"a":4}]'
    found = [r.raw for r in records(data)]
    assert found[0] == b'{"a":1}'
    assert found[-1] == b'{"a":4}'
    assert found[1].startswith(b'{"a":2')
    assert b'{"a":3}' in found


def test_what_could_be_nested_is_not_taken_for_neighbours() -> None:
    data = b'[{"a":1},{"a":2,"b":[{"a":9},{"a":3}]'  # a lost `]}` or a truncated file: nothing tells
    assert shown(data) == [(b'{"a":1}', None), (b'{"a":2,"b":[{"a":9},{"a":3}]', "torn-tail")]


def test_damage_between_objects_of_one_line_each() -> None:
    data = b'{"a":1}\n{"b":"torn\n{"c":3}\nfree text {"d":4}\n{"e":5}'
    assert shown(data) == good(b'{"a":1}', b'{"b":"torn', b'{"c":3}', b"free text", b'{"d":4}', b'{"e":5}')


def test_an_element_like_its_parent_is_no_damage() -> None:
    value = b'{"name":"x","children":[{"name":"y"},{"name":"z","children":[]}]}'
    assert shown(b"[" + value + b"," + value + b"]") == good(value, value)
    flat = json.dumps([{"a": [{"a": 1}, {"a": 2}]}, {"a": 3}], indent=0).encode()
    assert len(shown(flat)) == 2


@pytest.mark.parametrize("cut", range(2, 27))
def test_a_truncated_array_has_a_torn_tail(cut: int) -> None:
    data = b'[{"a":[1,"x"]},{"a":"yy"}]'[:cut]
    splitter = split(io.BytesIO(data), "values")
    items = [item for item in splitter if isinstance(item, Record)]
    complete = (cut >= 14) + (cut >= 25)
    assert [item.defect for item in items[:complete]] == [None] * complete
    assert [item.defect for item in items[complete:]] in ([], ["torn-tail"])
    assert splitter.unclosed == (cut < 26)
    assert splitter.resume_offset == (26 if cut == 26 else None)


def test_a_truncated_wrapper_is_incomplete() -> None:
    data = b'{"logGroup":"g","events":[{"id":1},{"id":2'
    items = list(split(io.BytesIO(data), "values", arrays=("events",)))
    assert [(i.raw, i.defect) if isinstance(i, Record) else i for i in items] == [
        (b'{"id":1}', None), (b'{"id":2', "torn-tail"), Wrapper({"logGroup": "g"}, "events", 2, 1, 0, complete=False)
    ]  # fmt: skip


def test_a_page_that_breaks_off_does_not_swallow_the_next() -> None:
    data = b'{"events":[{"id":1},{"id":2}\n{"events":[{"id":3}]}'
    items = list(split(io.BytesIO(data), "values", arrays=("events",)))
    assert [i.raw for i in items if isinstance(i, Record)] == [b'{"id":1}', b'{"id":2}', b'{"id":3}']
    assert [i.complete for i in items if isinstance(i, Wrapper)] == [False, True]


def test_damage_before_the_array_keeps_its_elements() -> None:
    data = b'{"logGroup": "abc, "events":[{"id":1},{"id":2}]}{"events":[{"id":3}]}'
    assert shown(data, arrays=("events",)) == good(b'{"logGroup": "abc', b'{"id":1}', b'{"id":2}', b'{"id":3}')


def test_damage_behind_the_array_is_a_record() -> None:
    data = b'{"events":[{"id":1}],#?"x":1,"y":2}{"events":[{"id":2}]}'
    items = list(split(io.BytesIO(data), "values", arrays=("events",)))
    assert [i.raw for i in items if isinstance(i, Record)] == [b'{"id":1}', b"#?", b'{"id":2}']
    assert [i.header for i in items if isinstance(i, Wrapper)] == [{"x": 1, "y": 2}, {}]


def test_many_damaged_values_take_linear_time() -> None:
    data = b"".join(b'{"k%d":[1,2}\n ' % n for n in range(4000)) + b"x" * (4 << 20)
    begin = time.perf_counter()
    assert sum(r.length for r in records(data)) > 4 << 20
    assert time.perf_counter() - begin < 5


def test_brackets_without_end_are_bounded() -> None:
    data = b"[1,2," + b'{"a":[' * 500_000
    begin = time.perf_counter()
    found = records(data)
    assert [r.raw for r in found[:2]] == [b"1", b"2"]
    assert sum(r.length for r in found[2:]) == len(data) - 5
    assert time.perf_counter() - begin < 10


# -- length-prefixed ---------------------------------------------------------------------------------------------


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def test_frames_of_json_and_zstd() -> None:
    packed = bytes(pa.compress(b'{"a":2}', codec="zstd", asbytes=True))
    found = records(frame(b'{"a":1}') + frame(packed), "length-prefixed")
    assert [(r.offset, r.length, r.raw) for r in found] == [(4, 7, b'{"a":1}'), (15, len(packed), b'{"a":2}')]
    assert found[1].digest == record_digest(packed)


def test_a_zstd_frame_beyond_the_limit_is_oversized() -> None:
    packed = bytes(pa.compress(bytes(10_000_000), codec="zstd", asbytes=True))
    assert records(frame(packed), "length-prefixed", max_record=1_000_000)[0].defect == "oversized"
    assert records(frame(packed[:-9]), "length-prefixed")[0].defect == "broken-frame"


@pytest.mark.parametrize("length", [b"\x00\x00\x01\x00", b"\x7f\xff\xff\xff", b"\x07\x00\x00\x00"])
def test_a_damaged_length_costs_its_frame(length: bytes) -> None:
    data = frame(b'{"a":1}') + length + b'{"a":2}' + frame(b'{"a":3}') + frame(b'{"a":4}')
    assert shown(data, "length-prefixed") == [
        (b'{"a":1}', None), (length + b'{"a":2}', "broken-frame"), (b'{"a":3}', None), (b'{"a":4}', None)
    ]  # fmt: skip


def test_a_truncated_frame_is_a_torn_tail() -> None:
    splitter = split(io.BytesIO(frame(b'{"a":1}') + frame(b'{"a":2}')[:8]), "length-prefixed")
    assert [(r.offset, r.raw, r.defect) for r in splitter if isinstance(r, Record)] == [
        (4, b'{"a":1}', None), (15, b'{"a"', "torn-tail")
    ]  # fmt: skip
    assert (splitter.resume_offset, splitter.resume_number) == (11, 1)
