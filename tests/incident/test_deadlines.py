"""Deadlines: what is due when, from what it is counted, and what was sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditrail.errors import UsageError
from auditrail.incident import deadlines

HOUR = 3_600 * 10**9
DAY = 24 * HOUR


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


AWARE = at("2026-01-31T10:00:00")


def due(name: str, classified: int | None = None, sent: dict[tuple[str, str], int] | None = None) -> dict[str, object]:
    return {row.report: row for row in deadlines.due(deadlines.select([name]), AWARE, classified, sent or {})}


@pytest.mark.parametrize(
    ("name", "report", "after"),
    [
        ("eu-ai-act", "serious-incident", 15 * DAY),
        ("eu-ai-act", "death", 10 * DAY),
        ("eu-ai-act", "widespread", 2 * DAY),
        ("gdpr", "authority", 72 * HOUR),
        ("hipaa", "individuals", 60 * DAY),
        ("dora", "initial", 24 * HOUR),
        ("dora", "intermediate", 96 * HOUR),
    ],
)
def test_counted_from_awareness(name: str, report: str, after: int) -> None:
    row = due(name)[report]
    assert (row.due_ns - AWARE, row.status) == (after, "due")
    assert row.source


@pytest.mark.parametrize(
    ("classified", "initial"),
    [(2, 6), (19, 23), (21, 24), (24, 24), (30, 34)],  # hours from awareness: 4 h, at most 24 h, unless later
)
def test_dora_counts_from_the_classification_within_bounds(classified: int, initial: int) -> None:
    assert due("dora", AWARE + classified * HOUR)["initial"].due_ns == AWARE + initial * HOUR


def test_a_report_that_was_sent_starts_the_next_one() -> None:
    sent = {("dora", "initial"): AWARE + HOUR, ("dora", "intermediate"): at("2026-01-31T12:00:00")}
    rows = due("dora", AWARE, sent)
    assert (rows["initial"].status, rows["intermediate"].due_ns) == ("sent", AWARE + 73 * HOUR)
    assert rows["final"].due_ns == at("2026-02-28T12:00:00")  # the last day of a shorter month
    assert due("gdpr", None, {("gdpr", "authority"): AWARE + 73 * HOUR})["authority"].status == "sent-late"


def test_a_clause_without_a_number_has_no_date() -> None:
    row = due("gdpr")["persons"]
    assert (row.due_ns, row.status) == (None, "no-number")


def test_names_are_checked() -> None:
    assert [each.name for each in deadlines.select(["DORA", "dsgvo"])] == ["dora", "gdpr"]
    assert deadlines.select(["all"]) == deadlines.frameworks()
    for wrong in (lambda: deadlines.select(["nis3"]), lambda: deadlines.known_report("dora", "fourth")):
        with pytest.raises(UsageError):
            wrong()


def test_the_data_file_holds_together() -> None:
    for framework in deadlines.frameworks():
        earlier = {"aware", "classified"}
        for rule in framework.reports:
            assert rule.start in earlier, (framework.name, rule.report)
            assert sum(part is not None for part in (rule.hours, rule.days, rule.months)) <= 1
            earlier.add(rule.report)


def test_every_period_says_what_it_was_compared_with_and_when() -> None:
    for framework in deadlines.frameworks():
        for rule in framework.reports:
            assert rule.source
            assert rule.checked.endswith(deadlines.as_of())
