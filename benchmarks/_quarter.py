"""What the agents of a made-up fleet did in a quarter, before any stream tells of it: runs, turns, calls, decisions.

Ninety-one days from 2026-04-01 with a working-day rhythm: nights and weekends are quieter, agents come and go in the
middle of the quarter, rare tools are used in few runs, some runs fail, some calls are denied and then not executed,
some are tried twice, some take no arguments. All of that is normal: an intact fleet has it, too.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
BEGIN = 1_775_001_600 * SECOND  # Wednesday, 2026-04-01T00:00:00Z
DAYS = 91
END = BEGIN + DAYS * DAY

_FAILING = 0.07
_DENIED = 0.04
_RETRIED = 0.05
_HOURS = (1, 1, 1, 1, 1, 2, 5, 12, 25, 30, 30, 28, 22, 26, 30, 30, 26, 18, 10, 6, 4, 3, 2, 1)
_WEEKEND = 0.12
_WORDS = (  # noqa: SIM905 - a text is easier to read
    "the order was placed by customer and shipped from depot after the payment cleared on account balance refund "
    "policy allows return within thirty days of delivery please check status before you answer naïve café über"
).split()


class Tool(NamedTuple):
    """A tool: `keys` are its arguments; `often` weighs it; `policed` calls need a decision, `served` ones a service."""

    name: str
    keys: tuple[str, ...]
    often: float = 1.0
    policed: bool = True
    served: bool = True


class Agent(NamedTuple):
    """An agent: `share` of all runs, first and last day, the helper it hands work to, and how it is instrumented."""

    name: str
    tools: tuple[Tool, ...]
    share: float = 1.0
    policed: bool = True
    helper: str = ""
    since: int = 0
    until: int = DAYS
    upgraded: int = DAYS  # the day on which version 2 replaces version 1
    traits: frozenset[str] = frozenset()


@dataclass(slots=True)
class Attempt:
    """One request to the service of a tool, and the decision on it."""

    request: str
    decision: str
    begin: int
    end: int
    status: int
    span: str
    served_span: str


@dataclass(slots=True)
class Call:
    """A call of a tool that the model asked for; `verdict` is allow, deny, or blank where nobody decides."""

    id: str
    tool: Tool
    args: dict[str, Any]
    result: dict[str, Any]
    begin: int
    end: int
    span: str
    verdict: str
    failed: bool
    attempts: list[Attempt]


@dataclass(slots=True)
class Turn:
    """One answer of the model with the calls that it asks for, or with a text that ends the run."""

    begin: int
    end: int
    request: str
    response: str
    span: str
    calls: list[Call]
    text: str
    tokens: tuple[int, int]
    child: Run | None = None
    hop: tuple[str, str, int, int] | None = None  # request id, span id, begin, end


@dataclass(slots=True)
class Run:
    """One run of an agent; `names` are all ids by which a case may show it."""

    number: int
    agent: Agent
    version: str
    id: str
    trace: str
    root: str
    session: str
    prompt: str
    begin: int
    end: int
    failed: bool
    turns: list[Turn]
    host: int
    parent: Run | None = None
    names: set[str] = field(default_factory=set)

    def calls(self) -> list[Call]:
        return [call for turn in self.turns for call in turn.calls]


def quarter(agents: Sequence[Agent], runs: int, seed: int) -> list[Run]:
    """So many runs of these agents, in order of their begin, each followed by the runs that it spawned."""
    return _Planner(agents, random.Random(seed)).plan(runs)


class _Planner:
    def __init__(self, agents: Sequence[Agent], draw: random.Random) -> None:
        self.agents, self.draw = agents, draw
        self.made: list[Run] = []
        self.days = [1.0 if (2 + day) % 7 < 5 else _WEEKEND for day in range(DAYS)]

    def plan(self, runs: int) -> list[Run]:
        chief = [agent for agent in self.agents if agent.share]
        weights = [agent.share for agent in chief]
        begins = []
        while len(begins) < runs:
            agent = self.draw.choices(chief, weights)[0]
            day = self.draw.choices(range(DAYS), self.days)[0]
            if agent.since <= day < agent.until:
                begins.append((self._moment(day), agent))
        for begin, agent in sorted(begins, key=lambda item: item[0]):
            if len(self.made) >= runs:
                break
            self._run(agent, begin)
        return self.made

    def _moment(self, day: int) -> int:
        hour = self.draw.choices(range(24), _HOURS)[0]
        return BEGIN + day * DAY + hour * HOUR + self.draw.randrange(HOUR)

    def _run(self, agent: Agent, begin: int, parent: Run | None = None, ask: str = "") -> Run:
        draw = self.draw
        number = len(self.made)
        version = "2.0.0" if (begin - BEGIN) // DAY >= agent.upgraded else "1.4.2"
        run = Run(
            number, agent, version, f"run-{self.hex(12)}", self.hex(32), self.hex(16), f"sess-{number // 3:05x}",
            ask or self.words(6, 20), begin, begin, draw.random() < _FAILING, [], number % 3, parent,
        )  # fmt: skip
        self.made.append(run)
        at = begin + self.span(0.005, 0.03)
        turns = draw.randint(2, 6)
        helped = bool(agent.helper) and draw.random() < 0.3
        for turn in range(turns):
            last = turn == turns - 1
            at = self._turn(run, at, 0 if last else draw.choice((1, 1, 1, 2)))
            if helped and turn == 0:
                at = self._hand(run, at)
        run.end = at + self.span(0.002, 0.02)
        run.names = {run.id, run.trace, run.session}
        if "counted" not in agent.traits:
            run.names |= {call.id for call in run.calls()}
        return run

    def _turn(self, run: Run, at: int, calls: int) -> int:
        draw = self.draw
        tokens = (draw.randint(200, 4000), draw.randint(20, 400))
        turn = Turn(at, at + self.span(0.4, 2.5), f"req-{self.hex(16)}", f"chatcmpl-{self.hex(20)}", self.hex(16), [],
                    "" if calls else self.words(8, 60), tokens)  # fmt: skip
        run.turns.append(turn)
        at = turn.end + self.span(0.002, 0.02)
        tools = run.agent.tools
        chosen: dict[str, Tool] = {}
        for tool in draw.choices(tools, [tool.often for tool in tools], k=calls):
            chosen[tool.name] = tool
        for tool in chosen.values():
            call = self._call(run, tool, at, len(run.calls()) + 1)
            turn.calls.append(call)
            at = call.end + self.span(0.002, 0.02)
        return at

    def _call(self, run: Run, tool: Tool, at: int, nth: int) -> Call:
        draw = self.draw
        ident = f"call_{nth}" if "counted" in run.agent.traits else f"call_{self.hex(24)}"
        policed = tool.policed and run.agent.policed
        verdict = ("deny" if draw.random() < _DENIED else "allow") if policed else ""
        call = Call(ident, tool, {key: self._value(key) for key in tool.keys}, {}, at, at, self.hex(16), verdict,
                    False, [])  # fmt: skip
        at += self.span(0.001, 0.01)
        tries = 2 if tool.served and verdict != "deny" and draw.random() < _RETRIED else 1
        for attempt in range(tries):
            end = at + self.span(0.02, 0.6)
            bad = attempt < tries - 1 or (run.failed and draw.random() < 0.2)
            status = 403 if verdict == "deny" else 503 if bad else 200
            call.attempts.append(
                Attempt(f"req-{self.hex(16)}", self.uuid(), at, end, status, self.hex(16), self.hex(16))
            )
            at = end + self.span(0.001, 0.01)
        call.end = at
        call.failed = call.attempts[-1].status == 503
        call.result = {"status": "ok", "rows": draw.randint(0, 40), "reference": f"ref-{self.hex(8)}"}
        return call

    def _hand(self, run: Run, at: int) -> int:
        helper = next(agent for agent in self.agents if agent.name == run.agent.helper)
        turn = run.turns[-1]
        begin = at
        child = self._run(helper, at + self.span(0.005, 0.05), run, self.words(6, 20))
        child.session = run.session
        turn.child = child
        turn.hop = (f"req-{self.hex(16)}", self.hex(16), begin, child.end + self.span(0.002, 0.01))
        return turn.hop[3] + self.span(0.002, 0.02)

    def _value(self, key: str) -> Any:
        draw = self.draw
        if key in ("amount", "price"):
            return draw.randint(100, 99_999) / 100
        if key in ("limit", "quantity", "days"):
            return draw.randint(1, 50)
        if key in ("dry_run", "urgent"):
            return draw.random() < 0.2
        if key in ("body", "note", "query", "comment"):
            text = self.words(4, 40)
            long = draw.random()
            if long < 0.05:
                text = self.words(200, 900)
            elif long < 0.06:  # talk of redaction is not redaction
                text = f"please put [REDACTED] in place of the name, {text}"
            return text
        return f"{key[:3]}-{self.hex(8)}"

    def words(self, least: int, most: int) -> str:
        return " ".join(self.draw.choices(_WORDS, k=self.draw.randint(least, most)))

    def hex(self, digits: int) -> str:
        return f"{self.draw.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        text = self.hex(32)
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def span(self, least: float, most: float) -> int:
        return int(self.draw.uniform(least, most) * SECOND)
