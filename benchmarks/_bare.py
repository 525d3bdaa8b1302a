"""What bare DuckDB needs for the same bytes: a typed `CREATE TABLE AS SELECT * FROM read_json(...)` into a file."""

from __future__ import annotations

from pathlib import Path

import duckdb


def load(path: Path, database: Path, columns: dict[str, str]) -> None:
    """Makes a database with the records of a JSON lines file as the table `ev`."""
    typed = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    connection = duckdb.connect(str(database))
    connection.execute(
        f"CREATE TABLE ev AS SELECT * FROM read_json('{path}', columns={{{typed}}}, format='newline_delimited')"
    )
    connection.close()
