"""The vocabulary of chain profiles: closed, and each mistake named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditrail.errors import ConfigError, UsageError
from auditrail.verify.profile import builtin, parse
from tests.verify._run import one
from tests.verify._writers import WRITERS, sha

GOOD: dict[str, Any] = {
    "match": {"required": ["hash", "prev"]},
    "chain": {"hash": "hash", "prev": "prev", "genesis": "start"},
    "body": {"fields": ["hash"], "canon": "py"},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(GOOD))
    holder = made
    *inner, last = path.split(".")
    for name in inner:
        holder = holder.setdefault(name, {})
    holder[last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("bodi", {}),
        ("body.feilds", []),
        ("chain.hsah", "x"),
        ("match.require", []),
        ("digest.algoritm", "x"),
        ("records.contaner", "x"),
        ("signature", [{"field": "s", "algo": "x"}]),
        ("body.canon", "json"),
        ("digest.algorithm", "crc32"),
        ("digest.encoding", "base32"),
        ("digest.preimage", ["{bodi}"]),
        ("digest.preimage", ["{hex:0}"]),
        ("digest.length", -1),
        ("digest.length", True),
        ("chain.scope", "world"),
        ("chain.genesis", 5),
        ("chain.genesis", []),
        ("body.fields", "hash"),
        ("body.fields", [5]),
        ("body.replace", {"ts": ["Z"]}),
        ("check", [{}]),
        ("signature", [{"field": "s", "over": "all"}]),
        ("verifiable", False),
        ("title", 5),
    ],
)
def test_a_mistake_is_named(path: str, value: Any) -> None:
    parse("good", GOOD)
    with pytest.raises(ConfigError) as error:
        parse("bad", changed(path, value))
    words = path.split(".")
    assert words[0] in error.value.message or words[-1] in error.value.message or path == "verifiable"


def test_a_profile_that_checks_nothing_is_refused() -> None:
    for path, value in (("chain.hash", None), ("chain.prev", None)):
        table = changed(path, value)
        del table["chain"][path.split(".")[1]]
        with pytest.raises(ConfigError):
            parse("bad", table)


@pytest.mark.parametrize("name", builtin())
def test_a_profile_of_the_package_says_what_it_is(name: str) -> None:
    profile = builtin()[name]
    assert profile.title != name
    assert profile.source
    assert profile.covers or not profile.verifiable
    assert profile.required


def test_a_user_writes_a_profile_without_touching_the_package(tmp_path: Path) -> None:
    import hashlib

    prev, lines = "start", []
    for number in range(5):
        record = {"prev": prev, "what": number}
        prev = hashlib.sha512(json.dumps(record, sort_keys=True).encode()).hexdigest()
        lines.append(json.dumps({**record, "hash": prev}))
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join(lines))
    assert one(log).verdict == "UNVERIFIABLE"
    table = {**GOOD, "digest": {"algorithm": "sha512"}}
    assert one(log, profiles=(("ours", table),)).profile == "ours"
    file = tmp_path / "ours.toml"
    file.write_text(
        '[match]\nrequired = ["hash", "prev"]\n[chain]\nhash = "hash"\nprev = "prev"\ngenesis = "start"\n'
        '[digest]\nalgorithm = "sha512"\n[body]\nfields = ["hash"]\ncanon = "py"\n'
    )
    assert one(log, profile=str(file)).verdict == "INTACT-UNANCHORED"
    with pytest.raises(UsageError) as error:
        one(log, profile="nothing")
    assert "autonomous-audit" in error.value.hint
    with pytest.raises(ConfigError) as wrong:
        one(log, profiles=(("ours", {**table, "bodi": {}}),))
    assert "bodi" in wrong.value.message


def test_a_log_whose_hashes_are_made_in_another_way_is_not_accused_of_changes(tmp_path: Path) -> None:
    """It looks like a format that is known, links as it should, and not one hash comes out: another version."""
    log = WRITERS["verityledger"](6)
    prev = "0" * 64
    for record in log.records:
        record["previous_hash"] = prev
        prev = record["hash"] = sha("v2" + json.dumps({k: v for k, v in record.items() if k != "hash"}))
    path = log.file(tmp_path)
    result = one(path)
    assert (result.verdict, result.profile, result.checked, result.defects) == ("UNVERIFIABLE", "verityledger", 0, ())
    assert "another version" in result.not_checked[0]
    assert one(path, profile="verityledger").verdict == "BROKEN"
    # What can be seen without the hashes is told all the same.
    assert one(log.file(tmp_path, log.records[:2] + log.records[3:])).verdict in ("UNVERIFIABLE", "BROKEN")


def test_a_log_of_another_version_is_never_intact(tmp_path: Path) -> None:
    log = WRITERS["witnesskit"](5)
    for record in log.records:
        record["version"] = "witnesskit/v9"
    result = one(log.file(tmp_path), profile="witnesskit")
    assert result.verdict == "BROKEN"
    assert one(log.file(tmp_path)).verdict in ("UNVERIFIABLE", "NOT-CHAINED")
