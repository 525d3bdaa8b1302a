"""`sampled_decisions`: calls without a decision, in a policy stream that holds a steady share of all decisions.

A sampler of decisions asks neither for the agent nor for the tool nor for the day: of each tool that the stream decides
on at all, it holds about the same share of the calls, all the time. Where a tool of many calls is always decided on, or
the shares differ, it is the policy's rules or a way around it that make the difference, and nothing is said here; nor
where decisions are held that no call can be joined to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

NAME = "sampled_decisions"
NEEDS = ("acts", "calls", "call_acts")
COLUMNS = {
    "run": "runs.run",
    "call": "the tool call id",
    "label": "the call in a `what`",
    "agent": "the agent",
    "tool": "the tool",
    "format": "format of the policy's stream",
    "stream": "that stream",
    "event": "a record of the call",
    "from_ns": "first time of the call",
    "to_ns": "last time of the call",
    "rate": "the share of decisions that the stream holds",
    "decided": "calls that were carried out, of these tools, with a decision",
    "of_calls": "calls that were carried out, of these tools",
}
# Above this share, a missing decision is a single one.
_MOST_RATE = 0.9
# Tools of so many calls tell; of so many of them the shares must agree, within so many standard deviations.
_CALLS, _PAIRS, _SIGMAS = 30, 2, 3.5
# So many decisions must be missing, by shares that are steady over so many stretches of time.
_MISSING, _STRETCHES = 20, 10


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE carried AS
        WITH made AS (  -- where no log tells that the agent's calls are carried out, those that its model asks for
            SELECT *, coalesce(agent, '') AS whose, coalesce(ran, ended, begin,
                   CASE WHEN max(coalesce(ran, ended, begin)) OVER (PARTITION BY coalesce(agent, '')) IS NULL
                   THEN wish END) AS event
            FROM calls WHERE tool IS NOT NULL AND first_ns IS NOT NULL
        ), told AS (
            SELECT c.run, c.call, c.label, c.agent, c.whose, c.tool, c.decided, c.outcome, c.event, c.first_ns,
                   c.last_ns, a.format, a.stream
            FROM made c LEFT JOIN acts a ON a.event = c.decided WHERE c.event IS NOT NULL
        ), homes AS (  -- the stream that decides on a tool of an agent
            SELECT whose, tool, arg_max(format, (n, format, stream)) AS format,
                   arg_max(stream, (n, format, stream)) AS stream
            FROM (SELECT whose, tool, format, stream, count(*) AS n FROM told WHERE decided IS NOT NULL GROUP BY ALL)
            GROUP BY whose, tool
        ), spans AS (
            SELECT format, stream, min(first_ns) AS begin_ns, max(first_ns) AS end_ns FROM told
            WHERE decided IS NOT NULL GROUP BY format, stream
        )
        SELECT t.* EXCLUDE (format, stream), h.format, h.stream,
               t.first_ns BETWEEN s.begin_ns AND s.end_ns AND t.outcome <> 'denied' AS counts
        FROM told t JOIN homes h ON h.whose = t.whose AND h.tool = t.tool
        JOIN spans s ON s.format = h.format AND s.stream = h.stream
        """
    )
    connection.execute(
        "CREATE TEMP TABLE decision_rates "
        "(format VARCHAR, stream VARCHAR, whose VARCHAR, tool VARCHAR, rate DOUBLE, decided BIGINT, of_calls BIGINT)"
    )
    pairs: dict[tuple[str, str], list[tuple[str, str, int, int]]] = {}
    for format_name, stream, whose, tool, decided, every in connection.execute(
        "SELECT format, stream, whose, tool, count(decided), count(*) FROM carried WHERE counts GROUP BY ALL "
        "ORDER BY ALL"
    ).fetchall():
        pairs.setdefault((format_name, stream), []).append((whose, tool, decided, every))
    rows: list[list[Any]] = []
    for (format_name, stream), found in pairs.items():
        alike = _alike(found)
        decided, every = sum(pair[2] for pair in alike), sum(pair[3] for pair in alike)
        if alike and _is_steady(connection, format_name, stream) and not _loose(connection, stream, every - decided):
            rate = decided / every
            rows += [[format_name, stream, whose, tool, rate, decided, every] for whose, tool, *_ in alike]
    if rows:
        connection.executemany("INSERT INTO decision_rates VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute(
        """
        CREATE TEMP TABLE sampled_decisions AS
        SELECT c.run, c.call, c.label, c.agent, c.tool, c.format, c.stream, c.event, c.first_ns AS from_ns,
               c.last_ns AS to_ns, r.rate, r.decided, r.of_calls
        FROM carried c JOIN decision_rates r
          ON r.format = c.format AND r.stream = c.stream AND r.whose = c.whose AND r.tool = c.tool
        WHERE c.decided IS NULL
        """
    )
    connection.execute("DROP TABLE carried")
    connection.execute("DROP TABLE decision_rates")


def _alike(pairs: list[tuple[str, str, int, int]]) -> list[tuple[str, str, int, int]]:
    """The agents' tools whose shares are one share, or none where too few are, or where one is decided on more."""
    telling = sorted((pair for pair in pairs if pair[3] >= _CALLS), key=lambda pair: pair[2] / pair[3])
    if any(pair[2] > _MOST_RATE * pair[3] for pair in telling):
        return []
    # One tool may be called on a way around the policy beside that: it shows a lower share than all others.
    for first in (0, 1):
        rest = telling[first:]
        decided, every = sum(pair[2] for pair in rest), sum(pair[3] for pair in rest)
        if len(rest) < _PAIRS or every - decided < _MISSING or decided > _MOST_RATE * every:
            return []
        rate = decided / every
        if all(_fits(pair, rate) for pair in rest):
            low = set(telling[:first])
            return [pair for pair in pairs if pair not in low and _fits(pair, rate)]
    return []


def _fits(pair: tuple[str, str, int, int], rate: float) -> bool:
    _, _, decided, every = pair
    spread = float((every * rate * (1 - rate)) ** 0.5)
    return abs(decided - every * rate) <= _SIGMAS * max(spread, 0.5)


def _is_steady(connection: duckdb.DuckDBPyConnection, format_name: str, stream: str) -> bool:
    """Whether the share is the same all the time, by chi-square over stretches of equally many calls."""
    rows = connection.execute(
        "SELECT count(decided), count(*) FROM (SELECT decided, ntile(?) OVER (ORDER BY first_ns, event) AS part "
        "FROM carried WHERE counts AND format = ? AND stream = ?) GROUP BY part",
        [_STRETCHES, format_name, stream],
    ).fetchall()
    decided, every = sum(row[0] for row in rows), sum(row[1] for row in rows)
    rate = decided / every
    if not 0 < rate < 1:
        return False
    spread = sum((held - n * rate) ** 2 / (n * rate * (1 - rate)) for held, n in rows)
    free = len(rows) - 1
    return bool(spread < free + _SIGMAS * (2 * free) ** 0.5)


def _loose(connection: duckdb.DuckDBPyConnection, stream: str, missing: int) -> bool:
    """Whether the stream holds so many decisions that no call is joined to that these may be the missing ones."""
    row = connection.execute(
        "SELECT count(*) FROM acts a LEFT JOIN call_acts c ON c.event = a.event "
        "WHERE a.kind = 'decision' AND a.stream = ? AND c.event IS NULL",
        [stream],
    ).fetchone()
    return bool(row and row[0] * 4 > missing)
