"""The sequence diagram: who called what, what came back, what was denied or is missing; and nothing but that."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.outputs import mermaid
from auditrail.outputs._view import View

TEXT = r"(?:[^#;%<>&`$\\\n]|#\d+;)+"
LINE = re.compile(
    rf"    (?:title {TEXT}|(?:actor|participant) \w+ as {TEXT}|\w+(?:->>|-->>|--x|-x)\w+: {TEXT}|Note over \w+: {TEXT})"
)


def drawn(report: Any, **view: Any) -> list[str]:
    made = "".join(mermaid.render(report, View(**view)))
    first, *lines = made.splitlines()
    assert first == "sequenceDiagram"
    for line in lines:
        assert LINE.fullmatch(line), line
    return [line.strip() for line in lines]


def test_the_incident(incident: Any, golden: Any) -> None:
    drawn(incident)
    golden("incident.mmd", "".join(mermaid.render(incident, View())))


def test_whatever_a_log_says_every_line_is_one_of_four_kinds(hostile: Any, make_event: Any, make_run: Any) -> None:
    drawn(hostile)
    for value in (
        "end",
        "x\nend\nloop",
        "%%{init: {}}%%",
        "a;b#35;c",
        "```",
        "wrap: x",
        "$$x$$",
        " ",
        "\\n<br/>",
        "->>a: b",
    ):
        report = make_run(
            (0, make_event("a", 1, "10:00:00", "agent", "message", name="user", message=value)),
            (0, make_event("a", 2, "10:00:01", "tool", "span", tool=value or "t", args=value, result=value)),
            (0, make_event("a", 3, "10:00:02", "policy", "decision", tool=value, decision="deny", rule=value)),
            id=value, agent=value, principal=value,
        )  # fmt: skip
        drawn(report)


@settings(max_examples=60, deadline=None)
@given(value=st.text(max_size=80))
def test_any_text_stays_on_its_line(value: str, make_event: Any, make_run: Any) -> None:
    drawn(
        make_run((0, make_event("a", 1, "10:00:00", "tool", "span", tool=value, args=value, result=value)), agent=value)
    )


def test_who_takes_part_is_named_before(incident: Any, make_event: Any, make_run: Any) -> None:
    asked = make_event("a", 1, "10:00:00", "llm", "call", tool="notify", tool_call_id="c1")
    assert any("no execution is held" in line for line in drawn(make_run((0, asked))))
    lines = drawn(incident)
    named = {line.split()[1] for line in lines if line.startswith(("actor", "participant"))}
    used = {
        part
        for line in lines
        if (found := re.match(r"(\w+)(?:->>|-->>|--x|-x)(\w+):", line))
        for part in found.groups()
    }
    assert used <= named
    assert any("--xagent: DENY" in line for line in lines)


def test_a_long_run_is_folded_and_keeps_what_went_wrong(make_event: Any, make_run: Any) -> None:
    rows = [
        (0, make_event("a", n, f"10:{n // 60:02d}:{n % 60:02d}", "tool", "span", tool=f"t{n % 20}", args=str(n),
                       status="error" if n == 300 else "ok"))
        for n in range(1, 501)
    ]  # fmt: skip
    lines = drawn(make_run(*rows))
    assert len(lines) < 300
    assert sum(len(line) for line in lines) < 50_000
    assert any("--xagent: error" in line for line in lines)
    left_out = sum(int(found.group(1)) for line in lines if (found := re.search(r": (\d+) steps? left out", line)))
    arrows = sum("->>t" in line for line in lines)
    assert left_out + arrows == 500
    assert any("participant tx as other tools" in line for line in lines)
