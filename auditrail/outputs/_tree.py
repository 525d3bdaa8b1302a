"""The tree of a run in text: time, layer, what happened under what, and the record that says so."""

from __future__ import annotations

import json
from collections.abc import Iterator

from auditrail import jsontext, text
from auditrail.errors import RecordError
from auditrail.outputs import _when
from auditrail.outputs._header import SEVERITY_STYLES
from auditrail.outputs._paint import Line, Piece, flow, line_width, wrap
from auditrail.outputs._select import Node, attached, forest
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import Gap, Reconstruction, RunEventView

# Columns: mark and time (13), blank, layer (6), blank.
_TIME = 13
_LEFT = _TIME + 1 + 6 + 1
_MAX_WHERE = 20
# What carries the substance of a run may take a second line; the rest is cut at the end of its first.
_TWO_LINES = frozenset({"call", "result", "message", "decision", "error"})
_MAX_BLOCK = 1_000_000
_LAYERS = frozenset({"agent", "llm", "tool", "policy", "other"})
# Causes by which nothing is gone, but something can't be relied upon.
DOUBTS = frozenset({"duplicate-conflict", "integrity", "clock"})


class Tree:
    """Writes the tree of one report for one view."""

    def __init__(self, report: Reconstruction, view: View, words: Words) -> None:
        self.view, self.words, self.marks = view, words, words.marks
        self.roots = forest(report, view)
        self._gaps, self._children = attached(report)
        widest = max((text.width(words.where(event)) for event in report.events), default=0)
        self._where = min(widest, _MAX_WHERE)
        self._room = max(view.width - _LEFT - self._where - 1, 20)
        # Beyond this depth lines are no longer indented, and the depth is written instead.
        self._deepest = max(self._room // 5, 2)
        self._day = ""

    def lines(self) -> Iterator[Line]:
        """Line after line, depth first; no recursion, for a hostile log may nest as deep as it likes."""
        stack = [(node, "", "", 0) for node in reversed(self.roots)]
        while stack:
            node, lead, branch, depth = stack.pop()
            below = self._below(lead, branch, depth)
            yield from self._node(node, lead + branch, below, depth)
            for index, child in enumerate(reversed(node.children)):
                tip = self.marks.last if index == 0 else self.marks.branch
                stack.append((child, below, tip if depth < self._deepest else "", depth + 1))

    def _below(self, lead: str, branch: str, depth: int) -> str:
        if depth == 0 or depth > self._deepest:
            return lead
        return lead + (self.marks.through if branch == self.marks.branch else "  ")

    def _node(self, node: Node, prefix: str, below: str, depth: int) -> Iterator[Line]:
        event = node.event
        yield from self._new_day(event)
        rest = below + (self.marks.through if node.children else "  ")
        if depth > self._deepest:
            prefix += f"({depth}) "
            rest += "  "
        if node.more:
            final = node.more[-1]
            span = f"{self.words.where(event)}{self.marks.dash}{self.words.where(final).rpartition(':')[2]}"
            same = event.source.path == final.source.path and text.width(span) <= self._where
            yield self._line(event, prefix, [(self._more(node.more), "dim")], span if same else "")
            return
        first, *others = self._words(event, self._room - text.width(prefix), self.view.width - _LEFT - text.width(rest))
        yield self._line(event, prefix, first, self.words.where(event))
        for line in others:
            yield [(" " * _LEFT, ""), (rest, "dim"), *line]
        if self.view.content == "whole":
            yield from self._blocks(event, rest)
        for child in self._children.get(event.id, ()):
            who = f"{self.words.clean(child.agent)}, " if child.agent else ""
            told = f"spawned run {self.words.clean(child.id)} ({who}{child.events:,} events)"
            yield [(" " * _LEFT, ""), (rest, "dim"), (told, "agent")]
        for gap in self._gaps.get(event.id, ()):
            yield from self._missing(gap, rest)

    def _missing(self, gap: Gap, rest: str) -> Iterator[Line]:
        style = SEVERITY_STYLES.get(gap.severity, "")
        what = "in doubt" if gap.cause in DOUBTS else "missing"
        told = f"{self.marks.missing} {what}: {self.words.clean(gap.title)} [{gap.cause}]"
        room = max(self.view.width - _LEFT - text.width(rest), 20)
        for index, line in enumerate(flow([(word, style) for word in told.split(" ")], room, gap=" ")):
            yield [(" " * _LEFT, ""), (rest, "dim"), *([("  ", "")] if index else []), *line]

    def _line(self, event: RunEventView, prefix: str, phrase: Line, where: str) -> Line:
        line: Line = [(self._time(event), "dim" if not event.skew_ns else "guess"), (" ", "")]
        line += [(f"{text.shorten(event.layer, 6):<6} ", event.layer if event.layer in _LAYERS else "other")]
        line += [(prefix, "dim"), *phrase]
        where = text.middle(where, self._where, ellipsis=self.marks.ellipsis)
        blanks = self.view.width - text.width(where) - line_width(line)
        return [*line, (" " * max(blanks, 1), ""), (where, "dim")]

    def _time(self, event: RunEventView) -> str:
        if event.ts_ns is None:
            return "      no time"
        shown = _when.clock(event.ts_ns + event.skew_ns, self.view.tz)
        return f"{'~' if event.skew_ns else ' '}{shown:<12}"[:_TIME]

    def _new_day(self, event: RunEventView) -> Iterator[Line]:
        """A line with the date before the first event of another day; the first day stands in the header."""
        if event.ts_ns is None:
            return
        day = _when.day(event.ts_ns + event.skew_ns, self.view.tz)
        if self._day and day != self._day:
            yield [(f"{self.marks.rule * 2} {day} {self.marks.rule * 2}", "dim")]
        self._day = day

    def _more(self, events: list[RunEventView]) -> str:
        first, last = events[0], events[-1]
        span = ""
        if first.ts_ns is not None and last.ts_ns is not None:
            times = [_when.clock(e.ts_ns + e.skew_ns, self.view.tz)[:8] for e in (first, last) if e.ts_ns is not None]
            span = f", {times[0]}{self.marks.dash}{times[1]}" if times[0] != times[1] else f", {times[0]}"
        what = self.words.short(first.name or first.tool or first.kind, 30)
        return f"{self.marks.ellipsis} {len(events)} more like this ({what}{span})"

    def _words(self, event: RunEventView, room: int, rest_room: int) -> list[Line]:
        """The phrase and the facts: on one line if they fit, else on further lines below."""
        phrase = self.words.phrase(event)
        facts = self.words.facts(event)
        join = self.words.join(event)
        if join:
            facts.append(join)
        beside = sum(2 + text.width(fact) for fact, _ in facts)
        if line_width(phrase) + beside <= room:
            return [[*phrase, *(piece for fact, style in facts for piece in (("  ", ""), (fact, style)))]]
        head, tail = self._split(phrase, room)
        lines = [head]
        told: list[Piece] = []
        if tail and (event.kind in _TWO_LINES or event.layer == "tool"):
            told = [(text.shorten(tail.lstrip(" "), rest_room, ellipsis=self.marks.ellipsis), "")]
        elif tail:
            lines = [self._cut(head, room)]
        else:
            # Short facts fill the first line before a second one is begun.
            left = room - line_width(head)
            while facts and 2 + text.width(facts[0][0]) <= left:
                left -= 2 + text.width(facts[0][0])
                lines[0] += [("  ", ""), facts.pop(0)]
        if told or facts:
            room = max(rest_room, 12)
            split = [piece for fact in facts for piece in self._two_lines(fact, room)]
            lines += flow([*told, *split], room, ellipsis=self.marks.ellipsis)
        return lines

    def _two_lines(self, fact: Piece, room: int) -> list[Piece]:
        """A long fact in two lines: a reason that is cut after ten words is none."""
        if text.width(fact[0]) <= room:
            return [fact]
        first, *rest = wrap(fact[0], room)
        return [(first, fact[1]), (text.shorten(" ".join(rest), room, ellipsis=self.marks.ellipsis), fact[1])]

    def _split(self, phrase: list[Piece], room: int) -> tuple[Line, str]:
        """What fits on the first line, broken after a blank where one is near, and the text that is left."""
        head: Line = []
        left = room
        for index, (part, style) in enumerate(phrase):
            takes = text.width(part)
            if takes <= left:
                head.append((part, style))
                left -= takes
                continue
            fits = text.head(part, left)
            near = fits.rfind(" ")
            if near > len(fits) - 40 and near > 0:
                fits = fits[: near + 1]
            elif part[:1] == "(" and (len(fits) < 24 or " " not in part):
                fits = "("
            rest = part[len(fits) :] + "".join(text for text, _ in phrase[index + 1 :])
            return [*head, (fits, style)], rest
        return head, ""

    def _cut(self, head: Line, room: int) -> Line:
        """The line with an ellipsis at its end."""
        *before, (part, style) = head
        left = room - line_width(before) - len(self.marks.ellipsis)
        return [*before, (text.head(part, left), style), (self.marks.ellipsis, "")]

    def _blocks(self, event: RunEventView, rest: str) -> Iterator[Line]:
        """Arguments and result whole, JSON indented, wrapped at the width: nothing is left out."""
        given = "content" if event.kind in ("message", "log", "start", "end", "error") else "arguments"
        contents = [(given, event.args), ("result", event.result)]
        if event.args is None and event.result is None:
            contents.append(("attributes", event.attributes))
        for label, content in contents:
            if not content or self.words.inline(content):
                continue
            yield [(" " * _LEFT, ""), (rest, "dim"), (f"{label}:", "dim")]
            room = max(self.view.width - _LEFT - text.width(rest) - 2, 20)
            for line in pretty(content).split("\n"):
                for part in _wrapped(text.terminal(line, ascii_only=not self.view.unicode), room):
                    yield [(" " * _LEFT, ""), (f"{rest}  ", "dim"), (part, "")]


def _wrapped(line: str, room: int) -> Iterator[str]:
    """A line in parts that fit, broken after a blank where one is near; further parts stand two columns deeper."""
    indent = ""
    start = 0
    while start < len(line) or not start:
        # A slice, so that a line of megabytes is not copied for each of its parts.
        ahead = line[start : start + 4 * room + 1]
        part = text.head(ahead, room - len(indent)) or ahead[:1]
        near = part.rfind(" ") + 1
        # Blanks at the front are the indentation.
        if part != ahead and part[:near].strip() and near > len(part) * 2 // 3:
            part = part[:near]
        yield indent + part
        if not line:
            return
        if not indent:
            indent = " " * min(len(line) - len(line.lstrip(" ")) + 2, room // 2)
        start += len(part)


def pretty(content: str) -> str:
    """JSON text indented, with its numbers as they stand; anything else as it is."""
    if content[:1] not in ("{", "[") or len(content) > _MAX_BLOCK:
        return content
    try:
        value, flags = jsontext.parse(content.encode("utf-8", "surrogatepass"))
    except RecordError:
        return content
    # With a key that stands twice, the parsed value would hide one of the two.
    return content if flags else json.dumps(value, indent=2, ensure_ascii=False)
