"""Joins lines of configuration with the gaps of a case: which line explains what is missing.

A line explains a gap if its rule names the gap's rule (`CAUSES_GAPS`), the stream is of a format that it touches, and
what it removes is what the gap lacks. If the evidence itself names the line's cause, it is a match by `cause`; if the
evidence names none (or only that something was lost), it is `possible`: the line is known to do this, and nothing in
the evidence says that it was this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from auditrail.lint.context import Evidence, LongRun
from auditrail.lint.rule import rules
from auditrail.report.gap_types import SEVERITIES, Gap, GapsReport
from auditrail.report.gap_types import Evidence as Place
from auditrail.report.lint import Judging, lint
from auditrail.report.lint_types import LintFinding, LintGap, LintReport

if TYPE_CHECKING:
    import duckdb

_LONGEST = 20
# Causes of a gap that say no more than that something is gone.
_OPEN = frozenset(("unknown", "lost", "crash", "siloed"))
# What a field is called in the titles of gaps about content.
_WORDS = {"args": "argument", "result": "result", "messages": "message"}
_ABOUT_CONTENT = ("content-", "capture-")


def evidence(connection: duckdb.DuckDBPyConnection) -> Evidence:
    """What rules ask of a case: its longest runs."""
    rows = connection.execute(
        "SELECT id, ended_ns - started_ns AS lasted FROM runs WHERE ended_ns > started_ns "
        f"ORDER BY lasted DESC NULLS LAST, id LIMIT {_LONGEST}"
    ).fetchall()
    counted = connection.execute("SELECT count(*) FROM runs WHERE ended_ns >= started_ns").fetchone()
    return Evidence(int(counted[0]) if counted else 0, tuple(LongRun(str(id_), ns / 1e9) for id_, ns in rows))


def formats_of(connection: duckdb.DuckDBPyConnection) -> dict[str, frozenset[str]]:
    """Stream, and path of a source -> the formats that it was read with."""
    made: dict[str, set[str]] = {}
    rows = connection.execute(
        "SELECT DISTINCT e.stream, s.path, s.format FROM events e JOIN sources s ON s.source = e.source"
    ).fetchall()
    for stream, path, name in rows:
        for key in (stream, path):
            if key is not None and name is not None:
                made.setdefault(str(key), set()).add(str(name))
    return {key: frozenset(names) for key, names in made.items()}


def joined(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], judging: Judging, case: str) -> LintReport:
    """Looks at configuration with a case at hand: each finding with the gaps that it explains."""
    from auditrail.report.gaps import gaps

    report = lint(paths, replace(judging, evidence=evidence(connection)))
    formats = formats_of(connection)
    found: GapsReport = gaps(connection)
    explained: set[int] = set()
    findings = []
    for finding in report.findings:
        mine = [(gap, match) for gap in found.gaps if (match := matches(finding, gap, formats))]
        explained |= {id(gap) for gap, _ in mine}
        findings.append(finding._replace(explains=tuple(_told(gap, match) for gap, match in mine)))
    return report._replace(findings=tuple(findings), case=case, unexplained=len(found.gaps) - len(explained))


def causes_of(
    gap: Gap, findings: Iterable[LintFinding], formats: dict[str, frozenset[str]]
) -> list[tuple[LintFinding, str]]:
    """The findings that explain a gap, those that match its cause first."""
    made = [(finding, match) for finding in findings if (match := matches(finding, gap, formats))]
    return sorted(
        made, key=lambda pair: (pair[1] != "cause", SEVERITIES.index(pair[0].severity), pair[0].path, pair[0].line)
    )


def named(
    connection: duckdb.DuckDBPyConnection, report: GapsReport, paths: Sequence[str], judging: Judging
) -> GapsReport:
    """A report of gaps in which each gap names the lines of configuration that explain it."""
    found = lint(paths, replace(judging, evidence=evidence(connection)))
    formats = formats_of(connection)
    made = []
    for gap in report.gaps:
        lines = causes_of(gap, found.findings, formats)
        places = tuple(Place(each.path, each.line, _note(each, match)) for each, match in lines)
        made.append(replace(gap, set_at=places))
    count = sum(bool(gap.set_at) for gap in made)
    read = f"{len(found.configs):,} configurations that were read"
    said = f"a line of configuration explains, or may explain, {count:,} of {len(made):,} findings ({read})"
    unread = tuple(f"{each.path}:{each.line}: not read: {each.reason}" for each in found.unread)
    return report._replace(gaps=tuple(made), notes=(*report.notes, said), not_checked=(*report.not_checked, *unread))


def _note(finding: LintFinding, match: str) -> str:
    return f"{'' if match == 'cause' else 'may be why: '}{finding.message} [{finding.rule}]"


def matches(finding: LintFinding, gap: Gap, formats: dict[str, frozenset[str]]) -> str:
    """`cause`, `possible`, or blank where the line does not explain the gap."""
    rule = rules()[finding.rule]
    if gap.rule not in rule.causes_gaps:
        return ""
    about_content = gap.rule.startswith(_ABOUT_CONTENT)
    # The first place of such a gap is where the content is missing; streams of several formats may share a name.
    place = gap.evidence[0].path if about_content and gap.evidence else gap.stream or ""
    held = formats.get(place, frozenset())
    if rule.formats and held and not held & set(rule.formats):
        return ""
    if finding.fields and about_content:
        words = [_WORDS[name] for name in finding.fields if name in _WORDS]
        if not any(word in gap.title.lower() for word in words):
            return ""
    # What is the rule in every second Collector, or where the stream is not known, may be why, and no more.
    sure = finding.severity != "low" and bool(held or not rule.formats)
    if gap.cause == finding.cause:
        return "cause" if sure else "possible"
    return "possible" if gap.cause in _OPEN else ""


def _told(gap: Gap, match: str) -> LintGap:
    return LintGap(gap.rule, gap.cause, gap.severity, gap.title, gap.count, gap.runs, gap.stream, match)
