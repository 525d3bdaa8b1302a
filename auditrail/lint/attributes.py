"""Names of attributes that matter: by which records are joined, and in which contents stand.

Names: OpenTelemetry semantic conventions for GenAI and MCP, OpenInference, OpenLLMetry (the readers' vocabularies).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Without them records of different streams, or of one run, cannot be put together.
IDS = (
    "session.id", "gen_ai.conversation.id", "gen_ai.response.id", "gen_ai.tool.call.id", "gen_ai.agent.id",
    "mcp.session.id", "jsonrpc.request.id", "traceloop.association.properties.session_id", "session_id", "run_id",
    "run.id", "trace_id", "span_id", "request_id", "request.id", "conversation_id", "thread_id", "decision_id",
    "tool_call_id", "correlation_id", "correlation.id",
)  # fmt: skip
# Who did it: without them a run has no agent and no tool.
NAMES = ("gen_ai.agent.name", "gen_ai.tool.name", "gen_ai.operation.name", "service.name", "gen_ai.request.model")
ARGUMENTS = (
    "gen_ai.tool.call.arguments", "input.value", "traceloop.entity.input", "tool.parameters", "tool_input", "arguments",
)  # fmt: skip
RESULTS = ("gen_ai.tool.call.result", "output.value", "traceloop.entity.output", "tool_response", "tool_output")
MESSAGES = (
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.prompt",
    "gen_ai.completion", "llm.input_messages", "llm.output_messages", "prompt", "completion",
)  # fmt: skip
TOKENS = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "llm.token_count.prompt")
# What a policy or a guardrail decided.
DECISIONS = ("policy.decision", "gen_ai.guardrail.action", "decision", "authz.decision")
FIELDS = {"args": ARGUMENTS, "result": RESULTS, "messages": MESSAGES}
CONTENTS = ARGUMENTS + RESULTS + MESSAGES


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that a regular expression finds something in, as RE2 does without anchors; none if it is no pattern."""
    if len(pattern) > 500:
        return []
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return []
    return [name for name in names if compiled.search(name)]


def fields_of(names: Iterable[str]) -> tuple[str, ...]:
    """`args`, `result`, `messages`: which contents stand under these names (or below one of them)."""
    names = list(names)
    return tuple(
        field for field, known in FIELDS.items() if any(n == k or n.startswith(f"{k}.") for n in names for k in known)
    )


def is_id(name: str) -> bool:
    """Whether records are joined by the attribute."""
    return name.lower() in IDS


def is_content(name: str) -> bool:
    """Whether arguments, results or messages stand in the attribute."""
    return any(name == known or name.startswith(f"{known}.") for known in CONTENTS)
