"""Attacks on a chained log, as functions on its records: each gives the records of a tampered copy."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.verify._writers import Log, Record

Attack = Callable[[Log], list[Record]]
# Where an attack strikes: in the middle, so that records stand on both sides.
AT = 4


def edit(log: Log) -> list[Record]:
    """Changes a value that is covered, in one record."""
    records = copy.deepcopy(log.records)
    record = records[AT]
    path = EDITED.get(log.profile)
    if path is None:
        names = [name for name in record if isinstance(record[name], (str, dict)) and name not in protecting(log)]
        path = names[-1] if isinstance(record[names[-1]], str) else f"{names[-1]}.{next(iter(record[names[-1]]))}"
    put(record, path, change(get(record, path)))
    return records


# Where the field that `edit` would pick is one that no hash covers, or no plain text.
EDITED = {
    "merkle-audit": "action_type",
    "agt-file-sink": "outcome",
    "agt-audit-log": "outcome",
    "agt-receipt": "tool_name",
    "agentwatch-aat": "record.run_id",
    "aat-06": "outcome",
    "aat-01": "outcome",
    "auditchain": "action",
    "auditchain-hmac": "action",
    "auditchain-sqlite": "action",
    "auditchain-sqlite-hmac": "action",
    "agt-hypervisor": "agent_did",
    "agt-flight-recorder": "tool_name",
    "acta-payload": "payload.decision",
    "acta-payload-prefixed": "payload.decision",
    "acta-draft": "payload.decision",
    "acta-draft-base64url": "payload.decision",
    "protect-mcp-envelope": "payload.decision",
    "dcp-ai-js": "outcome",
    "dcp-ai-v2": "outcome",
    "obsigna-store": "receipt_json.credentialSubject.action",
    "traceseal-flat": "execution.name",
    "trailproof": "payload.run_id",
    "signet": "receipt.ts",
    "obsigna": "credentialSubject.action",
    "zeroclaw": "action.command",
    "witnesskit": "action",
    "agentproofs": "action.tool",
    "ujex": "payload.run_id",
    "dcp-ai": "outcome",
    "raw-line": "what.run_id",
    "idprova": "action.run_id",
    "idprova-previous": "action.run_id",
    "oxios": "action.run_id",
    "icebox": "action.run_id",
    "agent-scroll": "content.run_id",
    "acta-decision": "payload.run_id",
    "acta-envelope": "payload.decision",
    "protect-mcp": "payload.decision",
    "traceseal": "execution.name",
    "arcaeon-ledger": "kind",
    "aegis": "type",
    "nl-protocol": "target",
}


def protecting(log: Log) -> set[str]:
    return {log.own, log.prev, "signature", "public_key", "signer_public_key"}


def delete(log: Log) -> list[Record]:
    return log.records[:AT] + log.records[AT + 1 :]


def delete_several(log: Log) -> list[Record]:
    return log.records[: AT - 1] + log.records[AT + 2 :]


def insert_copy(log: Log) -> list[Record]:
    return [*log.records[: AT + 1], log.records[AT], *log.records[AT + 1 :]]


def insert_old_copy(log: Log) -> list[Record]:
    return [*log.records[: AT + 1], log.records[1], *log.records[AT + 1 :]]


def reorder(log: Log) -> list[Record]:
    records = list(log.records)
    records[AT], records[AT + 1] = records[AT + 1], records[AT]
    return records


def move_far(log: Log) -> list[Record]:
    records = list(log.records)
    records.insert(1, records.pop(AT + 1))
    return records


def drop_head(log: Log) -> list[Record]:
    return log.records[2:]


def truncate_tail(log: Log) -> list[Record]:
    return log.records[:-3]


def edit_with_hash(log: Log) -> list[Record]:
    """Changes a record and makes its own hash anew, but not those behind it."""
    records = edit(log)
    if log.rehash is not None:
        log.rehash(records[AT])
    return records


def edit_hash(log: Log) -> list[Record]:
    """Changes a record's hash, and not its content."""
    records = copy.deepcopy(log.records)
    text = get(records[AT], log.own)
    put(records[AT], log.own, text[:-3] + ("0" if text[-3] != "0" else "1") + text[-2:])
    return records


def edit_link(log: Log) -> list[Record]:
    records = copy.deepcopy(log.records)
    put(records[AT], log.prev, get(records[AT - 1], log.prev))
    return records


def strip_signature(log: Log) -> list[Record]:
    records = copy.deepcopy(log.records)
    path = SIGNED[log.profile]
    holder, _, name = path.rpartition(".")
    (get(records[AT], holder) if holder else records[AT]).pop(name)
    return records


SIGNED = {
    "agt-file-sink": "signature",
    "ai-audit-trail": "signature",
    "agentproofs": "signature",
    "zeroclaw": "signature",
    "trailproof": "signature",
    "agt-receipt": "signature",
    "acta-receipts": "signature",
    "acta-payload-prefixed": "signature.sig",
    "agent-scroll": "sig.sig",
    "aat-06": "signature",
    "obsigna": "proof.proofValue",
    "witnesskit": "signature.value",
    "signet": "receipt.sig",
}


def get(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value[name]
    return value


def put(value: Any, path: str, new: Any) -> None:
    *inner, last = path.split(".")
    for name in inner:
        value = value[name]
    value[last] = new


def change(value: Any) -> Any:
    return f"{value}~" if isinstance(value, str) else [value]


# Those that a chain alone must catch.
CAUGHT: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        edit, delete, delete_several, insert_copy, insert_old_copy, reorder, move_far, drop_head, edit_with_hash,
    )
}  # fmt: skip
