"""Gap rules for people: the list of all, one explained with its query, and the cards that reports carry."""

from __future__ import annotations

from difflib import get_close_matches

from auditrail.errors import UsageError
from auditrail.gaps.rule import Rule, rules
from auditrail.gaps.terms import SEVERITIES
from auditrail.report.gap_types import GapsReport, RuleCard
from auditrail.report.types import Column, Listing

_CONFIDENCE = {
    "proven": "the records prove it",
    "strong": "hard to explain otherwise",
    "weak": "an indication: look at it",
}


def listing() -> Listing:
    """Every rule, the gravest first, then by name."""
    columns = (
        Column("severity", "severity", "id"),
        Column("id", "rule", "id"),
        Column("title", "finds"),
        Column("cause", "cause"),
        Column("confidence", "confidence"),
        Column("evidence", "evidence", detail=True),
        Column("scope", "scope", detail=True),
        Column("controls", "asked for by", "list"),
        Column("layers", "needs layers", "list", detail=True),
        Column("params", "parameters", "list", detail=True),
    )
    ordered = sorted(rules().values(), key=lambda rule: (SEVERITIES.index(rule.severity), rule.id))
    rows = tuple(
        (
            rule.severity, rule.id, rule.title, rule.cause, rule.confidence, rule.evidence, rule.scope,
            list(rule.controls), list(rule.layers), [f"{name}={value}" for name, value in rule.params.items()],
        )
        for rule in ordered
    )  # fmt: skip
    notes = (
        "Severity, confidence, cause and evidence are those of most findings of a rule; a finding may differ.",
        "auditrail rules RULE tells of one: the risk, an example, what to change, and its query.",
    )
    return Listing("rules", "rules", f"{len(rows)} rules", columns, rows, {}, notes)


def explained(name: str) -> Listing:
    """One rule: what it finds, the risk, an example, what to change, and the query.

    Raises:
        UsageError: there is no rule of that id; the hint names the nearest, or lists all.
    """
    rule = rules().get(name)
    if rule is None:
        near = get_close_matches(name, rules(), 3, 0.5)
        raise UsageError(f"there is no rule {name!r}", hint=f"rules: {', '.join(near or rules())}")
    columns = (Column("facet", "about", "id"), Column("text", "text"))
    extra = {
        "rule": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "cause": rule.cause,
        "evidence": rule.evidence,
        "scope": rule.scope,
        "controls": list(rule.controls),
        "params": dict(rule.params),
        "remedies": dict(rule.remedies),
        "sql": rule.sql,
    }
    notes = (f"Run the query by hand: auditrail rules {rule.id} --sql | auditrail query -",)
    return Listing(
        "rule", "facets", f"{rule.id}: {rule.title}", columns, tuple(_facets(rule)), extra, notes, verbatim=rule.sql
    )


def _facets(rule: Rule) -> list[tuple[str, str]]:
    made = [
        ("severity", rule.severity),
        ("confidence", f"{rule.confidence}: {_CONFIDENCE[rule.confidence]}"),
        ("cause", f"{rule.cause}, on evidence that is {rule.evidence}"),
        ("tells", rule.explains),
        ("risk", rule.risk),
        ("example", rule.example),
        ("change", rule.remedy),
        *((f"change, {name}", text) for name, text in sorted(rule.remedies.items())),
    ]
    if rule.controls:
        made.append(("asked for by", "; ".join(rule.controls)))
    if rule.layers:
        made.append(("needs", f"records of layer {' and '.join(rule.layers)}, or else it can't judge"))
    if rule.columns:
        made.append(("needs", f"something in one of the columns {', '.join(rule.columns)}, or else it can't judge"))
    for name, value in rule.params.items():
        made.append(("parameter", f"{name} = {value} ([gaps.rules.{rule.id}] in auditrail.toml)"))
    return made


def described(report: GapsReport) -> GapsReport:
    """The report with a card for each rule: what it looks for, and whether it could judge."""
    reasons = dict(report.not_judged)
    judged = set(report.judged) or set(rules()) - set(reasons)
    return report._replace(
        rules=tuple(
            RuleCard(
                rule.id, rule.title, rule.severity, rule.confidence, rule.cause, rule.risk, rule.example, rule.remedy,
                rule.controls, rule.id in judged, reasons.get(rule.id, ""),
            )
            for rule in rules().values()
        )
    )  # fmt: skip
