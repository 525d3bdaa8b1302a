"""Rules for people: the list, one explained, and the cards that a report carries."""

from __future__ import annotations

import pytest

from auditrail.errors import UsageError
from auditrail.gaps.rule import rules
from auditrail.gaps.terms import SEVERITIES
from auditrail.report.gap_types import Gap, GapsReport, Period
from auditrail.report.rule_list import described, explained, listing


def report(**more: object) -> GapsReport:
    made = GapsReport(Period(None, None, "all"), (None, None), 1, "x", 1, 1)
    return made._replace(**more)


def test_the_list_names_every_rule_the_gravest_first() -> None:
    made = listing()
    at = {column.name: number for number, column in enumerate(made.columns)}
    assert {row[at["id"]] for row in made.rows} == set(rules())
    ranks = [SEVERITIES.index(row[at["severity"]]) for row in made.rows]
    assert ranks == sorted(ranks)
    for row in made.rows:
        rule = rules()[row[at["id"]]]
        assert (row[at["cause"]], row[at["confidence"]]) == (rule.cause, rule.confidence)
        assert row[at["controls"]] == list(rule.controls)
        assert rule.title in row[at["about"]]
        assert all(control in row[at["about"]] for control in rule.controls)


@pytest.mark.parametrize("name", rules())
def test_a_rule_is_explained_whole(name: str) -> None:
    rule, made = rules()[name], explained(name)
    told = dict(made.rows)
    assert told["risk"] == rule.risk
    assert told["example"] == rule.example
    assert told["change"] == rule.remedy
    for format_name, remedy in rule.remedies.items():
        assert told[f"change, {format_name}"] == remedy
    assert made.verbatim == made.extra["sql"] == rule.sql
    assert name in made.notes[0]


def test_an_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        explained("run-without-an-end")
    assert caught.value.hint.startswith("rules: run-without-end")
    with pytest.raises(UsageError) as caught:
        explained("zzz")
    assert all(name in caught.value.hint for name in rules())


def test_cards_say_what_could_judge() -> None:
    first, *others = sorted(rules())
    cards = {card.id: card for card in described(report(not_judged=((first, "no record"),))).rules}
    assert set(cards) == set(rules())
    assert (cards[first].judged, cards[first].reason) == (False, "no record")
    assert all(cards[name].judged for name in others)
    cards = {card.id: card for card in described(report(judged=(first,))).rules}
    assert [name for name, card in cards.items() if card.judged] == [first]


@pytest.mark.parametrize(
    ("fail_on", "failing"),
    [("critical", 1), ("high", 2), ("medium", 3), ("low", 4), ("never", 0)],
)
def test_findings_fail_from_a_severity_on(fail_on: str, failing: int) -> None:
    gaps = tuple(Gap("r", "lost", severity, "strong", "t", "e", "c") for severity in SEVERITIES)
    assert len(report(gaps=gaps, fail_on=fail_on).failing()) == failing
