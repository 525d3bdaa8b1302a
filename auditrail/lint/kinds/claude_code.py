"""Claude Code's settings.json, in any of its places.

Facts: Claude Code's documentation, settings.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section

NAME = "claude-code"
TITLE = "Claude Code settings"
NEEDLES = ("cleanupPeriodDays", "bypassPermissions", "defaultMode", "CLAUDE_CODE_")


_PERMISSIONS = frozenset(("allow", "deny", "ask", "defaultMode", "additionalDirectories"))


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    for root in document.roots:
        for node in root.walk():
            if node.members is not None and _is(node):
                yield Section(document, node)


def _is(node: Node) -> bool:
    if "cleanupPeriodDays" in node.mapping():
        return True
    modes, env = node.at("permissions"), node.at("env")
    return (modes is not None and bool(set(modes.mapping()) & _PERMISSIONS)) or (
        env is not None and any(key.startswith("CLAUDE_CODE_") for key in env.mapping()) and _settings(node)
    )


def _settings(node: Node) -> bool:
    return bool(set(node.mapping()) & {"hooks", "permissions", "model", "$schema"})
