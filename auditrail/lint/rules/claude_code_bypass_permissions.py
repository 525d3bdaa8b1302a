"""Claude Code asks for no permission.

Facts: Claude Code, settings (permissions).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "claude-code-bypass-permissions"
TITLE = "Claude Code asks for no permission"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("claude-code",)
CAUSE = "policy-missing"
CONTROLS = ("EU AI Act 14(4)", "NIST 800-53 AU-12")
EXPLAIN = "In the mode bypassPermissions tools run without being asked for: no record says who allowed what."
EXAMPLE = """{"permissions": {"defaultMode": "bypassPermissions"}}
"""
REMEDY = "use default or acceptEdits with allow and deny lists; set disableBypassPermissionsMode in managed settings"
CAUSES_GAPS = ("tool-without-decision", "call-not-asked")
FORMATS = ("claude_code",)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for the setting."""
    found = config.member("permissions.defaultMode")
    if found is not None and values.text(found.node) == "bypassPermissions":
        yield Hit(
            found.line, found.column, "Tools run without a decision: nothing says who allowed what.",
            '"defaultMode": "default"', "defaultMode",
        )  # fmt: skip
