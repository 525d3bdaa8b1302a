"""Two runs side by side, in words: shared by the outputs that a person reads, and the rows for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from auditrail import text
from auditrail.outputs import _rows, _when
from auditrail.outputs._header import SEVERITY_STYLES
from auditrail.outputs._paint import Piece
from auditrail.outputs._view import View
from auditrail.outputs._wording import Contents, labels
from auditrail.report.types import Change, Column, Comparison, Listing, Side, Step, StepPair

MARKS = {"same": " ", "changed": "~", "only-a": "-", "only-b": "+"}
STYLES = {"same": "dim", "changed": "warn", "only-a": "bad", "only-b": "good"}
WORDS = {"same": "the same", "changed": "changed", "only-a": "only in A", "only-b": "only in B"}
# Fewer steps that are the same are not worth a fold.
_FOLD_FROM = 2
_CHANGE = 160


class Line(NamedTuple):
    """One line of a comparison: a step, or steps that are the same folded into one (`more`)."""

    mark: str
    number_a: str
    number_b: str
    layer: str
    phrase: list[Piece]
    where: str
    changes: list[tuple[str, str, str]]
    more: int = 0


class Comparing:
    """Puts one comparison into words, for one view."""

    def __init__(self, report: Comparison, view: View) -> None:
        self.report, self.view = report, view
        self.words = Contents(replace(view, content="digest" if view.content == "digest" else "short"))
        steps = [step for pair in report.pairs for step in (pair.a, pair.b) if step is not None]
        self._labels = labels(step.path for step in steps if step.path)

    def head(self) -> list[tuple[str, str, str]]:
        """What the runs are: label, of A, of B."""
        a, b = self.report.a, self.report.b
        made = [
            ("run", self.words.clean(a.id), self.words.clean(b.id)),
            ("agent", *(self.words.clean(side.agent or "not known") for side in (a, b))),
            ("began", *(self._began(side) for side in (a, b))),
            ("took", *(_took(side) for side in (a, b))),
            ("status", *(self.words.clean(side.status) for side in (a, b))),
            ("completeness", *(self.words.clean(side.grade) for side in (a, b))),
            ("steps", *(f"{side.steps:,} (of {side.events:,} events)" for side in (a, b))),
        ]
        return [(label, one, two) for label, one, two in made]

    def verdict(self) -> list[str]:
        """Where they part, and the first step that only one of them has, in a sentence each."""
        at = self.report.parts_at
        if at is None:
            return ["They did the same, step by step."]
        pair = self.report.pairs[at]
        what = ""
        if pair.mark == "changed":
            listed = [self.words.short(change.what, 40) for change in pair.changes]
            more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
            what = f" ({', '.join(listed[:3])}{more})"
        made = [f"They part at {self._numbers(pair)}, {WORDS[pair.mark]}{what}: {self._told(pair)}"]
        alone = next((pair for pair in self.report.pairs if pair.mark.startswith("only") and not _is_gap(pair)), None)
        if alone is not None and alone is not pair:
            made.append(f"The first step that only one of them took is {self._numbers(alone)}: {self._told(alone)}")
        return made

    def _numbers(self, pair: StepPair) -> str:
        named = (("A", pair.number_a), ("B", pair.number_b))
        return " and ".join(f"step {number:,} of {name}" for name, number in named if number is not None)

    def _told(self, pair: StepPair) -> str:
        step = pair.a or pair.b
        return "" if step is None else text.shorten("".join(part for part, _ in self.phrase(step)), 120)

    def summary(self) -> str:
        counts = self.report.counts()
        return ", ".join(f"{counts[mark]:,} {WORDS[mark]}" for mark in WORDS)

    def lines(self) -> Iterator[Line]:
        """The steps in order; stretches that are the same are folded unless the view shows all."""
        same: list[StepPair] = []
        for pair in self.report.pairs:
            if pair.mark == "same" and self.view.fold:
                same.append(pair)
                continue
            yield from self._same(same)
            same = []
            yield self._line(pair)
        yield from self._same(same)

    def _same(self, pairs: list[StepPair]) -> Iterator[Line]:
        if len(pairs) < _FOLD_FROM:
            yield from map(self._line, pairs)
            return
        first, last = pairs[0], pairs[-1]
        dash = self.words.marks.dash
        yield Line(
            "same",
            f"{first.number_a}{dash}{last.number_a}",
            f"{first.number_b}{dash}{last.number_b}",
            "",
            [(f"{len(pairs):,} steps the same", "dim")],
            "",
            [],
            len(pairs),
        )

    def _line(self, pair: StepPair) -> Line:
        step = pair.a or pair.b
        assert step is not None  # noqa: S101 - a pair has a step on one side at least
        where = [self._where(one) for one in (pair.a, pair.b) if one is not None]
        return Line(
            pair.mark,
            str(pair.number_a or ""),
            str(pair.number_b or ""),
            self.words.clean(step.layer),
            self.phrase(step, brief=pair.mark in ("changed", "same")),
            " ".join(dict.fromkeys(where)),
            [self._change(change) for change in pair.changes],
        )

    def phrase(self, step: Step, *, brief: bool = False) -> list[Piece]:
        """What the step was; `brief` leaves out its outcome."""
        words = self.words
        name = words.short(step.name, 60)
        if step.kind == "gap":
            style = SEVERITY_STYLES.get(step.status, "")
            return [(f"{words.marks.missing} missing or in doubt: {words.short(step.said or step.name, 200)}", style)]
        if step.kind == "decision":
            verdict = (step.decision or "undefined").replace("_", " ").upper()
            style = {"allow": "good", "deny": "bad"}.get(step.decision or "", "warn")
            return [("decision ", ""), (verdict, style), (" ", ""), (name, "bold"), (self._arguments(step), "")]
        if step.kind == "llm":
            return [("answer of ", ""), (name, "bold"), *([] if brief else self._outcome(step))]
        if step.kind in ("message", "start", "end", "error"):
            said = words.compact(step.said or step.error or "")
            kind = "" if step.kind in step.name else f"{step.kind} "
            return [(kind, ""), (name, "bold"), (f": {said}" if said else "", "")]
        return [("call ", ""), (name, "bold"), (self._arguments(step), ""), *([] if brief else self._outcome(step))]

    def _arguments(self, step: Step) -> str:
        if step.args is None:
            return "" if step.kind != "tool" else f"({step.args_state})"
        if step.kind == "decision":
            return self.words.given(step.args)
        return f"({self.words.compact(step.args, braces=False)})"

    def _outcome(self, step: Step) -> list[Piece]:
        made: list[Piece] = []
        if step.status in ("error", "denied"):
            error = self.words.error(step.error)
            made.append((f" {self.words.marks.result} {step.status}{f': {error}' if error else ''}", "bad"))
        elif step.result is not None and step.kind == "tool":
            made.append((f" {self.words.marks.result} {self.words.compact(step.result)}", ""))
        return [*made, *((f"  ! {self.words.short(mark, 80)}", "warn") for mark in step.marks)]

    def _where(self, step: Step) -> str:
        if not step.path:
            return ""
        label = self.words.clean(self._labels.get(step.path, step.path))
        return label if step.record is None else f"{label}:{step.record}"

    def _change(self, change: Change) -> tuple[str, str, str]:
        values = (change.a, change.b)
        if self.view.content == "digest" and not _is_word(change):
            shown = [None if value is None else text.digest(value) for value in values]
        elif self.view.content == "whole":
            shown = [None if value is None else text.terminal(value) for value in values]
        else:
            shown = [None if value is None else self.words.short(value, _CHANGE) for value in values]
        one, two = ("(not there)" if value is None else value for value in shown)
        return self.words.short(change.what, 60), one, two

    def _began(self, side: Side) -> str:
        if side.started_ns is None:
            return "not known"
        return f"{_when.stamp(side.started_ns, self.view.tz)} {self.view.tz}"


def _took(side: Side) -> str:
    if side.started_ns is None or side.ended_ns is None:
        return "not known"
    return _when.duration(side.ended_ns - side.started_ns)


def _is_gap(pair: StepPair) -> bool:
    step = pair.a or pair.b
    return step is not None and step.kind == "gap"


def _is_word(change: Change) -> bool:
    """Whether the values are words of our own, which no content can be in."""
    return change.what in ("status", "decision", "rule", "missing", "arguments are", "result is")


# --- for programs ---------------------------------------------------------------------------------------------------


def document(report: Comparison, view: View) -> dict[str, Any]:
    """`auditrail.diff/1`."""
    pairs = report.pairs
    return {
        "schema": "auditrail.diff/1",
        "generated_by": _rows.GENERATOR,
        "not_checked": list(report.not_checked),
        "alike": report.parts_at is None,
        "a": _side(report.a),
        "b": _side(report.b),
        "counts": {mark.replace("-", "_"): count for mark, count in report.counts().items()},
        "parts_at": None if report.parts_at is None else _pair(pairs[report.parts_at], view),
        "same_before": len(pairs) if report.parts_at is None else report.parts_at,
        "steps": [_pair(pair, view) for pair in pairs],
        "notes": list(report.notes),
    }


def rows(report: Comparison, view: View) -> list[dict[str, Any]]:
    """One object for each pair of steps."""
    return [{"a_run": report.a.id, "b_run": report.b.id, **_pair(pair, view)} for pair in report.pairs]


def listing(report: Comparison, view: View) -> Listing:
    """The pairs as flat rows: for CSV."""
    names = ("mark", "number_a", "number_b", "kind", "layer", "name", "changes")
    sides = ("args", "args_state", "result", "result_state", "status", "decision", "ts", "end_ts", "path", "record")
    columns = [Column(name, name) for name in (*names, *(f"{side}_{name}" for side in "ab" for name in sides))]
    made = []
    for pair in report.pairs:
        row = _pair(pair, view)
        step = row["a"] or row["b"]
        flat = [row["mark"], row["number_a"], row["number_b"], step["kind"], step["layer"], step["name"]]
        flat.append("; ".join(change["what"] for change in row["changes"]))
        flat += [(row[side] or {}).get(name) for side in "ab" for name in sides]
        made.append(tuple(flat))
    return Listing("diff", "steps", "Steps", tuple(columns), tuple(made))


def _side(side: Side) -> dict[str, Any]:
    made = side._asdict()
    started, ended = made.pop("started_ns"), made.pop("ended_ns")
    took = None if started is None or ended is None else (ended - started) / 1_000_000_000
    return {**made, "started_at": _when.iso(started), "ended_at": _when.iso(ended), "seconds": took}


def _pair(pair: StepPair, view: View) -> dict[str, Any]:
    hide = view.content == "digest"

    def value(change: Change, one: str | None) -> str | None:
        return text.digest(one, digits=64) if hide and one is not None and not _is_word(change) else one

    return {
        "mark": pair.mark,
        "number_a": pair.number_a,
        "number_b": pair.number_b,
        "changes": [{"what": c.what, "a": value(c, c.a), "b": value(c, c.b)} for c in pair.changes],
        "a": _step(pair.a, hide=hide),
        "b": _step(pair.b, hide=hide),
    }


def _step(step: Step | None, *, hide: bool) -> dict[str, Any] | None:
    if step is None:
        return None
    made = step._asdict()
    for name in ("args", "result", "said"):
        if hide and made[name] is not None and not (name == "said" and step.kind == "gap"):
            made[name] = text.digest(made[name], digits=64)
    if hide:
        made["error"] = _rows.hidden_error(step.error)
    made["ts"], made["end_ts"] = _when.iso(made.pop("ts_ns")), _when.iso(made.pop("end_ns"))
    return {**made, "marks": list(step.marks), "events": list(step.events)}
