"""What can go wrong with the logs of a fleet: each fault spoils the intact records, and marks what it took.

`FAULTS`: name -> fault. A fault returns False where the fleet has nothing that it could act on (no such format, nobody
decides), and then changed nothing. Faults that act on contents stand in `_content_faults`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable

import orjson
from _quarter import BEGIN, DAY, END, HOUR, SECOND, Agent
from _streams import Fleet, Record, Slot

Fault = Callable[[Fleet, random.Random], bool]
FAULTS: dict[str, Fault] = {}


def fault(made: Fault) -> Fault:
    """Registers a fault under its name with dashes."""
    FAULTS[made.__name__.replace("_", "-")] = made
    return made


def spoil(fleet: Fleet, names: Iterable[str], seed: int) -> bool:
    """Lets faults act in this order; False: none of them could."""
    done = [FAULTS[name](fleet, random.Random(f"{seed} {name}")) for name in names]
    return any(done)


def busy(fleet: Fleet, draw: random.Random, least: int = 40) -> Agent:
    """An agent with runs enough to tell a habit."""
    runs = Counter(run.agent.name for run in fleet.runs)
    fit = sorted({run.agent.name for run in fleet.runs if runs[run.agent.name] >= least})
    name = draw.choice(fit or sorted(runs))
    return next(run.agent for run in fleet.runs if run.agent.name == name)


def some(fleet: Fleet, draw: random.Random, *roles: str) -> str:
    """A stream of these roles that holds anything, or a blank text."""
    held = Counter(record.stream for record in fleet.held())
    fit = sorted(stream for stream in fleet.streams(*roles) if held[stream])
    return draw.choice(fit) if fit else ""


# --- sampling -----------------------------------------------------------------------------------------------------


def _sample(fleet: Fleet, keep: Callable[[Record], bool], mark: Callable[[Record], None] | None = None) -> bool:
    spans = [record for record in fleet.held(*fleet.streams("spans")) if record.trace]
    for record in spans:
        if not keep(record):
            record.lose("sampling")
        elif mark:
            mark(record)
    return bool(spans)


def _threshold(share: float) -> int:
    return int((1 - share) * (1 << 56)) >> 40 << 40


@fault
def sampling_head(fleet: Fleet, draw: random.Random) -> bool:
    """Head sampling by the low 56 bits of the trace id, as consistent samplers do; nothing declares it."""
    threshold = _threshold(draw.choice((0.1, 0.25, 0.5)))
    return _sample(fleet, lambda record: int(record.trace[-14:], 16) >= threshold)


@fault
def sampling_head_declared(fleet: Fleet, draw: random.Random) -> bool:
    """The same, and each span that was kept says so in its trace state."""
    if "otlp" not in {fleet.formats[stream] for stream in fleet.streams("spans")}:
        return False
    threshold = _threshold(draw.choice((0.1, 0.25, 0.5)))
    said = f"ot=th:{threshold:014x}".rstrip("0")

    def mark(record: Record) -> None:
        if record.body is not None:
            record.body["traceState"] = said

    return _sample(fleet, lambda record: int(record.trace[-14:], 16) >= threshold, mark)


@fault
def sampling_ratio63(fleet: Fleet, draw: random.Random) -> bool:
    """The ratio sampler of older SDKs: kept is what lies below, in the low 63 bits of the trace id."""
    bound = int(draw.choice((0.1, 0.25, 0.5)) * (1 << 63))
    return _sample(fleet, lambda record: int(record.trace[-16:], 16) & ((1 << 63) - 1) < bound)


@fault
def sampling_ratio64(fleet: Fleet, draw: random.Random) -> bool:
    """The ratio sampler of other SDKs: kept is what lies below, in the low 64 bits of the trace id."""
    bound = int(draw.choice((0.1, 0.25, 0.5)) * (1 << 64))
    return _sample(fleet, lambda record: int(record.trace[-16:], 16) < bound)


@fault
def sampling_tail(fleet: Fleet, draw: random.Random) -> bool:
    """Tail sampling: traces of failed runs are kept, of the others some at random."""
    share = draw.choice((0.1, 0.25))
    kept: dict[str, bool] = {}

    def keep(record: Record) -> bool:
        if record.trace not in kept:
            kept[record.trace] = record.run.failed or draw.random() < share
        return kept[record.trace]

    return _sample(fleet, keep)


@fault
def sampling_one_in(fleet: Fleet, draw: random.Random) -> bool:
    """One trace in N is kept at random, and its spans carry SampleRate, as Honeycomb's samplers write it."""
    if "otlp" not in {fleet.formats[stream] for stream in fleet.streams("spans")}:
        return False
    rate = draw.choice((2, 4, 10))
    kept: dict[str, bool] = {}

    def mark(record: Record) -> None:
        if record.body is not None:
            record.body["attributes"].append({"key": "SampleRate", "value": {"intValue": str(rate)}})

    return _sample(fleet, lambda record: kept.setdefault(record.trace, draw.random() < 1 / rate), mark)


@fault
def sampling_decisions(fleet: Fleet, draw: random.Random) -> bool:
    """Only 30 % of the policy's decisions are logged."""
    decisions = [record for record in fleet.held() if record.kind == "decision"]
    for record in decisions:
        if draw.random() >= 0.3:
            record.lose("sampling")
    return bool(decisions)


# --- time ---------------------------------------------------------------------------------------------------------


@fault
def retention(fleet: Fleet, draw: random.Random) -> bool:
    """One stream holds no record older than N days before the end."""
    stream = some(fleet, draw, "agent", "spans", "llm", "tool", "policy")
    edge = END - draw.choice((14, 30, 45, 60)) * DAY
    for record in fleet.held(stream):
        if record.at < edge:
            record.lose("retention")
    return True


def _silence(fleet: Fleet, stream: str, begin: int, end: int) -> bool:
    for record in fleet.held(stream):
        if begin <= record.at < end:
            record.lose("outage")
    return True


def _working_day(draw: random.Random) -> int:
    return BEGIN + draw.choice([day for day in range(10, 80) if (2 + day) % 7 in (0, 1, 2, 3)]) * DAY


@fault
def outage_hours(fleet: Fleet, draw: random.Random) -> bool:
    """One stream is silent for some hours of a working day."""
    begin = _working_day(draw) + int(draw.uniform(8, 11) * HOUR)
    return _silence(fleet, some(fleet, draw, "agent", "spans", "llm", "tool", "policy"), begin,
                    begin + int(draw.uniform(3, 7) * HOUR))  # fmt: skip


@fault
def outage_days(fleet: Fleet, draw: random.Random) -> bool:
    """One stream is silent for one to two days."""
    begin = _working_day(draw) + int(draw.uniform(0, 20) * HOUR)
    return _silence(fleet, some(fleet, draw, "agent", "spans", "llm", "tool", "policy"), begin,
                    begin + int(draw.uniform(24, 48) * HOUR))  # fmt: skip


@fault
def logging_stopped(fleet: Fleet, draw: random.Random) -> bool:
    """One stream of one agent stops for good; the other agents' goes on."""
    agent = busy(fleet, draw, 150)
    stream = draw.choice(sorted({r.stream for r in fleet.held() if r.run.agent.name == agent.name}))
    since = BEGIN + (agent.since + draw.randint(20, 30)) * DAY
    for record in fleet.held(stream):
        if record.run.agent.name == agent.name and record.run.begin >= since:
            record.lose("logging-disabled")
    return True


@fault
def export_cut(fleet: Fleet, draw: random.Random) -> bool:
    """The dump of one stream breaks off before its end, with the mark that its format has for it."""
    stream = some(fleet, draw, "agent", "spans", "llm", "tool", "policy")
    records = sorted(fleet.held(stream), key=lambda record: record.at)
    limit = int(len(records) * draw.uniform(0.6, 0.9))
    limit -= limit % (1000 if limit > 2000 else 100)  # where a format has no mark, a round number is the evidence
    for record in records[limit:]:
        record.lose("export-cut")
    fleet.cut_short.add(stream)
    return True


# --- single records -----------------------------------------------------------------------------------------------


@fault
def lost(fleet: Fleet, draw: random.Random) -> bool:
    """Single records of every stream are gone at random."""
    return _drop(fleet, draw, fleet.held(), draw.uniform(0.005, 0.02))


@fault
def lost_stream(fleet: Fleet, draw: random.Random) -> bool:
    """Single records of one stream are gone at random."""
    return _drop(fleet, draw, fleet.held(some(fleet, draw, "agent", "spans", "tool", "llm")), 0.02)


def _drop(fleet: Fleet, draw: random.Random, records: Iterable[Record], share: float) -> bool:
    for record in records:
        if draw.random() < share:
            # Without a sequence nobody can tell a decision that was lost from one that was never asked for.
            uncounted = record.kind == "decision" and record.stream != fleet.counted
            record.lose("lost", *(["policy-missing"] if uncounted else []))
    return True


@fault
def crash(fleet: Fleet, draw: random.Random) -> bool:
    """Some runs stop in the middle: no record of them is written any more, and open spans are never exported."""
    stopped = {}
    for run in fleet.runs:
        if draw.random() < 0.03:
            stopped[run.number] = run.begin + int((run.end - run.begin) * draw.uniform(0.15, 0.9))
    for record in fleet.held():
        if record.at > stopped.get(record.run.number, record.at):
            record.lose("crash")
    return True


@fault
def siloed(fleet: Fleet, draw: random.Random) -> bool:
    """The records of one agent in a stream of tools or policy carry no id that any other stream has."""
    streams = fleet.streams("tool", "policy")
    pairs = Counter((r.run.agent.name, r.stream) for r in fleet.held(*streams) if r.joins())
    fit = sorted(pair for pair, records in pairs.items() if records >= 40)
    if not fit:
        return False
    agent, stream = draw.choice(fit)
    for record in fleet.held(stream):
        if record.run.agent.name == agent:
            for slot in record.joins():
                slot.drop()
            record.mark("siloed")
    return True


@fault
def duplicate_conflict(fleet: Fleet, draw: random.Random) -> bool:
    """Some records stand twice, with the same ids and other contents."""
    keyed = {"otlp", "opa", "litellm", "langfuse", "langsmith", "phoenix", "openai-agents", "llm-pairs"}
    fit = [stream for stream in fleet.roles if fleet.formats[stream] in keyed]
    records = [r for r in fleet.held(*fit) if any(_changeable(slot) for slot in r.contents())] if fit else []
    for record in draw.sample(records, min(len(records), max(20, len(records) // 100))):
        twin = Record(record.stream, record.at + int(draw.uniform(1, 900) * SECOND),
                      orjson.loads(orjson.dumps(record.doc)), record.run, record.kind, record.call)  # fmt: skip
        slot = next(slot for slot in record.contents() if _changeable(slot))
        value = dict(slot.get())
        key = draw.choice(sorted(value))
        value[key] = f"{value[key]} changed" if isinstance(value[key], str) else 999_999
        slot.put(value)
        twin.mark("duplicate-conflict")
        fleet.records.append(twin)
    return bool(records)


def _changeable(slot: Slot) -> bool:
    value = slot.get()
    return isinstance(value, dict) and bool(value)


# --- policy -------------------------------------------------------------------------------------------------------


def _decided(fleet: Fleet) -> dict[int, list[Record]]:
    """The decisions of each call that was allowed and executed."""
    calls: dict[int, list[Record]] = {}
    for record in fleet.held():
        if record.kind == "decision" and record.call is not None and record.call.verdict == "allow":
            calls.setdefault(id(record.call), []).append(record)
    return calls


@fault
def policy_bypassed(fleet: Fleet, draw: random.Random) -> bool:
    """One agent uses one tool without asking the policy any more, from one day on."""
    used = Counter(
        (r.run.agent.name, r.call.tool.name) for r in fleet.held() if r.kind == "decision" and r.call is not None
    )
    fit = sorted(pair for pair, number in used.items() if number >= 30)
    if not fit:
        return False
    pair = draw.choice(fit)
    since = BEGIN + draw.randint(30, 60) * DAY
    for record in fleet.held():
        call = record.call if record.kind == "decision" and record.run.begin >= since else None
        if call is not None and (record.run.agent.name, call.tool.name) == pair:
            record.lose("policy-missing")
    fleet.number()
    return True


@fault
def policy_skipped(fleet: Fleet, draw: random.Random) -> bool:
    """Some calls are executed without a decision."""
    decided = _decided(fleet)
    for records in decided.values():
        if draw.random() < 0.02:
            for record in records:
                record.lose("policy-missing", *([] if record.stream == fleet.counted else ["lost"]))
    fleet.number()
    return bool(decided)


@fault
def policy_denied(fleet: Fleet, draw: random.Random) -> bool:
    """Some calls are executed although they were denied."""
    decided = _decided(fleet)
    for records in decided.values():
        if draw.random() < 0.02 and not records[0].call.failed:  # type: ignore[union-attr]
            for record in records:
                if record.deny:
                    record.deny()
                    record.mark("policy-missing")
    return bool(decided)


# --- clock --------------------------------------------------------------------------------------------------------


def _shift(records: Iterable[Record], ns: int) -> bool:
    for record in records:
        record.shift(ns)
        record.mark("clock")
    return True


def _offset(draw: random.Random) -> int:
    return int(draw.choice((-1, 1)) * draw.choice((3, 20, 90, 600, 3000)) * SECOND)


@fault
def clock_off(fleet: Fleet, draw: random.Random) -> bool:
    """The clock of one stream is off, always."""
    return _shift(list(fleet.held(some(fleet, draw, "spans", "llm", "tool", "policy"))), _offset(draw))


@fault
def clock_window(fleet: Fleet, draw: random.Random) -> bool:
    """The clock of one stream is off for some days."""
    begin = _working_day(draw)
    end = begin + draw.randint(2, 6) * DAY
    stream = some(fleet, draw, "spans", "llm", "tool", "policy")
    return _shift([record for record in fleet.held(stream) if begin <= record.at < end], _offset(draw))


@fault
def clock_zone(fleet: Fleet, draw: random.Random) -> bool:
    """One stream writes the time of its own zone, and no zone with it."""
    fit = sorted({r.stream for r in fleet.held() if r.times and all(t.form.__name__ == "iso" for t in r.times)})
    if not fit:
        return False
    stream = draw.choice(fit)
    records = list(fleet.held(stream))
    _shift(records, draw.choice((-7, -5, 1, 2, 8)) * HOUR)
    for record in records:
        for time in record.times:
            time.holder[time.key] = str(time.holder[time.key]).removesuffix("Z")
    return True
