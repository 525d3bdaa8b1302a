"""Layer and kind of a generic record: from its event name, and where that is silent from the fields it has.

The order of decision, all words being in `_aliases.toml`:

1. The whole event name, if it is one of `[names]`, or a decision word (`BLOCKED`) beside a tool, policy, rule or agent.
2. A name of at most five words: its subject (tool, llm, ...) and its phase (begin, finish, fail, error).
3. The fields: a decision; a tool with a result, or with a status, a duration or an error (`result`), or with
   arguments alone (`call`); a model with tokens or content; an error; else `log`.
4. A call, result or log that tells both its begin and its end is a `span`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from auditrail.readers._aliases import fold, table, words_of

# What a record has, as bits; see `classify`.
TOOL, ARGS, RESULT, DECISION, MODEL, TOKENS, AGENT, RUN, ERROR, SPAN, DONE, BEGUN, POLICY = (1 << n for n in range(13))

# More words than this are a sentence and not the name of an event.
_MAX_WORDS = 5
_PHASES = ("error", "fail", "finish", "begin")


class Verdict(NamedTuple):
    """What a record is: layer and kind, and what its name alone says of status and decision (None: nothing)."""

    layer: str
    kind: str
    status: str | None = None
    decision: str | None = None


@cache
def _exact() -> dict[str, tuple[str, str]]:
    made: dict[str, tuple[str, str]] = {}
    for target, names in table().kinds["names"].items():
        layer, _, kind = target.partition("/")
        made.update({fold(name): (layer, kind) for name in names})
    return made


@lru_cache(maxsize=8192)
def classify(name: str | None, facts: int) -> Verdict:
    """The layer and kind of a record.

    Args:
        name: the event's name, if the record has one.
        facts: which of the bits above hold. `DONE`: a status, or a duration, is told; `BEGUN`: the status is a word
            such as `started`; `SPAN`: begin and end are known.
    """
    verdict = (_by_name(name, facts) if name else None) or _by_fields(facts)
    if facts & SPAN and verdict.kind in {"call", "result", "log", "end"}:
        return verdict._replace(kind="span")
    return verdict


def _by_name(name: str, facts: int) -> Verdict | None:
    folded = fold(name)
    if exact := _exact().get(folded):
        return Verdict(*exact)
    kinds = table().kinds
    decisions = table().words["decision"]
    if folded in kinds["phases"]["decided"] and facts & (TOOL | POLICY | AGENT | DECISION):
        return Verdict("policy", "decision", None, decisions[folded])
    words = words_of(name)
    if not 0 < len(words) <= _MAX_WORDS:
        return None
    subject = next((s for s, own in kinds["subjects"].items() if not set(own).isdisjoint(words)), None)
    phase = next((p for p in _PHASES if not set(kinds["phases"][p]).isdisjoint(words)), None)
    if subject is None:
        return Verdict(_layer(facts), "error", "error") if phase == "error" else None
    if subject in {"tool", "policy"} and words[-1] in kinds["phases"]["decided"]:
        return Verdict("policy", "decision", None, decisions[words[-1]])
    layer = "agent" if subject == "message" else subject
    if phase is None:
        return _without_phase(subject, layer, words, facts)
    failed = "error" if phase in {"error", "fail"} and subject != "policy" else None
    return Verdict(layer, kinds["phase_kinds"][subject][phase], failed)


def _without_phase(subject: str, layer: str, words: list[str], facts: int) -> Verdict:
    kinds = table().kinds
    if subject == "message":
        return Verdict(layer, "message")
    if subject == "policy":
        decides = facts & DECISION or not set(kinds["phases"]["decide"]).isdisjoint(words)
        return Verdict(layer, "decision" if decides else "log")
    plain = set(words) <= {*kinds["subjects"][subject], *kinds["phases"]["neutral"]}
    if subject == "agent":
        phase = "start" if facts & BEGUN else "end" if facts & DONE else "log"
        return Verdict(layer, phase if plain else "log")
    if facts & RESULT or (plain and facts & (DONE | ERROR) and not facts & BEGUN):
        return Verdict(layer, "result")
    return Verdict(layer, "call" if plain or facts & ARGS else "log")


def _by_fields(facts: int) -> Verdict:
    layer = _layer(facts)
    if layer == "policy":
        return Verdict(layer, "decision")
    if layer in {"tool", "llm"}:
        if facts & RESULT or (facts & (DONE | ERROR | TOKENS) and not facts & BEGUN):
            return Verdict(layer, "result")
        return Verdict(layer, "call" if facts & ARGS else "log")
    return Verdict(layer, "error" if facts & ERROR else "log")


def _layer(facts: int) -> str:
    if facts & DECISION:
        return "policy"
    if facts & TOOL:
        return "tool"
    if facts & MODEL and facts & (TOKENS | ARGS | RESULT):
        return "llm"
    return "agent" if facts & (AGENT | RUN) else "other"
