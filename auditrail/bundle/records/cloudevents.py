"""CloudEvents 1.0.2 in the JSON event format: `records/events.cloudevents.jsonl`, one event a line.

`id` is the event's key and `source` the file that it was read from, so both together are unique, as the specification
(section "Required Attributes") asks. `type` is `auditrail.<layer>.<kind>`, `subject` the run, `time` the event's own
time where it has one, and `data` the whole row as `records/events.parquet` has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from auditrail.bundle.context import Context
from auditrail.bundle.records import _lines

if TYPE_CHECKING:
    import duckdb

NAME = "cloudevents"
_EVENT = """{
    'specversion': '1.0', 'id': e.event::VARCHAR, 'source': '/' || url_encode(e.source_path),
    'type': 'auditrail.' || e.layer || '.' || e.kind, 'subject': e.run,
    'time': CASE WHEN e.time LIKE '%Z' THEN e.time END, 'datacontenttype': 'application/json', 'data': to_json(e)
}"""


def write(context: Context, converter: duckdb.DuckDBPyConnection, events: Path) -> Iterator[tuple[str, Path]]:
    """The one file."""
    name = "events.cloudevents.jsonl"
    yield f"records/{name}", _lines.write(context, converter, events, _EVENT, name)
