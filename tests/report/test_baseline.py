"""Baselines: what is the same finding, and what is new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.errors import UsageError
from auditrail.outputs._rows import gap_row
from auditrail.report import baseline
from auditrail.report.gap_types import Gap


def gap(**values: Any) -> Gap:
    base: dict[str, Any] = {
        "rule": "run-without-end", "cause": "crash", "severity": "high", "confidence": "strong", "title": "t",
        "explanation": "e", "remedy": "r", "agent": "refunds", "stream": "agent", "runs": ("r1", "r2"), "count": 2,
    }  # fmt: skip
    return Gap(**{**base, **values})


def written(folder: Path, *gaps: Gap, **more: Any) -> Path:
    path = folder / "before.json"
    path.write_text(json.dumps({"schema": "auditrail.gaps/1", "gaps": [gap_row(each) for each in gaps], **more}))
    return path


def test_what_was_listed_with_all_its_runs_is_known(tmp_path: Path) -> None:
    known = baseline.read(written(tmp_path, gap()))
    assert known.has(gap(title="other words", severity="low", runs=("r2",), count=1))
    assert not known.has(gap(runs=("r1", "r3")))
    assert not known.has(gap(agent="triage"))
    assert not known.has(gap(cause="outage"))
    assert not known.has(gap(tool="x"))


def test_rows_of_one_fingerprint_add_up(tmp_path: Path) -> None:
    known = baseline.read(written(tmp_path, gap(runs=("r1",)), gap(runs=("r2",), title="with a detail")))
    assert known.has(gap())


def test_a_finding_without_runs_is_known_up_to_its_count(tmp_path: Path) -> None:
    known = baseline.read(written(tmp_path, gap(runs=(), count=3)))
    assert known.has(gap(runs=(), count=3))
    assert not known.has(gap(runs=(), count=4))


@given(st.lists(st.tuples(*[st.one_of(st.none(), st.text(max_size=3))] * 3), min_size=2, max_size=2, unique=True))
def test_different_places_have_different_fingerprints(places: list[tuple[str | None, str | None, str | None]]) -> None:
    one, two = (baseline.fingerprint(gap(agent=agent, stream=stream, tool=tool)) for agent, stream, tool in places)
    assert one != two
    assert len(one) == 16


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"schema": "auditrail.runs/1"}', '{"schema": "auditrail.gaps/1"}',
     '{"schema": "auditrail.gaps/1", "gaps": [3]}', '{"schema": "auditrail.gaps/1", "gaps": [{"rule": 1}]}'],
)  # fmt: skip
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "before.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"before\.json"):
        baseline.read(path)
    with pytest.raises(UsageError, match="cannot be read"):
        baseline.read(tmp_path / "none.json")


def test_odd_members_of_a_finding_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_text(
        '{"schema": "auditrail.gaps/1", "gaps": [{"rule": "a", "agent": 7, "runs": [1, "r"], "count": "x"}]}'
    )
    (entry,) = baseline.read(path).known.values()
    assert (entry.runs, entry.count) == ({"r"}, 0)
