"""The data dictionary: what stands in every column of every table, derived from the model."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from auditrail import terms
from auditrail.bundle import page, tables
from auditrail.bundle.context import Context

NAME = "dictionary"
ORDER = 20
SCHEMA = "auditrail.dictionary/1"
# Columns whose values are from a closed list.
_VALUES = {
    ("events", "layer"): terms.LAYERS,
    ("events", "kind"): terms.KINDS,
    ("events", "status"): terms.STATUSES,
    ("events", "args_state"): terms.STATES,
    ("events", "result_state"): terms.STATES,
    ("events", "decision"): terms.DECISIONS,
    ("events", "ts_source"): terms.TS_SOURCES,
    ("quarantine", "code"): terms.QUARANTINE_CODES,
}


def make(_context: Context) -> Iterator[tuple[str, bytes]]:
    """`dictionary.json` and `dictionary.html`."""
    document = dictionary()
    yield "dictionary.json", page.json_bytes(document)
    yield "dictionary.html", page.whole("Data dictionary", _body(document)).encode()


def dictionary() -> dict[str, Any]:
    """Every table with its columns: name, type, whether it may be blank, meaning, and the values of a closed list."""
    return {
        "schema": SCHEMA,
        "generated_by": page.generated_by(),
        "tables": [
            {
                "name": table.name,
                "description": table.doc,
                "order": table.order,
                "columns": [
                    {
                        "name": field.name,
                        "type": field.sql_type,
                        "nullable": field.nullable,
                        "description": field.doc,
                        **({"values": list(values)} if (values := _VALUES.get((table.name, field.name))) else {}),
                    }
                    for field in table.fields
                ],
            }
            for table in tables.tables()
        ],
    }


def _body(document: dict[str, Any]) -> Iterator[str]:
    yield "<h1>Data dictionary</h1>\n<p>The tables in <code>records/</code>. Times are UTC; a name that ends in "
    yield "<code>_ns</code> or <code>_ts</code> counts nanoseconds since 1970-01-01T00:00:00Z. In CSV, text that a "
    yield "spreadsheet would run as a formula begins with <code>'</code>, and control characters are written as "
    yield "escapes; Parquet and JSON lines hold the exact values.</p>\n"
    for table in document["tables"]:
        yield f'<h2 id="{table["name"]}">{table["name"]}</h2>\n<p>{html.escape(table["description"])}</p>\n'
        rows = [
            (
                f"<code>{column['name']}</code>",
                column["type"],
                "yes" if column["nullable"] else "no",
                html.escape(column["description"])
                + (f"<br>One of: {html.escape(', '.join(column['values']))}" if "values" in column else ""),
            )
            for column in table["columns"]
        ]
        yield page.table(("Column", "Type", "May be blank", "Meaning"), rows)
