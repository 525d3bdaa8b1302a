"""What has become of arguments and results: present, empty, or redacted, hashed, truncated, offloaded.

The literals are whole values written by real tools (each with its writer); a text that merely talks of redaction
is left alone. Only a whole value counts, in a text or as any leaf of an object.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from auditrail.model import has_content

# Whole values, compared without case.
_REDACTED = frozenset(
    {
        "__redacted__",  # OpenInference
        "[redacted]",  # Strands, MLflow, LiteLLM, LLM Guard
        "redacted-by-litellm",  # LiteLLM
        "[langsmith secret]",  # LangSmith
        "<fully masked due to failed mask function>",  # Langfuse
        "<redacted>",  # Claude Code's OpenTelemetry export
        "(redacted)",
        "[filtered]",  # Sentry, Rails
        "[masked]",
        "[pii]",
        "[sensitive_data]",  # Datadog's Sensitive Data Scanner
        "hidden_due_to_security_reasons",  # CloudTrail
        "<sensitivedataremoved>",  # CloudTrail, of secrets in answers
        "<secret_hidden>",  # OpenHands
        "[removed]",
        "xxxxx",
    }
)
_REDACTED_FORMS = re.compile(
    r"\[(?:redacted|filtered|masked|removed|hidden|scrubbed|trimmed)[^\]]{0,60}\]"  # [REDACTED], [REDACTED_PERSON_1]
    r"|<_*redacted_*>|_+redacted_+"
    r"|redacted (?:input|output|content|text|value|data|arguments?|args|prompt|response|result)"
    # **REDACTED** (what OPA's examples put), --redacted--, {{redacted}}, <masked>, <redacted: email>
    r"|(?:\*+|-{2,}|#+|\{+|<)[ _]*(?:redacted|filtered|masked|removed|scrubbed)(?:[ :_-][^\]}>*#\n]{1,60})?[ _]*"
    r"(?:\*+|-{2,}|#+|\}+|>)"
    "|\u2022{3,}"  # a form's own mask
    r"|\*{3,}"  # the Collector's redaction processor (4), GitHub (3), Django (20), CloudWatch (length of the match)
    r"|<(?:[A-Z][A-Z_]{2,40})>"  # Presidio
    r"|\{[A-Z_]{3,40}\}",  # Bedrock guardrails
    re.IGNORECASE,
)
_REDACTORS = ("redact", "masked", "scrubbed")
# A mask that leaves an end readable, of a number or an address: ****4242, j***@example.com.
_PARTLY_MASKED = re.compile(r"[\w.+@*-]{6,80}")
_CASED = re.compile(r"<[A-Z][A-Z_]{2,40}>|\{[A-Z_]{3,40}\}")
_HASHED = re.compile(r"(?:sha(?:1|256|512):|md5:|blake3:)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})")
_TRUNCATED = re.compile(
    r"(?:\.\.\. ?\[truncated(?: \d+ characters)?\]"  # OpenAI Agents, LiteLLM
    # [Truncated...] (CloudWatch agent), <truncated>, (output truncated), <str len=9 truncated> (OpenAI Agents),
    # [base64_data truncated: 9 bytes] (LiteLLM), [... truncated 120 lines ...]
    r"|[\[(<](?!not |never |un)[^\[\](){}<>\n]{0,40}\btruncated\b[^\[\](){}<>\n]{0,60}[\])>]"
    r"|\*{3} [^*\n]{0,60}\btruncated \*{3}"  # MLflow
    r"|(?:\.\.\.|\u2026) ?[\[(<]\+?\d[\d,]* (?:more |other )?(?:characters|chars|bytes)"
    r"(?: more| omitted| left out)?[\])>]"
    r"|litellm_truncated[^\n]{0,80})\s*\Z",
    re.IGNORECASE,
)
# Arguments arrive as JSON text as often as parsed.
_EMPTY_JSON = frozenset({"", "{}", "[]", "null", '""'})
# First characters of everything that counts as redacted.
_MARKER_STARTS = frozenset("[<({_*rRxXhH-#\u2022")
_JSON_STARTS = frozenset('{["')
# What must stand in a JSON text that has a marker as one of its values: only then it is parsed.
_JSON_HINTS = (
    "redact", "**", "runcated", " char", " bytes", '"[', '"<', '"{', '"\\u003c', '"xxxxx', '"hidden_due', '"--', '"#',
    "\u2022\u2022\u2022", "\\u2022\\u2022\\u2022",
)  # fmt: skip
_HINTS_WITHIN = 100_000
_OBJECT_STARTS = frozenset({'{"', "[{"})
_MAX_LEAVES = 20_000


def state_of(value: Any, *, given: bool = True) -> str:
    """The state of arguments or results, one of `model.STATES`.

    Args:
        value: as parsed: text, object, array, number or None.
        given: whether the record has the field at all; a field that holds null or `{}` is `empty`.

    A value counts as redacted or truncated as soon as one leaf of it is: a part of the evidence is gone. It counts
    as hashed only if it is one hash.
    """
    if not given:
        return "absent"
    if not has_content(value):
        return "empty"
    if isinstance(value, str):
        return "empty" if value.strip() in _EMPTY_JSON else _state_of_text(value, whole=True)
    found = {_state_of_text(leaf, whole=False) for leaf in _leaves(value)}
    return next((state for state in ("redacted", "truncated") if state in found), "present")


def states_of(texts: Sequence[str]) -> list[str]:
    """The state of each of many texts: `state_of`, faster for the JSON texts of objects that hold no marker."""
    joined = "\n".join(texts).lower()
    if any(hint in joined for hint in _JSON_HINTS):
        return [state_of(text) for text in texts]
    # Nothing that counts as redacted, hashed or empty begins so, and what counts as truncated holds a hint.
    return ["present" if text[:2] in _OBJECT_STARTS else state_of(text) for text in texts]


def is_mark(text: str) -> bool:
    """Whether a text is a redactor's mark and nothing else, to the letter: it cannot hold a part of a value."""
    short = text.strip().lower()
    return short in _REDACTED or (len(short) >= 3 and not short.strip("*"))


def redaction_pattern() -> str:
    """All marks of redaction as one regular expression without groups, to be compared without case (RE2, too)."""
    return "(?:" + "|".join((*map(re.escape, sorted(_REDACTED)), _REDACTED_FORMS.pattern)) + ")"


def _state_of_text(text: str, *, whole: bool) -> str:
    # Cheap looks first: this runs for every leaf of every argument, and almost none of them is a marker.
    length = len(text)
    if length <= 120:
        short = text.strip()
        if short and short[0] in _MARKER_STARTS and (short.lower() in _REDACTED or _is_redacted_form(short)):
            return "redacted"
        if "***" in short and _is_partly_masked(short):
            return "redacted"
        if whole and length >= 32 and " " not in short and _HASHED.fullmatch(short):
            return "hashed"
    if whole and text.lstrip()[:1] in _JSON_STARTS:
        start = text[:_HINTS_WITHIN].lower()
        found = _state_of_json_text(text) if any(hint in start for hint in _JSON_HINTS) else None
        if found is not None:
            return found
    tail = text[-120:]
    lowered = tail.lower()
    if ("runcated" in lowered or " char" in lowered or " bytes" in lowered) and _TRUNCATED.search(
        text, max(0, length - 120)
    ):
        return "truncated"
    return "present"


def _is_partly_masked(text: str) -> bool:
    # A digit or an address tells a masked value from ***emphasis***.
    return bool(_PARTLY_MASKED.fullmatch(text)) and ("@" in text or any(map(str.isdigit, text)))


def _is_redacted_form(text: str) -> bool:
    if text == "REDACTED":  # in small letters it is a word as any other
        return True
    if not _REDACTED_FORMS.fullmatch(text):
        return False
    # `<person>` and `{name}` in lower case are placeholders of templates, not marks of a redactor.
    return text[0] not in "<{" or any(word in text.lower() for word in _REDACTORS) or bool(_CASED.fullmatch(text))


def _state_of_json_text(text: str) -> str | None:
    """By the values of the JSON that the text is; None if it is none, as where the cut took its end."""
    from auditrail.errors import RecordError
    from auditrail.jsontext import parse

    try:
        value, _ = parse(text.encode("utf-8", "surrogatepass"))
    except RecordError:
        return None
    if isinstance(value, str):
        return _state_of_text(value, whole=False)
    return state_of(value) if isinstance(value, (dict, list)) else "present"


def _leaves(value: Any) -> list[str]:
    leaves: list[str] = []
    stack = [value]
    while stack and len(leaves) < _MAX_LEAVES:
        item = stack.pop()
        if isinstance(item, str):
            leaves.append(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return leaves
