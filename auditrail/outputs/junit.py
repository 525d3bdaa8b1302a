"""JUnit XML, as CI systems read it: one test case for each thing that was checked.

A case that failed has a `failure`, one that could not be decided an `error`, one for which there is nothing to look at
is `skipped`: nothing unchecked shows as passed. The
form is the common one of Ant and Maven (https://github.com/testmoapp/junitxml), without times, which would differ from
run to run.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from auditrail.outputs import _findings
from auditrail.outputs._view import View
from auditrail.report.types import Report
from auditrail.text import terminal

NAME = "junit"
EXTENSION = "xml"
REPORTS = ("gaps", "verification", "check")


def render(report: Report, view: View) -> Iterator[str]:  # noqa: ARG001 - a document for programs
    """The document."""
    found = _findings.of(report)
    failed = sum(case.outcome == "failed" for case in found.cases)
    errors = sum(case.outcome == "inconclusive" for case in found.cases)
    skipped = sum(case.outcome == "skipped" for case in found.cases)
    counts = f'tests="{len(found.cases)}" failures="{failed}" errors="{errors}" skipped="{skipped}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="auditrail" {counts}>\n'
    yield f"  <testsuite name={_attribute(found.suite)} {counts}>\n"
    for case in found.cases:
        yield from _case(case)
    if found.notes:
        yield f"    <system-out>{_text(chr(10).join(found.notes))}</system-out>\n"
    yield "  </testsuite>\n</testsuites>\n"


def _case(case: _findings.Case) -> Iterator[str]:
    start = f"    <testcase classname={_attribute(case.group)} name={_attribute(case.name)}"
    element = {"failed": "failure", "inconclusive": "error"}.get(case.outcome)
    if case.outcome == "skipped":
        yield f"{start}>\n      <skipped message={_attribute(case.summary)}/>\n    </testcase>\n"
        return
    if element is None and not case.details:
        yield f"{start}/>\n"
        return
    body = _text("\n".join(case.details))
    yield f"{start}>\n"
    if element is None:
        yield f"      <system-out>{body}</system-out>\n"
    else:
        yield f"      <{element} message={_attribute(case.summary)} type={_attribute(case.summary.split(':')[0])}>"
        yield f"{body}</{element}>\n"
    yield "    </testcase>\n"


def _attribute(value: str) -> str:
    return quoteattr(terminal(value))


def _text(value: str) -> str:
    return escape("\n".join(terminal(line) for line in value.split("\n")))
