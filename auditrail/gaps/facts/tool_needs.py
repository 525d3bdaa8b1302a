"""`tool_needs`: tools whose schema, as it was given to a model, requires arguments.

Schemas stand in `gen_ai.tool.definitions` of spans (GenAI semantic conventions), and in `tools` of requests: of OpenAI
`{function: {name, parameters: {required}}}` or flat, of Anthropic `{name, input_schema: {required}}`, of Bedrock
`{toolSpec: {name, inputSchema: {json: {required}}}}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

NAME = "tool_needs"
NEEDS = ("acts",)
COLUMNS = {"tool": "events.tool", "members": "the required members, comma-separated"}

_SCHEMAS = ("parameters", "input_schema", "inputSchema", "json")
# Requests repeat their schemas; so many different texts are read.
_MOST_TEXTS = 500
_DEEPEST = 8


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute("CREATE TEMP TABLE tool_needs (tool VARCHAR, members VARCHAR)")
    rows = connection.execute(
        f"""
        WITH blank AS (SELECT 1 FROM acts WHERE tool IS NOT NULL AND args_state = 'empty' LIMIT 1),
        texts AS (
            SELECT coalesce(json_extract(attributes, '$."gen_ai.tool.definitions"'),
                            json_extract(attributes, '$.tools'),
                            json_extract(attributes, '$.model_parameters.tools'),
                            json_extract(attributes, '$.toolConfig.tools')) AS text
            FROM events
            WHERE contains(attributes, '"required') AND EXISTS (FROM blank)
                  OR contains(attributes, 'tool.definitions') AND EXISTS (FROM blank)
            UNION ALL
            SELECT CASE WHEN json_valid(args) THEN json_extract(args, '$.tools') END FROM events
            WHERE layer = 'llm' AND contains(args, '"required"') AND contains(args, '"tools"') AND EXISTS (FROM blank)
        )
        SELECT DISTINCT CAST(text AS VARCHAR) AS text FROM texts WHERE text IS NOT NULL ORDER BY text NULLS LAST
        LIMIT {_MOST_TEXTS}
        """
    ).fetchall()
    found: dict[str, set[str]] = {}
    for (text,) in rows:
        _look(_parsed(text), found, 0)
    if found:
        connection.executemany(
            "INSERT INTO tool_needs VALUES (?, ?)", [[tool, ", ".join(sorted(found[tool]))] for tool in sorted(found)]
        )


def _parsed(text: str) -> Any:
    from auditrail.errors import RecordError
    from auditrail.jsontext import parse

    try:
        value = parse(text.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return None
    return _parsed(value) if isinstance(value, str) and value.lstrip()[:1] in ("[", "{") else value


def _look(value: Any, found: dict[str, set[str]], depth: int) -> None:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            _look(item, found, depth + 1)
    elif isinstance(value, dict):
        name = value.get("name")
        needed = _required(value, 0)
        if isinstance(name, str) and needed:
            found.setdefault(name, set()).update(needed)
        for item in value.values():
            if isinstance(item, (dict, list)):
                _look(item, found, depth + 1)


def _required(value: dict[str, Any], depth: int) -> list[str]:
    """The required members of the schema that stands beside a name."""
    for key in _SCHEMAS:
        schema = value.get(key)
        if isinstance(schema, dict):
            listed = schema.get("required")
            if isinstance(listed, list) and listed:
                return [item for item in listed if isinstance(item, str)]
            if depth < 2 and (inner := _required(schema, depth + 1)):
                return inner
    return []
