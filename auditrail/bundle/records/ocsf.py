"""OCSF 1.3.0, class API Activity (6003): `records/events.ocsf.jsonl`, one event a line.

Source: schema.ocsf.io, `events/application/api_activity.json` and `base_event.json`. What that class requires is
filled from the record: `actor` is the principal and the agent, `api.operation` the tool or the name of the event,
`src_endpoint` the stream that it came by, `time` milliseconds since the epoch. Whether a call creates, reads, updates
or deletes is not known, so `activity_id` is 99 (other), and `activity_name` the kind of the event. A record without a
time lacks `time`, which the schema requires: nothing is made up. What OCSF has no place for stands in `unmapped`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from auditrail import __version__
from auditrail.bundle.context import Context
from auditrail.bundle.records import _lines

if TYPE_CHECKING:
    import duckdb

NAME = "ocsf"
_FAILED = "(e.status IN ('error', 'denied') OR e.decision IS NOT DISTINCT FROM 'deny')"
_EVENT = f"""{{
    'activity_id': 99, 'activity_name': e.kind, 'category_uid': 6, 'category_name': 'Application Activity',
    'class_uid': 6003, 'class_name': 'API Activity', 'type_uid': 600399,
    'time': e.ts_ns // 1000000, 'end_time': e.end_ns // 1000000,
    'severity_id': CASE WHEN {_FAILED} THEN 3 ELSE 1 END,
    'status_id': CASE WHEN {_FAILED} THEN 2 WHEN e.status = 'ok' THEN 1 ELSE 0 END,
    'status_detail': e.error, 'message': e.name,
    'metadata': {{
        'version': '1.3.0', 'uid': e.event::VARCHAR, 'correlation_uid': e.run, 'log_name': e.source_path,
        'logged_time': e.observed_ns // 1000000,
        'product': {{'name': 'auditrail', 'vendor_name': 'auditrail', 'version': '{__version__}'}}
    }},
    'actor': {{
        'user': CASE WHEN e.principal IS NOT NULL THEN {{'name': e.principal}} END,
        'app_name': coalesce(e.agent, e.stream, 'unknown')
    }},
    'api': {{
        'operation': coalesce(e.tool, e.name, e.kind), 'request': {{'uid': coalesce(
            e.tool_call_id, e.request_id, e.span_id, e.event::VARCHAR), 'data': e.args}},
        'response': {{'message': e.result, 'error': e.error}}, 'service': {{'name': e.stream}}
    }},
    'src_endpoint': {{'name': coalesce(e.stream, e.source_path)}},
    'unmapped': to_json(e)
}}"""


def write(context: Context, converter: duckdb.DuckDBPyConnection, events: Path) -> Iterator[tuple[str, Path]]:
    """The one file."""
    name = "events.ocsf.jsonl"
    yield f"records/{name}", _lines.write(context, converter, events, _EVENT, name)
