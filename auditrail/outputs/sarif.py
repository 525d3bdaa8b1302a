"""SARIF 2.1.0 (OASIS): findings with file and place, as code scanning and viewers read them.

`startLine` stands where a record is a line; `byteOffset` always. `partialFingerprints` are the same for the same
finding in a later run. Paths are relative references, percent-encoded (SARIF 3.4.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from auditrail import __version__
from auditrail.outputs import _findings, _rows
from auditrail.outputs._view import View
from auditrail.report.types import Report
from auditrail.text import terminal

NAME = "sarif"
EXTENSION = "sarif"
REPORTS = ("gaps", "verification", "check")

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(report: Report, view: View) -> Iterator[str]:  # noqa: ARG001 - a document for programs
    """The document."""
    found = _findings.of(report)
    places = {rule.id: number for number, rule in enumerate(found.rules)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "auditrail",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in found.rules],
            }
        },
        "automationDetails": {"id": f"{found.suite}/"},
        "columnKind": "utf16CodeUnits",
        "results": [_result(finding, places) for finding in found.findings],
    }
    if found.notes:
        run["invocations"] = [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": terminal(note)}} for note in found.notes
                ],
            }
        ]
    yield _rows.encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=True)
    yield "\n"


def _rule(rule: _findings.Rule) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    if rule.severity:
        properties["security-severity"] = f"{rule.severity:.1f}"
    if rule.precision:
        properties["precision"] = rule.precision
    if rule.tags:
        properties["tags"] = list(dict.fromkeys(rule.tags))  # the schema wants each once
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.about or rule.title},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": rule.level},
        **({"properties": properties} if properties else {}),
    }


def _result(finding: _findings.Finding, places: dict[str, int]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": places[finding.rule],
        "level": finding.level,
        "message": {"text": terminal(finding.message)},
    }
    if finding.path is not None:
        made["locations"] = [_place(finding.path, finding.line, finding.offset)]
    if finding.related:
        made["relatedLocations"] = [
            {"id": number, **_place(place.path, place.line, None), "message": {"text": _said(place)}}
            for number, place in enumerate(finding.related, 1)
        ]
    if finding.fingerprint:
        made["partialFingerprints"] = {"auditrail/v1": finding.fingerprint}
    if finding.suppressed:
        made["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": terminal(finding.suppressed)}
        ]
    properties = {key: value for key, value in finding.properties.items() if value is not None}
    if finding.record is not None:
        properties["record"] = finding.record
    if properties:
        made["properties"] = properties
    return made


def _place(path: str, line: int | None, offset: int | None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(path)}}
    region = {
        **({"startLine": line} if line is not None else {}),
        **({"byteOffset": offset} if offset is not None else {}),
    }
    if region:
        place["region"] = region
    return {"physicalLocation": place}


def _said(place: _findings.Place) -> str:
    record = f"record {place.record}" if place.record is not None else "the file"
    return f"{record}: {terminal(place.note)}" if place.note else record


def _uri(path: str) -> str:
    """A path as a URI reference; an absolute one as a file URI."""
    made = quote(path.replace("\\", "/").encode("utf-8", "surrogatepass"), safe="/!-._~")
    return f"file://{made}" if made.startswith("/") else made
