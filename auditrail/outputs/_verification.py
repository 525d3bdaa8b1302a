"""A verification in words, rows and findings: shared by the outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from auditrail import text
from auditrail.outputs import _rows
from auditrail.outputs._findings import Case, Finding, Findings, Rule
from auditrail.outputs._paint import Line, wrap
from auditrail.outputs._view import View
from auditrail.report.types import (
    DEFECTS,
    VERDICTS,
    Column,
    Defect,
    Listing,
    Result,
    VerificationReport,
    green,
)

_STYLES = {
    "INTACT": "good",
    "INTACT-UNANCHORED": "good",
    "BROKEN": "bad",
    "UNVERIFIABLE": "warn",
    "NOT-CHAINED": "warn",
}
# Defects of one result that a person reads; all of them stand in JSON.
_SHOWN = 20
_SHOWN_FIELDS = 30


def document(report: VerificationReport) -> dict[str, Any]:
    """The JSON document; keys and their order are the contract's, with more behind them."""
    return {
        "schema": "auditrail.verification/1",
        "generated_by": _rows.GENERATOR,
        "not_checked": list(report.not_checked),
        "results": [row(result) for result in report.results],
        "unreadable": [{"path": path, "reason": reason} for path, reason in report.unreadable],
        "strict": report.strict,
        "exit_code": report.exit_code,
        "notes": list(report.notes),
    }


def row(result: Result) -> dict[str, Any]:
    """One result for programs."""
    return {
        "path": result.path,
        "profile": result.profile,
        "chain": result.chain,
        "records": result.records,
        "checked": result.checked,
        "verdict": result.verdict,
        "anchor": result.anchor,
        "head": result.head,
        "defects": [_defect(defect, result) for defect in result.defects],
        "uncovered_fields": list(result.uncovered_fields),
        "not_checked": list(result.not_checked),
        "kind": result.kind,
        "seq": result.seq,
        "signed": result.signed,
        "verified": result.verified,
        "files": list(result.segments),
        "defects_left_out": result.defects_left_out,
        "notes": list(result.notes),
    }


def _defect(defect: Defect, result: Result) -> dict[str, Any]:
    return {
        "kind": defect.kind,
        "record": defect.record,
        "offset": defect.offset,
        "seq": defect.seq,
        "expected": defect.expected,
        "found": defect.found,
        "note": defect.note,
        "breaks": defect.breaks,
        "path": defect.path or result.path,
    }


def summary(report: VerificationReport) -> str:
    """How many chains have which verdict, in one sentence."""
    if not report.results:
        return "nothing was checked"
    counts = Counter(result.verdict for result in report.results)
    told = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in VERDICTS if counts[verdict])
    total = len(report.results)
    files = len({result.path for result in report.results})
    return f"{total:,} chain{'s' * (total != 1)} in {files:,} file{'s' * (files != 1)}: {told}"


def columns() -> tuple[Column, ...]:
    """Columns of the table of results."""
    return (
        Column("verdict", "verdict", "id"),
        Column("path", "file", "id"),
        Column("chain", "chain", "id"),
        Column("profile", "profile", "id"),
        Column("records", "records", "count"),
        Column("checked", "checked", "count"),
        Column("anchor", "anchor"),
        Column("wrong", "what is wrong", "list"),
        Column("uncovered_fields", "covered by no hash", "list"),
        Column("not_checked", "not checked", "list"),
    )


def listing(report: VerificationReport) -> Listing:
    """The results as a table: for pages that show tables."""
    rows = tuple(
        (
            result.verdict,
            result.path,
            result.chain,
            result.profile,
            result.records,
            result.checked,
            result.anchor,
            [sentence(defect, result) for defect in result.defects[:_SHOWN]] + _more(result),
            list(result.uncovered_fields),
            list(result.not_checked),
        )
        for result in report.results
    )
    notes = (summary(report), *(f"{path}: not read: {reason}" for path, reason in report.unreadable), *report.notes)
    return Listing(report.kind, "results", "Verification", columns(), rows, {}, notes, report.not_checked)


def _more(result: Result) -> list[str]:
    left = len(result.defects) - _SHOWN + result.defects_left_out
    return [f"and {left:,} more (all: --format json)"] if left > 0 else []


def sentence(defect: Defect, result: Result) -> str:
    """One defect in a sentence: where, what, the facts."""
    where = "" if defect.path in ("", result.path) else f"{defect.path}, "
    if defect.record is not None:
        where += f"record {defect.record}"
        where += f" (byte {defect.offset:,})" if defect.offset is not None else ""
    known = defect.kind if defect.breaks else f"{defect.kind} (remark)"
    where = where.removesuffix(", ")
    return f"{f'{where}: ' if where else ''}{known}: {defect.note or DEFECTS[defect.kind].title}"


CSV_COLUMNS = (
    "path", "profile", "chain", "records", "checked", "verdict", "anchor", "head", "defect", "breaks", "record",
    "offset", "seq", "expected", "found", "note", "uncovered_fields", "not_checked",
)  # fmt: skip


def flat(report: VerificationReport) -> Iterator[dict[str, Any]]:
    """A row for each defect, and one for each result without any."""
    for result in report.results:
        made = row(result)
        for defect in made.pop("defects") or [{}]:
            path = {"path": defect["path"]} if defect else {}
            yield {**made, **defect, **path, "defect": defect.get("kind")}


def lines(report: VerificationReport, view: View) -> Iterator[Line]:
    """Text for a terminal: the worst first inside the order of the files stays as it is; a summary at the end."""

    def clean(value: str) -> str:
        return text.one_line(value, ascii_only=not view.unicode)

    for result in report.results:
        yield from _result_lines(result, view, clean)
        yield []
    for path, reason in report.unreadable:
        yield [("not read ", "warn"), (clean(f"{path}: {reason}"), "")]
    for part in wrap(clean(_closing(report)), view.width):
        yield [(part, "bold")]
    for note in (*report.notes, *(f"Not checked: {item}" for item in report.not_checked)):
        for part in wrap(clean(note), view.width):
            yield [(part, "dim")]


def _closing(report: VerificationReport) -> str:
    said = summary(report)
    said = said[0].upper() + said[1:] + "."
    if report.strict and report.exit_code == 4:
        said += " Not green with --strict: something is unanchored, unsigned, unchained or could not be checked."
    return said


def _result_lines(result: Result, view: View, clean: Any) -> Iterator[Line]:
    head = f"{result.path}" + (f"  chain {result.chain}" if result.chain is not None else "")
    for number, part in enumerate(wrap(clean(head), max(view.width - 18, 20))):
        yield [(f"{'' if number else result.verdict:<18}", _STYLES[result.verdict]), (part, "bold")]
    if facts := _facts(result):
        yield from _wrapped("", facts, "dim", view, clean)
    yield from _wrapped("", VERDICTS[result.verdict], "", view, clean)
    told: set[str] = set()
    for defect in result.defects[:_SHOWN]:
        mark = ("\u2717 " if view.unicode else "x ") if defect.breaks else "- "
        yield from _wrapped(mark, sentence(defect, result), "bad" if defect.breaks else "warn", view, clean)
        if defect.expected is not None or defect.found is not None:
            compared = f"expected {defect.expected or 'nothing'}, found {defect.found or 'nothing'}"
            yield from _wrapped("    ", compared, "dim", view, clean)
        if defect.breaks and defect.kind not in told:
            told.add(defect.kind)
            yield from _wrapped("    next: ", DEFECTS[defect.kind].next, "", view, clean)
    for more in _more(result):
        yield from _wrapped("", more, "warn", view, clean)
    if result.uncovered_fields:
        fields = result.uncovered_fields
        listed = ", ".join(fields[:_SHOWN_FIELDS])
        if len(fields) > _SHOWN_FIELDS:
            listed += f" and {len(fields) - _SHOWN_FIELDS} more"
        yield from _wrapped("covered by no hash: ", listed, "warn", view, clean)
    for note in result.notes:
        yield from _wrapped("", note, "", view, clean)
    for item in result.not_checked:
        yield from _wrapped("not checked: ", item, "dim", view, clean)


def _facts(result: Result) -> str:
    facts = [result.profile] if result.profile else []
    if result.records:
        facts.append(f"{result.records:,} record{'s' * (result.records != 1)}, {result.checked:,} checked")
    if result.signed:
        facts.append(f"{result.signed:,} signed, {result.verified:,} by a key that was given")
    if result.head:
        facts.append(f"head {result.head}")
    return "; ".join(facts)


def _wrapped(label: str, said: str, style: str, view: View, clean: Any) -> Iterator[Line]:
    indent = "  "
    width = max(view.width - len(indent) - len(label), 20)
    for number, part in enumerate(wrap(clean(said), width)):
        yield [(indent + (label if number == 0 else " " * len(label)), style), (part, style)]


def findings(report: VerificationReport) -> Findings:
    """The defects as findings; each kind of defect is a rule, and so is each verdict that is not green."""
    rules = [Rule(kind, meaning.title, f"Next: {meaning.next}.") for kind, meaning in DEFECTS.items()]
    rules += [Rule(v.lower(), VERDICTS[v], "See not_checked.", "warning") for v in ("UNVERIFIABLE", "NOT-CHAINED")]
    rules.append(Rule("unreadable", "a file could not be read", "Check the path and its permissions.", "warning"))
    found: list[Finding] = []
    cases: list[Case] = []
    for result in report.results:
        found += [_finding(defect, result) for defect in result.defects]
        if result.verdict in ("UNVERIFIABLE", "NOT-CHAINED"):
            said = "; ".join(result.not_checked) or VERDICTS[result.verdict]
            found.append(Finding(result.verdict.lower(), "warning", said, result.path))
        cases.append(_case(result, report))
    for path, reason in report.unreadable:
        found.append(Finding("unreadable", "warning", reason, path))
        cases.append(Case("unreadable", path, "inconclusive", f"unreadable: {reason}"))
    notes = (summary(report), *report.notes, *report.not_checked)
    return Findings("auditrail verify", tuple(rules), tuple(found), tuple(cases), notes)


def _finding(defect: Defect, result: Result) -> Finding:
    path = defect.path or result.path
    key = "\x00".join(map(str, (path, result.chain, defect.kind, defect.record, defect.expected, defect.found)))
    return Finding(
        defect.kind,
        "error" if defect.breaks else "note",
        f"{defect.note or DEFECTS[defect.kind].title} ({DEFECTS[defect.kind].next})",
        path,
        defect.record if result.lines else None,
        defect.record,
        defect.offset,
        text.digest(key, digits=64).removeprefix("blake3:"),
        {
            "profile": result.profile,
            "chain": result.chain,
            "verdict": result.verdict,
            "seq": defect.seq,
            "expected": defect.expected,
            "found": defect.found,
        },
    )


def _case(result: Result, report: VerificationReport) -> Case:
    name = result.path + (f" [{result.chain}]" if result.chain is not None else "")
    wrong = [defect for defect in result.defects if defect.breaks]
    outcome = (
        "failed"
        if wrong or result.verdict == "BROKEN"
        else "passed"
        if green(result, strict=report.strict)
        else "inconclusive"
    )
    said = sentence(wrong[0], result) if wrong else VERDICTS[result.verdict]
    details = [sentence(defect, result) for defect in result.defects]
    if result.uncovered_fields:
        details.append(f"covered by no hash: {', '.join(result.uncovered_fields)}")
    details += [f"not checked: {item}" for item in result.not_checked]
    return Case(result.profile or result.kind, name, outcome, f"{result.verdict}: {said}", tuple(details))


def markdown(report: VerificationReport) -> Iterator[str]:
    """A report for a ticket: the results as a table, then what is wrong with each."""
    cell = text.markdown_cell
    yield "# Verification"
    yield ""
    yield cell(_closing(report))
    yield ""
    yield "| verdict | file | chain | profile | records | checked | anchor |"
    yield "|---|---|---|---|---:|---:|---|"
    for result in report.results:
        words = (result.verdict, result.path, result.chain or "", result.profile or "")
        numbers = (f"{result.records:,}", f"{result.checked:,}")
        yield f"| {' | '.join([*map(cell, words), *numbers, cell(result.anchor or 'none')])} |"
    for result in report.results:
        yield from ("", f"## {cell(result.path)}{f' {cell(result.chain)}' if result.chain else ''}", "")
        yield f"{cell(result.verdict)}: {cell(VERDICTS[result.verdict])}."
        told = [(sentence(d, result), DEFECTS[d.kind].next if d.breaks else "") for d in result.defects[:_SHOWN]]
        if told:
            yield ""
        for said, after in told:
            yield f"- {cell(said)}{f' Next: {cell(after)}.' if after else ''}"
        rest = [*_more(result), *result.notes]
        if result.uncovered_fields:
            rest.append(f"covered by no hash: {', '.join(result.uncovered_fields)}")
        rest += [f"not checked: {item}" for item in result.not_checked]
        if rest:
            yield ""
        for item in rest:
            yield f"- {cell(item)}"
    for path, reason in report.unreadable:
        yield from ("", f"Not read: {cell(path)}: {cell(reason)}")
    for note in (*report.notes, *(f"Not checked: {item}" for item in report.not_checked)):
        yield from ("", cell(note))
