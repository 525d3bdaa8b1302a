"""The dialect of rules, held by a parser: one SQL text has to give the same rows on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

_FUNCTIONS = (
    exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg, exp.Coalesce, exp.Nullif, exp.Abs, exp.Greatest, exp.Least,
    exp.Length, exp.Replace, exp.Trim, exp.Substring, exp.RowNumber, exp.Lag, exp.Lead, exp.Case, exp.If, exp.Cast,
    exp.Exists, exp.And, exp.Or, exp.Rank, exp.DenseRank,
)  # fmt: skip
_CASTS = frozenset({"BIGINT", "DOUBLE", "BOOLEAN", "TEXT"})
_FORBIDDEN = {
    exp.Qualify: "QUALIFY",
    exp.IntDiv: "integer division",
    exp.Bracket: "a list or struct",
    exp.Array: "a list",
    exp.Struct: "a struct",
    exp.JSONExtract: "JSON",
    exp.RegexpLike: "a regular expression",
    exp.Escape: "a LIKE escape",
    exp.ILike: "ILIKE",
    exp.Interval: "a date",
    exp.Lambda: "a lambda",
    exp.Star: "*",
}


def breaches(sql: str) -> list[str]:
    """What the text may not have, in words."""
    (tree,) = sqlglot.parse(sql, read="duckdb")
    return [*_nodes(tree), *_functions(tree), *_order(tree, sql)]


def _nodes(tree: exp.Expression) -> Iterator[str]:
    for kind, word in _FORBIDDEN.items():
        counted = (kind is exp.Star and isinstance(node.parent, exp.Count) for node in tree.find_all(kind))
        yield from (word for allowed in counted if not allowed)
    yield from (f"quoted name {node.name}" for node in tree.find_all(exp.Identifier) if node.args.get("quoted"))


def _functions(tree: exp.Expression) -> Iterator[str]:
    for node in tree.find_all(exp.Func):
        if isinstance(node, exp.Anonymous):
            yield f"function {node.name}"
        elif not isinstance(node, _FUNCTIONS):
            yield f"function {node.sql_name()}"
    casts = (node.to for node in tree.find_all(exp.Cast))
    yield from (f"cast to {to.sql()}" for to in casts if to.this.value not in _CASTS)


def _order(tree: exp.Expression, sql: str) -> Iterator[str]:
    lowered = sql.lower()
    if " as varchar" in lowered:
        yield "cast to VARCHAR: write STRING"
    if lowered.count("nulls first") + lowered.count("nulls last") < len(list(tree.find_all(exp.Ordered))):
        yield "ORDER BY without NULLS FIRST or LAST"
    for node in tree.find_all(exp.Select):
        if node.args.get("limit") and not node.args.get("order"):
            yield "LIMIT without ORDER BY"
