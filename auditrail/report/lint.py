"""Configuration checks as a report: findings with waivers and cards of rules, and what was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditrail.gaps import frameworks
from auditrail.lint import engine
from auditrail.lint.context import Evidence
from auditrail.lint.rule import Rule, rules
from auditrail.lint.settings import LintSettings, Waiver
from auditrail.report.gap_types import RuleCard
from auditrail.report.lint_types import LintConfig, LintFinding, LintPlace, LintReport, LintWaived
from auditrail.text import digest

# Longest line that is kept for showing.
_LINE = 400


@dataclass(frozen=True, slots=True)
class Judging:
    """How it is judged: settings, frameworks beside theirs, when a check fails, and the day that waivers count from."""

    settings: LintSettings
    require: tuple[str, ...] = ()
    fail_on: str = "medium"
    today: str = ""
    evidence: Evidence | None = None


def lint(paths: Sequence[str], judging: Judging) -> LintReport:
    """Looks at configuration below the paths.

    Raises:
        UsageError: there is no framework of a name that was given.
    """
    chosen = frameworks.select((*judging.settings.require, *judging.require))
    looked = engine.look(paths, chosen, dict(judging.settings.params), judging.evidence)
    findings = _findings(looked)
    kept, waived, notes = _waived(findings, judging)
    return LintReport(
        findings=kept,
        waived=waived,
        configs=tuple(LintConfig(*each) for each in looked.configs),
        files=looked.files,
        unread=tuple(LintPlace(*each) for each in looked.unread),
        remarks=tuple(LintPlace(*each) for each in looked.remarks),
        rules=_cards(looked),
        notes=notes,
        not_checked=_not_checked(looked),
        fail_on=judging.fail_on,
    )


def _findings(looked: engine.Looked) -> list[LintFinding]:
    made = []
    seen: dict[str, int] = {}
    for each in looked.findings:
        rule, hit = each.rule, each.hit
        key = f"{rule.id}\x00{each.path}\x00{each.scope}\x00{hit.subject}"
        number = seen[key] = seen.get(key, 0) + 1
        made.append(
            LintFinding(
                rule=rule.id,
                title=rule.title,
                cause=hit.cause or rule.cause,
                severity=hit.severity or rule.severity,
                confidence=hit.confidence or rule.confidence,
                controls=rule.controls,
                message=hit.message,
                change=hit.change,
                path=each.path,
                line=hit.line,
                column=hit.column,
                text=each.text[:_LINE],
                kind=each.kind,
                scope=each.scope,
                subject=hit.subject,
                fields=hit.fields,
                fingerprint=digest(f"{key}\x00{number}", digits=64).removeprefix("blake3:"),
            )
        )
    return made


def _waived(
    findings: list[LintFinding], judging: Judging
) -> tuple[tuple[LintFinding, ...], tuple[LintWaived, ...], tuple[str, ...]]:
    """What stays, what is accepted, and what is to be said of waivers that end or meet nothing."""
    waivers = judging.settings.waivers
    live = [each for each in waivers if each.until >= judging.today]
    used: set[Waiver] = set()
    kept, waived = [], []
    for finding in findings:
        fit = [each for each in waivers if _covers(each, finding)]
        used |= set(fit)
        accepted = next((each for each in fit if each in live), None)
        if accepted is None:
            kept.append(finding)
        else:
            waived.append(LintWaived(finding, accepted.reason, accepted.until))
    notes = []
    for each in waivers:
        where = ", ".join(f"{name} {glob}" for name, glob in each.where)
        if each not in used:
            notes.append(f"the waiver for {where} (until {each.until}) meets no finding here")
        elif each not in live:
            notes.append(f"the waiver for {where} ended on {each.until} and is not applied: {each.reason}")
    if waivers:
        notes.append(f"waivers are judged on {judging.today}")
    return tuple(kept), tuple(waived), tuple(notes)


def _covers(waiver: Waiver, finding: LintFinding) -> bool:
    return waiver.covers(rule=finding.rule, path=finding.path, kind=finding.kind, subject=finding.subject)


def _cards(looked: engine.Looked) -> tuple[RuleCard, ...]:
    kinds = {each.kind for each in looked.configs}
    return tuple(_card(rule, kinds, looked.failed.get(rule.id)) for rule in rules().values())


def _card(rule: Rule, kinds: set[str], failed: str | None) -> RuleCard:
    lacking = not kinds & set(rule.kinds)
    reason = f"failed: {failed}" if failed else f"no configuration of {' or '.join(rule.kinds)} here" if lacking else ""
    return RuleCard(
        rule.id, rule.title, rule.severity, rule.confidence, rule.cause, rule.explain, rule.example, rule.remedy,
        rule.controls, not reason, reason,
    )  # fmt: skip


def _not_checked(looked: engine.Looked) -> tuple[str, ...]:
    made = [f"rule {rule}: it failed: {reason}" for rule, reason in looked.failed.items()]
    if looked.unread:
        made.append(f"{len(looked.unread):,} files or texts could not be read: they are listed")
    made.append("what programs set at run time, and values that come from the environment or from templates")
    return tuple(made)
