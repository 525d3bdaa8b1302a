"""The words that rows are written in: closed lists, apart from `model`, so that reading commands need not load it."""

from __future__ import annotations

# Version of the tables of a case; a case of another version is refused, and says so.
SCHEMA_VERSION = 2

LAYERS: tuple[str, ...] = ("agent", "llm", "tool", "policy", "other")
KINDS: tuple[str, ...] = ("span", "start", "end", "call", "result", "decision", "message", "error", "log")
STATES: tuple[str, ...] = ("present", "empty", "absent", "redacted", "hashed", "truncated", "offloaded")
STATUSES: tuple[str, ...] = ("ok", "error", "denied", "unknown")
TS_SOURCES: tuple[str, ...] = ("event", "observed", "ingest", "order")
DECISIONS: tuple[str, ...] = ("allow", "deny", "ask", "modify", "flag", "not_run", "undefined")

# Ids that have a column of their own in `events` (the first of its kind on an event); the view `ids` shows them
# as rows, together with the further ones of the table `ids_more`. One value is one column instead of one row:
# a load writes no row for each id, and a rule still reads (event, kind, value).
ID_COLUMNS: tuple[str, ...] = (
    "run", "trace", "span", "parent_span", "session", "conversation",
    "request", "response", "tool_call", "decision", "message", "task",
)  # fmt: skip
# Kinds without a column: rare, always rows of `ids_more`.
ID_KINDS: tuple[str, ...] = (
    *ID_COLUMNS, "parent_run", "parent_call", "parent_request", "linked_span", "linked_trace", "user", "other",
)  # fmt: skip

QUARANTINE_CODES: dict[str, str] = {
    "invalid-json": "the record is not JSON",
    "invalid-utf8": "the record is not UTF-8",
    "control-character": "a raw NUL or control character stands in the record",
    "torn-tail": "the last record stops in the middle: a crash, or a copy taken while it was written",
    "oversized": "the record is longer than the limit",
    "too-deep": "the record is nested deeper than the limit",
    "not-an-object": "the record is JSON, but not of the type that the format has",
    "broken-frame": "the framing (length prefix, compression, array) is damaged here",
    "malformed": "the record breaks a rule of its format",
    "reader-failure": "the reader failed on the record: a fault of auditrail, please report it",
}
