"""Mermaid: the steps of a run as a sequence diagram, for a ticket or a document.

Who takes part: the user, the agent, the model, the policy, and the tools (beyond eight, the rest as one). Calls and
results are arrows; an arrow that ends in a cross is one that was denied, failed, or of which no execution is held; what
is missing is a note. Steps are those of `auditrail.report.steps`, so that a call told by three streams is one arrow.

A diagram of hundreds of arrows can't be read, and Mermaid refuses texts of more than 50,000 characters: of more than
120 steps the first, the last, and those that failed, were denied or are missing stay, and notes count the others.

Syntax: packages/mermaid/src/diagrams/sequence/parser/sequenceDiagram.jison and docs/syntax/sequenceDiagram.md of
mermaid-js/mermaid. Whatever means something there (`#`, `;`, `%`), in HTML, in Markdown or in math stands as an entity
code (`#35;`), which Mermaid turns back into the character.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from auditrail import text
from auditrail.outputs import _when
from auditrail.outputs._view import View
from auditrail.outputs._wording import Contents
from auditrail.report.steps import steps
from auditrail.report.types import Reconstruction, Report, Step

NAME = "mermaid"
EXTENSION = "mmd"
REPORTS = ("reconstruction",)

_MOST_STEPS = 120
_FIRST, _LAST, _PROBLEMS = 60, 30, 60
_MOST_TOOLS = 8
_TEXT, _PARTICIPANT = 110, 40
_MEANS_SOMETHING = re.compile(r"[#;%<>&`$\\]")


class _Arrow(NamedTuple):
    """A line of the diagram, at a time: lines are in order of it, and of `turn` where times are equal."""

    at: int
    turn: int
    line: str


def render(report: Report, view: View) -> Iterator[str]:
    """Line after line."""
    assert isinstance(report, Reconstruction)  # noqa: S101 - REPORTS says so
    listed = [step for step in steps(report) if _is_shown(step, view)]
    diagram = _Diagram(report, view, listed)
    yield "sequenceDiagram\n"
    yield f"    title {diagram.clean(f'Run {report.id}')}\n"
    for line in (*diagram.participants(), *diagram.arrows()):
        yield f"    {line}\n"


def _is_shown(step: Step, view: View) -> bool:
    if view.layers and step.layer not in view.layers:
        return False
    if step.ts_ns is None:
        return True
    return (view.since_ns is None or step.ts_ns >= view.since_ns) and (
        view.until_ns is None or step.ts_ns <= view.until_ns
    )


def _is_problem(step: Step) -> bool:
    return (
        step.kind in ("gap", "error")
        or step.status in ("error", "denied")
        or step.decision not in (None, "allow")
        or "no execution held" in step.marks
    )


class _Diagram:
    def __init__(self, report: Reconstruction, view: View, listed: list[Step]) -> None:
        self.report, self.view, self.steps = report, view, listed
        self.words = Contents(
            replace(view, width=100, unicode=True, content="digest" if view.content == "digest" else "short")
        )
        tools = Counter(step.name for step in listed if step.kind == "tool")
        kept = list(dict.fromkeys(step.name for step in listed if step.kind == "tool"))
        if len(kept) > _MOST_TOOLS:
            often = sorted(kept, key=lambda name: (-tools[name], kept.index(name)))[: _MOST_TOOLS - 1]
            kept = [name for name in kept if name in often]
        self._tools = {name: f"t{number}" for number, name in enumerate(kept, 1)}
        self._has_others = len(kept) < len(tools)

    def clean(self, value: str, columns: int = _TEXT) -> str:
        """One line of text in which nothing means anything to Mermaid, HTML or Markdown."""
        short = text.shorten(self.words.clean(value[: 8 * columns]), columns)
        return _MEANS_SOMETHING.sub(lambda match: f"#{ord(match.group())};", short) or "#32;"

    def participants(self) -> Iterator[str]:
        """The lines that name who takes part, from left to right."""
        kinds = {step.kind for step in self.steps}
        if any(_is_user(step) for step in self.steps):
            yield f"actor user as {self.clean(self.report.principal or 'user', _PARTICIPANT)}"
        yield f"participant agent as {self.clean(self.report.agent or 'agent', _PARTICIPANT)}"
        if "llm" in kinds:
            models = list(dict.fromkeys(step.name for step in self.steps if step.kind == "llm"))
            more = f" and {len(models) - 1} more" if len(models) > 1 else ""
            yield f"participant llm as {self.clean(models[0] + more, _PARTICIPANT)}"
        if "decision" in kinds:
            yield "participant policy as policy"
        for name, short in self._tools.items():
            yield f"participant {short} as {self.clean(name, _PARTICIPANT)}"
        if self._has_others:
            yield "participant tx as other tools"

    def arrows(self) -> Iterator[str]:
        """The lines of the steps in order of time; what was left out is counted where it was."""
        keep = self._kept()
        made: list[_Arrow] = []
        at = left_out = 0
        for number, step in enumerate(self.steps):
            at = at if step.ts_ns is None else step.ts_ns
            if number not in keep:
                left_out += 1
                continue
            if left_out:
                made.append(_Arrow(at, len(made), _left_out(left_out)))
                left_out = 0
            for offset, line in self._lines(step):
                made.append(_Arrow(at + offset, len(made), line))
        if left_out:
            made.append(_Arrow(at, len(made), _left_out(left_out)))
        return (arrow.line for arrow in sorted(made))

    def _kept(self) -> set[int]:
        count = len(self.steps)
        if count <= _MOST_STEPS:
            return set(range(count))
        problems = [number for number, step in enumerate(self.steps) if _is_problem(step)]
        return {*range(_FIRST), *range(count - _LAST, count), *problems[:_PROBLEMS]}

    def _lines(self, step: Step) -> Iterator[tuple[int, str]]:
        """Lines of one step, each with the time after its begin."""
        words = self.words
        took = 0 if step.ts_ns is None or step.end_ns is None else max(step.end_ns - step.ts_ns, 0)
        if step.kind == "tool":
            yield from self._call(step, took)
        elif step.kind == "llm":
            yield 0, f"agent->>llm: {self.clean(step.name)}"
            failed = step.status in ("error", "denied")
            told = f"answer, {_when.duration(took)}" if took else "answer"
            told = (words.error(step.error) or step.status) if failed else told
            yield took, f"llm{'--x' if failed else '-->>'}agent: {self.clean(told)}"
        elif step.kind == "decision":
            verdict = (step.decision or "undefined").replace("_", " ").upper()
            told = f"{verdict} {step.name}{f', rule {step.rule}' if step.rule else ''}"
            yield 0, f"agent->>policy: {self.clean(f'{step.name}{self._arguments(step)}')}"
            yield took, f"policy{'-->>' if step.decision == 'allow' else '--x'}agent: {self.clean(told)}"
        elif _is_user(step):
            yield 0, f"user->>agent: {self.clean(words.compact(step.said or step.name))}"
        else:
            yield 0, f"Note over agent: {self.clean(self._note(step))}"

    def _note(self, step: Step) -> str:
        if step.kind == "gap":
            return f"missing or in doubt: {step.said}"
        told = self.words.compact(step.said) if step.said else self.words.error(step.error)
        kind = "" if step.kind in step.name else f"{step.kind} "
        when = "" if step.ts_ns is None else f", {_when.clock(step.ts_ns, self.view.tz)}"
        return f"{kind}{step.name}{f': {told}' if told else ''}{when}"

    def _call(self, step: Step, took: int) -> Iterator[tuple[int, str]]:
        tool = self._tools.get(step.name, "tx")
        asked = f"{step.name}{self._arguments(step)}"
        if "no execution held" in step.marks:
            yield 0, f"agent-x{tool}: {self.clean(asked)}"
            yield 0, f"Note over {tool}: asked for by the model, no execution is held"
            return
        yield 0, f"agent->>{tool}: {self.clean(asked)}"
        if step.status in ("error", "denied"):
            told = f"{step.status}: {self.words.error(step.error)}" if step.error else step.status
            yield took, f"{tool}--xagent: {self.clean(told)}"
        elif step.result is not None or step.status == "ok":
            told = self.words.compact(step.result) if step.result else f"result {step.result_state}"
            yield took, f"{tool}-->>agent: {self.clean(told)}"
        else:
            yield took, f"Note over {tool}: no result is held"

    def _arguments(self, step: Step) -> str:
        if step.args is None:
            return "" if step.kind == "decision" else f"({step.args_state})"
        if step.kind == "decision":
            return self.words.given(step.args)
        return f"({self.words.compact(step.args, braces=False)})"


def _is_user(step: Step) -> bool:
    return step.kind == "message" and "user" in step.name.lower()


def _left_out(count: int) -> str:
    return f"Note over agent: {count:,} {'step' if count == 1 else 'steps'} left out here"
