"""A raw record with what is withheld taken out of it: by the leaves of its JSON, or as text.

A policy speaks of fields of events; a record has a form of its own. What is withheld of its events (`Taken`) is found
in it again in four ways:

1. inside of a part that equals a content: every leaf that is withheld;
2. under a member of the same name: the same leaf, however short it is;
3. as a whole text: names and ids that are renamed, and contents that are one text;
4. inside of longer texts: what is long enough not to stand there by chance.

What a record is read by stays: names and ids that the policy keeps, and the words that formats tell parts of a message
apart with (`type`, `role`).
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from auditrail import content, jsontext
from auditrail.errors import RecordError
from auditrail.incident.select import FreezeError

# Shorter texts are replaced where they stand alone, and not inside of others: "ok" is everywhere.
LEAST = 8
# Words by which formats tell the parts of a message apart, and what holds names and ids of things outside of it.
_READ_BY = frozenset({"role", "type", "object", "finish_reason", "stop_reason", "call_type"})
_NAMED_BY = frozenset({"id", "name", "tool_call_id", "tool_use_id", "call_id", "tool", "model", "agent"})
_QUOTED = re.compile(r'"([A-Za-z][A-Za-z_.-]{1,23})"')
# Notices of coding agents in the output of a tool: it was cut, or stands in a file (`readers._transcript`).
_NOTICE = re.compile(r"truncated|omitted|Total output lines|content cleared", re.IGNORECASE)
_AWAY = "<persisted-output>"
_ESCAPED = re.compile(r"[\\|=\"'\n\r\t\[\]]")
_WORD = re.compile(r"[^\s\"@]{1,60}")  # a word, a path in the record, a setting such as ot=th:4
_TYPED = ("Value", "values")  # {"key": "user.name", "value": {"stringValue": "…"}}
_DEEPEST = 60
NESTED = 4

Spared = frozenset[tuple[str, str]]


@dataclass
class Taken:
    """What is withheld of a record.

    Attributes:
        gone: JSON of a leaf -> what stands in its place, inside of contents.
        members: (name of the member, JSON of the leaf) -> the same, wherever it stands.
        whole: text -> the same, wherever it is a whole text.
        keys: name of a member -> the same: it holds what a pattern found, such as an address.
        contents: JSON of the arguments, results and errors of which something is withheld. loose: of attributes.
        kept: names and ids that the policy keeps.
        apart: values that are withheld and stand in what is kept, too: not looked for inside of texts.
    """

    gone: dict[str, str] = field(default_factory=dict)
    members: dict[tuple[str, str], str] = field(default_factory=dict)
    whole: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    contents: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    apart: set[str] = field(default_factory=set)

    def add(self, other: Taken) -> None:
        """Adds what is withheld of another record."""
        for name in ("gone", "members", "whole", "keys", "contents", "loose", "kept", "apart"):
            getattr(self, name).update(getattr(other, name))

    def __bool__(self) -> bool:
        return bool(self.gone or self.whole or self.keys)


class Rewriter:
    """Rewrites one record.

    Args:
        taken: what is withheld of it.
        known: names and ids that the policy keeps, of all records: a conversation speaks of earlier calls.
        everywhere: values that are withheld in any record and are looked for in all texts.
        spared: (path, JSON of the leaf) that stay, since the record would be read as another one without them.

    `changed` has the (path, JSON of the leaf) that may be spared: single words and numbers outside of contents, and
    inside of them truth values and words of formats.
    """

    def __init__(
        self, taken: Taken, known: set[str], everywhere: Mapping[str, str], spared: Spared = frozenset()
    ) -> None:
        self.taken = taken
        self.known = known
        self.spared = spared
        self.changed: set[tuple[str, str]] = set()
        texts = {**everywhere, **taken.whole}
        for leaf, token in taken.gone.items():
            if leaf[:1] == '"':
                texts.setdefault(parsed_leaf(leaf), token)
        self._scattered: dict[str, str] = {}
        self._texts = {text: token for text, token in texts.items() if text and not self._stays(text)}
        self.acts = bool(taken) or bool(everywhere)
        self._inside = _alternatives(text for text in self._texts if len(text) >= LEAST)
        self._bounded = _alternatives((text for text in self._texts if len(text) < LEAST), bounded=True)

    def _stays(self, text: str) -> bool:
        return text in self.taken.apart or (text in self.taken.kept and text not in self.taken.whole)

    def json(self, value: Any) -> Any:
        """A parsed record."""
        self._scattered = _scattered(value, self.taken, self._stays)
        return self._node(value, "", "", 0, 0, "")

    def text(self, text: str) -> str:
        """A record that is no JSON, or what stands between records: short texts go where nothing adjoins them."""
        for one, token in sorted(self._texts.items(), key=lambda item: -len(item[0])):
            if len(one) >= LEAST and one not in text and _ESCAPED.search(one):
                text = re.sub(_escaped(one), lambda _match, made=token: made, text)  # type: ignore[misc]
        return self._replaced(text, "", short=True)

    def _node(self, node: Any, key: str, path: str, depth: int, nested: int, within: str) -> Any:
        """One node; `within`: blank, `content`, or `attributes`."""
        if depth > _DEEPEST:
            raise FreezeError("a record is nested too deep to be redacted")
        if isinstance(node, dict):
            within = self._within(node, within)
            made = {}
            for called, name, value in _called(node, key):
                told = self.taken.keys.get(name, name)
                made[told] = self._node(value, called, f"{path}.{name}", depth + 1, nested, within)
            return made
        if isinstance(node, list):
            within = self._within(node, within)
            return [self._node(value, key, f"{path}.*", depth + 1, nested, within) for value in node]
        if isinstance(node, str):
            return self._leaf_text(node, key, path, depth, nested, within)
        return node if node is None else self._leaf(node, key, path, within)

    def _within(self, node: Any, within: str) -> str:
        if within == "content" or not node:
            return within
        text = jsontext.dumps(node)
        return "content" if text in self.taken.contents else "attributes" if text in self.taken.loose else within

    def _leaf(self, value: Any, key: str, path: str, within: str) -> Any:
        leaf = jsontext.dumps(value)
        token = self._token(leaf, key, within) or self.taken.whole.get(leaf)
        return value if token is None else self._instead(value, leaf, path, token, within)

    def _token(self, leaf: str, key: str, within: str) -> str | None:
        found = self.taken.gone.get(leaf) if within else self.taken.members.get((_last(key), leaf))
        return found if found is not None else self._scattered.get(leaf)

    def _instead(self, value: Any, leaf: str, path: str, token: str, within: str) -> Any:
        if _may_stay(value, within):
            self.changed.add((path, leaf))
            if (path, leaf) in self.spared:
                return value
        return token

    def _leaf_text(self, text: str, key: str, path: str, depth: int, nested: int, within: str) -> str:
        if text in self.taken.whole:
            return str(self._instead(text, jsontext.dumps(text), path, self.taken.whole[text], within))
        leaf = jsontext.dumps(text)
        kept = text in self.taken.kept or text in self.known
        if kept and (
            key in _NAMED_BY or (text in self.taken.kept and len(text) >= LEAST) or leaf not in self.taken.gone
        ):
            return text
        if tells_part(key, text):
            return text
        if nested < NESTED and text.lstrip()[:1] in ("{", "["):
            inner = parsed(text)
            if isinstance(inner, (dict, list)):
                made = self._node(inner, key, path, depth + 1, nested + 1, within)
                return text if made == inner else jsontext.dumps(made)
        token = self._token(leaf, key, within)
        if token is None and len(text) >= LEAST and not self._stays(text):
            token = self.taken.gone.get(leaf)
        if token is not None:
            return str(self._instead(text, leaf, path, token, within))
        return self._replaced(text, path, short=False)

    def _replaced(self, text: str, path: str, *, short: bool) -> str:
        """A text with the withheld ones in it replaced, the longest first."""

        def token(match: re.Match[str]) -> str:
            found = match[0]
            leaf = jsontext.dumps(found)
            made = self._texts.get(found)
            if made is None:  # as it stands inside of JSON in a text
                made = self._texts[parsed_text(found)]
            return str(self._instead(found, leaf, path, made, "" if _WORD.fullmatch(found) else "content"))

        if self._inside is not None:
            text = self._inside.sub(token, text)
        if short and self._bounded is not None:
            text = self._bounded.sub(token, text)
        return text


def _may_stay(value: Any, within: str) -> bool:
    """Whether a leaf may stay if a record is read by it; of contents only what a reader knows: `"allow": false`."""
    if within == "content":
        return isinstance(value, bool) or of_format(value)
    return not isinstance(value, str) or _WORD.fullmatch(value) is not None


def tells_part(key: str, text: str) -> bool:
    """Whether a word says what a part of a message is (`"role": "user"`), and nothing of its content."""
    return key in _READ_BY and of_format(text)


def of_format(text: Any) -> bool:
    """Whether a text is a word that readers of formats know."""
    return text in _format_words()


def _scattered(record: Any, taken: Taken, stays: Callable[[str], bool]) -> dict[str, str]:
    """JSON of leaves that are withheld wherever they stand: a reader gives them another name, or puts texts together.

    `{"code": "SAFETY", "message": "blocked"}` is the error `SAFETY: blocked`; the text of a message is its content.
    """
    pairs = leaves(record)
    held = {leaf for _, leaf in pairs}
    made = {leaf: token for (name, leaf), token in taken.members.items() if leaf in held and (name, leaf) not in pairs}
    whole = {*taken.whole, *(parsed_leaf(leaf) for leaf in taken.gone if leaf[:1] == '"')}
    texts = [text for leaf in held if leaf[:1] == '"' and len(text := parsed_leaf(leaf)) > 1 and not stays(text)]
    joined = "\0".join(parsed_leaf(leaf) for leaf in held if leaf[:1] == '"')
    for text in whole:
        if text in joined or jsontext.dumps(text)[1:-1] in joined:
            continue
        token = taken.whole.get(text) or taken.gone[jsontext.dumps(text)]
        made |= {jsontext.dumps(part): token for part in texts if _part_of(part, text)}
    return made


def _part_of(part: str, text: str) -> bool:
    return part in text and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


def parsed_leaf(leaf: str) -> Any:
    """The value of a leaf."""
    return jsontext.parse(leaf.encode("utf-8", "surrogatepass"))[0]


def replaced(text: str, parts: Mapping[str, str]) -> str:
    """A text with parts of it replaced, the longest first."""
    pattern = _alternatives(parts)
    return text if pattern is None else pattern.sub(lambda found: parts.get(found[0], found[0]), text)


def stand_in(text: str, token: str, *, cut: bool) -> str:
    """What stands in place of a withheld text: what was cut, masked or hashed stays told as such.

    Args:
        text: the text.
        token: for it.
        cut: whether it is of arguments or a result that were cut, by a notice that some formats have.
    """
    state = content.state_of(text)
    if state == "truncated" or (cut and _NOTICE.search(text)):
        return f"{token}...[Output truncated]"
    if text.lstrip().startswith(_AWAY):
        return f"{_AWAY}{token}"
    if state == "redacted" and parsed(text) is text:
        return "[REDACTED]"
    if state == "hashed":
        return hashlib.sha256(token.encode()).hexdigest()
    return token


def parsed(text: str) -> Any:
    """JSON as its value; any other text as it stands."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return jsontext.parse(text.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return text


def leaves(value: Any) -> set[tuple[str, str]]:
    """(name of the member, JSON of the leaf) of every text, number and truth value, also in texts that are JSON."""
    made: set[tuple[str, str]] = set()
    left: list[tuple[str, Any, int]] = [("", value, 0)]
    while left:
        name, node, depth = left.pop()
        if isinstance(node, dict):
            left += [(_last(called), item, depth) for called, _, item in _called(node, name)]
        elif isinstance(node, list):
            left += [(name, item, depth) for item in node]
        elif isinstance(node, str):
            inner = parsed(node) if depth < NESTED else node
            if isinstance(inner, (dict, list)):
                left.append((name, inner, depth + 1))
            elif node:
                made.add((name, jsontext.dumps(node)))
        elif node is not None:
            made.add((name, jsontext.dumps(node)))
    return made


def members(value: Any) -> set[str]:
    """Names of the members of all objects in a value, also in texts that are JSON."""
    made: set[str] = set()
    left: list[tuple[Any, int]] = [(value, 0)]
    while left:
        node, depth = left.pop()
        if isinstance(node, dict):
            made |= node.keys()
            left += [(item, depth) for item in node.values()]
        elif isinstance(node, list):
            left += [(item, depth) for item in node]
        elif isinstance(node, str) and depth < NESTED:
            inner = parsed(node)
            if isinstance(inner, (dict, list)):
                left.append((inner, depth + 1))
    return made


def by_path(changed: Iterable[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """What may be spared, by its path."""
    made: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, leaf in sorted(changed):
        made[path].append((path, leaf))
    return made


def parsed_text(escaped: str) -> str:
    """The text that stands escaped inside of JSON."""
    try:
        return str(jsontext.parse(b'"' + escaped.encode("utf-8", "surrogatepass") + b'"')[0])
    except RecordError:
        return escaped


def _alternatives(texts: Iterable[str], *, bounded: bool = False) -> re.Pattern[str] | None:
    forms = set()
    for text in texts:
        forms |= {text, jsontext.dumps(text)[1:-1]}
    if not forms:
        return None
    joined = "|".join(re.escape(form) for form in sorted(forms, key=lambda form: (-len(form), form)))
    return re.compile(rf"(?<![\w.-])(?:{joined})(?![\w.-])" if bounded else joined)


def _escaped(text: str) -> str:
    """A pattern for a text as formats of text escape it: with a backslash before what means something there."""
    forms = {"\n": r"(?:\n|\\n)", "\r": r"(?:\r|\\r)", "\t": r"(?:\t|\\t)"}
    return "".join(forms.get(char) or rf"\\?{re.escape(char)}" for char in text)


def _called(node: dict[str, Any], key: str) -> Iterator[tuple[str, str, Any]]:
    """(what a member is called, its name, its value): `key` is what the object itself is called."""
    named = _pair_name(node)
    for name, value in node.items():
        yield key if name.endswith(_TYPED) else named if named and name == "value" else name, name, value


def _pair_name(node: dict[str, Any]) -> str:
    """The name of an attribute that is written as {"key": …, "value": …} (OTLP); blank: it is no such pair."""
    key = node.get("key")
    return key if isinstance(key, str) and "value" in node and len(node) <= 3 else ""


def _last(name: str) -> str:
    return name.rpartition(".")[2].lower()


@cache
def _format_words() -> frozenset[str]:
    """Words that readers of formats know: they say what a part of a record is."""
    folder = resources.files("auditrail.readers")
    texts = (item.read_text("utf-8") for item in folder.iterdir() if item.name.endswith(".py"))
    return frozenset(word for text in texts for word in _QUOTED.findall(text))
