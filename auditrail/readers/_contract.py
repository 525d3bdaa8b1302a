"""Types of the reader contract; the package docstring says how they are used."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from auditrail.containers.records import Head, Record, Wrapper
from auditrail.model import Event


class Ignored(NamedTuple):
    """A record that the format itself defines as no event; counted by `reason` (a short slug)."""

    reason: str


class Inner(NamedTuple):
    """A message inside a wrapper, still to be sniffed and read.

    Attributes:
        message: the message as the wrapper carries it.
        context: an event with what the wrapper knows (time, stream, ids, dedupe key, attributes). It fills the
            blanks of every inner event: `ts_ns` only where the inner event has none, else it becomes
            `observed_ns`. If no reader knows the message, the context itself is the event, kind `log`, with the
            text in `attributes.message`.
        group: messages of one group (a log stream, a container's stdout) share the choice of the inner reader.
    """

    message: str | bytes
    context: Event
    group: str = ""


# What an investigator needs from a producer's records. A reader's CAPTURES has one entry for each: a word of
# CAPTURE_WORDS, and behind `: ` the condition, the part, or what follows for an investigator.
FACETS: dict[str, str] = {
    "time": "a time of its own on every record",
    "run": "an id that names the run",
    "parent": "what caused a record: parent span, spawning call",
    "call": "an id that pairs a tool call with its result",
    "arguments": "the arguments of tool calls",
    "results": "the results of tool calls",
    "model": "the model that answered",
    "tokens": "tokens used",
    "decision": "what a policy, guardrail or person allowed or denied",
    "errors": "failures, with their reason",
    "end": "that the run ended, and how",
}
# `n/a`: the format is of a layer that has no such thing.
CAPTURE_WORDS = ("yes", "partly", "opt-in", "never", "n/a")


def as_inside(time: str) -> dict[str, str]:
    """The CAPTURES of a wrapper around somebody else's messages, which has nothing but a time of its own."""
    inside = "partly: as far as the message inside carries it"
    return {facet: time if facet == "time" else inside for facet in FACETS}


Reading = list[Event] | Ignored | Inner | list[Inner] | list[Event | Inner]


class Assembler(Protocol):
    """Joins records that are parts of one message (continuation lines, 16 KiB splits, CRI partial lines).

    `feed` takes records in order and returns those that are complete; `flush` returns what is still open at the
    end. The `span` of the returned records adds up to the number of records fed. Memory is bounded: an assembly
    longer than `limits.MAX_RECORD` is let go with defect `oversized`.
    """

    def feed(self, record: Record) -> list[Record]: ...

    def flush(self) -> list[Record]: ...


class Watcher(Protocol):
    """Looks at all records of a source, one after another, for evidence that no record shows alone.

    For exports that say at their end that they are whole, or whose rows must be counted. There is one for each
    source, made before its first record. `see` is told every record that parses, before `read`; `finish` gives
    (code, detail) remarks on the whole source. Memory is bounded, whatever is seen. A source that grew is read again
    from its start, so that the whole is seen. Messages inside wrappers are not shown.
    """

    def see(self, value: Any, record: Record) -> None: ...

    def finish(self) -> list[tuple[str, str]]: ...


class Reader(Protocol):
    """A reader module, as ingest sees it."""

    NAME: str
    TITLE: str
    LAYER: str
    TESTED_ON: str
    NEVER_RECORDS: str
    IDS: tuple[str, ...]
    CAPTURES: dict[str, str]

    def sniff(self, head: Head) -> float: ...

    def read(self, value: Any, record: Record) -> Reading: ...


def arrays_of(reader: Any) -> tuple[str, ...]:
    """The members of a wrapper object that hold this reader's records."""
    return tuple(getattr(reader, "ARRAYS", ()))


def close_of(reader: Any, wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence that the reader finds in the rest of a wrapper object."""
    close = getattr(reader, "close", None)
    return close(wrapper) if close else []


def watcher_of(reader: Any) -> Watcher | None:
    """A new watcher for one source, where the reader has such a thing."""
    make: type[Watcher] | None = getattr(reader, "Watcher", None)
    return make() if make else None
