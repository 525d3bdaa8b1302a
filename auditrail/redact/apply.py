"""Redacts a scratch case: every table, batch by batch, in place.

1. The facts of gap rules that read contents are built and kept (`keep`).
2. Every table with a column that the policy may change is read in batches, redacted in as many processes as there are
   cores, and written anew in the same order; the old table is dropped.
3. Needles that the redacted case holds by the policy's own word are dropped: a name that is kept stands where it stands.

The file of a scratch case still has the old tables in its free blocks: it is no part of a bundle and is to be deleted.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from auditrail.redact import batch, keep
from auditrail.redact.batch import Job, Outcome
from auditrail.redact.fields import CONTENT
from auditrail.redact.needles import Needles
from auditrail.redact.policy import Policy

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 20_000
# Below so many events, starting processes costs more than they save.
_PARALLEL_FROM = 100_000
_MOST_PROCESSES = 8


@dataclass(slots=True)
class Redaction:
    """A policy and a key, and after `apply` what was withheld; `needles` is what `audit` searches for."""

    policy: Policy
    key: bytes
    params: Mapping[str, int] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    needles: Needles = field(default_factory=Needles)
    also_kept: int = 0  # needles that stand in what the policy keeps, too, and are not searched for

    def apply(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Redacts a case in place.

        Args:
            connection: to a scratch case, settled and outside of a transaction; it is opened for writing.

        Raises:
            PolicyError: a table has a column that no field covers.
        """
        kept = keep.keep(connection, self.params)
        jobs = self._jobs(connection, kept)
        rows = connection.execute("SELECT count(*) FROM events").fetchone()
        parallel = rows is not None and rows[0] >= _PARALLEL_FROM
        with _workers(self.policy, self.key, parallel=parallel) as (run, depth):
            for one in jobs:
                if one.columns:
                    self._table(connection, one, run, depth)
        connection.execute("CHECKPOINT")
        self._drop_kept(connection, jobs)

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

    def _table(self, connection: duckdb.DuckDBPyConnection, job: Job, run: Any, depth: int) -> None:
        writer = connection.cursor()
        new = f"redacted_{job.table}"
        writer.execute(f"CREATE TABLE {new} AS FROM {job.table} LIMIT 0")
        waiting: deque[Future[Outcome] | Outcome] = deque()
        first = 0
        for rows in connection.sql(f"FROM {job.table}").to_arrow_reader(BATCH_ROWS):
            waiting.append(run(job, rows, first))
            first += rows.num_rows
            if len(waiting) >= depth:
                self._write(writer, new, waiting.popleft())
        while waiting:
            self._write(writer, new, waiting.popleft())
        writer.close()
        connection.execute(f"DROP TABLE {job.table}")
        connection.execute(f"ALTER TABLE {new} RENAME TO {job.table}")

    def _write(self, writer: duckdb.DuckDBPyConnection, table: str, made: Future[Outcome] | Outcome) -> None:
        import pyarrow as pa

        outcome = made.result() if isinstance(made, Future) else made
        writer.register("redacted_batch", pa.Table.from_batches([outcome.batch]))
        writer.execute(f"INSERT INTO {table} FROM redacted_batch")
        writer.unregister("redacted_batch")
        self.counts += outcome.counts
        self.needles.add_rows(outcome.needles)

    def _drop_kept(self, connection: duckdb.DuckDBPyConnection, jobs: list[Job]) -> None:
        """Drops needles that stand in names, and pieces of contents that stand in what a rule keeps."""
        from auditrail.redact import audit

        self.also_kept += audit.drop_own_words(self.needles)
        changed = {(job.table, name): one for job in jobs for name, one in job.columns}
        for job in jobs:
            known = batch.FACT_COLUMNS if job.fact else batch.COLUMNS[job.table]
            for name, one in known.items():
                content = one in CONTENT
                if one is None or (content and not self._keeps(one)):
                    continue
                if name == "blake3" or (job.fact and (job.table, name) not in changed and not content):
                    continue
                self.also_kept += self._drop_column(connection, job.table, name, values=not content)

    def _keeps(self, name: str) -> bool:
        return any(step.rule.action == "keep" for step in self.policy.plan(name).steps)

    def _drop_column(self, connection: duckdb.DuckDBPyConnection, table: str, name: str, *, values: bool) -> int:
        import numpy as np

        found = [np.zeros(0, np.int64)]
        different = connection.sql(f"SELECT DISTINCT {name} FROM {table} WHERE {name} IS NOT NULL")
        for rows in different.to_arrow_reader(BATCH_ROWS):
            column = rows.column(0)
            if column.type in ("string", "binary"):
                text = b"\x00".join(v if isinstance(v, bytes) else v.encode() for v in column.to_pylist())
                found.append(np.unique(self.needles.search(text)))
        return self.needles.drop(np.unique(np.concatenate(found)), values=values)


@contextmanager
def _workers(policy: Policy, key: bytes, *, parallel: bool) -> Iterator[tuple[Any, int]]:
    """A function that redacts a batch, and how many batches may be under way."""
    cores = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MOST_PROCESSES)
    if not parallel or cores < 2:
        yield batch.Worker(policy, key).run, 1
        return
    pool = ProcessPoolExecutor(
        cores, mp_context=get_context("spawn"), initializer=batch.start, initargs=(policy.text, policy.name, key)
    )
    with pool:
        yield lambda *given: pool.submit(batch.run, *given), cores + 2
