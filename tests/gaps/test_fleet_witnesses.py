"""Causes that only hold if runs and records are counted that would be known without what is judged: on made-up fleets.

Each fleet was told wrongly once: by a habit that was learnt from units which only the record itself shows, by denials
that leave nothing behind, by a clock, a cut or a sampler that hides the runs which would tell.
"""

from __future__ import annotations

from pathlib import Path

import _content_faults  # noqa: F401 - registers its faults
import pytest
from _faults import spoil
from _judge import Tally, judge
from _producers import family

CASES = {
    "lines alone make no habit": ("cloudwatch", ("sampling-tail",), 2, 400, ("sampling",), ("lost",)),
    "a second attempt may go well": ("cloudwatch", ("policy-denied",), 2, 400, ("policy-missing",), ()),
    "enforced denials leave nothing": (
        "cloudwatch", ("sampling-head", "policy-denied"), 2, 400, ("sampling", "policy-missing"), (),
    ),
    "a cut hides runs that lack spans": (
        "cloudwatch", ("export-cut", "sampling-tail"), 2, 400, ("export-cut", "sampling"), ("unknown", "outage"),
    ),
    "ids beside the record's own": ("agents_sdk", ("clock-zone",), 2, 200, ("clock",), ()),
    "a silent stream tells no crash": ("agents_sdk", ("export-cut",), 2, 300, ("export-cut",), ("crash",)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_cause_is_told_and_no_other(name: str, tmp_path: Path) -> None:
    producer, faults, seed, runs, told, never = CASES[name]
    fleet = family(producer).fleet(runs, seed)
    assert spoil(fleet, faults, seed)
    tallies = judge(fleet, tmp_path).tallies
    for cause in told:
        tally = tallies[cause]
        assert tally.true
        assert (cause, tally.recall >= 0.95, tally.precision >= 0.95) == (cause, True, True), tally
    assert {cause: tallies[cause] for cause in never} == dict.fromkeys(never, Tally())
