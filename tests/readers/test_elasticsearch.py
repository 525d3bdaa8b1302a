"""Elasticsearch: documents as messages, bulk pairs, and answers that are not all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.framing import look
from auditrail.readers import elasticsearch
from tests.conformance import _pipeline as pipeline
from tests.readers._stores import TIME, attributes, codes, dumped, ids, only, read, remarks

DOC = {"@timestamp": "2026-09-17T10:00:00Z", "run_id": "r", "event": "step"}


def hit(key: str = "1", **more: Any) -> dict[str, Any]:
    return {"_index": "agents", "_id": key, "_source": DOC, **more}


def answer(*hits: Any, total: Any = None, **more: Any) -> dict[str, Any]:
    found = len(hits) if total is None else total
    return {"took": 1, "timed_out": False, "_shards": {"total": 2, "failed": 0}, **more,
            "hits": {"total": found, "max_score": None, "hits": list(hits)}}  # fmt: skip


def test_the_document_is_the_message() -> None:
    event = only(read(answer(hit())))
    assert (event["run_id"], event["name"], event["ts_ns"], event["observed_ns"]) == ("r", "step", TIME, None)
    assert (event["dedupe_key"], event["stream"]) == ("es:agents:1", "agents")


def test_a_dump_and_an_answer_hold_the_same_document() -> None:
    assert only(read(hit()))["dedupe_key"] == only(read(answer(hit())))["dedupe_key"]


@pytest.mark.parametrize(
    ("index", "stream"),
    [(".ds-logs-agent-default-2026.09.17-000001", "logs-agent-default"), ("agents-2026.09.17", "agents"),
     ("agents-2026.09", "agents"), ("eu:agents-2026-09-17", "agents"), ("agents-000007", "agents"),
     ("agents", "agents"), ("v2", "v2"), ("2026.09.17", "2026.09.17")],
)  # fmt: skip
def test_the_stream_is_the_index_without_its_date(index: str, stream: str) -> None:
    assert only(read({**hit(), "_index": index}))["stream"] == stream


def test_fields_stand_in_for_a_missing_document() -> None:
    made = {"_index": "agents", "_id": "1", "sort": [TIME // 10**6], "fields": {"run_id": ["r"], "tags": ["a", "b"]}}
    event = only(read(made))
    assert (event["run_id"], event["ts_ns"]) == ("r", TIME)
    assert attributes(event)["tags"] == ["a", "b"]
    assert "fields" in attributes(event)["envelope"]["auditrail.message_made_of"]


def test_an_action_and_its_document_are_one_record() -> None:
    reading = read({"index": {"_index": "agents", "_id": "1"}}, DOC, {"delete": {"_index": "agents", "_id": "2"}})
    assert [event["run_id"] for event in reading.events] == ["r", None]
    assert (reading.tally.records, reading.tally.records_with_events) == (3, 3)
    assert reading.events[0]["dedupe_key"] == only(read(hit()))["dedupe_key"]
    assert attributes(reading.events[1]) == {"_bulk": "delete", "_index": "agents", "_id": "2"}


def _claims(*values: Any) -> float:
    return elasticsearch.sniff(look(b"\n".join(json.dumps(value).encode() for value in values), complete=True))


@pytest.mark.parametrize(
    "lines",
    [
        [{"index": {"_id": "1"}}, DOC],
        [{"create": {}}, DOC, {"create": {}}, DOC],
        [{"delete": {"_id": "1"}}, {"index": {}}, DOC],
        [{"index": {"_id": "1"}}, DOC, {"delete": {"_id": "1"}}, {"update": {"_id": "2"}}, {"doc": DOC}],
    ],
)
def test_actions_may_leave_the_index_to_the_address_of_the_request(lines: list[Any]) -> None:
    assert _claims(*lines) == 0.9
    documents = [event["run_id"] for event in read(*lines).events]
    assert [held for held in documents if held] == ["r"] * lines.count(DOC) + ["r"] * lines.count({"doc": DOC})


@pytest.mark.parametrize(
    "lines",
    [
        [{"index": {}}, DOC],  # one line that could be anything
        [{"create": {}}],
        [{"index": {"_id": "1"}}],
        [{"index": {"_id": "1"}}, {"index": {"_id": "2"}}],
        [{"index": {"_id": "1"}}, DOC, DOC],
        [{"index": {"_id": "1", "name": "x"}}, DOC],
        [{"index": 1}, DOC, {"index": 2}, DOC],
    ],
)
def test_other_lines_with_such_a_member_are_no_actions(lines: list[Any]) -> None:
    assert _claims(*lines) == 0.0


def test_an_update_is_no_copy_of_what_it_changes() -> None:
    reading = read(
        {"index": {"_index": "agents", "_id": "1"}}, DOC, {"update": {"_index": "agents", "_id": "1"}}, {"doc": DOC}
    )
    assert [event["dedupe_key"] for event in reading.events] == ["es:agents:1", None]
    assert ids(reading, "run") == ["r", "r"]


def test_a_lost_document_costs_its_action_only() -> None:
    first, second = ({"index": {"_index": "agents", "_id": key}} for key in "12")
    reading = read(first, second, DOC)
    assert [attributes(event).get("auditrail.document_missing") for event in reading.events] == [True, None]
    assert [event["dedupe_key"] for event in reading.events] == ["es:agents:1", "es:agents:2"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"timed_out": True}, "query-status"),
        ({"terminated_early": True}, "query-status"),
        (
            {"_shards": {"total": 5, "failed": 2, "failures": [{"reason": {"type": "t", "reason": "why"}}, 7]}},
            "shards-failed",
        ),
        ({"_clusters": {"total": 2, "skipped": 1}}, "clusters-skipped"),
    ],
)
def test_what_shows_that_an_answer_is_not_all(more: dict[str, Any], code: str) -> None:
    assert codes(read(answer(hit(), **more))) == [code]


def test_an_asynchronous_answer_is_read_inside() -> None:
    reading = read({"id": "x", "is_partial": True, "is_running": False, "response": answer(hit(), timed_out=True)})
    assert codes(reading) == ["query-status"] * 2
    assert ids(reading, "run") == ["r"]


def test_matches_are_counted_over_all_pages() -> None:
    assert codes(read(answer(hit("1"), total=2), answer(hit("2"), total=2))) == []
    assert remarks(read(answer(hit("1"), total=3), answer(hit("2"), total=3))) == [
        ("records-matched", "matched 3, returned 2")
    ]
    lower = {"value": 2, "relation": "gte"}
    assert remarks(read(answer(hit("1"), hit("2"), total=lower))) == [
        ("records-matched", "matched at least 2, returned 2")
    ]


def test_a_full_page_is_the_limit() -> None:
    assert "limit-reached" in codes(read(answer(*[hit(str(n)) for n in range(10_000)])))


def test_fields_too_long_for_the_index_are_named() -> None:
    assert attributes(only(read(hit(_ignored=["args"]))))["envelope"]["_ignored"] == ["args"]


@pytest.mark.parametrize("sample", [{"hits": 3}, {"hits": {"hits": 1}}, {"index": {"name": "x"}}, {"_id": "1", "x": 2}])
def test_other_objects_are_left_alone(sample: dict[str, Any]) -> None:
    assert read(sample).reader is None


def test_a_document_with_a_member_called_hits_is_a_document() -> None:
    assert len(read(dumped({**hit(), "_source": {**DOC, "hits": {"hits": [1, 2]}}})).events) == 1


def test_several_searches_at_once_give_all_their_hits() -> None:
    failed = {"error": {"type": "index_not_found_exception", "reason": "no such index"}, "status": 404}
    reading = read({"took": 3, "responses": [answer(hit("1"), hit("2"), total=9), answer(), failed]})
    assert [event["dedupe_key"] for event in reading.events] == ["es:agents:1", "es:agents:2", None]
    assert reading.events[2]["error"] == "index_not_found_exception no such index"
    assert remarks(reading) == [("records-matched", "matched 9, returned 2")]


def test_a_search_among_several_says_that_it_was_cut() -> None:
    reading = read({"took": 3, "responses": [answer(hit(), timed_out=True)]})
    assert codes(reading) == ["query-status"]


def test_documents_behind_equal_actions_are_told_apart_by_their_bytes() -> None:
    action = b'{"index":{"_index":"agents"}}\n'
    documents = [b'{"@timestamp":"2026-09-17T10:00:01Z","run_id":"r","event":"step","n":%d}' % n for n in range(3)]
    reading = pipeline.read(b"".join(action + document + b"\n" for document in documents))
    assert reading.reader == "elasticsearch"
    assert len({row["blake3"] for row in reading.events}) == 3
    pipeline.check_places(reading)
    assert [row["byte_length"] for row in reading.events] == [len(action) + len(document) for document in documents]
