"""Studies a case once, and keeps what was found in tables that the facts of this folder's work are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.absence import decide, expect, grid, signals
from auditrail.gaps.absence.edges import Quiet
from auditrail.gaps.absence.expect import Expected
from auditrail.gaps.absence.tables import insert

if TYPE_CHECKING:
    import duckdb

# A stream that would have written fewer records in the part of a run that a silence cuts off proves nothing by their
# absence.
_FEWEST_RECORDS = 3
_TABLES = {
    "absence_rows": "run BIGINT, agent VARCHAR, format VARCHAR, stream VARCHAR, layers VARCHAR, has_spans BOOLEAN, "
    "signal VARCHAR, runs BIGINT, of_runs BIGINT, from_ns BIGINT, to_ns BIGINT, event BIGINT, lacks VARCHAR, "
    "habit BOOLEAN, thin BOOLEAN, records BIGINT, cause VARCHAR, evidence VARCHAR, confidence VARCHAR, detail VARCHAR, "
    "witness BIGINT",
    "absence_silences": "format VARCHAR, stream VARCHAR, agent VARCHAR, from_ns BIGINT, to_ns BIGINT, runs BIGINT, "
    "cause VARCHAR, evidence VARCHAR, confidence VARCHAR, detail VARCHAR",
    "absence_cuts": "run BIGINT, agent VARCHAR, format VARCHAR, stream VARCHAR, event BIGINT, from_ns BIGINT, "
    "to_ns BIGINT, cause VARCHAR, evidence VARCHAR, confidence VARCHAR, detail VARCHAR",
    "absence_samplers": "agent VARCHAR, format VARCHAR, stream VARCHAR, declared DOUBLE, rate DOUBLE, low DOUBLE, "
    "high DOUBLE, kept BIGINT, dropped BIGINT, method VARCHAR, bits VARCHAR, kept_above BOOLEAN, bound DOUBLE",
}


def keep(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables, if they do not stand; `acts`, `run_facts`, `held_streams` and `cuts` must."""
    held = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE temporary AND table_name = 'absence_rows'"
    ).fetchone()
    if held is not None:
        return
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TEMP TABLE {name} ({columns})")
    signals.split(connection)
    runs = grid.load(connection)
    found = decide.study(connection, runs, expect.expected(connection, runs))
    for number, part in enumerate(found.parts):
        if found.whys and not part.present.all():
            _rows(connection, found, number)
            _sampler(connection, found, number)
    for quiet in found.quiet:
        for part in found.parts:
            if quiet.concerns(part) and not part.thin:
                _quiet(connection, found, quiet, part)


def _rows(connection: duckdb.DuckDBPyConnection, found: decide.Study, number: int) -> None:
    runs, part, whys = found.grid, found.parts[number], found.whys[number]
    absent, stream = part.at[~part.present], part.stream
    known = [whys.get(int(place)) for place in absent]
    spans = ("spans",) if stream.has_spans else ()
    insert(
        connection,
        "absence_rows",
        {
            "run": runs.run[absent],
            "agent": _agent(found, part),
            "format": signals.format_of(stream.format),
            "stream": stream.stream,
            "layers": ",".join(stream.layers),
            "has_spans": stream.has_spans,
            "signal": stream.format,
            "runs": int(part.present.sum()),
            "of_runs": len(part.at),
            "from_ns": runs.start[absent],
            "to_ns": runs.end[absent],
            "event": runs.first_event[absent],
            "lacks": ",".join((*stream.layers, f"{stream.format}/{stream.stream}", *spans)),
            "habit": part.habit,
            "thin": part.thin,
            "records": part.records(runs),
            "cause": [why.cause if why else "" for why in known],
            "evidence": [why.evidence if why else "" for why in known],
            "confidence": [why.confidence if why else "" for why in known],
            "detail": [why.detail if why else "" for why in known],
            "witness": [why.witness if why and why.witness is not None else -1 for why in known],
        },
    )


def _sampler(connection: duckdb.DuckDBPyConnection, found: decide.Study, number: int) -> None:
    part, sampler = found.parts[number], found.samplers[number]
    sampled = [why for why in found.whys[number].values() if why.cause == "sampling"]
    if not sampled and sampler.declared is None:
        return
    threshold = sampler.threshold
    share, low, high = (threshold.rate, threshold.low, threshold.high) if threshold else found.rates[number]
    method = "trace-ids" if threshold else "share-of-runs"
    connection.execute(
        "INSERT INTO absence_samplers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            _agent(found, part), signals.format_of(part.stream.format), part.stream.stream, sampler.declared,
            share, low, high,
            int(part.present.sum()), len(sampled), method,
            threshold.kind if threshold else None, threshold.above if threshold else None,
            threshold.bound if threshold else None,
        ],
    )  # fmt: skip


def _quiet(connection: duckdb.DuckDBPyConnection, found: decide.Study, quiet: Quiet, part: Expected) -> None:
    why = (quiet.cause, quiet.evidence, quiet.confidence, quiet.detail)
    place = (signals.format_of(part.stream.format), part.stream.stream)
    whole, cut = quiet.whole, set(map(int, quiet.cut))
    connection.execute(
        "INSERT INTO absence_silences VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [*place, found.grid.agents[part.agent].removeprefix("/") if quiet.agent else None, quiet.from_ns, quiet.to_ns,
         sum(1 for run in part.at if int(run) in whole), *why],
    )  # fmt: skip
    grid_ = found.grid
    for run in (int(run) for run in part.at[part.present] if int(run) in cut):
        inside = min(quiet.stop, int(grid_.end[run])) - max(quiet.start, int(grid_.start[run]))
        length = max(int(grid_.end[run] - grid_.start[run]), 1)
        if int(grid_.events[run]) * part.share * inside / length < _FEWEST_RECORDS:
            continue
        connection.execute(
            "INSERT INTO absence_cuts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [int(grid_.run[run]), _agent(found, part), *place, int(grid_.first_event[run]),
             max(quiet.from_ns or 0, int(grid_.start[run])), min(quiet.to_ns or 1 << 62, int(grid_.end[run])), *why],
        )  # fmt: skip


def _agent(found: decide.Study, part: Expected) -> str | None:
    name = found.grid.agents[part.agent]
    return None if name.startswith("/") else name
