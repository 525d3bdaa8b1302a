"""What the parts of a bundle are made from, and what a person wishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail.bundle.scope import Scope, Selection

if TYPE_CHECKING:
    import duckdb

    from auditrail.report.overview_types import Overview

TEXT_FORMS = ("csv", "jsonl")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What goes into a bundle besides what always does.

    Attributes:
        text: `csv` or `jsonl`: the form of tables beside Parquet.
        forms: further forms of the events: `ocsf`, `cloudevents`, `otlp` (modules of `bundle.records`).
        profiles: names of framework profiles.
        raw: whether the original records' bytes go in.
        operator, generated_at: who made it, and when (ISO 8601); only where given: no clock is read.
    """

    text: str = "csv"
    forms: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    raw: bool = False
    operator: str | None = None
    generated_at: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a part is made from.

    Attributes:
        connection: to the case, or to the redacted copy; read-only, with `scope_runs`, `scope_events` (see `scope`)
            and what `report.overview` left behind (`cover_runs`, `findings`). Parts may make temporary tables, and COPY
            into `folder` alone.
        scope: what was asked for. selection: how much of the case it is.
        held: first and last time of the selected events, ns since the epoch.
        overview: the period at a glance; report, gaps and counts come from it.
        wishes: what goes in.
        folder: for temporary files; it is removed in the end.
        redaction: what was withheld (`Transform.document`), None if nothing was.
        places: source -> path at which its file lies, for reading bytes back; never written: paths may be withheld.
        command: the command as the manifest tells it.
        made: path -> size of the files that earlier parts made.
    """

    connection: duckdb.DuckDBPyConnection
    scope: Scope
    selection: Selection
    held: tuple[int | None, int | None]
    overview: Overview
    wishes: Wishes
    folder: Path
    redaction: Mapping[str, Any] | None = None
    places: Mapping[int, str] = field(default_factory=dict)
    command: str = ""
    made: dict[str, int] = field(default_factory=dict)

    def new(self, name: str) -> Path:
        """A path for a temporary file that is not there yet, ending in `name`."""
        number = sum(1 for _ in self.folder.iterdir())
        while (path := self.folder / f"{number:04d}-{name}").exists():
            number += 1
        return path
