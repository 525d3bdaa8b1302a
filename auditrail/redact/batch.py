"""Batches of rows of one table: each column under its field's plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from auditrail.redact.commit import Disclosure, Place
from auditrail.redact.errors import PolicyError
from auditrail.redact.fields import (
    BY_KIND,
    BY_TOOL,
    COLUMNS,
    CONTENT,
    FACT_COLUMNS,
    KIND_COLUMN,
    SPAWNED,
    STRUCTURE,
    of_kind,
)
from auditrail.redact.needles import Needles
from auditrail.redact.policy import CONDITIONS, Context, Policy, Rule
from auditrail.redact.walk import BLANK_STATES, Redactor

_NO_CONTEXT = Context()
# The states of contents that have one.
_STATES = {"args": "args_state", "result": "result_state"}


# Columns that are read beside those that are changed, where the table has them.
_BESIDE = frozenset({"event", "source", "byte_offset", "verdict_key", "kind", "id_kind", "args_state", "result_state"})
_CONDITIONS = frozenset(name[:-1] for name in CONDITIONS)


class Job(NamedTuple):
    """One table: its name, the columns that the policy may change with their fields, and whether it is a fact."""

    table: str
    columns: tuple[tuple[str, str], ...]
    names: tuple[str, ...] = ()  # all columns of text or bytes
    fact: bool = False

    def needs(self, names: Iterable[str]) -> list[str]:
        """Which of a table's columns `Worker.run` needs."""
        changed = {name for name, _ in self.columns}
        return [name for name in names if name in changed or name in _BESIDE or name in _CONDITIONS]


class Outcome(NamedTuple):
    """What came of a batch: the columns that were changed, (rule, field) -> number withheld, and the needles."""

    batch: Any
    counts: Counter[tuple[str, str]]
    needles: Any


def job(policy: Policy, table: str, names: Iterable[str], *, fact: bool = False) -> Job:
    """What is to be done to a table.

    Args:
        policy: the policy.
        table: its name.
        names: its columns that hold text or bytes.
        fact: it is one of the facts that are kept.

    Raises:
        PolicyError: a column has no field, so nobody has decided whether it may be kept.
    """
    known = FACT_COLUMNS if fact else COLUMNS.get(table, {})
    names = tuple(names)
    made = []
    for name in names:
        if name not in known:
            raise PolicyError(f"column {table}.{name} has no field in redaction, so it cannot be told what it holds")
        field = known[name]
        if field is not None and _active(policy, field):
            made.append((name, field))
    return Job(table, tuple(made), names, fact)


def _active(policy: Policy, field: str) -> bool:
    if field == BY_KIND:
        return any(not policy.plan(one).idle for one in STRUCTURE if one.startswith("ids.") or one in ("agent", "tool"))
    return not policy.plan("tool" if field == BY_TOOL else field).idle


class Worker:
    """Redacts batches; one in each process."""

    def __init__(self, policy: Policy, key: bytes) -> None:
        self.redactor = Redactor(policy, key, collect=True)
        self.numbers = {rule.id: number for number, rule in enumerate(policy.rules)}
        self._conditional = any(any(one is not None for one in rule.conditions) for rule in policy.rules)

    def run(self, job: Job, batch: Any) -> Outcome:
        """Redacts one batch.

        Args:
            job: what is done.
            batch: a `pyarrow.RecordBatch` with the columns that the job needs.
        """
        import pyarrow as pa

        self.redactor.counts = Counter()
        needles = Needles()
        columns = {name: batch.column(name) for name in batch.schema.names}
        made = {}
        for name, field in job.columns:
            if field == BY_KIND:
                made[name] = self._by_kind(columns[name], columns[KIND_COLUMN.get(job.table, "kind")])
            elif field == BY_TOOL:
                made[name] = self._by_tool(columns[name], columns["tool"])
            elif field in CONTENT:
                made[name] = self._contents(job, field, columns, name, needles)
            else:
                made[name] = _mapped(columns[name], partial(self.redactor.name, field))
        self._note(needles)
        return Outcome(pa.record_batch(list(made.values()), names=list(made)), self.redactor.counts, needles.rows())

    def disclosures(self, job: Job, batch: Any) -> list[Disclosure]:
        """What is withheld in one row of events, each value with its salt.

        Args:
            job: of one column of events.
            batch: the row, with all its columns.
        """
        (name, field) = job.columns[0] if job.columns else ("", "")
        value = batch.column(name)[0].as_py() if name else None
        states = _STATES.get(field)
        if not value or (states is not None and batch.column(states)[0].as_py() in BLANK_STATES):
            return []
        columns = {one: batch.column(one) for one in batch.schema.names}
        place = Place(job.table, row_names(job, columns, 1)[0], field)
        self.redactor.taken.clear()
        if field in CONTENT:
            self.redactor.content(place, value, self._contexts(job, columns, 1)[0])
        else:
            self.redactor.name(field, value)
            place_of = place._replace
            self.redactor.taken = [one._replace(place=place_of(part=one.place.part)) for one in self.redactor.taken]
        return self.redactor.disclosures()

    def _by_kind(self, values: Any, kinds: Any) -> Any:
        import pyarrow as pa

        made: list[str | None] = []
        for value, kind in zip(values.to_pylist(), kinds.to_pylist(), strict=True):
            if value is None:
                made.append(None)
            elif kind == "other" and value.startswith(SPAWNED):
                made.append(SPAWNED + self.redactor.name("ids.run", value[len(SPAWNED) :]))
            else:
                made.append(self.redactor.name(of_kind(kind), value))
        return pa.array(made, values.type)

    def _by_tool(self, values: Any, tools: Any) -> Any:
        import pyarrow as pa

        made: list[str | None] = []
        for value, tool in zip(values.to_pylist(), tools.to_pylist(), strict=True):
            told = value is not None and tool is not None and value.startswith(tool + ": ")
            made.append(self.redactor.name("tool", tool) + value[len(tool) :] if told else value)
        return pa.array(made, values.type)

    def _contents(self, job: Job, field: str, columns: dict[str, Any], name: str, needles: Needles) -> Any:
        import pyarrow as pa

        values = columns[name].to_pylist()
        rows = row_names(job, columns, len(values))
        states = columns[_STATES[field]].to_pylist() if field in _STATES else None
        contexts = self._contexts(job, columns, len(values))
        rule = None if self._conditional else self.redactor.whole(field, contexts[0] if contexts else None)
        if rule is not None and field != "attributes" and columns[name].type == "string":
            return self._whole(rule, job, field, columns[name], values, rows, states, needles)
        for n, value in enumerate(values):
            # What is blank says nothing, and would look as if there had been something.
            if not value or (states is not None and states[n] in BLANK_STATES):
                continue
            place = Place("facts" if job.fact else job.table, rows[n], field)
            if isinstance(value, bytes):
                values[n] = self.redactor.blob(place, value, contexts[n])
            else:
                values[n] = self.redactor.content(place, value, contexts[n])
        self._note(needles)
        return pa.array(values, columns[name].type)

    def _whole(
        self, rule: Rule, job: Job, field: str, column: Any, values: list[str | None], rows: list[str],
        states: list[str] | None, needles: Needles,
    ) -> Any:  # fmt: skip
        """`_contents` where all that is done is to withhold: most of what there is to do, so by the shortest way."""
        import pyarrow as pa

        withheld = self.redactor.committer.withheld
        table = "facts" if job.fact else job.table
        contents = []
        made: list[str | None] = []
        for n, value in enumerate(values):
            if not value or (states is not None and states[n] in BLANK_STATES):
                made.append(value)
                continue
            data = value.encode()
            contents.append(data)
            made.append(withheld(rule.id, f"place/{table}/{rows[n]}/{field}//".encode(), data))
        self.redactor.counts[rule.id, field] += len(contents)
        needles.add_contents(contents, self.numbers[rule.id])
        return pa.array(made, column.type)

    def _contexts(self, job: Job, columns: dict[str, Any], number: int) -> list[Context | None]:
        if job.table != "events":
            return [None] * number
        if not self._conditional:
            return [_NO_CONTEXT] * number
        parts = [columns[name[:-1]].to_pylist() for name in CONDITIONS]
        return [Context(*one) for one in zip(*parts, strict=True)]

    def _note(self, needles: Needles) -> None:
        """Makes needles of what was taken since the last time."""
        values: dict[int, list[bytes]] = {}
        contents: dict[int, list[bytes]] = {}
        for one in self.redactor.taken:
            (contents if one.whole else values).setdefault(self.numbers[one.rule], []).append(one.value)
        self.redactor.taken.clear()
        for rule, found in values.items():
            needles.add_values(found, rule)
        for rule, found in contents.items():
            needles.add_contents(found, rule)


def row_names(job: Job, columns: Mapping[str, Any], number: int) -> list[str]:
    """What names each row in the place of a commitment: a key that the evidence gives.

    Rows of other tables than events, sources and records have none that stays; they share one blank name, and so a salt
    for each field: that two notes are the same can be seen.
    """
    key = {"events": "event", "sources": "source", "verdicts": "verdict_key"}.get(job.table)
    if key is not None and not job.fact:
        return [str(one) for one in columns[key].to_pylist()]
    if job.table in ("quarantine", "remarks"):
        pairs = zip(columns["source"].to_pylist(), columns["byte_offset"].to_pylist(), strict=True)
        return [f"{source}@{'' if offset is None else offset}" for source, offset in pairs]
    return [""] * number


def _mapped(values: Any, make: Callable[[str, int], str]) -> Any:
    """A column of names, each different one replaced once; `make` is told how often it stands there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = values.dictionary_encode()
    names = encoded.dictionary.to_pylist()
    times = dict.fromkeys(range(len(names)), 0)
    for one in pc.value_counts(encoded.indices.drop_null()).to_pylist():
        times[one["values"]] = one["counts"]
    made = pa.array([make(name, times[n]) for n, name in enumerate(names)], values.type)
    return made.take(encoded.indices)


def maker(text: str, name: str, key: bytes) -> Callable[[tuple[int, Job, Any]], tuple[int, Outcome]]:
    """What redacts numbered batches, in this process or another one (`ingest._worker`)."""
    from auditrail.redact.policy import parse

    worker = Worker(parse(text, name), key)

    def redact(given: tuple[int, Job, Any]) -> tuple[int, Outcome]:
        number, job, batch = given
        return number, worker.run(job, batch)

    return redact
