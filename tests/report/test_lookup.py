"""An id, or the begin of one, leads to its run; what leads to several, or to none, is said with what is near."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from auditrail.errors import AmbiguousRunError, RunNotFoundError
from auditrail.report import lookup
from tests.correlate._hand import ev
from tests.report._cases import held

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
UUID = "0a1b2c3d-0000-4000-8000-00000000abcd"


@pytest.fixture(scope="module")
def case() -> Iterator[Any]:
    connection = held(
        agent=[
            ev(
                0,
                "agent",
                "agent",
                "run=run-1",
                f"trace={TRACE}",
                "session=s-1",
                "span=aa11",
                kind="start",
                agent="ann",
            ),
            ev(1, "agent", "llm", "run=run-1", "response=resp-1", "message=m-1", "user=u-1"),
            ev(2, "agent", "agent", "run=run-1", "tool_call=call-1", "request=req-1"),
            ev(100, "agent", "agent", "run=run-2", "session=s-1", "tool_call=run-", kind="start", agent="bob"),
            ev(200, "agent", "agent", f"run={UUID}", "session=s-2", "request=run-x"),
        ],
        opa=[
            ev(9000, "opa", "policy", "decision=dec-lonely-1", kind="decision"),
            ev(9100, "opa", "policy", "decision=dec-lonely-2", kind="decision"),
            ev(9200, "opa", "policy", "decision=run-2x", kind="decision"),
        ],
    )
    with connection:
        yield connection


def run_of(case: Any, asked: str) -> str | None:
    found = lookup.find(case, asked)
    row = case.execute("SELECT id FROM runs WHERE run = ?", [found.run]).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize(
    "asked",
    ["run-1", TRACE, TRACE.upper(), TRACE[:6], TRACE[:6].upper(), "resp-1", "m-1", "u-1", "call-1", "req-1", "resp",
     "call", " run-1 ", "aa11", "AA11", "run-1\n"],
)  # fmt: skip
def test_any_id_of_the_run_leads_to_it(case: Any, asked: str) -> None:
    assert run_of(case, asked) == "run-1"


def test_what_led_there_is_said(case: Any) -> None:
    assert lookup.find(case, TRACE.upper())[1:3] == ("trace", TRACE)
    assert lookup.find(case, "resp")[1:3] == ("response", "resp-1")


def test_hex_typed_by_a_person(case: Any) -> None:
    assert run_of(case, UUID.upper()) == UUID
    assert run_of(case, UUID[:13].upper()) == UUID


def test_an_exact_id_wins_over_a_longer_one(case: Any) -> None:
    assert run_of(case, "run-2") == "run-2", "not the decision run-2x"
    assert run_of(case, "run-x") == UUID, "a request id"
    found = lookup.find(case, "run-")
    assert (found.kind, run_of(case, "run-")) == ("tool_call", "run-2"), "a whole id before the begin of two runs"


def test_the_begin_of_several_runs_is_ambiguous(case: Any) -> None:
    with pytest.raises(AmbiguousRunError) as caught:
        lookup.find(case, "run")
    assert caught.value.candidates == ("run-1", "run-2")
    assert "'run' (run) leads to 2 runs" in caught.value.message


def test_a_session_of_several_runs_is_ambiguous(case: Any) -> None:
    with pytest.raises(AmbiguousRunError) as caught:
        lookup.find(case, "s-1")
    assert caught.value.candidates == ("run-1", "run-2")
    assert "ann" in caught.value.message
    assert run_of(case, "s-2") == UUID, "a session of one run leads to it"


def test_an_event_in_no_run_is_found_by_its_own_id(case: Any) -> None:
    found = lookup.find(case, "dec-lonely-1")
    assert (found.run, found.kind, found.value, len(found.events)) == (None, "decision", "dec-lonely-1", 1)
    assert lookup.find(case, "dec-lonely-2").events != found.events


def test_the_begin_of_several_such_ids_is_ambiguous(case: Any) -> None:
    with pytest.raises(AmbiguousRunError) as caught:
        lookup.find(case, "dec-lonely")
    assert caught.value.candidates == ("dec-lonely-1", "dec-lonely-2")


def test_what_is_near_is_named(case: Any) -> None:
    with pytest.raises(RunNotFoundError) as caught:
        lookup.find(case, "rum-1")
    assert caught.value.nearest[0] == "run-1"
    assert "run-1" in caught.value.message
    assert caught.value.searched[0] == "3 runs and all ids of 8 events from 2 sources"


@pytest.mark.parametrize(
    "asked",
    ["", "   ", "%", "_", "run_1", "%1", "'; DROP TABLE runs; --", "' OR '1'='1", "\\", "run-1\x00", "?", "$1", "*",
     "\udcff", "r\udcffn-1", "x" * 100_000, "zzz\n\n'"],
)  # fmt: skip
def test_what_is_no_id_is_just_text(case: Any, asked: str) -> None:
    with pytest.raises(RunNotFoundError):
        lookup.find(case, asked)
    assert case.execute("SELECT count(*) FROM runs").fetchone() == (3,)


def test_sources_that_were_not_searched_are_counted() -> None:
    with held(agent=[ev(0, "agent", "agent", "run=r1")]) as case:
        case.execute("INSERT INTO sources SELECT * REPLACE (2 AS source, 'unknown-format' AS status) FROM sources")
        with pytest.raises(RunNotFoundError) as caught:
            lookup.find(case, "nothing like it")
    assert caught.value.searched[1] == "not searched: 1 sources that could not be read or are of unknown format"
    assert caught.value.nearest == ()


def test_the_kind_nearest_to_a_run_decides_between_runs() -> None:
    """One text may be a trace of one run and the request of another."""
    with held(
        agent=[
            ev(0, "agent", "agent", "run=r1", "trace=abc"),
            ev(1, "agent", "agent", "run=r2", "request=abc"),
            ev(2, "agent", "agent", "run=r2", "tool_call=t1", "message=same"),
            ev(3, "agent", "agent", "run=r1", "request=same"),
        ]
    ) as case:
        assert run_of(case, "abc") == "r1"
        assert run_of(case, "same") == "r1"


def test_of_a_run_and_those_that_it_spawned_the_first_is_meant() -> None:
    with held(
        log=[
            ev(0, "log", "agent", "run=5c03-top", "session=5c03-top"),
            ev(1, "log", "agent", "run=5c03-top/sub", "session=5c03-top", "parent_run=5c03-top"),
            ev(2, "log", "agent", "run=5c03-top/sub/deep", "parent_run=5c03-top/sub"),
            ev(3, "log", "agent", "run=9999-a"),
            ev(4, "log", "agent", "run=9999-b"),
        ]
    ) as connection:
        assert run_of(connection, "5c03") == "5c03-top"
        assert run_of(connection, "5c03-top") == "5c03-top"
        assert run_of(connection, "5c03-top/s") == "5c03-top/sub"
        with pytest.raises(AmbiguousRunError):
            lookup.find(connection, "9999")
