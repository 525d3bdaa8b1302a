"""Docker keeps no output of containers.

Facts: Docker, logging drivers.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import docker_logging
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "docker-log-none"
TITLE = "Docker keeps no output of containers"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("docker-logging",)
CAUSE = "logging-disabled"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "The driver none keeps nothing of what a container writes to its output: an agent that logs there leaves no record."
)
EXAMPLE = """{"log-driver": "none"}
"""
REMEDY = "use journald, local, or a driver that sends away"
CAUSES_GAPS = ("stream-absent", "run-not-held")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for the setting."""
    found = config.member(*docker_logging.DRIVER)
    if found is not None and values.text(found.node) == "none":
        yield Hit(
            found.line, found.column, "What containers write is not kept.",
            f"{found.key}: local, and a collector", "driver",
            severity="medium" if config.scope else None,  # of one service, which may be no agent's
        )  # fmt: skip
