"""Two runs, step by step: what one did and the other did not, and where they part.

1. The steps of each run are taken (`steps`).
2. They are aligned by what they are and what they were given: kind, layer, tool or model, digest of the arguments
   (keys sorted), text of a message, verdict of a decision. Ids, times, durations, results and outcomes play no part.
3. Between two aligned stretches, what is left is aligned once more by kind and name alone: same tool, other arguments.
4. In each pair that belongs together, arguments are compared member by member, then result, status, verdict, rule and
   marks. A member that is an id of one of the two runs or differs only in such ids is not a change.

A model's answer is compared by the calls that it asks for, which are steps of their own, and by its status: the words
of two answers are hardly ever the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from blake3 import blake3

from auditrail import jsontext
from auditrail.errors import RecordError
from auditrail.report.steps import steps
from auditrail.report.types import Change, Comparison, Reconstruction, Side, Step, StepPair

# Above this product of lengths, steps that recur often no longer anchor an alignment: it would take minutes.
_EXACT_UP_TO = 4_000_000
_MOST_CHANGES = 50
_NOT_CHECKED = ("the words of a model's answers: only the calls that they ask for, and their status",)

Key = tuple[str, ...]


def compare(a: Reconstruction, b: Reconstruction) -> Comparison:
    """Aligns the steps of two runs."""
    left, right = steps(a), steps(b)
    ids = [sorted(_ids(report), key=len, reverse=True) for report in (a, b)]
    strong = [[_key(step, own) for step in listed] for listed, own in ((left, ids[0]), (right, ids[1]))]
    pairs = tuple(_pairs(left, right, strong[0], strong[1], ids))
    parts_at = next((place for place, pair in enumerate(pairs) if pair.mark != "same"), None)
    coarse = len(left) * len(right) > _EXACT_UP_TO
    notes = ("the runs are long: steps that recur often were aligned with less care",) if coarse else ()
    return Comparison(_side(a, len(left)), _side(b, len(right)), pairs, parts_at, _NOT_CHECKED, notes)


def _side(report: Reconstruction, count: int) -> Side:
    return Side(
        report.id,
        report.asked,
        report.agent,
        report.status,
        report.started_ns,
        report.ended_ns,
        len(report.events),
        count,
        report.completeness.grade,
    )


def _ids(report: Reconstruction) -> set[str]:
    """Ids that name this run or things in it, as they may stand in arguments too; short ones could be any word."""
    return {value for _, value in report.aliases if len(value) >= 8} | {report.id}


def _key(step: Step, own: list[str]) -> Key:
    weak = _weak(step)
    if step.kind in ("llm", "gap", "start", "end"):
        return weak
    given = step.said if step.kind == "message" else step.args
    if step.kind == "error":
        given = step.error
    return (*weak, step.args_state, _digest(_plain(given, own)), step.decision or "")


def _weak(step: Step) -> Key:
    """What a step is, without what it was given; a gap is its rule and the tool that it is about."""
    return (step.kind, step.layer, step.name, (step.rule or "") if step.kind == "gap" else "")


def _plain(value: str | None, own: list[str]) -> str:
    """The value with the run's own ids made alike, and the keys of JSON sorted."""
    if value is None:
        return ""
    for an_id in own:
        if an_id in value:
            value = value.replace(an_id, "<id>")
    parsed = _parsed(value)
    return jsontext.dumps(_sorted(parsed)) if parsed is not None else value


def _digest(value: str) -> str:
    return blake3(value.encode("utf-8", "surrogatepass")).hexdigest()


def _parsed(value: str | None) -> Any:
    """The object or array that the text is; None for any other text."""
    if value is None or value[:1] not in ("{", "["):
        return None
    try:
        return jsontext.parse(value.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return None


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _pairs(
    left: list[Step], right: list[Step], one: list[Key], two: list[Key], ids: list[list[str]]
) -> Iterator[StepPair]:
    for tag, i1, i2, j1, j2 in _aligned(one, two):
        if tag == "equal":
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                yield _pair(left[i], right[j], i, j, ids)
            continue
        weak = [_weak(step) for step in left[i1:i2]], [_weak(step) for step in right[j1:j2]]
        for part, k1, k2, m1, m2 in _aligned(*weak):
            if part == "equal":
                for k, m in zip(range(k1, k2), range(m1, m2), strict=True):
                    yield _pair(left[i1 + k], right[j1 + m], i1 + k, j1 + m, ids)
            else:
                yield from (StepPair("only-a", left[i1 + k], None, i1 + k + 1, None) for k in range(k1, k2))
                yield from (StepPair("only-b", None, right[j1 + m], None, j1 + m + 1) for m in range(m1, m2))


def _aligned(one: list[Key], two: list[Key]) -> Iterator[tuple[str, int, int, int, int]]:
    """Stretches that are equal or not, as `SequenceMatcher` gives them; what both begin or end with is equal."""
    head = 0
    while head < min(len(one), len(two)) and one[head] == two[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(two)) - head and one[-1 - tail] == two[-1 - tail]:
        tail += 1
    if head:
        yield "equal", 0, head, 0, head
    inner = one[head : len(one) - tail], two[head : len(two) - tail]
    matcher = SequenceMatcher(None, *inner, autojunk=len(inner[0]) * len(inner[1]) > _EXACT_UP_TO)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        yield tag, i1 + head, i2 + head, j1 + head, j2 + head
    if tail:
        yield "equal", len(one) - tail, len(one), len(two) - tail, len(two)


def _pair(a: Step, b: Step, i: int, j: int, ids: list[list[str]]) -> StepPair:
    changes = tuple(_changes(a, b, ids))
    return StepPair("changed" if changes else "same", a, b, i + 1, j + 1, changes)


def _changes(a: Step, b: Step, ids: list[list[str]]) -> Iterator[Change]:
    if a.kind not in ("llm", "gap", "message"):
        yield from _content("arguments", (a.args, a.args_state), (b.args, b.args_state), ids)
        yield from _content("result", (a.result, a.result_state), (b.result, b.result_state), ids)
    for what in ("status", "decision", "rule", "error"):
        one, two = getattr(a, what), getattr(b, what)
        if one != two and _plain(one, ids[0]) != _plain(two, ids[1]):
            yield Change(what, one, two)
    if a.kind == "message" and _plain(a.said, ids[0]) != _plain(b.said, ids[1]):
        yield Change("text", a.said, b.said)
    if set(a.marks) != set(b.marks):
        yield Change("missing", "; ".join(a.marks) or None, "; ".join(b.marks) or None)


def _content(what: str, a: tuple[str | None, str], b: tuple[str | None, str], ids: list[list[str]]) -> Iterator[Change]:
    """Members of two objects that differ, or the whole where they are none; and what is told of one side only."""
    if _plain(a[0], ids[0]) != _plain(b[0], ids[1]):
        one, two = _parsed(a[0]), _parsed(b[0])
        if isinstance(one, dict) and isinstance(two, dict):
            found = [
                Change(f"{what}.{key}", _shown(one, key), _shown(two, key))
                for key in dict.fromkeys([*one, *two])
                if _plain(_shown(one, key), ids[0]) != _plain(_shown(two, key), ids[1])
            ]
            yield from found[:_MOST_CHANGES]
            if len(found) > _MOST_CHANGES:
                yield Change(f"{what}: {len(found) - _MOST_CHANGES} further members", None, None)
        else:
            yield Change(what, a[0], b[0])
    if a[1] != b[1]:
        yield Change(f"{what} are" if what == "arguments" else f"{what} is", a[1], b[1])


def _shown(value: dict[str, Any], key: str) -> str | None:
    return jsontext.content(value[key]) if key in value else None
