import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail import schema
from auditrail.bundle import profile, profile_fields, scope
from auditrail.bundle.context import Context, Wishes
from auditrail.bundle.parts import profiles as part
from auditrail.bundle.profile_fields import FIELDS, Count
from auditrail.errors import ConfigError, UsageError
from auditrail.gaps import frameworks
from auditrail.model import Event, Id
from auditrail.report.gap_types import Period
from tests.report._cases import held

RUN = (Id("run", "r1"),)
DAY = 86_400 * 10**9
# Columns of the bundle's tables that the case has under another table.
MORE = {"events": {"run"}, "runs": set(), "sources": {"verdict"}}


def at(day: int, **more: Any) -> Event:
    return Event(ts_ns=day * DAY, ids=RUN, agent="a", **more)


@pytest.fixture
def case() -> Iterator[Any]:
    """One run with two calls, of which one has arguments; a decision; and an event without time or run."""
    connection = held(
        app=[
            at(20000, kind="start", layer="agent", name="begin", principal="withheld: she said"),
            at(20001, kind="call", layer="tool", tool="t", args='{"x":1}', args_state="present"),
            at(20001, kind="call", layer="tool", tool="t"),
            at(20002, kind="decision", layer="policy", decision="allow", policy="p@1", tool="t"),
            at(20003, kind="end", layer="agent", status="ok"),
        ],
        other=[Event(ids=(), name="stray")],
    )
    yield connection
    connection.close()


def context(connection: Any, folder: Path, *names: str, **more: Any) -> Context:
    whole = scope.Scope(Period(None, None, "all"))
    selection = scope.select(connection, whole)
    made = {"records/events.csv": 1, "records/events.parquet": 1, "records/runs.csv": 1}
    wishes = Wishes(profiles=names)
    return Context(
        connection,
        whole,
        selection,
        scope.held(connection),
        None,
        wishes,
        folder,
        made=made,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("name", profile.names())
def test_every_profile_is_sound(name: str) -> None:
    made = profile.load(name)
    assert re.fullmatch(r"[a-z0-9-]+", name)
    assert profile.select([name]) == (made,)
    assert made.asks
    # A number of months that the framework names is part of its profile.
    assert {clause.clause for clause in made.framework.clauses if clause.months} <= {one.clause for one in made.periods}
    for ask in made.asks:
        assert set(ask.fields) <= set(FIELDS)
        assert ask.fields or ask.absent
    words = " ".join([made.title, *made.notes, *(f"{ask.says} {ask.absent}" for ask in made.asks)])
    assert "complian" not in words.lower()
    assert "compli" not in words.lower()


def test_the_profiles_of_the_command_line_are_there() -> None:
    assert set(profile.names()) >= {"eu-ai-act", "soc2", "iso42001", "nist-au", "hipaa", "pci", "sec17a4"}


def test_names_are_read_kindly() -> None:
    wanted = ["SOC 2", "iso-42001", "PCI-DSS", "EU AI Act", "soc2"]
    assert [one.name for one in profile.select(wanted)] == ["eu-ai-act", "iso42001", "pci", "soc2"]
    with pytest.raises(UsageError, match="no profile 'gdpr'"):
        profile.select([*wanted, "gdpr"])


def test_every_field_stands_in_its_table() -> None:
    for name, field in FIELDS.items():
        columns = {column.name for column in schema.columns(field.table)} | MORE[field.table]
        assert set(field.columns) <= columns, name


BROKEN = {
    "[[ask]]": "missing",
    'title = "t"\nframework = "soc2"\nas_of = 1\nask = []': "as_of",
    'other = 1': "unknown key",
    'title = "t"\nframework = "soc2"\nas_of = 2026-01-01\n[[ask]]\nclause = "1"\nsays = "x"\nread = true': "neither",
    'title = "t"\nframework = "soc2"\nas_of = 2026-01-01\n[[ask]]\nclause = "1"\nfields = ["nope"]': "no field 'nope'",
    'title = "t"\nframework = "soc2"\nas_of = 2026-01-01\nask = []\n[[period]]\nclause = "1"\nread = true': "clause",
    "=": "no TOML",
}  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_profile_says_why(text: str) -> None:
    with pytest.raises(ConfigError, match=BROKEN[text]):
        profile.read("x", text)


def test_fields_are_counted_among_those_that_can_have_them(case: Any) -> None:
    scope.select(case, scope.Scope(Period(None, None, "all")))
    made = profile_fields.count(case, FIELDS, redacted=False)
    assert made["time"] == Count(5, 6)
    assert made["arguments"] == Count(1, 2)
    assert made["results"] == Count(0, 0)
    assert made["principal"] == Count(1, 1)
    assert made["decision"] == Count(1, 1)
    assert made["run"] == Count(5, 6)
    assert made["run-end"] == Count(1, 1)
    assert made["record"] == Count(6, 6)
    assert made["integrity"] == Count(0, 2)
    assert set(made) == set(FIELDS)


def test_only_the_scope_counts(case: Any) -> None:
    scope.select(case, scope.Scope(Period(20002 * DAY, None, "late")))
    made = profile_fields.count(case, ["time", "run-start", "source-digest"], redacted=False)
    assert made["run-start"] == Count(0, 0)
    assert made["time"] == Count(0, 1)
    assert made["source-digest"].of == 2


def test_withheld_is_told_of_redacted_bundles_alone(case: Any) -> None:
    case.execute("UPDATE events SET args = 'withheld:rule:ab' WHERE args IS NOT NULL")
    scope.select(case, scope.Scope(Period(None, None, "all")))
    assert profile_fields.count(case, ["arguments"], redacted=True)["arguments"] == Count(1, 2, 1)
    assert profile_fields.count(case, ["arguments", "principal"], redacted=False) == {
        "arguments": Count(1, 2),
        "principal": Count(1, 1),
    }


def test_states() -> None:
    counts = {"time": Count(2, 2), "tool": Count(1, 2), "model": Count(0, 3), "error": Count(0, 0)}

    def state(*fields: str, absent: str | None = None) -> str:
        return profile.Ask("1", "x", True, fields, absent).state(counts)

    assert state("time") == "held"
    assert state("time", "error") == "held"
    assert state("time", "tool") == "partly"
    assert state("time", "model") == "partly"
    assert state("time", absent="half of it") == "partly"
    assert state("model") == "none-held"
    assert state("error") == "nothing-to-hold"
    assert state(absent="nobody writes it") == "not-in-logs"


def test_the_part_makes_two_files_for_each(case: Any, tmp_path: Path) -> None:
    asked = context(case, tmp_path, "soc2", "eu-ai-act", "sec17a4")
    assert part.wanted(asked)
    assert not part.wanted(context(case, tmp_path))
    made = dict(part.make(asked))
    assert list(made) == [
        f"profiles/{name}.{form}" for name in ("eu-ai-act", "sec17a4", "soc2") for form in ("json", "html")
    ]
    assert made == dict(part.make(asked))
    act = json.loads(made["profiles/eu-ai-act.json"])  # type: ignore[arg-type]
    assert act["schema"] == "auditrail.profile/1"
    asks = {ask["says"]: ask for ask in act["asks"]}
    tools = asks[
        "events for the deployer's monitoring of operation (Art. 26(5)): tools used, with arguments and results"
    ]
    assert tools["state"] == "partly"
    assert tools["fields"][1] == {
        "field": "arguments",
        "what": "arguments of tool calls",
        "files": ["records/events.csv", "records/events.parquet"],
        "columns": ["args", "args_state"],
        "counted": "events",
        "held": 1,
        "of": 2,
        "withheld": 0,
    }
    assert [one["clause"] for one in act["not_in_the_logs"]][-2:] == ["Art. 14", "Art. 73"]
    (first, second) = act["retention"]
    assert (first["months"], first["streams"][0]["status"]) == (6, "shorter")
    assert second["clause"] == "Art. 26(6)"
    for data in made.values():
        assert b"ompliant" not in data  # type: ignore[operator]
        assert b"does not say that anybody complies" in data  # type: ignore[operator]


def test_an_empty_scope_holds_nothing_and_says_so(tmp_path: Path) -> None:
    connection = held(app=[])
    made = dict(part.make(context(connection, tmp_path, "nist-au")))
    found = json.loads(made["profiles/nist-au.json"])  # type: ignore[arg-type]
    states = {ask["clause"]: ask["state"] for ask in found["asks"]}
    assert (states["AU-3a"], states["AU-9, AU-9(3)"]) == ("nothing-to-hold", "none-held")
    assert found["period"]["held"] == {"from": None, "to": None}
    connection.close()


def test_every_framework_of_a_profile_is_dated() -> None:
    assert all(profile.load(name).as_of <= frameworks.as_of() for name in profile.names())
