"""When frameworks want to hear of an incident, from a dated data file; facts and dates, never legal advice.

Times are counted as plain hours, calendar days and calendar months from the moment itself. Rules on how a period is
counted (the day of the event, week ends and holidays) differ by law and can only make one longer: what is shown here is
the earliest reading.
"""

from __future__ import annotations

import calendar
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from auditrail import times
from auditrail.errors import UsageError
from auditrail.report.incident_types import Deadline

_HOUR = 3_600 * times.NS
_AWARE, _CLASSIFIED = "aware", "classified"
_WORDS = {_AWARE: "awareness", _CLASSIFIED: "classification"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rule:
    """One report that a framework asks for, as the data file has it.

    `source` is the text that counts; `checked` is what the period was compared with.
    """

    report: str
    clause: str
    what: str
    when: str
    start: str
    hours: int | None
    days: int | None
    months: int | None
    latest: int | None
    note: str
    source: str
    checked: str


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework with its reports."""

    name: str
    title: str
    aliases: tuple[str, ...]
    reports: tuple[Rule, ...]


@cache
def _file() -> tuple[str, tuple[Framework, ...]]:
    raw = tomllib.loads(resources.files("auditrail.incident").joinpath("data/deadlines.toml").read_text("utf-8"))
    made = tuple(
        Framework(
            entry["name"],
            entry["title"],
            tuple(entry.get("aliases", ())),
            tuple(_rule(each) for each in entry["report"]),
        )
        for entry in raw["framework"]
    )
    return raw["as_of"].isoformat(), made


def _rule(entry: Mapping[str, Any]) -> Rule:
    return Rule(
        report=entry["report"],
        clause=entry["clause"],
        what=entry["what"],
        when=entry.get("when", ""),
        start=entry["from"],
        hours=entry.get("hours"),
        days=entry.get("days"),
        months=entry.get("months"),
        latest=entry.get("latest_hours_from_aware"),
        note=entry["note"],
        source=entry["source"],
        checked=entry["checked"],
    )


def as_of() -> str:
    """The day (YYYY-MM-DD) on which the file was last brought up to date."""
    return _file()[0]


def frameworks() -> tuple[Framework, ...]:
    """All frameworks, in the order of the file."""
    return _file()[1]


def select(names: Iterable[str]) -> tuple[Framework, ...]:
    """The frameworks of these names, each once, in the order of the file; `all` names every one.

    Raises:
        UsageError: there is no framework of that name.
    """
    by_name = {_plain(word): each for each in frameworks() for word in (each.name, each.title, *each.aliases)}
    chosen: list[Framework] = []
    for name in names:
        if _plain(name) == "all":
            chosen += frameworks()
        elif (found := by_name.get(_plain(name))) is not None:
            chosen.append(found)
        else:
            known = ", ".join(each.name for each in frameworks())
            raise UsageError(f"no deadlines are known of a framework {name!r}", hint=f"frameworks: {known}, or all")
    return tuple(each for each in frameworks() if each in chosen)


def known_report(framework: str, report: str | None) -> tuple[str, str]:
    """Framework and report that a notification is recorded for; a framework with one report needs no name for it.

    Raises:
        UsageError: there is none of that name; the hint lists them.
    """
    (found,) = select([framework]) if _plain(framework) != "all" else (None,)
    if found is None:
        raise UsageError("a notification is for one framework")
    names = [rule.report for rule in found.reports]
    if report is None:
        report = names[0]
    if report not in names:
        raise UsageError(f"{found.name} has no report {report!r}", hint=f"reports: {', '.join(names)}")
    return found.name, report


def due(
    chosen: Iterable[Framework], aware_ns: int, classified_ns: int | None, sent: Mapping[tuple[str, str], int]
) -> tuple[Deadline, ...]:
    """What is due when.

    Args:
        chosen: the frameworks.
        aware_ns: when somebody learned of it.
        classified_ns: when its severity was decided; None: that is not recorded.
        sent: (framework, report) -> when it was sent, by the ledger.
    """
    made: list[Deadline] = []
    for framework in chosen:
        known: dict[str, int | None] = {_AWARE: aware_ns, _CLASSIFIED: classified_ns}
        for rule in framework.reports:
            start = known.get(rule.start)
            ends, note = _ends(rule, start, aware_ns)
            went = sent.get((framework.name, rule.report))
            known[rule.report] = went if went is not None else ends
            made.append(
                Deadline(
                    framework=framework.name,
                    title=framework.title,
                    clause=rule.clause,
                    report=rule.report,
                    what=rule.what,
                    when=rule.when,
                    counted_from=_WORDS.get(rule.start, f"the report before it ({rule.start})"),
                    start_ns=start,
                    due_ns=ends,
                    sent_ns=went,
                    note=note,
                    source=rule.source,
                    status=_status(rule, ends, went),
                )
            )
    return tuple(made)


def _ends(rule: Rule, start: int | None, aware_ns: int) -> tuple[int | None, str]:
    note = rule.note
    bound = None if rule.latest is None else aware_ns + rule.latest * _HOUR
    if start is None:
        if bound is not None:
            note = f"{note}. No classification is recorded: this is the latest time from awareness"
        return bound, note
    if rule.hours is None and rule.days is None and rule.months is None:
        return None, note
    ends = _plus_months(start, rule.months or 0) + (rule.hours or 0) * _HOUR + (rule.days or 0) * 24 * _HOUR
    if bound is not None and start <= bound:
        ends = min(ends, bound)
    return ends, note


def _status(rule: Rule, ends: int | None, went: int | None) -> str:
    if went is not None:
        return "sent-late" if ends is not None and went > ends else "sent"
    if ends is not None:
        return "due"
    return "no-number" if rule.hours is None and rule.days is None and rule.months is None else "unknown-start"


def _plus_months(ns: int, months: int) -> int:
    """The same day and time so many months on; the last day of a month that is shorter."""
    if not months:
        return ns
    seconds, rest = divmod(ns, times.NS)
    moment = _EPOCH + timedelta(seconds=seconds)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    later = moment.replace(year=year, month=month + 1, day=day) - _EPOCH
    return (later.days * 86_400 + later.seconds) * times.NS + rest


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
