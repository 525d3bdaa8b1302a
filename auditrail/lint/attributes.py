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
# What of all this stands at a resource, and not at a record.
RESOURCE = ("service.name", "session.id")
# What a policy or a guardrail decided.
DECISIONS = ("policy.decision", "gen_ai.guardrail.action", "decision", "authz.decision")
# Escapes and classes of characters, in which no sign repeats anything.
_UNREPEATED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
# Values that are no secret and stand in most records.
_HARMLESS = {
    "trace ids": "4bf92f3577b34da6a3ce929d0e0e4736",
    "UUIDs": "7e1b6c3a-9f52-4d0e-8a41-2c6f0d9b5e73",
    "times": "2026-03-01T10:00:00Z",
    "any text": "lorem ipsum",
    "numbers": "42",
    "numbers of ten digits": "1772359200",
}
_LONGEST = 500
_REPEATS = 8
FIELDS = {"args": ARGUMENTS, "result": RESULTS, "messages": MESSAGES}
CONTENTS = ARGUMENTS + RESULTS + MESSAGES


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that a regular expression finds something in, as RE2 does without anchors.

    None if it is no pattern, or one that takes RE2 no time and Python's engine for ever: then nothing is known of it.
    """
    if len(pattern) > _LONGEST or not _is_tame(pattern):
        return []
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return []
    return [name for name in names if compiled.search(name)]


def harmless(pattern: str) -> list[str]:
    """Which values that are no secret a pattern takes: `trace ids`, `UUIDs`, `times`, `any text`, `numbers`..."""
    found = [name for name, value in _HARMLESS.items() if matching(pattern, (value,))]
    return [name for name in found if not (name == "numbers of ten digits" and "numbers" in found)]


def _is_tame(pattern: str) -> bool:
    """Whether no group that repeats holds a repetition or a choice, and few things repeat without a bound."""
    bare = _UNREPEATED.sub("a", pattern)
    groups, repeats = [False], 0
    for at, char in enumerate(bare):
        if char == "(":
            groups.append(False)
        elif char == ")" and len(groups) > 1:
            inner = groups.pop()
            if inner and bare[at + 1 : at + 2] in ("*", "+", "{"):
                return False
            groups[-1] = groups[-1] or inner
        elif char in "*+{|":
            groups[-1] = True
            repeats += char != "|"
    return repeats <= _REPEATS


def fields_of(names: Iterable[str]) -> tuple[str, ...]:
    """`args`, `result`, `messages`: which contents stand under these names (or below one of them)."""
    names = list(names)
    return tuple(
        field for field, known in FIELDS.items() if any(n == k or _is_below(n, k) for n in names for k in known)
    )


def is_id(name: str) -> bool:
    """Whether records are joined by the attribute."""
    return name.lower() in IDS


def is_content(name: str) -> bool:
    """Whether arguments, results or messages stand in the attribute."""
    return any(name == known or _is_below(name, known) for known in CONTENTS)


def _is_below(name: str, known: str) -> bool:
    """Whether a name is a part of a known one; one of a single word (`prompt`) has none: `prompt.id` is another's."""
    return "." in known and name.startswith(f"{known}.")
