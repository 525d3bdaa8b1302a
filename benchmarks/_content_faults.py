"""Faults that act on arguments and results: redaction, hashing, truncation, and content that is not logged any more."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from typing import Any

from _faults import busy, fault
from _quarter import BEGIN, DAY, DAYS
from _streams import Fleet, Record, Slot

_LITERALS = ("[REDACTED]", "<redacted>", "***", "[FILTERED]", "<EMAIL_ADDRESS>", "[MASKED]", "**REDACTED**")
_PRIVATE = ("to", "customer", "account", "body", "note", "query", "comment", "amount", "subject")


def _holding(fleet: Fleet, draw: random.Random, role: str, *formats: str) -> list[tuple[Record, Slot]]:
    """The contents of one stream that holds any, of these formats where any are named."""
    fit: dict[str, list[tuple[Record, Slot]]] = {}
    for record in fleet.held():
        if not formats or fleet.formats[record.stream] in formats:
            found = [(record, slot) for slot in record.contents(role) if slot.get()]
            fit.setdefault(record.stream, []).extend(found)
    fit = {stream: found for stream, found in fit.items() if found}
    return fit[draw.choice(sorted(fit))] if fit else []


def _replace(pairs: Iterable[tuple[Record, Slot]], keys: set[str], made: Any) -> bool:
    """Puts `made(value)` for members with these keys."""
    done = False
    for record, slot in pairs:
        value = slot.get()
        if isinstance(value, dict) and keys & set(value):
            slot.put({key: made(member) if key in keys else member for key, member in value.items()})
            record.mark("redaction", thing=slot.role)
            done = True
    return done


@fault
def redaction_member(fleet: Fleet, draw: random.Random) -> bool:
    """Some members of the arguments are replaced by a literal in one stream."""
    literal = draw.choice(_LITERALS)
    pairs = _holding(fleet, draw, "args")
    return _replace(pairs, _keys(draw, pairs), lambda _: literal)


def _keys(draw: random.Random, pairs: Iterable[tuple[Record, Slot]]) -> set[str]:
    """Three members that hold what is private, of those that occur."""
    held = sorted({key for _, slot in pairs if isinstance(slot.get(), dict) for key in slot.get() if key in _PRIVATE})
    return set(draw.sample(held, min(3, len(held))))


@fault
def redaction_whole(fleet: Fleet, draw: random.Random) -> bool:
    """All arguments of two tools are replaced by a literal in one stream."""
    pairs = _holding(fleet, draw, "args")
    tools = sorted({record.call.tool.name for record, _ in pairs if record.call})
    chosen = set(draw.sample(tools, min(2, len(tools))))
    literal = draw.choice(_LITERALS)
    for record, slot in pairs:
        if record.call is None or record.call.tool.name in chosen:
            slot.put(literal)
            record.mark("redaction", thing=slot.role)
    return bool(pairs)


@fault
def redaction_collector(fleet: Fleet, draw: random.Random) -> bool:
    """The Collector's redaction processor masks an attribute, and counts what it masked."""
    pairs = _holding(fleet, draw, draw.choice(("args", "result")), "otlp")
    tools = sorted({record.call.tool.name for record, _ in pairs if record.call})
    chosen = set(draw.sample(tools, min(3, len(tools))))
    for record, slot in pairs:
        if record.call and record.call.tool.name in chosen and record.body is not None:
            slot.put("****")
            for key, value in (("keys", {"stringValue": slot.member["key"]}), ("count", {"intValue": "1"})):
                record.body["attributes"].append({"key": f"redaction.masked.{key}", "value": value})
            record.mark("redaction", thing=slot.role)
    return bool(pairs)


@fault
def redaction_opa(fleet: Fleet, draw: random.Random) -> bool:
    """OPA erases or masks members of the input, and names them."""
    pairs = _holding(fleet, draw, "args", "opa")
    keys = _keys(draw, pairs)
    erase = draw.random() < 0.5
    for record, slot in pairs:
        value = slot.get()
        hit = sorted(keys & set(value))
        if hit and record.body is not None:
            kept = {key: "**REDACTED**" if key in hit else member for key, member in value.items()
                    if not (erase and key in hit)}  # fmt: skip
            slot.put(kept)
            where = fleet.facts["opa arguments"]
            record.body["erased" if erase else "masked"] = [f"{where}/{key}" for key in hit]
            record.mark("redaction", thing=slot.role)
    return bool(pairs)


@fault
def hashing(fleet: Fleet, draw: random.Random) -> bool:
    """Texts in the arguments are replaced by their hashes in one stream."""
    algorithm = draw.choice(("md5", "sha1", "sha256"))

    def hashed(value: Any) -> str:
        return hashlib.new(algorithm, str(value).encode(), usedforsecurity=False).hexdigest()

    return _replace(_holding(fleet, draw, "args"), {"body", "note", "query", "comment", "to", "subject"}, hashed)


@fault
def truncation_marker(fleet: Fleet, draw: random.Random) -> bool:
    """Long values are cut, with a marker."""
    marker, cap = draw.choice(("... [truncated]", "[truncated]", "…", "<truncated>")), draw.choice((150, 200, 250))
    done = False
    for record, slot in _holding(fleet, draw, "args"):
        value = slot.get()
        if isinstance(value, dict):
            long = {key: member for key, member in value.items() if isinstance(member, str) and len(member) > cap}
            if long:
                slot.put(value | {key: member[:cap] + marker for key, member in long.items()})
                record.mark("truncation", thing=slot.role)
                done = True
    return done


@fault
def truncation_cap(fleet: Fleet, draw: random.Random) -> bool:
    """JSON texts are cut at one length, silently."""
    cap = draw.choice((256, 512, 1024))
    done = False
    for record, slot in _holding(fleet, draw, "args", *_TEXTUAL):
        text = slot.holder[slot.key]
        if slot.text and isinstance(text, str) and len(text) > cap:
            slot.holder[slot.key] = text[:cap]
            record.mark("truncation", thing=slot.role)
            done = True
    return done


_TEXTUAL = ("otlp", "litellm", "llm-pairs", "phoenix", "openai-agents")


@fault
def truncation_count(fleet: Fleet, draw: random.Random) -> bool:
    """The SDK drops attributes over its limit, and counts them."""
    pairs = _holding(fleet, draw, draw.choice(("args", "result")), "otlp")
    for record, slot in pairs:
        if record.body is not None and draw.random() < 0.05:
            slot.drop()
            record.body["droppedAttributesCount"] = record.body.get("droppedAttributesCount", 0) + 1
            record.mark("truncation", thing=slot.role)
    return bool(pairs)


# --- content that is not logged any more --------------------------------------------------------------------------


def _silent(records: Iterator[Record]) -> bool:
    done = False
    for record in records:
        for slot in record.contents("args"):
            if slot.get():
                record.mark("logging-disabled", thing=slot.role)
                done = True
            slot.drop()
    return done


@fault
def logging_agent(fleet: Fleet, draw: random.Random) -> bool:
    """One agent logs no arguments any more, from one day on, neither in its own stream nor in its spans."""
    agent = busy(fleet, draw, 100)
    since = BEGIN + (agent.since + draw.randint(15, 30)) * DAY
    streams = fleet.streams("agent", "spans")
    return _silent(r for r in fleet.held(*streams) if r.run.agent.name == agent.name and r.run.begin >= since)


@fault
def logging_tool(fleet: Fleet, draw: random.Random) -> bool:
    """The arguments of one tool are not logged any more in one stream, from one day on."""
    held = [r for r in fleet.held(*fleet.streams("agent", "spans")) if r.call and r.contents("args")]
    pairs = sorted(
        {(r.stream, r.call.tool.name) for r in held if r.call and r.call.tool.keys and r.call.tool.often >= 1}
    )
    if not pairs:
        return False
    stream, tool = draw.choice(pairs)
    since = BEGIN + draw.randint(30, 60) * DAY
    return _silent(
        r for r in held if r.call and (r.stream, r.call.tool.name) == (stream, tool) and r.run.begin >= since
    )


@fault
def logging_version(fleet: Fleet, draw: random.Random) -> bool:
    """The new version of an agent logs no arguments in its own stream, or, where it has none, in its spans."""
    agents = sorted({run.agent.name for run in fleet.runs if run.agent.upgraded < DAYS})
    if not agents:
        return False
    agent = draw.choice(agents)
    streams = fleet.streams("agent") or fleet.streams("spans")
    return _silent(r for r in fleet.held(*streams) if r.run.agent.name == agent and r.run.version == "2.0.0")
