"""OPA writes no decision log.

Facts: OPA, v1/plugins/logs/plugin.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "opa-no-decision-log"
TITLE = "OPA writes no decision log"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("opa",)
CAUSE = "logging-disabled"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "Decisions are logged only if decision_logs names a service, a plugin or the console. With none of them and no "
    "services to choose from, no decision is kept."
)
EXAMPLE = """decision_logs:
  reporting: {min_delay_seconds: 5}
"""
REMEDY = "name a service, or set console: true and collect the container's output"
CAUSES_GAPS = ("stream-absent", "tool-without-decision")
FORMATS = ("opa",)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a configuration without a sink."""
    found = config.member("decision_logs")
    if config.member("discovery") is not None:  # the rest of the configuration comes from a bundle
        return
    if found is None:
        yield Hit(
            config.line, config.column, "There is no decision_logs: no decision is kept.",
            "decision_logs.service: NAME", "decision_logs",
        )  # fmt: skip
    elif not any(config.text(f"decision_logs.{key}") for key in ("service", "plugin")) and not _console(config):
        # A service that is not named is the first one, as long as the console is not on.
        opened = any(config.member(f"decision_logs.{key}") for key in ("service", "plugin", "console"))
        services = config.member("services")
        if services is None and not opened:
            yield Hit(
                found.line, found.column, "decision_logs has no service, no plugin and no console: nothing is kept.",
                "service: NAME, or console: true", "decision_logs",
            )  # fmt: skip
        elif config.truth("decision_logs.console") is False and services is None:
            yield Hit(
                found.line, found.column, "The console is off, and there is no service: no decision is kept.",
                "service: NAME, or console: true", "decision_logs",
            )  # fmt: skip


def _console(config: Section) -> bool:
    return config.truth("decision_logs.console") is True
