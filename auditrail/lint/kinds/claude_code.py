"""Claude Code's settings.json, in any of its places.

Facts: Claude Code's documentation, settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section, holding

NAME = "claude-code"
TITLE = "Claude Code settings"
NEEDLES = (
    "cleanupPeriodDays", "bypassPermissions", "defaultMode", "CLAUDE_CODE_", '"permissions"', "includeCoAuthoredBy",
    "skipDangerousModePermissionPrompt", "statusLine", "enableAllProjectMcpServers", "enabledMcpjsonServers",
    "disabledMcpjsonServers", "otelHeadersHelper", "alwaysThinkingEnabled",
)  # fmt: skip

# Keys that no other program has.
_OWN = frozenset(
    (
        "cleanupPeriodDays", "includeCoAuthoredBy", "skipDangerousModePermissionPrompt", "enableAllProjectMcpServers",
        "enabledMcpjsonServers", "disabledMcpjsonServers", "otelHeadersHelper", "alwaysThinkingEnabled",
    )
)  # fmt: skip

_LISTS = ("allow", "deny", "ask")
_MODES = ("default", "acceptEdits", "plan", "dontAsk", "bypassPermissions")
_TOOL = re.compile(
    r"(?:Bash|Read|Edit|Write|WebFetch|WebSearch|Glob|Grep|Task|NotebookEdit)(?:\(.*\))?\Z|mcp__", re.DOTALL
)


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    return holding(document, _is)


def _is(node: Node) -> bool:
    if _OWN & node.mapping().keys() or values.text(node.at("statusLine", "type")) == "command":
        return True
    modes, env = node.at("permissions"), node.at("env")
    return (modes is not None and _permissions(modes)) or (
        env is not None and any(key.startswith("CLAUDE_CODE_") for key in env.mapping()) and _settings(node)
    )


def _permissions(node: Node) -> bool:
    """A mode of Claude Code, or a list in which its tools are named: other programs have permissions, too."""
    if values.text(node.at("defaultMode")) in _MODES:
        return True
    return any(_TOOL.match(item.text) for key in _LISTS for item in values.strings(node.at(key)))


def _settings(node: Node) -> bool:
    return bool(set(node.mapping()) & {"hooks", "permissions", "model", "$schema"})
