"""Which column of a case carries which field of a policy. A column that stands nowhere here is refused, not kept.

Fields are the words of policies. Those of `STRUCTURE` are what runs, gaps and tables are grouped and joined by: equal
values of theirs stay equal, in all tables, or runs would fall apart.
"""

from __future__ import annotations

from auditrail.terms import ID_COLUMNS, ID_KINDS

# Contents: each value stands alone. Those of `JSON` can be withheld in part, by paths.
JSON = ("args", "result", "attributes", "remarks")
CONTENT = (*JSON, "error", "quarantine", "defects", "notes")
STRUCTURE = (
    "agent",
    "agent_version",
    "principal",
    "model",
    "tool",
    "names",
    "policy",
    "stream",
    "paths",
    "chain",
    *(f"ids.{kind}" for kind in ID_KINDS),
    "ids.dedupe",
)
FIELDS = (*CONTENT, *STRUCTURE)

# Kinds of ids that name the same things: a span is the parent of another.
_FAMILIES = {
    "parent_span": "span",
    "linked_span": "span",
    "linked_trace": "trace",
    "parent_run": "run",
    "parent_call": "tool_call",
    "parent_request": "request",
}

# The field is that of the id's kind, which another column of the row names.
BY_KIND = "ids by kind"
# `<tool>: arguments` and the like: the name of the row's tool, and words of ours.
BY_TOOL = "words on a tool"
# Words of closed lists, numbers, digests of whole files and sentences of ours: never content.
NEVER = None

COLUMNS: dict[str, dict[str, str | None]] = {
    "case_info": {"made_by": NEVER},
    "sources": {
        "path": "paths", "format": NEVER, "inner_formats": NEVER, "compression": NEVER, "framing": NEVER,
        "why": "notes", "stream": "stream", "layer": NEVER, "status": NEVER, "blake3": NEVER, "ignored_reasons": NEVER,
        "loaded_by": NEVER, "error": "notes",
    },
    "events": {
        "blake3": NEVER, "ts_source": NEVER, "stream": "stream", "layer": NEVER, "kind": NEVER, "name": "names",
        "status": NEVER, "error": "error", "agent": "agent", "agent_version": "agent_version",
        "principal": "principal", "model": "model", "tool": "tool", "args": "args", "args_state": NEVER,
        "result": "result", "result_state": NEVER, "decision": NEVER, "policy": "policy", "rule": "policy",
        "seq_kind": "names", "dedupe_key": "ids.dedupe", "flags": NEVER, "attributes": "attributes",
        **{f"{kind}_id": f"ids.{kind}" for kind in ID_COLUMNS},
    },
    "quarantine": {"blake3": NEVER, "code": NEVER, "reason": NEVER, "head": "quarantine"},
    "remarks": {"code": NEVER, "detail": "remarks"},
    "runs": {
        "id": BY_KIND, "id_kind": NEVER, "agent": "agent", "status": NEVER, "layers": NEVER,
        "parent_run": "ids.run", "parent_via": NEVER,
    },
    "run_members": {"confidence": NEVER},
    "join_keys": {"kind": NEVER, "value": BY_KIND},
    "run_ids": {"value": BY_KIND, "kind": NEVER},
    "agent_streams": {"agent": "agent", "format": NEVER, "stream": "stream"},
    "conflicts": {"code": NEVER, "kind": NEVER, "value": BY_KIND, "detail": "notes"},
    "copies": {},
    "ids_more": {"kind": NEVER, "value": BY_KIND},
    "verdicts": {
        "path": "paths", "kind": NEVER, "profile": NEVER, "chain": "chain", "verdict": NEVER, "head": NEVER,
        "uncovered_fields": "notes", "not_checked": "notes", "verified_by": NEVER,
    },
    "verdict_defects": {"path": "paths", "kind": NEVER, "note": "defects"},
}  # fmt: skip

# Columns of the facts that `keep` keeps, which are alike in all of them.
FACT_COLUMNS: dict[str, str | None] = {
    "agent": "agent", "tool": "tool", "stream": "stream", "witness_stream": "stream", "log_group": "stream",
    "parent": "ids.span", "id": "ids.run", "call": "ids.tool_call", "held": BY_TOOL,
    "told": "notes", "keys": "notes", "needs": "notes", "members": "notes", "sign": NEVER, "what": NEVER, "how": NEVER,
    "side": NEVER, "state": NEVER, "layer": NEVER, "format": NEVER, "evidence": NEVER, "confidence": NEVER,
    "code": NEVER, "layers": NEVER, "lacks": NEVER, "signal": NEVER,
}  # fmt: skip

# The column that names the kind of an id.
KIND_COLUMN = {"runs": "id_kind"}
# What is left of an id of kind `other` or of an inferred join, whose kind is none of ids.
_OTHER_KINDS = {"agent": "agent", "args": "tool"}
# A result that names a run it spawned: the run's id stands behind the word.
SPAWNED = "spawned:"


def family(field: str) -> str:
    """The family of a structural field: equal values of one family get the same pseudonym."""
    head, _, kind = field.partition(".")
    return _FAMILIES.get(kind, kind) if head == "ids" else field


def of_kind(kind: str | None) -> str:
    """The field of an id of that kind."""
    return _OTHER_KINDS.get(kind or "", f"ids.{kind if kind in ID_KINDS else 'other'}")
