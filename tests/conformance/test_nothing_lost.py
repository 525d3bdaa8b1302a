"""Every value of every record of the fixtures is found again in the events that the record gave.

In a column, an id or the attributes: as it stands, inside a longer text, or normalised (a time, hex in lower case, an
id in base64, JSON in a text, a number written as text). Null, blank texts, booleans and zero say too little to be
looked for. What a reader puts into words of its own is listed in `SAID`, with where it went. What it leaves out because
the record says it twice is in `REPEATED`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail import discover, jsontext, times
from auditrail.errors import RecordError
from tests.conformance import _pipeline as pipeline

READERS = discover.modules("auditrail.readers")
CASES = [
    (name, case)
    for name, case in pipeline.cases()
    # Of text and of binary messages, no leaves are known here; their own tests say what is kept.
    if getattr(READERS[name], "INPUT", "json") == "json" and pipeline.input_of(case).suffix in (".json", ".jsonl")
]
each_case = pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}/{case.name}" for name, case in CASES])

# Words by which a format tells what its record or part is: they become layer, kind and status of the event.
_STRUCTURE = re.compile(
    r"(?:^|\.)(?:type|kind|role|object|event|jsonrpc|status|status\.code|status_code|hook_event_name|level|outcome"
    r"|severityNumber|severityText|flags|\[\]\.key|\[\]\.field)\Z"
)

# Reader -> places (patterns of the path) -> what became of the value.
SAID: dict[str, dict[str, str]] = {
    "auditrail-otlp": {
        r"\.key\Z|\.body\.stringValue|\.scope\.version": "names and words that our own output put around an event",
        r"(?:trace|span)Id\Z": "derived by our own output",
    },
    "autogen": {r"agent_id\Z|handling_agent\Z": "agent and session, which the id joins with a stroke"},
    "cloudwatch-subscription": {r"messageType\Z": "data; a record of control is ignored by that word"},
    "jaeger": {
        r"duration\Z": "the end of the span",
        r"processID\Z": "the process that the answer lists under it",
    },
    "journald": {r"MESSAGE\.\[\]\Z": "bytes, as text"},
    "jsonl": {r"when\Z": "a time in the zone of the mapping"},
    "langgraph": {r"data\.output\.(?:id\.\[\]|lc)\Z": "the class of a serialised message"},
    "langsmith": {r"dotted_order\Z": "the trace and the parents"},
    "litellm": {r"\Amessages\Z": "`{}` in a row of spend logs is what was not recorded"},
    "llm-pairs": {r"latency_ms\Z": "the end of the request"},
    "mlflow": {r"span_dict_version\Z": "the version of the form"},
    "openhands": {r"tool_call\.origin\Z": "which interface of the model was used"},
    "otel-console": {
        r"\A(?:trace|span)_id\Z": "zeros, where there is no span",
        r"trace_state\Z": "`[]`, the text of an empty one",
    },
    "zipkin": {r"duration\Z": "the end of the span"},
}

REPEATED: dict[str, dict[str, str]] = {
    "inspect": {
        r"(?:^|\.)messages\.": "the messages stand in the events",
        r"attachments\.|attachment|\.content\Z": "attachments are put back into the events that refer to them",
    },
    "swe-agent": {r"^history\.": "the trajectory holds it in full"},
}


# Words of a text, without the names of its members: those have become columns.
_APART = r"\s|=,;{}\[\]\""
_WORDS = re.compile(rf'(?<![^{_APART}])[^{_APART}]*+(?!=|":)')

# Where an event stood tells nothing of its content.
_PLACE = frozenset({"event", "source", "record", "part", "byte_offset", "byte_length", "blake3"})


class Kept:
    """What the events of one record hold, ready to be searched."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._numbers: set[float] = set()

    def add(self, value: Any) -> None:
        for _, leaf in leaves(value, keys=True):
            if isinstance(leaf, str):
                self._texts.append(leaf)
                inner = unpacked(leaf)
                if inner is not None:
                    self.add(inner)
            elif isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
                self._numbers.add(leaf)

    def close(self) -> None:
        self._text = "\n".join(self._texts)
        self._folded = self._text.casefold()

    def holds(self, leaf: Any) -> bool:
        if not isinstance(leaf, str):
            return leaf in self._numbers or str(leaf) in self._text or self._holds_time(leaf)
        if leaf in self._text or leaf.strip().casefold() in self._folded or self._holds_time(leaf):
            return True
        if leaf.isdecimal() and int(leaf) in self._numbers:
            return True
        return any(each in self._folded for each in hexes(leaf))

    def lacks(self, path: str, value: Any) -> Iterator[tuple[str, Any]]:
        """The leaves of a value that are not held; of a text that holds a value itself, the leaves of that."""
        for at, leaf in leaves(value, path=path):
            if not telling(leaf) or self.holds(leaf):
                continue
            inner = (unpacked(leaf) or decoded(leaf)) if isinstance(leaf, str) else None
            if isinstance(inner, (dict, list, str)):
                yield from self.lacks(at, inner)
            else:
                yield at, leaf

    def holds_words(self, text: Any) -> bool:
        """Whether every word of a text is held: a message of a text format, read by a reader further in."""
        return isinstance(text, str) and all(
            self.holds(word) for word in _WORDS.findall(text) if any(map(str.isalnum, word))
        )

    def _holds_time(self, leaf: Any) -> bool:
        moment = times.parse(leaf)
        return moment is not None and moment.ns in self._numbers


def leaves(value: Any, *, keys: bool = False, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if keys:
                yield path, key
            yield from leaves(inner, keys=keys, path=f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, keys=keys, path=f"{path}.[]" if path else "[]")
    else:
        yield path, value


def telling(leaf: Any) -> bool:
    """Whether a value says enough to be missed."""
    if isinstance(leaf, str):
        return leaf.strip() not in ("", "null")
    return leaf is not None and not isinstance(leaf, bool) and leaf != 0


def unpacked(text: str) -> Any:
    """The object or array in a JSON text; of a JSON text in quotes, the text."""
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return None
    try:
        return jsontext.parse(text.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return None


def hexes(text: str) -> list[str]:
    """The hex forms of an id in base64 or with a prefix."""
    bare = text.removeprefix("0x").lower()
    try:
        return [bare, base64.b64decode(text, validate=True).hex()] if len(text) > 7 else []
    except (binascii.Error, ValueError):
        return [bare] if bare != text.lower() else []


def decoded(text: str) -> Any:
    """What stands in base64, perhaps compressed, if it is JSON."""
    if len(text) < 16:
        return None
    try:
        raw = base64.b64decode(text, validate=True)
        return unpacked(pipeline.decompressed(raw).decode())
    except Exception:  # noqa: BLE001 - whatever goes wrong, it is no such text
        return None


def test_every_exception_names_a_reader() -> None:
    assert {*SAID, *REPEATED} <= set(READERS)


@each_case
def test_every_value_of_a_record_is_kept(name: str, case: Path) -> None:
    reading = pipeline.read_case(case)
    further: dict[int, list[str]] = defaultdict(list)
    for event, _, value in reading.ids_more:
        further[event].append(value)
    by_record: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in reading.events:
        by_record[row["record"]].append(row)
    excuses = [re.compile(place) for table in (SAID, REPEATED) for place in table.get(name, {})]
    lost = []
    for rows in by_record.values():
        start = rows[0]["byte_offset"]
        kept = Kept()
        for row in rows:
            kept.add({key: value for key, value in row.items() if key not in _PLACE})
            kept.add(further[row["event"]])
        kept.close()
        try:
            record = jsontext.parse(reading.data[start : start + rows[0]["byte_length"]])[0]
        except RecordError:  # a row of a table, or a record of several parts
            continue
        for path, leaf in kept.lacks("", record):
            known = _STRUCTURE.search(path) or any(place.search(path) for place in excuses)
            if not known and not (reading.tally.inner and kept.holds_words(leaf)):
                lost.append(f"{path} = {leaf!r}")
    assert lost == []
