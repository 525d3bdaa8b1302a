"""Lint rules for people: the list of all, and one explained."""

from __future__ import annotations

from difflib import get_close_matches

from auditrail.errors import UsageError
from auditrail.gaps.terms import SEVERITIES
from auditrail.lint.rule import rules
from auditrail.report.types import Column, Listing


def listing() -> Listing:
    """Every lint rule, the gravest first, then by name."""
    columns = (
        Column("severity", "severity", "id"),
        Column("id", "rule", "id"),
        Column("kinds", "looks at", "list"),
        Column("cause", "cause", "id"),
        Column("title", "finds"),
        Column("confidence", "confidence", "id", detail=True),
        Column("controls", "asked for by", "list", detail=True),
        Column("params", "parameters", "list", detail=True),
        Column("causes_gaps", "seen by gap rules", "list", detail=True),
    )
    ordered = sorted(rules().values(), key=lambda rule: (SEVERITIES.index(rule.severity), rule.id))
    rows = tuple(
        (
            rule.severity, rule.id, list(rule.kinds), rule.cause, rule.title, rule.confidence, list(rule.controls),
            [f"{name}={value:g}" for name, value in rule.params.items()], list(rule.causes_gaps),
        )
        for rule in ordered
    )  # fmt: skip
    notes = (
        "Severity and confidence are those of most findings of a rule; a finding may differ.",
        "auditrail lint --explain RULE tells of one: why, an example, what to change.",
    )
    return Listing("lint-rules", "rules", f"{len(rows)} lint rules", columns, rows, {}, notes)


def explained(name: str) -> Listing:
    """One lint rule: what it finds, why, an example, what to change.

    Raises:
        UsageError: there is no rule of that id; the hint names the nearest.
    """
    rule = rules().get(name)
    if rule is None:
        near = get_close_matches(name, rules(), 3, 0.5)
        raise UsageError(
            f"there is no lint rule {name!r}",
            hint=f"rules: {', '.join(near)}" if near else "auditrail lint --list-rules",
        )
    facets = [
        ("severity", rule.severity),
        ("confidence", rule.confidence),
        ("cause", rule.cause),
        ("looks at", ", ".join(rule.kinds)),
        ("why", rule.explain),
        ("change", rule.remedy),
    ]
    if rule.controls:
        facets.append(("asked for by", "; ".join(rule.controls)))
    if rule.causes_gaps:
        facets.append(("seen later by", ", ".join(rule.causes_gaps)))
    for key, value in rule.params.items():
        facets.append(("parameter", f"{key} = {value:g} ([lint.rules.{rule.id}] in auditrail.toml)"))
    extra = {
        "rule": rule.id, "title": rule.title, "severity": rule.severity, "confidence": rule.confidence,
        "cause": rule.cause, "kinds": list(rule.kinds), "controls": list(rule.controls),
        "params": dict(rule.params), "causes_gaps": list(rule.causes_gaps), "example": rule.example,
    }  # fmt: skip
    columns = (Column("facet", "about", "id"), Column("text", "text"))
    return Listing(
        "lint-rule", "facets", f"{rule.id}: {rule.title}", columns, tuple(facets), extra, verbatim=rule.example
    )
