"""Raw records with what a redaction policy withholds taken out of them, for a frozen case.

A policy speaks of fields of events; a record has a form of its own. So it goes from the events to the bytes:

1. The policy is applied to the fields of every event of the records that are kept. What a text held before and does not
   hold afterwards is withheld: its strings and numbers.
2. The record is read as JSON, also in texts inside of it. A part that equals a content of which something is withheld
   is gone through leaf by leaf; elsewhere, a text that equals a withheld one, or holds one of `LEAST` characters or
   more, is replaced. Ids, names of tools and words by which a format is read (`role`, `type`) stay, or it could not be
   put together any more. A line that is no JSON is text.
3. A withheld text becomes `withheld:<rule>:<commitment>`, the same for equal texts under one key (runs are also joined
   by equal arguments); a number becomes 0.
4. The finished files are searched for what was withheld (`redact.audit`); one hit, and nothing is made.

A chain over records that are changed is broken, so a log that is chained is refused, not redacted.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail import jsontext
from auditrail.containers.compression import open_bytes
from auditrail.errors import RecordError, UsageError
from auditrail.incident.select import FreezeError, Piece
from auditrail.ingest.streams import read_fully
from auditrail.terms import ID_COLUMNS

if TYPE_CHECKING:
    import duckdb

# Shorter texts are replaced where a content holds them, and not wherever else they stand: "ok" is everywhere.
LEAST = 8
_FIELDS = ("args", "result", "error", "attributes")
_NAMES = ("agent", "principal", "model", "tool")
_KEPT = (
    "name",
    "policy",
    "rule",
    "decision",
    "status",
    "agent_version",
    "stream",
    *(f"{kind}_id" for kind in ID_COLUMNS),
)
# Words by which formats tell the parts of a message apart, and what holds names and ids of things outside of it.
_READ_BY = frozenset({"role", "type", "object", "finish_reason", "stop_reason", "call_type"})
_NAMED_BY = frozenset({"id", "name", "tool_call_id", "tool_use_id", "call_id", "tool", "model", "agent"})
_WORD = re.compile(r"[a-z][a-z_.-]{1,23}")
_DEEPEST = 60
_LARGEST = 256 << 20
_NESTED = 4


class Withholder:
    """Applies one policy to the records of sources.

    Raises:
        UsageError: this installation has no redaction, or the policy or the key is none.
    """

    def __init__(self, policy: str, key: Path | None) -> None:
        try:
            self._policy: Any = importlib.import_module("auditrail.redact.policy")
            self._walk: Any = importlib.import_module("auditrail.redact.walk")
            self._commit: Any = importlib.import_module("auditrail.redact.commit")
            self._audit: Any = importlib.import_module("auditrail.redact.audit")
            self._needles: Any = importlib.import_module("auditrail.redact.needles").Needles()
            marks: Any = importlib.import_module("auditrail.content")
            self._mark: Any = marks.is_mark  # what a producer redacted stays told as such
        except (ModuleNotFoundError, AttributeError):
            raise UsageError("this installation can't redact", hint="freeze without --redact") from None
        import os

        secret = os.urandom(self._commit.KEY_BYTES) if key is None else self._commit.read_key(key)
        self.policy: Any = self._policy.load(policy)
        self._redactor: Any = self._walk.Redactor(self.policy, secret, collect=True)
        self._rules = tuple(rule.id for rule in self.policy.rules)
        self._told: set[str] = set()
        self._known: set[str] = set()
        self.withheld = 0

    def write(self, connection: duckdb.DuckDBPyConnection, piece: Piece, target: Path) -> dict[int, int]:
        """Writes a source redacted; returns record -> its number in the file that was written.

        Raises:
            FreezeError: it is chained, changed, or of a form that can't be redacted.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        if piece.chained:
            raise FreezeError(
                f"{piece.path} is chained: its records can't be redacted without breaking the chain",
                hint="freeze without --redact, and keep the case where the log itself may be kept",
            )
        records = sorted(piece.places) if piece.lines else None
        fields = self._fields(connection, piece.path, records)
        for one in fields.values():
            self._known |= one.kept
            one.known = self._known  # names and ids of other records, by which a conversation speaks of earlier calls
        data = _content(piece.path)
        if not piece.lines:
            together = _Taken()
            together.known = self._known
            for one in fields.values():
                together.add(one)
            target.write_bytes(self._whole(data, together))
            return {record: record for record in piece.places}
        numbers = {}
        with target.open("wb") as out:
            for number, (record, place) in enumerate(sorted(piece.places.items(), key=lambda p: p[1].offset), 1):
                raw = data[place.offset : place.offset + place.length]
                out.write(self._record(raw.rstrip(b"\r\n"), fields.get(record, _Taken())) + b"\n")
                numbers[record] = number
        return numbers

    def audit(self, root: Path) -> None:
        """Searches the finished files for what was withheld.

        Raises:
            AuditrailError: one holds it.
        """
        self._audit.drop_own_words(self._needles)
        # What the policy keeps may stand anywhere: ids, names, members of objects, technical attributes.
        kept = "\n".join(sorted(self._told)).encode("utf-8", "surrogatepass")
        self._needles.drop(sorted(set(self._needles.search(kept).tolist())))
        files = [(path.relative_to(root).as_posix(), path) for path in sorted(root.rglob("*")) if path.is_file()]
        self._audit.search(self._needles, files, self._rules)

    def _fields(self, connection: duckdb.DuckDBPyConnection, path: str, records: list[int] | None) -> dict[int, _Taken]:
        """Record -> what is withheld of its events (step 1)."""
        columns = ("record", "part", "layer", *_NAMES, *_FIELDS, *_KEPT)
        only = f" AND e.record IN ({', '.join(map(str, records))})" if records is not None else ""
        rows = connection.execute(
            f"SELECT {', '.join(f'e.{name}' for name in columns)} FROM events e JOIN sources s ON s.source = e.source "
            f"WHERE s.path = ? AND s.superseded_by IS NULL{only} ORDER BY e.record, e.part",
            [path],
        ).fetchall()
        made: dict[int, _Taken] = {}
        for row in rows:
            event = dict(zip(columns, row, strict=True))
            self._event(event, f"{path}:{event['record']}.{event['part']}", made.setdefault(event["record"], _Taken()))
        return made

    def _event(self, event: dict[str, Any], place: str, taken: _Taken) -> None:
        context = self._policy.Context(event["tool"], event["agent"], event["layer"], event["stream"])
        taken.kept |= {value for name in (*_NAMES, *_KEPT) if isinstance(value := event[name], str)}
        for name in _NAMES:
            value = event[name]
            if value and (made := self._redactor.name(name, value)) != value:
                taken.texts[value] = made
                taken.kept.discard(value)
        self._told |= taken.kept
        for name in _FIELDS:
            value = event[name]
            if not value:
                continue
            made = self._redactor.content(self._commit.Place("events", place, name), value, context)
            if made == value:
                continue
            found, rule = self._redactor.taken[:], self._redactor.taken[-1].rule if self._redactor.taken else "policy"
            for one in found:
                number = self._rules.index(one.rule) if one.rule in self._rules else 0
                (self._needles.add_contents if one.whole else self._needles.add_values)([one.value], number)
            self._redactor.taken.clear()
            before, after = _parsed(value), _parsed(made)
            left = _leaves(after)
            gone = _leaves(before) - left
            # A name of a member is withheld only where a pattern found something in it: an address, an account.
            secret = [one.value.decode("utf-8", "replace") for one in found if one.place.path.endswith("#key")]
            members = _members(before)
            keys = {name for name in members if any(part in name for part in secret)}
            self._told |= {text for text in left if isinstance(text, str)} | (members - keys)
            taken.keys |= keys
            gone |= keys
            for text in gone:
                if isinstance(text, str) and not self._mark(text):
                    taken.texts.setdefault(text, self._token(rule, text))
                elif not isinstance(text, str):
                    taken.numbers.add(text)
            if isinstance(before, (dict, list)) and before:
                taken.contents.add(jsontext.dumps(before))

    def _token(self, rule: str, text: str) -> str:
        self.withheld += 1
        info = self._commit.family_info(f"frozen.{rule}")
        made: str = self._redactor.committer.withheld(rule, info, text.encode("utf-8", "surrogatepass"))
        return made

    def _whole(self, data: bytes, taken: _Taken) -> bytes:
        """A file that is one JSON document, or else its lines."""
        try:
            jsontext.parse(data)
        except RecordError:
            return b"".join(
                self._record(line.rstrip(b"\r\n"), taken) + line[len(line.rstrip(b"\r\n")) :]
                for line in data.splitlines(keepends=True)
            )
        return self._record(data, taken)

    def _record(self, raw: bytes, taken: _Taken) -> bytes:
        """Step 2, for one record."""
        if not taken.texts and not taken.numbers:
            return raw
        try:
            value, _ = jsontext.parse(raw)
        except RecordError:
            return taken.inside(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        return jsontext.dumps(taken.node(value, "", 0, 0, within=False)).encode("utf-8", "surrogatepass")


class _Taken:
    """What is withheld of a record: texts with their tokens, numbers, and the contents that they stand in."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.numbers: set[Any] = set()
        self.contents: set[str] = set()
        self.kept: set[str] = set()
        self.keys: set[str] = set()
        self.known: set[str] = set()

    def add(self, other: _Taken) -> None:
        self.texts.update(other.texts)
        self.numbers |= other.numbers
        self.contents |= other.contents
        self.kept |= other.kept
        self.keys |= other.keys

    def node(self, node: Any, key: str, depth: int, nested: int, *, within: bool) -> Any:
        if depth > _DEEPEST:
            raise FreezeError("a record is nested too deep to be redacted")
        if isinstance(node, (dict, list)):
            within = within or (bool(node) and jsontext.dumps(node) in self.contents)
            if isinstance(node, dict):
                return {
                    (self.texts[name] if name in self.keys else name): self.node(
                        value, name, depth + 1, nested, within=within
                    )
                    for name, value in node.items()
                }
            return [self.node(value, key, depth + 1, nested, within=within) for value in node]
        if isinstance(node, str):
            return self._text(node, key, depth, nested, within=within)
        if within and not isinstance(node, bool) and node is not None and node in self.numbers:
            return 0
        return node

    def _text(self, text: str, key: str, depth: int, nested: int, *, within: bool) -> str:
        if text in self.kept and (key in _NAMED_BY or len(text) >= LEAST or text not in self.texts):
            return text
        if key in _NAMED_BY and text in self.known:
            return text
        if key in _READ_BY and _WORD.fullmatch(text):
            return text
        if text in self.texts and (within or len(text) >= LEAST):
            return self.texts[text]
        if nested < _NESTED and text.lstrip()[:1] in ("{", "["):
            inner = _parsed(text)
            if isinstance(inner, (dict, list)):
                made = self.node(inner, key, depth + 1, nested + 1, within=within)
                return text if made == inner else jsontext.dumps(made)
        return self.inside(text)

    def inside(self, text: str) -> str:
        """A text with the longer withheld ones in it replaced, the longest first."""
        for one in sorted((t for t in self.texts if len(t) >= LEAST and t not in self.kept), key=len, reverse=True):
            if one in text:
                text = text.replace(one, self.texts[one])
        return text


def _parsed(text: str) -> Any:
    """JSON as its value; any other text as it stands."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return jsontext.parse(text.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return text


def _leaves(value: Any, nested: int = 0) -> set[Any]:
    """Every text and number in a value, also in texts that are JSON."""
    made: set[Any] = set()
    left: list[tuple[Any, int]] = [(value, nested)]
    while left:
        node, depth = left.pop()
        if isinstance(node, dict):
            left += [(item, depth) for item in node.values()]
        elif isinstance(node, list):
            left += [(item, depth) for item in node]
        elif isinstance(node, str):
            inner = _parsed(node) if depth < _NESTED else node
            if isinstance(inner, (dict, list)):
                left.append((inner, depth + 1))
            elif node:
                made.add(node)
        elif isinstance(node, (int, float)) and not isinstance(node, bool):
            made.add(node)
    return made


def _members(value: Any) -> set[str]:
    """Names of the members of all objects in a value, also in texts that are JSON: they are not withheld."""
    made: set[str] = set()
    left: list[tuple[Any, int]] = [(value, 0)]
    while left:
        node, depth = left.pop()
        if isinstance(node, dict):
            made |= node.keys()
            left += [(item, depth) for item in node.values()]
        elif isinstance(node, list):
            left += [(item, depth) for item in node]
        elif isinstance(node, str) and depth < _NESTED:
            inner = _parsed(node)
            if isinstance(inner, (dict, list)):
                left.append((inner, depth + 1))
    return made


def _content(path: str) -> bytes:
    from auditrail.incident.select import local

    with local(path) as file, open_bytes(file, size=file.stat().st_size) as stream:
        data = read_fully(stream, _LARGEST + 1)
    if len(data) > _LARGEST:
        raise FreezeError(f"{path} is larger than {_LARGEST >> 20} MB: too large to be redacted")
    return data
