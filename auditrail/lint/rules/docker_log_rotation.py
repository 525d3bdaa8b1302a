"""Docker deletes old output of containers.

Facts: Docker, json-file logging driver.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import docker_logging
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "docker-log-rotation"
TITLE = "Docker deletes old output of containers"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("docker-logging",)
CAUSE = "retention"
CONTROLS = ("NIST 800-53 AU-11", "NIST 800-53 AU-4")
EXPLAIN = (
    "json-file and local keep max-file files of max-size for each container, and delete older output: what is left "
    "is a matter of how much was written."
)
EXAMPLE = """{"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}
"""
REMEDY = "collect the output as it is written; rotation protects the disk, and is no store"
CAUSES_GAPS = ("stream-expired", "stream-cut")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a bound of the drivers that keep files on the machine."""
    driver = config.text(*docker_logging.DRIVER)
    found = config.member(*(f"{key}.max-size" for key in docker_logging.OPTIONS))
    size = values.text(found.node) if found is not None else None
    if found is not None and size and size != "-1" and driver in (None, "json-file", "local"):
        files = config.number(*(f"{key}.max-file" for key in docker_logging.OPTIONS)) or (5 if driver == "local" else 1)
        yield Hit(
            found.line, found.column,
            f"Of each container {files:g} file{'s' if files != 1 else ''} of {size} stay: older output is deleted.",
            "a collector that reads the files as they are written", "rotation",
        )  # fmt: skip
