"""Hand-made gaps reports: a quarter with every kind of part, one of hostile text, one where nothing is wrong."""

# ruff: noqa: E501 - tables of made-up findings

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from auditrail.report.gap_types import (
    Coverage,
    CoverageDay,
    Deletion,
    Estimate,
    Evidence,
    FieldHeld,
    Gap,
    GapsReport,
    Grades,
    Period,
    Retention,
    Waived,
)

FIRST, DAYS = date(2026, 7, 1), 92
LAYERS = ("agent", "llm", "tool", "policy")
AGENTS = ("refunds-agent", "kyc-agent", "invoice-agent-eu", "triage", "nightly-report")
INVENTORY = "the inventory scheduler.csv"


def at(day: str, clock: str = "00:00:00") -> int:
    """Nanoseconds of a moment, UTC."""
    return int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def days() -> tuple[CoverageDay, ...]:
    """Four runs a day of each agent but on Sundays; the gateway is out for three days, and policy is siloed for one."""
    made = []
    for agent in AGENTS:
        for number in range(DAYS):
            day = FIRST + timedelta(days=number)
            if day.weekday() == 6 and agent != "nightly-report":
                continue
            for layer in LAYERS:
                seen = 4
                if layer == "llm" and date(2026, 8, 11) <= day <= date(2026, 8, 13):
                    seen = 0
                if layer == "policy" and agent == "kyc-agent" and day >= date(2026, 9, 14):
                    seen = 1
                if layer == "tool" and agent == "triage":
                    seen = 3
                made.append(CoverageDay(agent, layer, day.isoformat(), 4, seen))
    return tuple(made)


def coverage(cells: tuple[CoverageDay, ...]) -> tuple[Coverage, ...]:
    made = []
    for agent in AGENTS:
        for layer in LAYERS:
            mine = [cell for cell in cells if (cell.agent, cell.layer) == (agent, layer)]
            expected, seen = sum(cell.runs_expected for cell in mine), sum(cell.runs_seen for cell in mine)
            silent = tuple(cell.day for cell in mine if cell.runs_seen == 0)
            calls = seen * 3 if layer == "tool" else 0
            readable = calls - calls // 3 if agent == "refunds-agent" else calls
            made.append(Coverage(agent, layer, expected, INVENTORY, seen, seen - 7, calls, readable, silent))
    return tuple(made)


def gap(rule: str, cause: str, severity: str, title: str, **more: Any) -> Gap:
    fields: dict[str, Any] = {
        "confidence": "strong",
        "explanation": f"why {title}",
        "remedy": f"what to change: {rule}",
        "proof": "counted",
    }
    return Gap(rule=rule, cause=cause, severity=severity, title=title, **{**fields, **more})


def findings() -> tuple[Gap, ...]:
    spans, opa = "evidence/otel/spans.jsonl", "evidence/opa/decisions.jsonl"
    return (
        gap(
            "denied-but-executed", "policy-missing", "critical", "kyc-agent: 2 call(s) of close_account ran although denied",
            explanation="opa denied 2 call(s), and the tool's own log shows that they ran", agent="kyc-agent",
            layer="tool", stream="accounts-api", tool="close_account", confidence="proven", proof="cross-witness",
            first_ns=at("2026-09-15", "09:12:44"), last_ns=at("2026-09-21", "16:02:10"), count=2,
            runs=("run-0b71c2", "run-9f02aa"), controls=("OWASP ASI03", "NIST 800-53 AU-12"),
            evidence=(Evidence(opa, 8127, "decision DENY"), Evidence("evidence/cw/accounts-api.json", 551, "account closed")),
            remedy="let the tool's own service ask for the decision, and refuse where there is none",
        ),
        gap(
            "stream-silent", "outage", "high", "litellm wrote nothing for 2 d 23 h while 5 agents ran",
            explanation="The longest silence of litellm before was 41 min; 72 runs of those days have no model record",
            layer="llm", stream="litellm", first_ns=at("2026-08-11", "00:10:00"), last_ns=at("2026-08-13", "23:40:00"),
            count=72, runs=tuple(f"run-{number:04x}" for number in range(0x1A00, 0x1A48)), proof="statistical",
            controls=("PCI DSS 10.7", "NIST 800-53 AU-5"),
            evidence=(Evidence("evidence/gateway/litellm.jsonl", 40211, "last record before"),
                      Evidence("evidence/gateway/litellm.jsonl", 40212, "first record after")),
            remedy="alert when litellm is silent for more than an hour, and buffer its log on disk",
        ),
        *(
            gap(
                "run-without-end", "crash", "high", f"{agent}: {count} run(s) began and never ended",
                explanation=f"{agent}.jsonl writes when a run ends, and holds no end of {count} run(s)", agent=agent,
                layer="agent", stream=f"{agent}.jsonl", first_ns=at("2026-07-03", "08:00:01"),
                last_ns=at("2026-09-30", "22:10:09"), count=count, runs=tuple(f"{agent}-{n}" for n in range(count)),
                controls=("EU AI Act 12(1)",), evidence=(Evidence(f"evidence/agent/{agent}.jsonl", 77, "last record"),),
                remedy="write the end of a run in a handler that also runs on errors and signals",
            )
            for agent, count in (("refunds-agent", 14), ("triage", 3))
        ),
        gap(
            "trace-sampled", "sampling", "high", "triage: 23 run(s) have no spans, and their trace ids lie above the threshold",
            agent="triage", layer="tool", stream="otel/spans", first_ns=at("2026-07-01", "00:00:10"),
            last_ns=at("2026-09-30", "23:50:00"), count=23, runs=tuple(f"t-{n}" for n in range(23)), confidence="proven",
            proof="statistical", evidence=(Evidence(spans, 3, "every trace kept lies below 0x40000000000000"),),
            remedy="set OTEL_TRACES_SAMPLER=parentbased_always_on for agents, or sample in the tail by outcome",
        ),
        gap(
            "content-redacted", "redaction", "medium", "refunds-agent: arguments of issue_refund redacted in 312 call(s)",
            agent="refunds-agent", layer="tool", stream="refunds-agent.jsonl", tool="issue_refund", confidence="proven",
            proof="declared", first_ns=at("2026-07-01", "06:00:00"), last_ns=at("2026-09-30", "20:00:00"), count=312,
            runs=tuple(f"r-{n}" for n in range(105)), evidence=(Evidence("evidence/agent/refunds-agent.jsonl", 44, "[REDACTED]"),),
            remedy="keep a keyed digest of what is redacted, so that two records can still be compared",
        ),
        gap(
            "zone-assumed", "clock", "low", "nightly-report: times of 9 record(s) carry no zone, taken as UTC",
            agent="nightly-report", stream="report.log", count=9, confidence="proven", proof="declared",
            evidence=(Evidence("evidence/report.log", None, "no zone in any record"),),
        ),
    )  # fmt: skip


def quarter(**more: Any) -> GapsReport:
    """A quarter of five agents."""
    cells = days()
    expired = gap("truncated-at-limit", "truncation", "medium", "invoice-agent-eu: results cut at 32,768 characters")
    fields: dict[str, Any] = {
        "period": Period(at("2026-07-01"), at("2026-10-01"), "2026Q3"),
        "held": (at("2026-07-01", "00:00:10"), at("2026-09-30", "23:58:41")),
        "runs_expected": 1690,
        "expected_from": INVENTORY,
        "runs_seen": 1672,
        "runs_complete": 1380,
        "coverage": coverage(cells),
        "days": cells,
        "grades": (
            Grades(None, 1380, 251, 41, (("no record of a model", 72), ("the run never ended", 17))),
            *(Grades(agent, 280, 50, 8, (("no record of a model", 14),)) for agent in AGENTS),
        ),
        "estimates": (
            Estimate(
                "sampling-rate", "triage", "otel/spans", 0.25, 0.21, 0.29, "largest surviving trace id",
                "91 traces kept, none above the threshold", "About one in four traces of triage was kept.",
            ),
            Estimate(
                "unseen-runs", None, None, 6.0, 1.0, 14.0, "Chapman", "agent: 1,650 runs, litellm: 1,590, both: 1,574",
                "About 6 runs are in no stream, if the two streams lose runs independently.",
            ),
        ),
        "gaps": findings(),
        "retention": (
            Retention("EU AI Act", "19(1)", 183, "litellm", at("2026-07-01"), 91, "shorter", at("2026-04-01")),
            Retention("SOC 2", "CC7.2", None, "litellm", at("2026-07-01"), 91, "not-judged"),
        ),
        "fields": (FieldHeld("NIST 800-53", "AU-3", "identity", 8_120, 9_004),),
        "deletions": (Deletion("/aws/lambda/accounts-api", 30, at("2026-10-05"), "retentionInDays of the log group"),),
        "waived": (
            Waived(expired, "known limit of the exporter, ticket SEC-81", "2026-08-31", True),
            Waived(findings()[-1], "clock set to UTC by policy", "2027-01-31", False),
        ),
        "known": 2,
        "notes": ("The quarter is counted in UTC.",),
        "not_checked": (
            "hash chains and signatures of the sources: auditrail verify",
            "decision-undefined: cannot-judge: no record of layer policy is held",
        ),
    }  # fmt: skip
    return GapsReport(**{**fields, **more})


def clean() -> GapsReport:
    """Nothing is missing."""
    return GapsReport(
        Period(None, None, "all"), (at("2026-07-01"), at("2026-07-01", "10:00:00")), 3, "the streams that name runs", 3, 3,
    )  # fmt: skip


def empty() -> GapsReport:
    """Nothing could be judged."""
    return GapsReport(Period(None, None, "all"), (None, None), 0, "nothing", 0, 0)


def hostile(text: str) -> GapsReport:
    """The same text wherever a log, a path or a configuration could bring it in."""
    bad = Gap(
        text, text, text, text, text, text, text, agent=text, layer=text, stream=text, tool=text, first_ns=-(2**62),
        last_ns=2**62, count=1, runs=(text, text), evidence=(Evidence(text, 1, text), Evidence(text, None, text)),
        controls=(text,), proof=text,
    )  # fmt: skip
    return GapsReport(
        Period(-(2**62), 2**62, text),
        (-(2**62), 2**62),
        2,
        text,
        1,
        0,
        coverage=(Coverage(text, text, 2, text, 1, 0, 3, 1, (text,)), Coverage(None, "llm", 0, text, 0, 0, 0, 0, ())),
        days=(CoverageDay(text, text, "2026-07-01", 2, 1), CoverageDay(None, "llm", "1677-09-21", 0, 0)),
        grades=(Grades(text, 0, 1, 1, ((text, 1),)), Grades(None, 0, 1, 1)),
        estimates=(Estimate(text, text, text, 1.5, 0.5, 2.5, text, text, text),),
        gaps=(bad, bad),
        retention=(Retention(text, text, 1, text, None, None, text),),
        fields=(FieldHeld(text, text, text, 1, 0),),
        deletions=(Deletion(text, None, None, text),),
        waived=(Waived(bad, text, text, True),),
        known=1,
        notes=(text,),
        not_checked=(text,),
    )
