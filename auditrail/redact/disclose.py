"""Disclosures: made from the case and the key, checked against a finished bundle.

Making one redacts the one row again, with the same policy and key, and keeps what was taken; so it says nothing that
the bundle does not commit to. Checking one needs the bundle alone: neither case nor key, nor the engine.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from auditrail.errors import UsageError
from auditrail.redact import commit
from auditrail.redact.commit import Disclosure
from auditrail.redact.errors import DisclosureError
from auditrail.redact.fields import COLUMNS
from auditrail.redact.policy import Policy

if TYPE_CHECKING:
    import duckdb

_EVENTS = ("records/events.jsonl", "records/events.csv")
# One field of a CSV row: a record of the longest length that ingest reads.
_MOST_FIELD = 1 << 28


def columns() -> tuple[str, ...]:
    """Columns of events that a policy can withhold."""
    return tuple(name for name, field in COLUMNS["events"].items() if field is not None)


def make(
    connection: duckdb.DuckDBPyConnection, policy: Policy, key: bytes, event: int, column: str
) -> list[dict[str, Any]]:
    """The disclosures for one field of one event: one for each value that the policy withholds in it.

    Args:
        connection: to the case that was exported, unredacted.
        policy: the policy of the export.
        key: its key.
        event: `events.event`.
        column: one of `columns`.

    Raises:
        UsageError: there is no such event or field, or nothing of it is withheld.
    """
    from auditrail.redact.batch import Worker, job

    if column not in columns():
        raise UsageError(f"events have no field {column!r} that could be withheld", hint=", ".join(columns()))
    row = connection.sql("SELECT * FROM events WHERE event = ?", params=[event]).to_arrow_table()
    if row.num_rows == 0:
        raise UsageError(f"the case holds no event {event}", hint="events stand in records/events, column `event`")
    worker = Worker(policy, key)
    made = [
        {**one.document(), "column": column}
        for one in worker.disclosures(job(policy, "events", [column]), row.combine_chunks().to_batches()[0])
    ]
    if not made:
        raise UsageError(f"policy {policy.name!r} withholds nothing in {column} of event {event}")
    return made


def read(path: Path) -> list[dict[str, Any]]:
    """The disclosures in a file, as `make` gives them: one, or a list of them.

    Raises:
        UsageError: the file can't be read. DisclosureError: it is no JSON, or holds none.
    """
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} can't be read: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError) as error:
        raise DisclosureError(f"{path} is no JSON") from error
    made = found if isinstance(found, list) else [found]
    if not made or not all(isinstance(one, dict) for one in made):
        raise DisclosureError(f"{path} holds no disclosure")
    return made


def check(documents: list[dict[str, Any]], bundle: Path) -> list[Disclosure]:
    """Proves disclosures against a bundle, a folder or a ZIP: each against the text of its field in its event's row.

    That the bundle itself is whole is not checked here: `auditrail verify` does that.

    Raises:
        UsageError: it is no bundle with events as text. DisclosureError: one does not prove its value.
    """
    wanted: dict[str, list[tuple[str, Disclosure]]] = {}
    for document in documents:
        one = commit.read_disclosure(document)
        column = document.get("column")
        if one.place.table != "events" or column not in columns():
            raise DisclosureError("only fields of events can be proven against a bundle")
        wanted.setdefault(one.place.row, []).append((column, one))
    proven: list[Disclosure] = []
    with _rows(bundle) as rows:
        for row in rows:
            for column, one in wanted.pop(str(row.get("event")), ()):
                commit.check(one, str(row.get(column) or ""))
                proven.append(one)
            if not wanted:
                break
    if wanted:
        raise DisclosureError(f"the bundle holds no event {next(iter(wanted))}")
    return proven


@contextmanager
def _rows(bundle: Path) -> Iterator[Iterator[dict[str, Any]]]:
    """The rows of the bundle's events, in whichever form of text it has them."""
    try:
        if bundle.is_dir():
            name = next((name for name in _EVENTS if (bundle / name).is_file()), None)
            if name is not None:
                with (bundle / name).open("rb") as file:
                    yield _parsed(name, file)
                return
        else:
            with zipfile.ZipFile(bundle) as archive:
                name = next((name for name in _EVENTS if name in archive.namelist()), None)
                if name is not None:
                    with archive.open(name) as file:
                        yield _parsed(name, file)
                    return
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{bundle} can't be read as a bundle: {error}") from error
    raise UsageError(f"{bundle} is no bundle: it has neither {' nor '.join(_EVENTS)}")


def _parsed(name: str, file: IO[bytes]) -> Iterator[dict[str, Any]]:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        if name.endswith(".csv"):
            before = csv.field_size_limit(_MOST_FIELD)
            try:
                yield from csv.DictReader(text)
            finally:
                csv.field_size_limit(before)
        else:
            for line in text:
                row = json.loads(line)
                if isinstance(row, dict):
                    yield row
    except (ValueError, csv.Error) as error:
        raise DisclosureError(f"{name} of the bundle is damaged: {error}") from error
