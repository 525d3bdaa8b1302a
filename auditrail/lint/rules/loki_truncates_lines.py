"""Loki cuts long lines.

Facts: Loki, limits_config.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "loki-truncates-lines"
TITLE = "Loki cuts long lines"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("loki",)
CAUSE = "truncation"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3")
EXPLAIN = (
    "With max_line_size_truncate a line longer than max_line_size (256KB) is cut, and no longer JSON: arguments at "
    "its end are gone."
)
EXAMPLE = """limits_config:
  max_line_size: 16KB
  max_line_size_truncate: true
"""
REMEDY = "raise max_line_size, and let longer lines be refused, so that the sender sees it"
CAUSES_GAPS = ("content-truncated", "record-broken", "records-quarantined")
FORMATS = ("loki",)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for the setting."""
    found = config.member("limits_config.max_line_size_truncate")
    if found is not None and values.truth(found.node) is True:
        yield Hit(
            found.line, found.column,
            f"Lines longer than {config.text('limits_config.max_line_size') or '256KB'} are cut.",
            "max_line_size_truncate: false", "truncate",
        )  # fmt: skip
