"""Every reader keeps the contract of `auditrail.readers`, and reads its fixtures to what was reviewed.

`make golden` (AUDITRAIL_UPDATE_GOLDEN=1) writes every `expected.json` anew: read the difference before it is committed.
"""

from __future__ import annotations

import json
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

from auditrail import discover, jsontext, model
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.ingest import choose
from auditrail.readers._contract import CAPTURE_WORDS, FACETS
from tests.conformance import _pipeline as pipeline

READERS = discover.modules("auditrail.readers")
CASES = list(pipeline.cases())
UPDATE = bool(os.environ.get("AUDITRAIL_UPDATE_GOLDEN"))

each_reader = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
each_case = pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}/{case.name}" for name, case in CASES])


@each_reader
def test_it_has_what_the_contract_asks_for(reader: Any) -> None:
    assert reader.__name__.rpartition(".")[2].replace("_", "-") == reader.NAME
    for attribute in ("NAME", "TITLE", "LAYER", "TESTED_ON", "NEVER_RECORDS"):
        text = getattr(reader, attribute)
        assert isinstance(text, str), attribute
        assert text.strip(), attribute
        assert "\n" not in text, attribute
    assert reader.LAYER in model.LAYERS
    assert callable(reader.sniff)
    assert callable(reader.read)
    assert isinstance(getattr(reader, "ARRAYS", ()), tuple)
    assert all(isinstance(name, str) and name for name in getattr(reader, "ARRAYS", ()))
    assert getattr(reader, "INPUT", "json") in ("json", "text")
    assert isinstance(getattr(reader, "LINES", False), bool)
    assert callable(getattr(reader, "close", test_it_has_what_the_contract_asks_for))
    if hasattr(reader, "Assembler"):
        assert callable(reader.Assembler().feed)
        assert reader.Assembler().flush() == []
    if hasattr(reader, "Watcher"):
        assert callable(reader.Watcher().see)
        assert reader.Watcher().finish() == []
    prefixes = getattr(reader, "PREFIXES", ())
    assert isinstance(prefixes, tuple)
    assert all(isinstance(prefix, bytes) and prefix for prefix in prefixes)
    assert not prefixes or reader.INPUT == "text"


@each_reader
def test_it_says_what_its_producer_captures(reader: Any) -> None:
    assert set(reader.IDS) <= set(model.ID_KINDS)
    assert list(reader.CAPTURES) == list(FACETS)
    for facet, text in reader.CAPTURES.items():
        word, _, detail = text.partition(": ")
        assert word in CAPTURE_WORDS, (facet, text)
        assert detail or word in ("yes", "n/a", "never"), f"{facet}: say under which condition, or which part"
        assert "\n" not in text


@each_reader
def test_it_says_on_what_it_was_tested(reader: Any) -> None:
    assert reader.TESTED_ON.startswith(("real files of ", "documentation only: "))
    assert len(reader.TESTED_ON.split()) > 4
    assert reader.__doc__
    assert len(reader.__doc__) > 200
    assert re.search("not read", reader.__doc__, re.IGNORECASE), "say what of the format is not read"


def test_no_name_is_taken_twice() -> None:
    assert len(READERS) == len(discover.names("auditrail.readers"))


@each_reader
def test_it_has_fixtures(reader: Any) -> None:
    assert [case for name, case in CASES if name == reader.NAME]


def test_every_fixture_folder_belongs_to_a_reader() -> None:
    assert {path.name for path in pipeline.FIXTURES.iterdir()} == set(READERS)


@each_case
def test_the_content_chooses_the_reader(name: str, case: Path) -> None:
    head = pipeline.head_of(pipeline.decompressed(pipeline.input_of(case).read_bytes()))
    if mapping := pipeline.mapping_of(case):
        choice = choose.choose(head, None, mapping)
        assert choice is not None
        assert name == choice.reader.NAME
        return
    claims = choose.scores(head)
    assert claims, "no reader claims the fixture"
    assert claims[0][1] == name, claims
    if len(claims) > 1:
        assert claims[0][0] > claims[1][0], f"two readers claim it alike: {claims}"


@each_reader
def test_a_score_is_a_share(reader: Any) -> None:
    for _, case in CASES:
        score = reader.sniff(pipeline.head_of(pipeline.decompressed(pipeline.input_of(case).read_bytes())))
        assert 0.0 <= score <= 1.0


@each_reader
def test_it_claims_nothing_of_no_content(reader: Any) -> None:
    for data in (b"", b"\n", b"{}", b"[]", b"null", b"plain words\n", b"\x00\xff\xfe", b"42\n", b'"text"'):
        assert reader.sniff(pipeline.head_of(data)) == 0.0, data
    odd: list[Any] = [None, True, 7, 1.5, "x", [], [[]], {}, {"": None}]
    assert reader.sniff(Head(b"", True, "lines", False, odd, frozenset(), [])) == 0.0


@each_case
def test_it_reads_its_fixture(name: str, case: Path) -> None:
    reading = pipeline.read_case(case)
    tally = reading.tally
    assert tally.balanced
    assert tally.events == len(reading.events)
    assert tally.quarantined >= len(reading.quarantine)
    assert [row["reason"] for row in reading.quarantine if row["code"] == "reader-failure"] == []
    assert {row["code"] for row in reading.quarantine} <= set(model.QUARANTINE_CODES)
    pipeline.check_places(reading)
    for row in reading.events:
        _check_event(row)
    if not tally.inner:
        carried = {kind for row in reading.events for kind in model.ID_COLUMNS if row[f"{kind}_id"] is not None}
        assert carried | {kind for _, kind, _ in reading.ids_more} <= set(READERS[name].IDS)
    for _, kind, value in reading.ids_more:
        assert kind in model.ID_KINDS
        assert value
    shown = pipeline.golden(reading)
    file = case / "expected.json"
    if UPDATE:
        file.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert json.loads(json.dumps(shown)) == json.loads(file.read_text(encoding="utf-8"))


def _check_event(row: dict[str, Any]) -> None:
    assert row["layer"] in model.LAYERS
    assert row["kind"] in model.KINDS
    assert row["status"] in model.STATUSES
    assert row["ts_source"] in model.TS_SOURCES
    assert row["args_state"] in model.STATES
    assert row["result_state"] in model.STATES
    assert row["decision"] in (None, *model.DECISIONS)
    assert (row["ts_ns"] is None) == (row["ts_source"] == "order")
    for state, value in ((row["args_state"], row["args"]), (row["result_state"], row["result"])):
        if state == "absent":
            assert value is None
        if state == "present":
            assert value
    if row["attributes"] is not None:
        assert isinstance(jsontext.parse(row["attributes"].encode())[0], dict)
    if row["sampling_probability"] is not None:
        assert 0.0 <= row["sampling_probability"] <= 1.0
    for kind in ("trace", "span", "parent_span"):
        value = row[f"{kind}_id"]
        assert value is None or value == value.strip()


@each_case
def test_reading_twice_gives_the_same(name: str, case: Path) -> None:
    assert pipeline.read_case(case) == pipeline.read_case(case)


@each_reader
def test_read_is_picklable(reader: Any) -> None:
    assert pickle.loads(pickle.dumps(reader.read)) is reader.read  # noqa: S301 - our own bytes


def refusal(reader: Any, value: Any, record: Record) -> str | None:
    """The code with which the reader refuses a record; None if it reads it. Anything else it raises is a fault."""
    try:
        reader.read(value, record)
    except RecordError as error:
        return error.code
    return None


def places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


@each_reader
def test_depth_up_to_the_limit_is_read(reader: Any) -> None:
    """A value nested as deep as the parser lets through, in any place, is never too deep for the reader."""
    from auditrail.containers.limits import MAX_DEPTH

    for name, case in CASES:
        if name != reader.NAME or getattr(reader, "INPUT", "json") == "text":
            continue
        for value in pipeline.head_of(pipeline.decompressed(pipeline.input_of(case).read_bytes())).samples[:2]:
            for kind in ("[]", "{}"):
                found = list(places(value, ()))
                for place in found[:: max(1, len(found) // 25)]:
                    deep: Any = "leaf"
                    for _ in range(MAX_DEPTH - len(place)):
                        deep = [deep] if kind == "[]" else {"a": deep}
                    changed = json.loads(json.dumps(value))
                    at = changed
                    for key in place[:-1]:
                        at = at[key]
                    at[place[-1]] = deep
                    raw = jsontext.dumps(changed).encode()
                    record = Record(1, 0, len(raw), raw, b"\0" * 32, header={})
                    assert refusal(reader, jsontext.parse(raw)[0], record) != "too-deep"
