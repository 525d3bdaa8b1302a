"""A source read as `ingest` reads it, without a case: compression, look, choose, split, SourceReader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from auditrail import config, jsontext, schema
from auditrail.containers import limits
from auditrail.containers.compression import open_memory
from auditrail.containers.framing import look
from auditrail.containers.records import Head
from auditrail.containers.splitting import split
from auditrail.ingest import choose
from auditrail.ingest.plain import SourceReader, Tally

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "readers"
EVIDENCE = ROOT / "fixtures" / "demo" / "evidence"

EVENT_COLUMNS = tuple(column.name for column in schema.columns("events"))
QUARANTINE_COLUMNS = tuple(column.name for column in schema.columns("quarantine"))
REMARK_COLUMNS = tuple(column.name for column in schema.columns("remarks"))


class Reading(NamedTuple):
    """What came out of one source: rows of four tables, and the account. `data` is the decompressed content."""

    reader: str | None
    data: bytes
    tally: Tally
    events: list[dict[str, Any]]
    ids_more: list[tuple[int, str, str]]
    quarantine: list[dict[str, Any]]
    remarks: list[dict[str, Any]]


def decompressed(raw: bytes) -> bytes:
    with open_memory(raw) as stream:
        return b"".join(iter(lambda: stream.read(1 << 20), b""))


def head_of(data: bytes) -> Head:
    return look(data[: limits.HEAD_BYTES], complete=len(data) < limits.HEAD_BYTES)


def read(
    raw: bytes, *, reader: str | None = None, mapping: tuple[Any, ...] = (), stream: str = "stream",
    max_record: int = limits.MAX_RECORD, path: str = "stream",
) -> Reading:  # fmt: skip
    """Reads a source with the reader that its content chooses, or with the named one."""
    data = decompressed(raw)
    choice = choose.choose(head_of(data), reader, mapping)
    if choice is None:
        return Reading(None, data, Tally(), [], [], [], [])
    with open_memory(raw) as opened:
        splitter = split(opened, choice.framing, arrays=choice.arrays, max_record=max_record)
        source = SourceReader(
            1,
            choice.reader,
            iter(splitter),
            stream=stream,
            mapping=mapping,
            origin=choose.origin(head_of(data), choice, path),
        )
        batches = list(source.batches())
    return Reading(
        choice.reader.NAME,
        data,
        source.tally,
        [dict(zip(EVENT_COLUMNS, row, strict=True)) for batch in batches for row in batch.events],
        [row for batch in batches for row in batch.ids_more],
        [dict(zip(QUARANTINE_COLUMNS, row, strict=True)) for batch in batches for row in batch.quarantine],
        [dict(zip(REMARK_COLUMNS, row, strict=True)) for batch in batches for row in batch.remarks],
    )


def cases() -> Iterator[tuple[str, Path]]:
    """(reader, folder of a case), for every fixture of every reader."""
    for folder in sorted(path for path in FIXTURES.iterdir() if path.is_dir()):
        for case in sorted(path for path in folder.iterdir() if path.is_dir()):
            yield folder.name, case


def input_of(case: Path) -> Path:
    (found,) = case.glob("input.*")
    return found


def mapping_of(case: Path) -> tuple[Any, ...]:
    toml = case / "auditrail.toml"
    return config.mapping_for(config.load(toml), input_of(case).name) if toml.exists() else ()


def read_case(case: Path, **options: Any) -> Reading:
    file = input_of(case)
    path = f"{case.name}/{file.name}"
    return read(file.read_bytes(), mapping=mapping_of(case), stream=case.name, path=path, **options)


def golden(reading: Reading) -> dict[str, Any]:
    """The reading as a person reviews it: no empty column, ids together, times as they are stored."""
    further: dict[int, list[str]] = {}
    for event, kind, value in reading.ids_more:
        further.setdefault(event, []).append(f"{kind}={value}")
    return {
        "reader": reading.reader,
        "tally": {
            "records": reading.tally.records,
            "records_with_events": reading.tally.records_with_events,
            "events": reading.tally.events,
            "quarantined": reading.tally.quarantined,
            "blank": reading.tally.blank,
            "ignored": dict(sorted(reading.tally.ignored.items())),
            "inner": dict(sorted(reading.tally.inner.items())),
            "tz_assumed": reading.tally.tz_assumed,
        },
        "events": [_shown(row, further.get(row["event"])) for row in reading.events],
        "quarantine": [_shown(row, None) for row in reading.quarantine],
        "remarks": [_shown(row, None) for row in reading.remarks],
    }


def _shown(row: dict[str, Any], further: list[str] | None) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if value is None or name in ("event", "source", "blake3") or (name == "tz_assumed" and not value):
            continue
        if isinstance(value, bytes):
            shown[name] = value.decode("utf-8", "backslashreplace")
        elif name == "attributes":
            shown[name] = jsontext.parse(value.encode())[0]
        else:
            shown[name] = value
    if further:
        shown["further_ids"] = sorted(further)
    return shown


def check_places(reading: Reading) -> None:
    """Every row of an event or of the quarantine addresses exactly its record in the content."""
    from auditrail.digest import record_digest

    for row in [*reading.events, *reading.quarantine]:
        stored = reading.data[row["byte_offset"] : row["byte_offset"] + row["byte_length"]]
        assert len(stored) == row["byte_length"]
        assert record_digest(stored) == row["blake3"]
