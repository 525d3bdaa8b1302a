"""Redacts a scratch case: every table, batch by batch, in place.

1. The facts of gap rules that read contents are built and kept (`keep`).
2. Every table with a column that the policy may change is read in batches, redacted in as many processes as there are
   cores, and written anew in the same order; the old table is dropped.
3. Values that were withheld in their places are withheld wherever contents hold them, too (`echoes`).
4. Needles that the redacted case holds by the policy's own word are dropped: what is kept may stand anywhere.

The file of a scratch case still has the old tables in its free blocks: it is no part of a bundle and is to be deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail.ingest._worker import Together
from auditrail.redact import batch, keep
from auditrail.redact.batch import Job, Outcome
from auditrail.redact.commit import TOKEN, Committer
from auditrail.redact.echoes import Echoes
from auditrail.redact.fields import COLUMNS, CONTENT, FACT_COLUMNS, STRUCTURE
from auditrail.redact.needles import Needles
from auditrail.redact.policy import Policy

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 20_000
# So many batches are redacted by this process alone: below that, a second one costs more than it saves.
_ALONE = 4
# Records (source, byte_offset) that something was withheld of.
WITHHELD_RECORDS = "withheld_records"
_MAKER = "auditrail.redact.batch:maker"


class _Changed:
    """Which records something was withheld of: their bytes are not to be given out either."""

    def __init__(self) -> None:
        self._events: list[Any] = []
        self._records: list[Any] = []

    def add(self, job: Job, rows: Any, made: Any) -> None:
        """Notes the rows of a batch that a redaction changed."""
        import numpy as np
        import pyarrow.compute as pc

        names = set(rows.schema.names)
        records = {"source", "byte_offset"} <= names and "event" not in names
        if job.fact or not (records or "event" in names):
            return
        changed = np.zeros(rows.num_rows, bool)
        for name in made.schema.names:
            differs = pc.fill_null(pc.not_equal(rows.column(name), made.column(name)), False)
            changed |= differs.to_numpy(zero_copy_only=False)
        if records:
            offsets = rows.column("byte_offset").is_valid().to_numpy(zero_copy_only=False)
            places = [rows.column(n).filter(changed & offsets) for n in ("source", "byte_offset")]
            self._records.append(_table(("source", "byte_offset"), places))
        else:
            self._events.append(_table(("event",), [rows.column("event").filter(changed)]))

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Makes the table `withheld_records`."""
        import pyarrow as pa

        connection.execute(f"CREATE OR REPLACE TABLE {WITHHELD_RECORDS} (source BIGINT, byte_offset BIGINT)")
        parts = (
            (
                "SELECT e.source, e.byte_offset FROM events e SEMI JOIN redacted_rows r ON r.event = e.event",
                self._events,
            ),
            ("SELECT source, byte_offset FROM redacted_rows", self._records),
        )
        for sql, tables in parts:
            if tables:
                connection.register("redacted_rows", pa.concat_tables(tables))
                connection.execute(f"INSERT INTO {WITHHELD_RECORDS} SELECT DISTINCT * FROM ({sql}) ORDER BY ALL")
                connection.unregister("redacted_rows")
        self._events.clear()
        self._records.clear()


def _table(names: tuple[str, ...], columns: list[Any]) -> Any:
    import pyarrow as pa

    return pa.table(dict(zip(names, columns, strict=True)))


@dataclass(slots=True)
class Redaction:
    """A policy and a key, and after `apply` what was withheld; `needles` is what `audit` searches for."""

    policy: Policy
    key: bytes
    params: Mapping[str, int] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    needles: Needles = field(default_factory=Needles)
    also_kept: int = 0  # needles that stand in what the policy keeps, too, and are not searched for
    _changed: _Changed = field(default_factory=_Changed)

    def apply(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Redacts a case in place.

        Args:
            connection: to a scratch case, settled and outside of a transaction; it is opened for writing.

        Raises:
            PolicyError: a table has a column that no field covers.
        """
        beside = all(self.policy.plan(name).idle for name in keep.BESIDE_FIELDS)
        kept = keep.keep(connection, self.params, beside=beside)
        jobs = self._jobs(connection, kept)
        with Together(_MAKER, self.policy.text, self.policy.name, self.key, alone=_ALONE) as together:
            for one in jobs:
                if one.columns:
                    _rewrite(connection, one.table, partial(self._batches, one, together))
        self._echoes(connection, jobs)
        self._changed.write(connection)
        connection.execute("CHECKPOINT")
        self._drop_kept(connection, jobs)

    def document(self) -> dict[str, Any]:
        """What `redaction.json` says: the policy, what each rule withheld and how often, and how a value is proven."""
        from auditrail.redact.statement import document

        return document(self.policy, self.counts, searched=len(self.needles), also_kept=self.also_kept)

    def audit(self, files: Iterable[tuple[str, Path]]) -> None:
        """Searches finished files (path in the bundle, where it lies) for withheld values.

        Raises:
            LeakError: one was found.
        """
        from auditrail.redact import audit

        audit.search(self.needles, files, tuple(rule.id for rule in self.policy.rules))

    def _jobs(self, connection: duckdb.DuckDBPyConnection, kept: tuple[str, ...]) -> list[Job]:
        made: dict[str, list[str]] = {}
        for table, name in connection.execute(
            "SELECT c.table_name, c.column_name FROM duckdb_columns() c JOIN duckdb_tables() t "
            "ON t.table_oid = c.table_oid AND t.database_oid = c.database_oid WHERE NOT t.temporary "
            "AND NOT t.internal AND t.database_name = current_database() "
            "AND c.data_type NOT IN ('BIGINT', 'BOOLEAN', 'DOUBLE', 'INTEGER') ORDER BY c.table_name, c.column_index"
        ).fetchall():
            made.setdefault(table, []).append(name)
        return [batch.job(self.policy, table, names, fact=table in kept) for table, names in made.items()]

    def _batches(self, job: Job, together: Together, reader: Any) -> Iterator[Any]:
        """The redacted batches in their order: of two processes, either may be first."""
        import pyarrow as pa

        waiting: dict[int, Any] = {}
        ready: dict[int, Outcome] = {}
        following = 0
        needs = job.needs(reader.schema.names)

        def finished() -> Iterator[Any]:
            nonlocal following
            while following in ready:
                outcome, rows = ready.pop(following), waiting.pop(following)
                following += 1
                self.counts.update(outcome.counts)
                self.needles.add_rows(outcome.needles)
                self._changed.add(job, rows, outcome.batch)
                arrays = [
                    outcome.batch.column(name) if name in outcome.batch.schema.names else rows.column(name)
                    for name in rows.schema.names
                ]
                yield pa.record_batch(arrays, schema=rows.schema)

        for number, rows in enumerate(reader):
            waiting[number] = rows
            ready.update(together.read((number, job, rows.select(needs))))
            yield from finished()
        ready.update(together.finish())
        yield from finished()

    def _echoes(self, connection: duckdb.DuckDBPyConnection, jobs: list[Job]) -> None:
        """Withholds values that were withheld in their places wherever contents hold them, too."""
        values = self.needles.of_values()
        if not len(values):
            return
        echoes = Echoes(values, self.policy.rules, Committer(self.key), self.counts)
        for job in jobs:
            known = FACT_COLUMNS if job.fact else COLUMNS.get(job.table, {})
            columns = tuple((name, one) for name in job.names if (one := known[name]) in CONTENT and one is not None)
            if columns:
                looked = job._replace(columns=columns)
                _rewrite(connection, job.table, partial(self._echoed, echoes, looked))

    def _echoed(self, echoes: Echoes, job: Job, reader: Any) -> Iterator[Any]:
        import pyarrow as pa

        for rows in reader:
            made = echoes.columns(job, rows)
            arrays = [made.get(name, rows.column(name)) for name in rows.schema.names]
            self._changed.add(job, rows, pa.record_batch(list(made.values()), names=list(made)))
            yield pa.record_batch(arrays, schema=rows.schema)

    def _drop_kept(self, connection: duckdb.DuckDBPyConnection, jobs: list[Job]) -> None:
        """Drops what is no leak: pieces of contents that stand in anything kept, and all that says nothing.

        What a rule withholds in its place, by a path, a pattern or as a name, is searched for all the same, unless it
        is a word of ours, or a name that another rule keeps in so many words.
        """
        import numpy as np

        from auditrail.redact import audit

        self.also_kept += audit.drop_own_words(self.needles)
        # Dropped together: whatever drops needles makes their index anew, which takes longer than searching a column.
        found: dict[bool, list[Any]] = {True: [np.zeros(0, np.int64)], False: [np.zeros(0, np.int64)]}
        for job in jobs:
            known = FACT_COLUMNS if job.fact else COLUMNS.get(job.table, {})
            for name in job.names:
                one = known[name]
                if name == "blake3":  # no text
                    continue
                plain = one is None or (one in STRUCTURE and self._keeps(one))
                found[plain].append(self._held_in(connection, job.table, name))
        self.also_kept += self.needles.drop(np.concatenate(found[True]), pieces=np.concatenate(found[False]))

    def _keeps(self, name: str) -> bool:
        steps = self.policy.plan(name).steps
        return bool(steps) and steps[0].rule.action == "keep"

    def _held_in(self, connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Any:
        """Numbers of the needles that stand in a column, as an array."""
        import numpy as np

        is_text = str(connection.sql(f"SELECT {name} FROM {table} LIMIT 0").types[0]) == "VARCHAR"
        # Tokens are no needles, and without them records are alike.
        told = f"encode(regexp_replace({name}, '{TOKEN.pattern}', '', 'g'))" if is_text else name
        different = connection.sql(f"SELECT DISTINCT {told} FROM {table} WHERE {name} IS NOT NULL")
        found = np.zeros(0, np.int64)
        for rows in different.to_arrow_reader(BATCH_ROWS):
            held = self.needles.search(b"\0".join(rows.column(0).to_pylist()))
            found = np.unique(np.concatenate([found, held]))
        return found


def _rewrite(connection: duckdb.DuckDBPyConnection, table: str, make: Callable[[Any], Iterator[Any]]) -> None:
    """Writes a table anew out of its batches."""
    import pyarrow as pa

    writer = connection.cursor()
    new = f"redacted_{table}"
    reader = connection.sql(f"FROM {table}").to_arrow_reader(BATCH_ROWS)
    made = pa.RecordBatchReader.from_batches(reader.schema, make(reader))
    writer.execute(f"CREATE TABLE {new} AS FROM {table} LIMIT 0")
    writer.register("redacted_batches", made)
    writer.execute(f"INSERT INTO {new} FROM redacted_batches")
    writer.unregister("redacted_batches")
    writer.close()
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE {new} RENAME TO {table}")
