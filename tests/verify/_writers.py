"""Producers of chained logs, written from the descriptions of their formats and not from the profiles that read them.

Each writer gives the records of an honest log. `Log.file` makes a file of (changed) records in the producer's own way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import rfc8785
from blake3 import blake3
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Record = dict[str, Any]
SECRET = b"TEST ONLY secret of an HMAC"
SIGNER = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"TEST ONLY signer").digest())
OTHER = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"TEST ONLY other signer").digest())
CURVE = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"TEST ONLY curve").digest(), "big"), ec.SECP256R1())
ZEROS = "0" * 64
PUBLIC = SIGNER.public_key().public_bytes_raw()
CURVE_PUBLIC = CURVE.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
)


def lines(records: list[Any], dump: Callable[[Any], str] = json.dumps) -> bytes:
    return "".join(dump(record) + "\n" for record in records).encode("utf-8", "surrogatepass")


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def sorted_compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def array(records: list[Any]) -> bytes:
    return json.dumps(records, indent=2).encode()


@dataclass
class Log:
    """An honest log, how it is written to a file, and what it takes to verify it."""

    profile: str
    records: list[Record]
    write: Callable[[list[Record]], bytes] = lines
    keys: list[str] = field(default_factory=list)
    suffix: str = ".jsonl"
    # Path of the record's own hash and of its link; blank where there is none.
    own: str = ""
    prev: str = ""
    rehash: Callable[[Record], None] | None = None
    # The table of a SQLite file that holds the records.
    rows: str = ""

    def file(self, folder: Path, records: list[Record] | None = None, name: str = "log") -> Path:
        path = folder / f"{name}{self.suffix}"
        if self.rows:
            path.unlink(missing_ok=True)
            _table(path, self.rows, self.records if records is None else records)
        else:
            path.write_bytes(self.write(self.records if records is None else records))
        return path


WRITERS: dict[str, Callable[[int], Log]] = {}


def writer(make: Callable[[int], Log]) -> Callable[[int], Log]:
    WRITERS[make.__name__.replace("_", "-")] = make
    return make


def events(count: int) -> list[Record]:
    """What happened: with text beyond ASCII and the BMP, small and large numbers, nulls and nothing."""
    kinds = ("session_start", "llm_call", "tool_call", "tool_result", "decision", "error", "note", "session_end")
    extras: list[Record] = [
        {"agent": "billing-bot", "model": "model-x"},
        {"temperature": 0.2, "tiny": 1e-7, "small": 1e-5, "large": 1e21, "whole": 1.0, "big": 1e16},
        {
            "tool": "search",
            "args": {"customer": "C-1007", "q": "größe \U0001f600 \uffff", "\U0001f600": 1, "\uffff": 2},
        },
        {"result": None, "rows": [], "empty": {}, "ok": True},
        {"decision": "allow", "reason": 'quotes " and \\ and \x7f', "rule": "r/1"},
        {"error": "line\nbreak\ttab", "code": -12},
        {"note": "<script>&amp;", "count": 9007199254740991},
        {"nested": {"b": [1, 2.5, {"z": None, "a": "é"}], "a": "x"}},
    ]
    since = _OTHER[-1]
    return [
        {
            "n": number,
            "kind": kinds[number % 8] if number < since else "other",
            "time": f"2026-11-23T11:27:{number % 60:02}.{100000 + number:06}",
            "data": {"run_id": "run-0001" if number < since else "run-0002", **extras[number % 8]},
        }
        for number in range(count)
    ]


# From which event on another story is told.
_OTHER = [1 << 30]


def other(name: str, count: int, since: int = 0) -> Log:
    """An honest log of other events from `since` on: a branch, or, from 0, another log altogether."""
    _OTHER.append(since)
    try:
        return WRITERS[name](count)
    finally:
        _OTHER.pop()


def sha(data: bytes | str) -> str:
    return hashlib.sha256(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data).hexdigest()


def minus(record: Record, *names: str) -> Record:
    return {key: value for key, value in record.items() if key not in names}


def chained(
    count: int, make: Callable[[Record, str | None], Record], hash_of: Callable[[Record], str | None], genesis: Any
) -> list[Record]:
    made = []
    prev = genesis
    for event in events(count):
        record = make(event, prev)
        made.append(record)
        prev = hash_of(record)
    return made


def sign(message: bytes, key: ed25519.Ed25519PrivateKey = SIGNER) -> bytes:
    return key.sign(message)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hex_key() -> list[str]:
    return ["hex:" + PUBLIC.hex()]


@writer
def autonomous_audit(count: int) -> Log:
    def rehash(record: Record) -> None:
        record["hash"] = sha(json.dumps(minus(record, "hash"), sort_keys=True))

    def make(event: Record, prev: str | None) -> Record:
        record = {"event_type": event["kind"], "seq_no": event["n"], **event["data"], "prev_hash": prev, "hash": ""}
        rehash(record)
        return record

    records = chained(count, make, lambda r: r["hash"], ZEROS)
    return Log("autonomous-audit", records, own="hash", prev="prev_hash", rehash=rehash)


@writer
def agentproofchain(count: int) -> Log:
    def rehash(record: Record) -> None:
        body = json.dumps(minus(record, "signature", "entry_hash"), sort_keys=True)
        record["signature"] = b64(sign(body.encode()))
        record["entry_hash"] = sha(body + record["signature"])

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "type": event["kind"],
            "data": event["data"],
            "prev_hash": prev,
            "signed_at": event["time"] + "+00:00",
            "signature": "",
            "entry_hash": "",
        }
        rehash(record)
        return record

    records = chained(count, make, lambda r: r["entry_hash"], "genesis")
    return Log("agentproofchain", records, keys=hex_key(), own="entry_hash", prev="prev_hash", rehash=rehash)


@writer
def verityledger(count: int) -> Log:
    def rehash(record: Record) -> None:
        record["hash"] = sha(json.dumps(minus(record, "hash"), sort_keys=True, separators=(",", ":")))

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "id": f"id-{event['n']}",
            "session_id": "sess-A",
            "timestamp": 1795433207.78 + event["n"] / 1000,
            "event_type": event["kind"],
            "data": event["data"],
            "previous_hash": prev,
            "hash": "",
        }
        rehash(record)
        return record

    return Log(
        "verityledger",
        chained(count, make, lambda r: r["hash"], ZEROS),
        own="hash",
        prev="previous_hash",
        rehash=rehash,
    )


@writer
def witnesskit(count: int) -> Log:
    fields = ("version", "seq", "timestamp", "actor", "action", "payload", "prev_hash")

    def rehash(record: Record, key: ed25519.Ed25519PrivateKey = SIGNER) -> None:
        digest = hashlib.sha256(rfc8785.dumps({name: record[name] for name in fields})).digest()
        record["hash"] = b64(digest)
        record["signature"] = {
            "alg": "Ed25519",
            "public_key": b64(key.public_key().public_bytes_raw()),
            "value": b64(key.sign(digest)),
        }

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "version": "witnesskit/v0",
            "seq": event["n"],
            "timestamp": event["time"] + "Z",
            "actor": "billing-bot",
            "action": event["kind"],
            "payload": event["data"],
            "prev_hash": prev,
        }
        rehash(record)
        return record

    def write(records: list[Record]) -> bytes:
        return json.dumps({"version": "witnesskit/v0", "actor": "billing-bot", "entries": records}, indent=1).encode()

    return Log(
        "witnesskit",
        chained(count, make, lambda r: r["hash"], None),
        write,
        ["base64:" + b64(PUBLIC)],
        ".json",
        "hash",
        "prev_hash",
        rehash,
    )


@writer
def merkle_audit(count: int) -> Log:
    made: list[Record] = []
    root = ZEROS
    for event in events(count):
        payload = sha(json.dumps(event["data"]))
        created = 1795433207.78 + event["n"] / 7
        leaf = sha(f"{root}:{event['kind']}:{payload}:{created}")
        root = sha(f"{root}:{leaf}")
        made.append(
            {
                "leaf_index": event["n"],
                "leaf_hash": leaf,
                "mmr_root": root,
                "payload_hash": payload,
                "action_type": event["kind"],
                "actor": "bot",
                "agent_id": "a-1",
                "created_at": created,
            }
        )
    return Log("merkle-audit", made, suffix=".db", own="mmr_root", rows="audit_log")


def _table(path: Path, name: str, records: list[Record]) -> None:
    connection = sqlite3.connect(path)
    columns = list(records[0])
    connection.execute(f"CREATE TABLE {name} (rowid_ INTEGER PRIMARY KEY, {', '.join(columns)})")
    for record in records:
        values = [json.dumps(value) if isinstance(value, (dict, list)) else value for value in record.values()]
        marks = ", ".join("?" * len(columns))
        connection.execute(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", values)
    connection.commit()
    connection.close()


@writer
def arcaeon_ledger(count: int) -> Log:
    made: list[Record] = []
    prev = "genesis"
    for event in events(count):
        body = {"ts": event["time"], "kind": event["kind"], "data": event["data"]}
        prev = sha(prev + json.dumps(body, sort_keys=True, ensure_ascii=False))[:32]
        made.append({**body, "chain": prev})
    return Log("arcaeon-ledger", made, lambda r: lines(r, lambda v: json.dumps(v, ensure_ascii=False)), own="chain")


@writer
def ai_audit_trail(count: int) -> Log:
    def rehash(record: Record) -> None:
        body = orjson.dumps(minus(record, "receipt_hash", "signature"), option=orjson.OPT_SORT_KEYS)
        record["receipt_hash"] = sha(body)
        record["signature"] = sign(body).hex()

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "receipt_id": f"r-{event['n']}",
            "tenant_id": "t-1",
            "timestamp": event["time"],
            "action": event["kind"],
            "metadata": event["data"],
            "prev_receipt_hash": prev,
            "receipt_hash": "",
            "signature": "",
        }
        rehash(record)
        return record

    return Log(
        "ai-audit-trail",
        chained(count, make, lambda r: r["receipt_hash"], ""),
        lambda r: lines(r, compact),
        hex_key(),
        own="receipt_hash",
        prev="prev_receipt_hash",
        rehash=rehash,
    )


FILE_SINK = (
    "entry_id",
    "timestamp",
    "event_type",
    "agent_did",
    "action",
    "resource",
    "target_did",
    "data",
    "outcome",
    "policy_decision",
    "matched_rule",
    "trace_id",
    "session_id",
    "previous_hash",
)


@writer
def agt_file_sink(count: int) -> Log:
    def rehash(record: Record) -> None:
        record["content_hash"] = sha(json.dumps({name: record[name] for name in FILE_SINK}, sort_keys=True))
        record["signature"] = hmac.new(SECRET, record["content_hash"].encode(), "sha256").hexdigest()

    def make(event: Record, prev: str | None) -> Record:
        record: Record = dict.fromkeys((*FILE_SINK, "sandbox_id", "environment", "compute_driver"))
        record |= {
            "entry_id": f"audit_{event['n']:016x}",
            "timestamp": event["time"] + "+00:00",
            "event_type": event["kind"],
            "agent_did": "did:mesh:bot",
            "action": event["kind"],
            "data": event["data"],
            "outcome": "success",
            "trace_id": "run-0001",
            "previous_hash": prev,
            "sandbox_id": "box-1",
        }
        rehash(record)
        return record

    return Log(
        "agt-file-sink",
        chained(count, make, lambda r: r["content_hash"], ""),
        lambda r: lines(r, lambda v: json.dumps(v, sort_keys=True)),
        ["text:" + SECRET.decode()],
        own="content_hash",
        prev="previous_hash",
        rehash=rehash,
    )


@writer
def agt_audit_log(count: int) -> Log:
    names = (
        "entry_id",
        "timestamp",
        "event_type",
        "agent_did",
        "action",
        "resource",
        "data",
        "outcome",
        "previous_hash",
    )

    def rehash(record: Record) -> None:
        body = {name: record[name] for name in names}
        body["timestamp"] = body["timestamp"].replace("Z", "+00:00")
        record["entry_hash"] = sha(json.dumps(body, sort_keys=True))

    def make(event: Record, prev: str | None) -> Record:
        record: Record = {
            "entry_id": f"audit_{event['n']}",
            "timestamp": event["time"] + "Z",
            "event_type": event["kind"],
            "agent_did": "did:mesh:bot",
            "action": event["kind"],
            "resource": None,
            "data": event["data"],
            "outcome": "success",
            "policy_decision": None,
            "previous_hash": prev,
            "entry_hash": "",
            "session_id": None,
        }
        rehash(record)
        return record

    return Log(
        "agt-audit-log",
        chained(count, make, lambda r: r["entry_hash"], ""),
        lambda r: lines(r, compact),
        own="entry_hash",
        prev="previous_hash",
        rehash=rehash,
    )


def five(count: int, names: tuple[str, ...], hash_of: Callable[[Record], str], genesis: str, seq: bool) -> list[Record]:
    time, agent, action, decision, prev_name = names
    made: list[Record] = []
    prev = genesis
    for event in events(count):
        record: Record = {"seq": event["n"]} if seq else {}
        record |= {
            time: event["time"] + "Z",
            agent: "agent-ü",
            action: f"{event['kind']}|{event['data'].get('tool')}",
            decision: "allow",
            prev_name: prev,
        }
        prev = record["hash"] = hash_of(record)
        made.append(record)
    return made


@writer
def agt_claude_code(count: int) -> Log:
    def rehash(record: Record) -> None:
        record["hash"] = sha(
            compact({name: record[name] for name in ("timestamp", "agentId", "action", "decision", "previousHash")})
        )

    def hash_of(record: Record) -> str:
        rehash(record)
        return record["hash"]

    records = five(count, ("timestamp", "agentId", "action", "decision", "previousHash"), hash_of, ZEROS, seq=False)
    return Log("agt-claude-code", records, array, suffix=".json", own="hash", prev="previousHash", rehash=rehash)


@writer
def agt_go(count: int) -> Log:
    def rehash(record: Record) -> None:
        data = b"\x01"
        for name in ("timestamp", "agent_id", "action", "decision", "previous_hash"):
            text = record[name].encode()
            data += len(text).to_bytes(4, "big") + text
        record["hash"] = sha(data)

    def hash_of(record: Record) -> str:
        rehash(record)
        return record["hash"]

    records = five(count, ("timestamp", "agent_id", "action", "decision", "previous_hash"), hash_of, "", seq=False)
    return Log("agt-go", records, array, suffix=".json", own="hash", prev="previous_hash", rehash=rehash)


@writer
def agt_go_joined(count: int) -> Log:
    def rehash(record: Record) -> None:
        names = ("timestamp", "agent_id", "action", "decision", "previous_hash")
        record["hash"] = sha("|".join(record[name] for name in names))

    def hash_of(record: Record) -> str:
        rehash(record)
        return record["hash"]

    records = five(count, ("timestamp", "agent_id", "action", "decision", "previous_hash"), hash_of, "", seq=False)
    return Log("agt-go-joined", records, array, suffix=".json", own="hash", prev="previous_hash", rehash=rehash)


@writer
def agt_rust(count: int) -> Log:
    def rehash(record: Record) -> None:
        record["hash"] = sha(
            "|".join(
                str(record[name]) for name in ("seq", "timestamp", "agent_id", "action", "decision", "previous_hash")
            )
        )

    def hash_of(record: Record) -> str:
        rehash(record)
        return record["hash"]

    records = five(count, ("timestamp", "agent_id", "action", "decision", "previous_hash"), hash_of, "", seq=True)
    return Log(
        "agt-rust",
        records,
        lambda r: compact(r).encode(),
        suffix=".json",
        own="hash",
        prev="previous_hash",
        rehash=rehash,
    )


@writer
def agt_dotnet(count: int) -> Log:
    def rehash(record: Record) -> None:
        time = re.sub(r"(\.\d+)?(\+00:00)$", lambda m: f".{(m[1] or '.')[1:].ljust(7, '0')}{m[2]}", record["timestamp"])
        record["hash"] = sha(
            "|".join(
                [
                    str(record["seq"]),
                    time,
                    record["agentId"],
                    record["action"],
                    record["decision"],
                    record["previousHash"],
                ]
            )
        )

    made: list[Record] = []
    prev = ""
    for event in events(count):
        record = {
            "seq": event["n"],
            "timestamp": event["time"].rstrip("0") + "+00:00",
            "agentId": "agent-ü",
            "action": event["kind"],
            "decision": "allow",
            "previousHash": prev,
            "hash": "",
        }
        rehash(record)
        prev = record["hash"]
        made.append(record)
    return Log(
        "agt-dotnet",
        made,
        lambda r: json.dumps(r, indent=2).replace("+", "\\u002B").encode(),
        suffix=".json",
        own="hash",
        prev="previousHash",
        rehash=rehash,
    )


@writer
def agt_receipt(count: int) -> Log:
    names = (
        "agent_did",
        "args_hash",
        "cedar_decision",
        "cedar_policy_id",
        "receipt_id",
        "timestamp",
        "tool_name",
        "parent_receipt_hash",
        "session_id",
    )

    def rehash(record: Record) -> None:
        body = sorted_compact({name: record[name] for name in names if record.get(name) is not None})
        record["payload_hash"] = sha(body)
        record["signature"] = sign(body.encode()).hex()
        record["signer_public_key"] = PUBLIC.hex()

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "receipt_id": f"r-{event['n']}",
            "tool_name": event["kind"],
            "agent_did": "did:bot",
            "cedar_policy_id": "p1",
            "cedar_decision": "allow",
            "args_hash": sha(str(event["n"])),
            "timestamp": 1795433207.5 + event["n"],
            "session_id": None,
            "parent_receipt_hash": prev,
            "payload_hash": "",
            "signature": None,
            "signer_public_key": None,
            "error": None,
        }
        rehash(record)
        return record

    return Log(
        "agt-receipt",
        chained(count, make, lambda r: r["payload_hash"], None),
        keys=hex_key(),
        own="payload_hash",
        prev="parent_receipt_hash",
        rehash=rehash,
    )


def p1363(message: bytes) -> bytes:
    r, s = decode_dss_signature(CURVE.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return r.to_bytes(32, "big") + min(s, order - s).to_bytes(32, "big")


def aat(count: int, whole: bool) -> list[Record]:
    made: list[Record] = []
    prev: str | None = None
    for event in events(count):
        record = {
            "record_id": f"rec-{event['n']}",
            "timestamp": event["time"] + "Z",
            "agent_id": "bot",
            "agent_version": "1",
            "session_id": "s-1",
            "action_type": "tool_call",
            "action_detail": event["data"],
            "outcome": "success",
            "trust_level": "L2",
            "parent_record_id": made[-1]["record_id"] if made else None,
            "prev_hash": prev,
            "record_phase": "post_execution",
        }
        record["signature"] = b64url(p1363(rfc8785.dumps(record)))
        prev = sha(rfc8785.dumps(record if whole else minus(record, "signature")))
        if whole:
            record["batch"] = {"leaf": event["n"]}
        made.append(record)
    return made


@writer
def aat_06(count: int) -> Log:
    return Log(
        "aat-06", aat(count, whole=True), lambda r: lines(r, compact), ["hex:" + CURVE_PUBLIC.hex()], prev="prev_hash"
    )


@writer
def aat_01(count: int) -> Log:
    return Log(
        "aat-01", aat(count, whole=False), lambda r: lines(r, compact), ["hex:" + CURVE_PUBLIC.hex()], prev="prev_hash"
    )


@writer
def agentwatch_aat(count: int) -> Log:
    made: list[Record] = []
    prev = ""
    for event in events(count):
        own = sha(prev + sorted_compact(event["data"]))
        made.append({"record": event["data"], "chain": {"seq": event["n"], "prev_hash": prev, "hash": own}})
        prev = own
    return Log("agentwatch-aat", made, own="chain.hash", prev="chain.prev_hash")


def auditchain_records(
    count: int, seal: Callable[[bytes, Record], str], more: Callable[[int], Record] = lambda _number: {}
) -> tuple[list[Record], Callable[[Record], None]]:
    """Records, and what hashes one anew; `more` gives further members of the record of a number."""

    def rehash(record: Record) -> None:
        body = {name: record[name] for name in ("seq", "ts", "actor", "action", "subject", "meta")} | {
            "prev": record["prev_hash"]
        }
        record["hash"] = seal(record["prev_hash"].encode() + b"\0" + sorted_compact(body).encode(), record)

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "seq": event["n"],
            "ts": event["time"] + "Z",
            "actor": "bot",
            "action": event["kind"],
            "subject": "",
            "meta": event["data"],
            "prev_hash": prev,
            "hash": "",
            **more(event["n"]),
        }
        rehash(record)
        return record

    return chained(count, make, lambda r: r["hash"], ZEROS), rehash


AUDITCHAIN_KEYS = {"k0": SECRET, "k1": SECRET + b" 2"}


def auditchain_keyed(data: bytes, record: Record) -> str:
    return hmac.new(AUDITCHAIN_KEYS[record["key_id"]], data, "sha256").hexdigest()


@writer
def auditchain(count: int) -> Log:
    records, rehash = auditchain_records(count, lambda data, _record: sha(data))
    return Log("auditchain", records, lambda r: lines(r, sorted_compact), own="hash", prev="prev_hash", rehash=rehash)


@writer
def auditchain_hmac(count: int) -> Log:
    records, rehash = auditchain_records(count, auditchain_keyed, lambda _number: {"key_id": "k0"})
    return Log(
        "auditchain-hmac",
        records,
        lambda r: lines(r, sorted_compact),
        ["text:" + SECRET.decode()],
        own="hash",
        prev="prev_hash",
        rehash=rehash,
    )


@writer
def auditchain_sqlite(count: int) -> Log:
    unkeyed = {"key_id": "", "signer_id": "", "signature": ""}
    records, rehash = auditchain_records(count, lambda data, _record: sha(data), lambda _number: unkeyed)
    return Log(
        "auditchain-sqlite",
        records,
        suffix=".db",
        own="hash",
        prev="prev_hash",
        rehash=rehash,
        rows="audit_records",
    )


@writer
def auditchain_sqlite_hmac(count: int) -> Log:
    """The key is changed in the middle, as `AuditLog.rotate` does."""
    records, rehash = auditchain_records(
        count, auditchain_keyed, lambda number: {"key_id": "k0" if number < 3 else "k1"}
    )
    return Log(
        "auditchain-sqlite-hmac",
        records,
        keys=[f"text:{secret.decode()}" for secret in AUDITCHAIN_KEYS.values()],
        suffix=".db",
        own="hash",
        prev="prev_hash",
        rehash=rehash,
        rows="audit_records",
    )


def clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items() if v is not None and k not in ("hash", "signature")}
    return value  # lists stay as they are, whatever is in them


@writer
def trailproof(count: int) -> Log:
    names = ("event_id", "event_type", "timestamp", "actor_id", "tenant_id", "payload", "prev_hash")

    def rehash(record: Record) -> None:
        body = sorted_compact(clean({name: record[name] for name in names}))
        record["hash"] = sha(record["prev_hash"] + body)
        signed = sorted_compact(
            clean({name: record[name] for name in (*names, "trace_id", "session_id") if name in record})
        )
        record["signature"] = "hmac-sha256:" + hmac.new(SECRET, signed.encode(), "sha256").hexdigest()

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "event_id": f"e-{event['n']}",
            "event_type": event["kind"],
            "timestamp": event["time"] + "Z",
            "actor_id": "bot",
            "tenant_id": "t",
            "payload": {**event["data"], "steps": [{"hash": "h", "note": None}], "inner": {"hash": "h", "note": None}},
            "prev_hash": prev,
            "hash": "",
            "trace_id": "tr",
            "session_id": "s",
        }
        rehash(record)
        return record

    return Log(
        "trailproof",
        chained(count, make, lambda r: r["hash"], ZEROS),
        keys=["text:" + SECRET.decode()],
        own="hash",
        prev="prev_hash",
        rehash=rehash,
    )


@writer
def signet(count: int) -> Log:
    def rehash(record: Record) -> None:
        receipt = record["receipt"]
        receipt["sig"] = "ed25519:" + b64(sign(rfc8785.dumps(minus(receipt, "sig", "id"))))
        record["record_hash"] = "sha256:" + sha(rfc8785.dumps({"prev_hash": record["prev_hash"], "receipt": receipt}))

    def make(event: Record, prev: str | None) -> Record:
        receipt = {
            "action": {"tool": event["kind"], "params": event["data"]},
            "id": f"rec_{event['n']}",
            "nonce": f"n{event['n']}",
            "sig": "",
            "signer": {"name": "bot", "pubkey": "ed25519:" + b64(PUBLIC)},
            "ts": event["time"] + "Z",
            "v": 1,
        }
        record = {"receipt": receipt, "prev_hash": prev, "record_hash": ""}
        rehash(record)
        return record

    return Log(
        "signet",
        chained(count, make, lambda r: r["record_hash"], "sha256:" + ZEROS),
        lambda r: lines(r, compact),
        ["base64:" + b64(PUBLIC)],
        own="record_hash",
        prev="prev_hash",
        rehash=rehash,
    )


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


def obsigna_receipts(count: int, hand_over: int | None = None) -> list[Record]:
    """Receipts of one chain; that with the number `hand_over` hands over to another key, which signs from then on."""
    key = SIGNER
    made: list[Record] = []
    prev: str | None = None
    for event in events(count):
        chain = {"chain_id": "c-1", "sequence": event["n"] + 1, "previous_receipt_hash": prev}
        if event["n"] == count - 1:
            chain["terminal"] = True
        body: Record = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "issuer": "did:bot",
            "issuanceDate": event["time"] + "Z",
            "expires": None,
            "credentialSubject": {"action": event["kind"], "chain": chain},
        }
        if event["n"] == hand_over:
            following = OTHER.public_key().public_bytes_raw()
            body["credentialSubject"]["keyRotation"] = {"signed_with": "old", "new_public_key": "u" + b64url(following)}
        hashed = without_nulls(body)
        hashed["credentialSubject"]["chain"]["previous_receipt_hash"] = prev
        text = rfc8785.dumps(hashed)
        made.append({**body, "proof": {"type": "Ed25519Signature2020", "proofValue": "u" + b64url(key.sign(text))}})
        prev = "sha256:" + sha(text)
        key = OTHER if event["n"] == hand_over else key
    return made


@writer
def obsigna(count: int) -> Log:
    path = "credentialSubject.chain.previous_receipt_hash"
    return Log("obsigna", obsigna_receipts(count), lambda r: lines(r, compact), hex_key(), prev=path)


@writer
def obsigna_store(count: int) -> Log:
    made = []
    for receipt in obsigna_receipts(count):
        chain = receipt["credentialSubject"]["chain"]
        columns = {"id": f"r-{chain['sequence']}", "chain_id": chain["chain_id"], "sequence": chain["sequence"]}
        stored = without_nulls(receipt)  # the first receipt loses its link, which is hashed as null all the same
        made.append({**columns, "status": "success", "receipt_json": stored})
    return Log("obsigna-store", made, keys=hex_key(), suffix=".db", rows="receipts")


def js(value: Any) -> str:
    """JSON.stringify of a value whose keys are sorted by UTF-16 code units, for numbers of these events."""
    return rfc8785.dumps(value).decode()


@writer
def aegis(count: int) -> Log:
    made: list[Record] = []
    prev = "AEGIS-AUDIT-GENESIS-v1"
    for event in events(count):
        # Keys are put in order as text, those that look like numbers, too.
        body = {"timestamp": event["time"], "type": event["kind"], "details": {**event["data"], "10": 1, "9": 2}}
        prev = sha(prev + js(body))
        made.append({**body, "seq": event["n"], "hash": prev})
    return Log("aegis", made, lambda r: lines(r, compact), suffix=".json", own="hash")


@writer
def zeroclaw(count: int) -> Log:
    names = ("timestamp", "event_id", "event_type", "actor", "action", "result", "security", "sequence")

    def rehash(record: Record) -> None:
        record["entry_hash"] = sha(record["prev_hash"] + sorted_compact({name: record[name] for name in names}))
        record["signature"] = hmac.new(SECRET, record["entry_hash"].encode(), "sha256").hexdigest()

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "timestamp": event["time"] + "Z",
            "event_id": f"e-{event['n']}",
            "event_type": event["kind"],
            "actor": {"channel": "cli", "user_id": None},
            "action": {"command": "ls é", "risk_level": "low"},
            "result": {"success": True, "duration_ms": 12},
            "security": {"policy_violation": False},
            "sequence": event["n"],
            "prev_hash": prev,
            "entry_hash": "",
            "agent_alias": "a",
        }
        rehash(record)
        return record

    return Log(
        "zeroclaw",
        chained(count, make, lambda r: r["entry_hash"], ZEROS),
        lambda r: lines(r, compact),
        ["text:" + SECRET.decode()],
        suffix=".log",
        own="entry_hash",
        prev="prev_hash",
        rehash=rehash,
    )


@writer
def agentproofs(count: int) -> Log:
    def rehash(record: Record) -> None:
        body = {
            key: record[key]
            for key in (
                "schema_version",
                "chain_id",
                "id",
                "sequence",
                "prev_hash",
                "hash_algorithm",
                "signature_algorithm",
                "key_id",
                "timestamp",
                "agent_id",
                "session_id",
                "event_type",
            )
        }
        body["action"] = {
            key: record["action"][key]
            for key in ("tool", "input_hash", "output_hash", "duration_ms", "success")
            if record["action"].get(key) is not None
        }
        body["context"] = {key: record["context"][key] for key in ("working_dir", "tags", "origin")}
        digest = hashlib.sha256(compact(body).encode()).digest()
        record["hash"] = digest.hex()
        record["signature"] = b64(sign(digest))

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "schema_version": 1,
            "chain_id": "c",
            "id": f"p-{event['n']}",
            "sequence": event["n"] + 1,
            "prev_hash": prev,
            "hash": "",
            "signature": "",
            "hash_algorithm": "sha256",
            "signature_algorithm": "ed25519",
            "key_id": "k1",
            "timestamp": event["time"][:23] + "Z",
            "agent_id": "bot",
            "session_id": "s",
            "user_id": None,
            "event_type": "tool_completed",
            "action": {
                "success": True,
                "tool": event["kind"],
                "input_hash": sha("i"),
                "output_hash": sha("o"),
                "duration_ms": 12,
            },
            "context": {"origin": "hook", "working_dir": "/w ü", "tags": ["a", "b"]},
        }
        rehash(record)
        return record

    return Log(
        "agentproofs",
        chained(count, make, lambda r: r["hash"], "genesis"),
        lambda r: lines(r, compact),
        hex_key(),
        own="hash",
        prev="prev_hash",
        rehash=rehash,
    )


def receipts(count: int, prefix: str) -> list[Record]:
    made: list[Record] = []
    prev: str | None = None
    for event in events(count):
        record = {
            "receipt_id": f"rcpt-{event['n']}",
            "receipt_version": "1.0",
            "tool_name": event["kind"],
            "decision": "allow",
            "policy_id": "p",
            "timestamp": event["time"] + "Z",
            "parent_receipt_hash": prev,
            "public_key": PUBLIC.hex(),
        }
        record["signature"] = sign(rfc8785.dumps(record)).hex()
        prev = prefix + sha(rfc8785.dumps(record))
        made.append(record)
    return made


@writer
def acta_receipts(count: int) -> Log:
    return Log("acta-receipts", receipts(count, ""), lambda r: lines(r, compact), hex_key(), prev="parent_receipt_hash")


@writer
def acta_receipts_prefixed(count: int) -> Log:
    return Log(
        "acta-receipts-prefixed",
        receipts(count, "sha256:"),
        lambda r: lines(r, compact),
        hex_key(),
        prev="parent_receipt_hash",
    )


@writer
def acta_envelope(count: int) -> Log:
    made: list[Record] = []
    prev: str | None = None
    for event in events(count):
        payload = {
            "type": "scopeblind.receipt.v2",
            "decision": "allow",
            "action": {"kind": event["kind"]},
            "sequence": event["n"],
            "prev_hash": prev,
        }
        made.append({"payload": payload, "signature": sign(rfc8785.dumps(payload)).hex(), "pubkey": PUBLIC.hex()})
        prev = sha(rfc8785.dumps(made[-1]))
    return Log("acta-envelope", made, lambda r: lines(r, compact), hex_key(), prev="payload.prev_hash")


@writer
def protect_mcp(count: int) -> Log:
    made = []
    for event in events(count):
        payload = {
            "type": "scopeblind.receipt.v2",
            "decision": "allow",
            "action": {"kind": event["kind"], "target": event["n"]},
        }
        made.append({"payload": payload, "signature": sign(rfc8785.dumps(payload)).hex(), "pubkey": PUBLIC.hex()})
    return Log("protect-mcp", made, lambda r: lines(r, compact), hex_key())


@writer
def acta_decision(count: int) -> Log:
    made = []
    for event in events(count):
        record = {
            "v": 2,
            "type": "decision_receipt",
            "algorithm": "ed25519",
            "kid": "k1",
            "issuer": "gw",
            "issued_at": event["time"] + "Z",
            "payload": event["data"],
        }
        made.append({**record, "signature": sign(rfc8785.dumps(record)).hex()})
    return Log("acta-decision", made, lambda r: lines(r, compact), hex_key())


def traceseal_bodies(count: int) -> list[tuple[Record, str]]:
    made = []
    for event in events(count):
        body = {"execution": {"name": event["kind"], "ok": "true"}, "provenance": {"at": event["time"]}}
        made.append((body, sign(sorted_compact(body).encode()).hex()))
    return made


@writer
def traceseal(count: int) -> Log:
    made = []
    for body, signature in traceseal_bodies(count):
        attestation = {
            "attested_at": body["provenance"]["at"],
            "operator_fingerprint": "ed25519:" + sha(PUBLIC)[:32],
            "operator_public_key": PUBLIC.hex(),
            "signature": signature,
        }
        made.append({"receipt_version": "1.0", **body, "attestation": attestation})
    return Log("traceseal", made, lambda r: lines(r, compact), hex_key())


@writer
def traceseal_flat(count: int) -> Log:
    made: list[Record] = [{**body, "signature": signature} for body, signature in traceseal_bodies(count)]
    return Log("traceseal-flat", made, lambda r: lines(r, compact), hex_key())


@writer
def ujex(count: int) -> Log:
    made: list[Record] = []
    prev = ""
    for event in events(count):
        payload = sha(sorted_compact(event["data"]))
        own = sha(f"{prev}{payload}{1795433207000 + event['n']}{event['n']}")
        made.append(
            {
                "seq": event["n"],
                "timestamp_ms": 1795433207000 + event["n"],
                "payload": event["data"],
                "payloadHash": payload,
                "prevHash": prev,
                "entryHash": own,
            }
        )
        prev = own
    return Log("ujex", made, lambda r: lines(r, compact), own="entryHash", prev="prevHash")


def dcp_entries(count: int, hash_of: Callable[[Record], str], **more: Any) -> list[Record]:
    made: list[Record] = []
    prev = "GENESIS"
    for event in events(count):
        made.append(
            {
                "prev_hash": prev,
                "timestamp": event["time"] + "Z",
                "agent_id": "a",
                "human_id": "h",
                "intent_id": f"i-{event['n']}",
                "intent_hash": sha("i"),
                "policy_decision": "approved",
                "outcome": "ok",
                "evidence": {**event["data"], "10": 1, "9": 2},
                **more,
            }
        )
        prev = hash_of(made[-1])
    return made


@writer
def dcp_ai(count: int) -> Log:
    entries = dcp_entries(count, lambda entry: sha(sorted_compact(entry)))
    return Log("dcp-ai", entries, lambda r: lines(r, compact), prev="prev_hash")


@writer
def dcp_ai_js(count: int) -> Log:
    def write(records: list[Record]) -> bytes:
        return compact({"bundle": {"intent": {}, "audit_entries": records}, "signature": {"alg": "ed25519"}}).encode()

    return Log("dcp-ai-js", dcp_entries(count, lambda entry: sha(js(entry))), write, suffix=".json", prev="prev_hash")


@writer
def dcp_ai_v2(count: int) -> Log:
    def whole(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: whole(item) for key, item in value.items()}
        if isinstance(value, list):
            return [whole(item) for item in value]
        return int(value) if isinstance(value, float) else value

    def hash_of(entry: Record) -> str:
        return "sha256:" + sha(sorted_compact(whole(entry)))

    entries = dcp_entries(count, hash_of, session_nonce="ab" * 32)
    for number, entry in enumerate(entries):  # whole numbers only, of which some are written with a point
        entry["evidence"] = {"run": entry["evidence"]["run_id"], "count": float(number), "\U0001f600": 1, "\uffff": 2}
        entry["prev_hash"] = hash_of(entries[number - 1]) if number else "GENESIS"
    return Log("dcp-ai-v2", entries, lambda r: lines(r, compact), prev="prev_hash")


@writer
def agt_hypervisor(count: int) -> Log:
    def rehash(record: Record) -> None:
        body = {**minus(record, "delta_hash"), "parent_hash": record["parent_hash"] or ""}
        record["delta_hash"] = sha(
            json.dumps({**body, "timestamp": body["timestamp"].replace(" ", "T")}, sort_keys=True)
        )

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "delta_id": f"delta:{event['n'] + 1}",
            "turn_id": event["n"] + 1,
            "session_id": "s",
            "agent_did": "did:bot",
            "timestamp": event["time"].replace("T", " ") + "+00:00",
            "changes": [{"path": "/é", "operation": event["kind"], "content_hash": None}],
            "parent_hash": prev,
            "delta_hash": "",
        }
        rehash(record)
        return record

    records = chained(count, make, lambda r: r["delta_hash"], None)
    return Log("agt-hypervisor", records, own="delta_hash", prev="parent_hash", rehash=rehash)


@writer
def agt_flight_recorder(count: int) -> Log:
    def rehash(record: Record) -> None:
        called = ":".join(str(record[name]) for name in ("trace_id", "timestamp", "agent_id", "tool_name", "tool_args"))
        record["entry_hash"] = sha(f"{record['previous_hash'] or 'genesis'}:{called}:pending")
        outcome = ("policy_verdict", "violation_reason", "result", "execution_time_ms")
        record["content_hash"] = sha(":".join([called, *(str(record[name]) for name in outcome)]))

    def make(event: Record, prev: str | None) -> Record:
        record = {
            "id": event["n"] + 1,
            "trace_id": f"t-{event['n']}",
            "timestamp": event["time"] + "+00:00",
            "agent_id": "bot",
            "tool_name": event["kind"],
            "tool_args": json.dumps(event["data"]) if event["n"] % 3 else None,
            "input_prompt": "what?",
            "policy_verdict": "blocked" if event["n"] % 4 == 1 else "allowed",
            "violation_reason": "not yours" if event["n"] % 4 == 1 else None,
            "result": None if event["n"] % 4 == 1 else "{}",
            "execution_time_ms": None if event["n"] % 4 == 1 else 1.5,
            "entry_hash": "",
            "previous_hash": prev,
            "content_hash": "",
        }
        rehash(record)
        return record

    return Log(
        "agt-flight-recorder",
        chained(count, make, lambda r: r["entry_hash"], None),
        suffix=".db",
        own="entry_hash",
        prev="previous_hash",
        rehash=rehash,
        rows="audit_log",
    )


def envelopes(count: int, link_of: Callable[[Record], str], *, absent: bool) -> list[Record]:
    """Receipts whose signature stands beside its algorithm and key id; the first has no link, or a null."""
    made: list[Record] = []
    for event in events(count):
        payload: Record = {
            "type": "protectmcp:decision",
            "tool_name": event["kind"],
            "decision": "allow",
            "deny_reason": "nö",
            # Both count the receipt: numbers go up by two.
            "sequence": 2 * event["n"] + 1,
        }
        if made or not absent:
            payload["previousReceiptHash"] = link_of(made[-1]) if made else None
        signature = {"alg": "EdDSA", "kid": "sb:adk:1", "sig": sign(rfc8785.dumps(payload)).hex()}
        made.append({"payload": payload, "signature": signature})
    return made


def enveloped(name: str, records: list[Record]) -> Log:
    return Log(name, records, lambda r: lines(r, compact), hex_key(), prev="payload.previousReceiptHash")


@writer
def acta_payload(count: int) -> Log:
    return enveloped("acta-payload", envelopes(count, lambda r: sha(rfc8785.dumps(r["payload"])), absent=True))


@writer
def acta_payload_prefixed(count: int) -> Log:
    def link_of(receipt: Record) -> str:
        return "sha256:" + sha(rfc8785.dumps(receipt["payload"]))

    return enveloped("acta-payload-prefixed", envelopes(count, link_of, absent=False))


@writer
def acta_draft(count: int) -> Log:
    return enveloped("acta-draft", envelopes(count, lambda r: sha(rfc8785.dumps(r)), absent=True))


@writer
def acta_draft_base64url(count: int) -> Log:
    def link_of(receipt: Record) -> str:
        return b64url(hashlib.sha256(rfc8785.dumps(receipt)).digest())

    return enveloped("acta-draft-base64url", envelopes(count, link_of, absent=True))


@writer
def acta_receipts_unsigned(count: int) -> Log:
    made: list[Record] = []
    for receipt in receipts(count, ""):
        prev = sha(rfc8785.dumps(minus(made[-1], "signature", "public_key"))) if made else None
        record = {**minus(receipt, "signature"), "parent_receipt_hash": prev}
        made.append({**record, "signature": sign(rfc8785.dumps(record)).hex()})
    return Log("acta-receipts-unsigned", made, lambda r: lines(r, compact), hex_key(), prev="parent_receipt_hash")


@writer
def protect_mcp_envelope(count: int) -> Log:
    made = envelopes(count, lambda _receipt: "", absent=True)
    for receipt in made:
        receipt["payload"].pop("previousReceiptHash", None)
        receipt["signature"]["sig"] = sign(rfc8785.dumps(receipt["payload"])).hex()
    return Log("protect-mcp-envelope", made, lambda r: lines(r, compact), hex_key())


@writer
def agent_receipts_mcp(count: int) -> Log:
    made: list[Record] = []
    prev: str | None = None
    for event in events(count):
        record = {
            "receipt_id": f"r{event['n']}",
            "sequence": event["n"] + 1,
            "prev_receipt_hash": prev,
            "action": event["kind"],
            "public_key": b64(b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00" + PUBLIC),
        }
        record["signature"] = b64(sign(rfc8785.dumps(record)))
        prev = "sha256:" + sha(rfc8785.dumps(record))
        made.append(record)
    return Log("agent-receipts-mcp", made, lambda r: lines(r, compact), hex_key(), prev="prev_receipt_hash")


@writer
def agent_scroll(count: int) -> Log:
    made: list[Record] = []
    for event in events(count):
        record: Record = {
            "turn": event["n"],
            "role": "user",
            "content": event["data"],
            "timestamp_ns": 1795433207 * 10**9,
        }
        if made:
            record["prev_hash"] = made[-1]["hash"]
        # A number beyond 2^53 is written as the double that JavaScript reads.
        text = rfc8785.dumps({**record, "timestamp_ns": 1795433207e9})
        signature = {"alg": "ed25519", "pubkey": b64(PUBLIC), "sig": b64(sign(text))}
        made.append({**record, "hash": "sha256:" + sha(text), "sig": signature})
    return Log("agent-scroll", made, lambda r: lines(r, compact), hex_key(), own="hash", prev="prev_hash")


@writer
def idprova(count: int) -> Log:
    def make(event: Record, prev: str | None) -> Record:
        record = {"id": event["n"], "action": event["data"], "prev_hash": prev}
        return {**record, "hash": "blake3:" + blake3(rfc8785.dumps(record)).hexdigest()}

    return Log(
        "idprova",
        chained(count, make, lambda r: r["hash"], "genesis"),
        lambda r: lines(r, compact),
        own="hash",
        prev="prev_hash",
    )


@writer
def idprova_previous(count: int) -> Log:
    made: list[Record] = []
    prev = "genesis"
    for event in events(count):
        made.append({"id": event["n"], "action": event["data"], "prev_hash": prev})
        prev = "blake3:" + blake3(rfc8785.dumps(made[-1])).hexdigest()
    return Log("idprova-previous", made, lambda r: lines(r, compact), prev="prev_hash")


@writer
def oxios(count: int) -> Log:
    def make(event: Record, prev: str | None) -> Record:
        record = {"id": event["n"], "action": event["data"], "prev_hash": prev}
        return {**record, "hash": blake3(sorted_compact(record).encode()).hexdigest()}

    return Log(
        "oxios",
        chained(count, make, lambda r: r["hash"], ZEROS),
        lambda r: lines(r, compact),
        own="hash",
        prev="prev_hash",
    )


@writer
def icebox(count: int) -> Log:
    def make(event: Record, prev: str | None) -> Record:
        record = {"id": event["n"], "action": event["data"]}
        own = hashlib.sha1(f"{prev}|{sorted_compact(record)}".encode()).hexdigest()  # noqa: S324 - as they do
        return {**record, "prev": prev, "hash": own}

    return Log(
        "icebox", chained(count, make, lambda r: r["hash"], ""), lambda r: lines(r, compact), own="hash", prev="prev"
    )


@writer
def nl_protocol(count: int) -> Log:
    def make(event: Record, prev: str | None) -> Record:
        record = {
            "sequence": event["n"],
            "timestamp": event["time"] + "Z",
            "agent": {"uri": "nl://bot"},
            "action": event["kind"],
            "target": "t",
            "result": "ok",
            "prev_hash": prev,
        }
        own = sha("\n".join([str(event["n"]), record["timestamp"], "nl://bot", event["kind"], "t", "ok", prev or ""]))
        return {**record, "hash": own}

    return Log(
        "nl-protocol",
        chained(count, make, lambda r: r["hash"], ZEROS),
        lambda r: lines(r, compact),
        own="hash",
        prev="prev_hash",
    )


@writer
def raw_line(count: int) -> Log:
    made: list[Record] = []
    prev = ZEROS
    for event in events(count):
        made.append({"what": event["data"], "prev_hash": prev})
        prev = sha(json.dumps(made[-1]))
    return Log("raw-line", made, prev="prev_hash")
