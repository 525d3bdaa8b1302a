"""A report of lint in words, rows and findings: shared by the outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from auditrail.outputs import _rows
from auditrail.outputs._findings import Case, Finding, Findings, Rule
from auditrail.outputs._gaps import LEVELS, PRECISION, SECURITY
from auditrail.outputs._header import SEVERITY_STYLES
from auditrail.outputs._paint import Line, Marks, wrap
from auditrail.outputs._view import View
from auditrail.report.gap_types import SEVERITIES, RuleCard
from auditrail.report.types import Column, LintFinding, LintReport, Listing
from auditrail.text import markdown_cell, one_line, shorten, terminal, width

_INDENT = "  "
# Gaps that a line explains, and runs of one, that a person reads; all of them stand in JSON.
_GAPS = 5
_RUNS = 3


def document(report: LintReport) -> dict[str, Any]:
    """The JSON document `auditrail.lint/1`."""
    return {
        "schema": "auditrail.lint/1",
        "generated_by": _rows.GENERATOR,
        "not_checked": list(report.not_checked),
        "fail_on": report.fail_on,
        "exit_code": report.exit_code,
        "files": report.files,
        "configs": [each._asdict() for each in report.configs],
        "findings": [row(each) for each in report.findings],
        "waived": [{**row(each.finding), "reason": each.reason, "until": each.until} for each in report.waived],
        "unread": [each._asdict() for each in report.unread],
        "remarks": [each._asdict() for each in report.remarks],
        "case": report.case,
        "unexplained_gaps": report.unexplained,
        "not_judged": [{"rule": card.id, "reason": card.reason} for card in report.rules if not card.judged],
        "notes": list(report.notes),
    }


def row(finding: LintFinding) -> dict[str, Any]:
    """One finding for programs."""
    made = finding._asdict()
    made["column"] = finding.column or None
    made["controls"], made["fields"] = list(finding.controls), list(finding.fields)
    made["explains"] = [{**gap._asdict(), "runs": list(gap.runs)} for gap in finding.explains]
    return made


def listing(report: LintReport) -> Listing:
    """The findings as a table: for CSV, and for pages that show tables."""
    columns = (
        Column("severity", "severity", "id"),
        Column("path", "file", "id"),
        Column("line", "line", "id"),
        Column("column", "column", "id", detail=True),
        Column("rule", "rule", "id"),
        Column("cause", "cause", "id"),
        Column("confidence", "confidence", "id"),
        Column("message", "what happens"),
        Column("change", "change"),
        Column("kind", "kind", detail=True),
        Column("scope", "scope", detail=True),
        Column("subject", "subject", detail=True),
        Column("text", "text", detail=True),
        Column("controls", "asked for by", "list", detail=True),
        Column("explains", "explains gaps", "list"),
        Column("waived", "waived"),
        Column("fingerprint", "fingerprint", "id", detail=True),
    )
    waived = [(each.finding, f"{each.reason} (until {each.until})") for each in report.waived]
    rows = tuple(_cells(each, said) for each, said in [*((each, "") for each in report.findings), *waived])
    notes = (summary(report), *(f"{each.path}:{each.line}: not read: {each.reason}" for each in report.unread),
             *report.notes)  # fmt: skip
    return Listing(
        "lint", "findings", "Configuration that will cause gaps", columns, rows, {}, notes, report.not_checked
    )


def _cells(each: LintFinding, waived: str) -> tuple[Any, ...]:
    return (
        each.severity, each.path, each.line, each.column or None, each.rule, each.cause, each.confidence, each.message,
        each.change, each.kind, each.scope, each.subject, each.text, list(each.controls),
        [_gap(gap) for gap in each.explains], waived, each.fingerprint,
    )  # fmt: skip


def summary(report: LintReport) -> str:
    """What was looked at and how much was found, in a sentence or two."""
    kinds = Counter(each.kind for each in report.configs)
    told = ", ".join(f"{count:,} of {kind}" for kind, count in sorted(kinds.items()))
    looked = f"{_count(len(report.configs), 'configuration')} in {_count(report.files, 'file')}"
    if not report.configs:
        return f"Nothing was looked at: no known configuration in {_count(report.files, 'file')}."
    if not report.findings:
        return f"{looked} ({told}): no setting is known to cause a gap."
    severities = Counter(each.severity for each in report.findings)
    counted = ", ".join(f"{severities[name]:,} {name}" for name in SEVERITIES if severities[name])
    paths = len({each.path for each in report.findings})
    said = f"{looked} ({told}): {_count(len(report.findings), 'setting')} in {_count(paths, 'file')} will cause gaps"
    said += f" ({counted})."
    if report.case is not None:
        joined = sum(bool(each.explains) for each in report.findings)
        said += (
            f" {joined:,} of them explain gaps of the case; {_count(report.unexplained, 'gap')} of it no line explains."
        )
    return said


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _gap(gap: Any) -> str:
    runs = f": {', '.join(gap.runs[:_RUNS])}" if gap.runs else ""
    more = f" and {len(gap.runs) - _RUNS:,} more" if len(gap.runs) > _RUNS else ""
    return f"{gap.rule}: {gap.title} ({gap.missing:,} missing{runs}{more})"


def lines(report: LintReport, view: View) -> Iterator[Line]:
    """Text for a terminal: by file, each line shown with a caret below what it is about."""
    marks = Marks(unicode=view.unicode)

    def clean(said: str) -> str:
        return one_line(said, ascii_only=not view.unicode)

    for path, alike in groupby(report.findings, key=lambda each: each.path):
        yield [(clean(path), "head")]
        for _, same in groupby(alike, key=_same):
            yield from _finding(list(same), view, marks)
        yield []
    for each in report.unread:
        yield from _item("not read ", f"{each.path}:{each.line}: {each.reason}", "warn", view)
    if report.unread:
        yield []
    if report.waived:
        yield [("Waived", "bold")]
        for waived in report.waived:
            place = f"{waived.finding.path}:{waived.finding.line}"
            said = f"{place}: {waived.finding.rule}, until {waived.until}: {waived.reason}"
            yield from _item(_INDENT, said, "dim", view)
        yield []
    for part in wrap(clean(summary(report)), view.width):
        yield [(part, "bold")]
    notes = [f"{each.path}:{each.line}: {each.reason}" for each in report.remarks]
    notes += [*report.notes, *(f"Not checked: {item}" for item in report.not_checked)]
    for note in notes:
        for part in wrap(clean(note), view.width):
            yield [(part, "dim")]


def _same(finding: LintFinding) -> tuple[object, ...]:
    """What findings behind one another have in common where they are told of as one, line by line."""
    return (
        finding.rule, finding.severity, finding.confidence, finding.cause, finding.scope, finding.change,
        finding.explains,
    )  # fmt: skip


def _finding(findings: list[LintFinding], view: View, marks: Marks) -> Iterator[Line]:
    """One finding, or several with one change: a heading, each line with what happens there, and the change."""
    finding = findings[0]

    def clean(said: str) -> str:
        return one_line(said, ascii_only=not view.unicode)

    scope = f"  {clean(finding.scope)}" if finding.scope else ""
    yield [
        (f"{_INDENT}{finding.line}{f':{finding.column}' if finding.column else ''}  ", "dim"),
        (finding.severity.upper(), SEVERITY_STYLES.get(finding.severity, "bold")),
        ("  ", ""),
        (finding.rule, "bold"),
        (f"  {finding.cause}, {finding.confidence}{scope}", "dim"),
        (f"  {len(findings):,} lines" if len(findings) > 1 else "", "dim"),
    ]
    for each in findings:
        yield from _source(each, view, marks)
        yield from _item("    ", each.message, "", view)
    yield from _item("    change: ", finding.change, "good", view)
    for gap in finding.explains[:_GAPS]:
        label = "    explains: " if gap.match == "cause" else "    may explain: "
        yield from _item(label, _gap(gap), "warn", view)
    if len(finding.explains) > _GAPS:
        yield from _item("    ", f"and {len(finding.explains) - _GAPS:,} more gaps: --format json", "dim", view)


def _source(finding: LintFinding, view: View, marks: Marks) -> Iterator[Line]:
    """The line, moved left where its place would run out of the screen, and a caret below."""
    number = str(finding.line)
    before = terminal(finding.text[: max(finding.column - 1, 0)].expandtabs(2), ascii_only=not view.unicode)
    rest = terminal(finding.text[max(finding.column - 1, 0) :].expandtabs(2), ascii_only=not view.unicode)
    room = max(view.width - len(number) - 8, 20)
    if width(before) > room // 2:
        before = marks.ellipsis + before[len(before) - room // 3 :]
    said = shorten(before + rest, room, ellipsis=marks.ellipsis)
    if not said.strip():
        return
    yield [(f"    {number} | ", "dim"), (said, "")]
    if finding.column:
        yield [(f"    {' ' * len(number)} | ", "dim"), (f"{' ' * width(before)}^", "bad")]


def _item(label: str, said: str, style: str, view: View) -> Iterator[Line]:
    said = one_line(said, ascii_only=not view.unicode)
    for number, part in enumerate(wrap(said, max(view.width - len(label), 20))):
        yield [(label if number == 0 else " " * len(label), "dim"), (part, style)]


def markdown(report: LintReport) -> Iterator[str]:
    """A report for a pull request: the findings of each file as a table."""
    cell = markdown_cell
    yield "# Configuration that will cause gaps"
    yield ""
    yield cell(summary(report))
    for path, alike in groupby(report.findings, key=lambda each: each.path):
        yield from ("", f"## {cell(path)}", "")
        yield "| line | severity | rule | what happens | change |"
        yield "|---:|---|---|---|---|"
        for each in alike:
            said = "<br>".join([cell(each.message), *(cell(f"explains {_gap(gap)}") for gap in each.explains[:_GAPS])])
            yield f"| {each.line} | {each.severity} | {cell(each.rule)} | {said} | {cell(each.change)} |"
    rest = [f"{each.path}:{each.line}: not read: {each.reason}" for each in report.unread]
    rest += [
        f"{w.finding.path}:{w.finding.line}: {w.finding.rule} is waived until {w.until}: {w.reason}"
        for w in report.waived
    ]
    rest += [*report.notes, *(f"Not checked: {item}" for item in report.not_checked)]
    if rest:
        yield ""
    for item in rest:
        yield f"- {cell(item)}"


def findings(report: LintReport) -> Findings:
    """The findings for JUnit (a case for each rule) and SARIF (waived findings are suppressed ones)."""
    found = [_neutral(each) for each in report.findings]
    found += [_neutral(w.finding)._replace(suppressed=f"{w.reason} (until {w.until})") for w in report.waived]
    found += [Finding("unread", "warning", each.reason, each.path, each.line) for each in report.unread]
    failing = {each.fingerprint for each in report.failing()}
    cases = [_case(card, [each for each in report.findings if each.rule == card.id], failing) for card in report.rules]
    cases += [Case("lint.unread", f"{each.path}:{each.line}", "inconclusive", f"unread: {each.reason}")
              for each in report.unread]  # fmt: skip
    unread = Rule("unread", "Configuration could not be read", "Mend the file, or look at it by hand.", "warning")
    notes = (summary(report), *report.notes, *report.not_checked)
    return Findings("lint", (*map(_rule, report.rules), unread), tuple(found), tuple(cases), notes)


def _rule(card: RuleCard) -> Rule:
    said = f"{card.risk}\n\nExample: {card.example}\n\nChange: {card.remedy}"
    return Rule(
        card.id, card.title, said, LEVELS[card.severity], card.risk, SECURITY[card.severity],
        ("security", "audit-trail", card.cause, *card.controls), PRECISION[card.confidence],
    )  # fmt: skip


def _neutral(each: LintFinding) -> Finding:
    facts = {
        key: getattr(each, key) for key in ("cause", "severity", "confidence", "kind", "scope", "subject", "change")
    }
    said = f"{each.message} Change: {each.change}"
    explains = [_gap(gap) for gap in each.explains]
    return Finding(
        each.rule, LEVELS[each.severity], said, each.path, each.line, None, None, each.fingerprint,
        {**facts, "controls": list(each.controls), **({"explains": explains} if explains else {})},
        column=each.column or None, snippet=each.text,
    )  # fmt: skip


def _case(card: RuleCard, mine: list[LintFinding], failing: set[str]) -> Case:
    group = f"lint.{card.severity}"
    told = tuple(f"{e.path}:{e.line}: {e.severity}: {e.message} Change: {e.change}" for e in mine)
    if any(each.fingerprint in failing for each in mine):
        return Case(group, card.id, "failed", f"{card.cause}: {card.title}: {_count(len(mine), 'finding')}", told)
    if not card.judged:
        outcome = "inconclusive" if card.reason.startswith("failed") else "skipped"
        return Case(group, card.id, outcome, card.reason)
    return Case(group, card.id, "passed", card.title, told)
