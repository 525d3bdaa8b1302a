"""What an event says, in words: one phrase, the facts beside it, and where it stands."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any

from auditrail import jsontext, text
from auditrail.errors import RecordError
from auditrail.outputs import _when
from auditrail.outputs._paint import Marks, Piece
from auditrail.outputs._rows import hidden_error
from auditrail.outputs._view import View
from auditrail.report.types import Reconstruction, RunEventView, Stitch

_PHRASE_COLUMNS = 400
_INLINE = 40
# Where log lines without arguments keep their text, and fields that say nothing about what happened.
_TEXT_KEYS = ("message", "msg", "content", "text", "body")
_LOGGER_KEYS = frozenset({"level", "severity", "logger", "role"})
_PARSE_UP_TO = 65_536
_COMMON_FOLDERS = frozenset({"", ".", "..", "log", "logs", "data", "evidence", "tmp", "var", "out"})
_STATE_WORDS = {
    "redacted": "redacted", "hashed": "hashed", "truncated": "truncated", "offloaded": "stored elsewhere",
}  # fmt: skip


class Contents:
    """Puts contents into words for one view, whatever they belong to."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.marks = Marks(unicode=view.unicode)
        self._value_columns = max(view.width // 2, 40)

    def clean(self, value: str) -> str:
        """One harmless line of text."""
        return text.one_line(value, ascii_only=not self.view.unicode)

    def short(self, value: str, columns: int) -> str:
        """One harmless line of text of at most so many columns."""
        # A megabyte is not neutralised to show sixty columns of it.
        return text.shorten(self.clean(value[: 4 * columns + 64]), columns, ellipsis=self.marks.ellipsis)

    def compact(self, value: str, *, braces: bool = True) -> str:
        """Content on one line: an object as `key=value` pairs, all else as it stands; a digest if content is hidden."""
        if self.view.content == "digest":
            return text.digest(value, ellipsis=self.marks.ellipsis)
        if self.view.content == "whole" and not self.inline(value):
            return self.marks.ellipsis
        if value[:1] in ("{", "["):
            parsed = _parsed(value)
            if isinstance(parsed, dict):
                return self.pairs(parsed, braces=braces)
            if isinstance(parsed, list) and parsed and all(isinstance(m, dict) and "role" in m for m in parsed):
                said = _said_by(parsed[-1])
                many = f"{len(parsed)} messages, the last of" if len(parsed) > 1 else "a message of"
                return self.short(f"{many} {parsed[-1]['role']}: {said[:_PHRASE_COLUMNS]}", _PHRASE_COLUMNS)
        return self.short(value, _PHRASE_COLUMNS)

    def pairs(self, parsed: dict[str, Any], *, braces: bool = True) -> str:
        inner = ", ".join(f"{self.short(str(k), 40)}={self._value(v)}" for k, v in list(parsed.items())[:40])
        return text.shorten(f"{{{inner}}}" if braces else inner, _PHRASE_COLUMNS, ellipsis=self.marks.ellipsis)

    def given(self, args: str) -> str:
        """Arguments of a decision in parentheses: those of the call, which many engines nest in the policy's input."""
        nested = _object(args).get("arguments") if self.view.content == "short" else None
        if isinstance(nested, dict):
            return f"({self.pairs(nested, braces=False)})"
        return f"({self.compact(args, braces=False)})"

    def inline(self, value: str) -> bool:
        """Whether the phrase holds the whole value, so that a view of whole contents needs no block for it."""
        return len(value) <= _INLINE and value[:1] not in ("{", "[") and self.clean(value) == value

    def _value(self, value: Any) -> str:
        if isinstance(value, str):
            short = self.short(value, self._value_columns)
            return short if short and not set(short) & set(" ,=(){}") else f'"{short}"'
        return self.short(jsontext.dumps(value), self._value_columns)

    def error(self, value: str | None) -> str:
        """An error; the name of a type stays where contents are hidden, a message may quote one."""
        if not value:
            return ""
        if self.view.content == "digest" and hidden_error(value) != value:
            return text.digest(value, ellipsis=self.marks.ellipsis)
        return self.short(value, 300)


class Words(Contents):
    """Puts the events of one run into words, for one view."""

    def __init__(self, report: Reconstruction, view: View) -> None:
        super().__init__(view)
        self.labels = labels(stream.path for stream in report.streams)
        self._report = report
        self._by_id = {event.id: event for event in report.events}
        self._last_join: dict[str, Stitch] = {}

    def where(self, event: RunEventView) -> str:
        """The short reference of a record: `agent:42`, with `.1` for the second event in it."""
        place = event.source
        label = self.labels.get(place.path) or label_of(place.path)
        return f"{self.clean(label)}:{place.record}{f'.{place.part}' if place.part else ''}"

    def where_id(self, event_id: str | None) -> str:
        """The short reference of an event given by id; the id itself if it is not in this run."""
        event = self._by_id.get(event_id) if event_id else None
        return self.where(event) if event else self.clean(event_id or "")

    def phrase(self, event: RunEventView) -> list[Piece]:
        """What happened. The last piece is the one to shorten."""
        if event.decision or event.kind == "decision":
            return self._decision(event)
        if event.kind == "call":
            verb = "asks for" if event.layer == "llm" else "call"
            return [(f"{verb} ", ""), *self._call(event)]
        if event.kind == "result":
            return self._result(event)
        said, fields = self._said(event)
        name = self.short(event.name or event.tool or event.model or "", 80) or said or "(no name)"
        told = self._told(event)
        if not told and event.kind != "span":
            text_said = said if said and said != name else ""
            told = [(f": {part}", "") for part in (text_said, fields) if part]
        if event.kind == "span":
            label = [("span ", ""), (name, "bold" if event.layer == "tool" else "")]
            return [*label, (self._arguments(event), ""), *self._outcome(event)] if event.tool else [*label, *told]
        word = event.kind if event.kind in ("start", "end", "error", "message") and event.kind not in name else ""
        style = "bad" if event.kind == "error" else ""
        return [(f"{word} " if word else "", style), (name, style), *told]

    def _call(self, event: RunEventView) -> list[Piece]:
        return [(self.short(event.tool or event.name or "(no name)", 60), "bold"), (self._arguments(event), "")]

    def _arguments(self, event: RunEventView) -> str:
        """Arguments in parentheses; whether they are not recorded, empty, or kept out is told apart."""
        if event.args is None:
            if event.args_state == "absent":
                return "" if event.kind != "call" or _speaks_of(event.marks, "argument") else "(not recorded)"
            return f"({_STATE_WORDS.get(event.args_state, '')})"
        return f"({self.compact(event.args, braces=False)})"

    def _said(self, event: RunEventView) -> tuple[str, str]:
        """What an event without arguments and result says in its attributes: its text, and its plain fields."""
        if event.args is not None or event.result is not None or not event.attributes:
            return "", ""
        fields = _object(event.attributes)
        key = next((key for key in _TEXT_KEYS if _said(fields.get(key))), None)
        said = _said(fields.pop(key)) if key else ""
        plain = {k: v for k, v in fields.items() if k.lower() not in _LOGGER_KEYS and not isinstance(v, (dict, list))}
        if event.kind == "message" and (said or "content" in fields):
            blocks = fields.get("content")
            return self.compact(said or (jsontext.dumps(blocks) if blocks else "(no text)")), ""
        return self.compact(said) if said else "", self.compact(jsontext.dumps(plain)) if plain else ""

    def _told(self, event: RunEventView) -> list[Piece]:
        """Input and output of what is no call: the text of a message, the fields of a log line."""
        made: list[Piece] = []
        if event.args is not None and event.args_state != "empty":
            made.append((f": {self.compact(event.args)}", ""))
        elif event.args_state in _STATE_WORDS:
            made.append((f" ({_STATE_WORDS[event.args_state]})", "dim"))
        return [*made, *self._outcome(event)]

    def _outcome(self, event: RunEventView) -> list[Piece]:
        if event.result is not None and event.result_state != "empty":
            return [(f" {self.marks.result} {self.compact(event.result)}", "")]
        if event.result_state in _STATE_WORDS:
            return [(f" {self.marks.result} ({_STATE_WORDS[event.result_state]})", "dim")]
        return []

    def _result(self, event: RunEventView) -> list[Piece]:
        parent = self._by_id.get(event.parent_id) if event.parent_id else None
        named = event.tool or event.name
        known = parent is not None and (parent.tool or parent.name) == named
        head: list[Piece] = [(f"{self.marks.result} ", "")]
        if named and not known:
            head.append((f"{self.short(named, 60)} ", "bold"))
        if event.status in ("error", "denied"):
            head.append((event.status, "bad"))
            error = self.error(event.error)
            if error:
                head.append((f": {error}", "bad"))
        elif event.status == "ok":
            head.append(("ok", "good"))
        if event.result is not None and event.result_state != "empty":
            told, style = self.compact(event.result), ""
        elif event.result_state in _STATE_WORDS:
            told, style = f"({_STATE_WORDS[event.result_state]})", "dim"
        elif event.status in ("ok", "unknown"):
            told, style = f"(result {'empty' if event.result_state == 'empty' else 'not recorded'})", "dim"
        else:
            return head
        return [*head, (told if head[-1][0].endswith(" ") else f" {told}", style)]

    def _decision(self, event: RunEventView) -> list[Piece]:
        verdict = (event.decision or "undefined").replace("_", " ").upper()
        style = {"allow": "good", "deny": "bad"}.get(event.decision or "", "warn")
        subject = event.tool or event.name
        about = (
            [
                (" ", ""),
                (self.short(event.tool, 60), "bold"),
                (self.given(event.args) if event.args else self._arguments(event), ""),
            ]
            if event.tool
            else [(f" {self.short(subject or '', 60)}", "")]
        )
        return [("decision ", ""), (verdict, style), *about]

    def _reason(self, event: RunEventView) -> str:
        """The result of a decision, without what is shown beside it: the verdict and the rule."""
        result = event.result or ""
        fields = _object(result) if self.view.content == "short" else {}
        left = {
            k: v for k, v in fields.items() if k not in ("allow", "allowed") and v not in (event.rule, event.policy)
        }
        if not left:
            return self.compact(result)
        if len(left) == 1 and isinstance(left.get("reason"), str):
            return f"reason: {self.short(left['reason'], 300)}"
        return self.pairs(left)

    def facts(self, event: RunEventView) -> list[Piece]:
        """What stands beside the phrase, the most important first: error, reason, marks, length, model, tokens."""
        made: list[Piece] = []
        failed = event.status in ("error", "denied")
        error = self.error(event.error)
        if error and not (failed and event.kind == "result"):
            made.append((f"{event.status if failed else 'error'}: {error}", "bad"))
        elif failed and event.kind not in ("result", "error") and not event.decision:
            made.append((f"status {event.status}", "bad"))
        if event.decision and event.result is not None:
            made.append((self._reason(event), ""))
        if event.rule:
            made.append((f"rule {self.short(event.rule, 60)}", ""))
        if event.policy:
            made.append((f"policy {self.short(event.policy, 60)}", "dim"))
        made += [(f"! {self.short(mark, 120)}", "warn") for mark in event.marks]
        if event.copies:
            made.append((f"{self.marks.times}{event.copies + 1} copies", "dim"))
        if event.ts_ns is not None and event.end_ns is not None and event.end_ns != event.ts_ns:
            made.append((_when.duration(event.end_ns - event.ts_ns), "dim"))
        if event.model and event.model not in (event.name or "") and event.kind == "span":
            made.append((self.short(event.model, 40), "dim"))
        if event.tokens_in is not None or event.tokens_out is not None:
            counts = ["?" if count is None else f"{count:,}" for count in (event.tokens_in, event.tokens_out)]
            made.append((f"{counts[0]} in, {counts[1]} out tokens", "dim"))
        return made

    def join(self, event: RunEventView) -> Piece | None:
        """How the event was joined, if not by the run's own id and not as the event of its stream shown before it."""
        stitch = event.stitched_by
        last, self._last_join[event.stream] = self._last_join.get(event.stream), stitch
        if stitch.confidence == "exact" and stitch.value == self._report.id:
            return None
        if last is not None and (last.kind, last.value, last.confidence) == (
            stitch.kind,
            stitch.value,
            stitch.confidence,
        ):
            return None
        key = f"{self.clean(stitch.kind)} {self.short(stitch.value, 14)}"
        if stitch.confidence == "inferred":
            return f"{self.marks.joined} inferred: {key}", "guess"
        return f"{self.marks.joined} {key}", "join"


def _parsed(value: str) -> Any:
    """The value of JSON text; None if it is none, or too long to be read for one line."""
    if len(value) > _PARSE_UP_TO:
        return None
    try:
        return jsontext.parse(value.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return None


def _said_by(message: dict[str, Any]) -> str:
    """What a message says: its text, where it has any, be it in blocks or parts; else all that it holds."""
    said = message["content"] if message.get("content") is not None else message.get("parts")
    if told := _said(said, " "):
        return told
    if said is None:
        said = {key: held for key, held in message.items() if key not in ("role", "content") and held is not None}
    return jsontext.dumps(said)


def _object(value: str) -> dict[str, Any]:
    parsed = _parsed(value)
    return parsed if isinstance(parsed, dict) else {}


def _speaks_of(marks: Iterable[str], word: str) -> bool:
    return any(word in mark for mark in marks)


def label_of(path: str) -> str:
    """The name of a file without its extensions."""
    stem = posixpath.basename(path.replace("\\", "/").rstrip("/")) or path
    return stem.split(".")[0] or stem


def labels(paths: Iterable[str]) -> dict[str, str]:
    """A short name for each file, unique among them: its stem or its folder, the shorter one, else with a number."""
    given = list(dict.fromkeys(paths))
    choices: dict[str, list[str]] = {}
    for path in given:
        folder = posixpath.basename(posixpath.dirname(path.replace("\\", "/")))
        words = [label_of(path)] + ([folder] if folder.lower() not in _COMMON_FOLDERS else [])
        choices[path] = sorted(dict.fromkeys(words), key=len)
    seen: dict[str, int] = {}
    for words in choices.values():
        for word in words:
            seen[word] = seen.get(word, 0) + 1
    made: dict[str, str] = {}
    for number, path in enumerate(given, 1):
        unique = next((word for word in choices[path] if seen[word] == 1), None)
        # Thirteen columns: the longest that leaves the tree room at eighty columns.
        if unique is None or len(unique) > 13:
            tail = f"#{number}"
            unique = f"{(unique or choices[path][0])[: 13 - len(tail)]}{tail}"
        made[path] = unique
    return made


def _said(value: Any, between: str = "\n") -> str:
    """A text, or the texts of a message's blocks; nothing for what has none."""
    if isinstance(value, str):
        return value
    blocks = value if isinstance(value, list) else []
    texts = (block.get("text", block.get("content")) if isinstance(block, dict) else block for block in blocks)
    return between.join(text for text in texts if isinstance(text, str) and text)
