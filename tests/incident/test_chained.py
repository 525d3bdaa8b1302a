"""Chained and sealed logs in frozen cases: with the keys that verify them, and as redacted copies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from auditrail.check import frozen, keyring, loading
from auditrail.config import Config
from auditrail.errors import UnreadableError
from auditrail.incident import chained, freeze, ledger, publickeys, rereading, state
from auditrail.incident.ledger import Ledger
from auditrail.incident.select import FreezeError, Guard, Piece
from auditrail.incident.withhold import Withholder
from auditrail.seal import keys, make
from auditrail.verify import engine
from auditrail.verify import keys as rings
from auditrail.verify.evidence import Call
from auditrail.verify.keys import Keyring
from auditrail.verify.types import Result

ROWS = (
    {"run_id": "run-a", "agent": "a", "event": "run_started", "ts": "2026-09-17T10:00:00Z"},
    {
        "run_id": "run-a", "agent": "a", "event": "tool_call", "tool": "pay", "tool_call_id": "c1",
        "ts": "2026-09-17T10:00:01Z", "args": {"to": "Alice Munro of Toronto"},
    },
    {"run_id": "run-a", "agent": "a", "event": "run_finished", "ts": "2026-09-17T10:00:02Z"},
)  # fmt: skip


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    log = tmp_path / "agent.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    make.seal(log, keys.create("example.com/seal", tmp_path / "key"), make.Wishes())
    return log


@pytest.fixture(scope="module")
def redacted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case of a sealed log under the policy `contents`, with no key."""
    folder = tmp_path_factory.mktemp("redacted")
    log = folder / "agent.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    make.seal(log, keys.create("example.com/seal", folder / "key"), make.Wishes())
    return frozen_at(log, policy="contents")


@pytest.fixture
def copy(redacted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(redacted, tmp_path / "copy"))


def frozen_at(log: Path, *, key: Keyring | None = None, policy: str | None = None) -> Path:
    folder = log.parent
    with Ledger(folder / "incidents", operator="ada") as made:
        name, _ = made.open("t", ["run-a"])
    incident = state.one(ledger.read(folder / "incidents").entries, name)
    given = [log, *(path for path in folder.glob("*.seal"))]
    with loading.held(given, Config(), key) as held:
        withholder = Withholder(policy, None) if policy is not None else None
        freeze.freeze(held.connection, incident, folder / "case", Config(), withholder=withholder, keys=key)
    return folder / "case"


def verdicts(case: Path) -> list[str]:
    return [row["verdict"] for row in json.loads((case / "expected.json").read_text())["verification"]]


def judged(case: Path, key: Keyring | None = None) -> Result:
    results = engine.run([case / "evidence"], Call(key or Keyring())).results
    (made,) = [result for result in results if result.path.endswith(".jsonl")]
    return made


# --- keys -------------------------------------------------------------------------------------------------------------


def test_the_public_key_is_kept_and_the_signature_checked_again(sealed: Path) -> None:
    case = frozen_at(sealed, key=rings.load([str(sealed.parent / "key.pub")]))
    assert verdicts(case) == ["INTACT"]
    assert (case / "keys" / "1.pub").read_text() == (sealed.parent / "key.pub").read_text()
    assert [check.outcome for check in frozen.check(case)] == ["passed"] * 6
    (case / "keys" / "1.pub").unlink()
    assert "failed" in {check.outcome for check in frozen.check(case)}


def test_without_a_key_none_is_kept_and_that_is_said(redacted: Path) -> None:
    assert not (redacted / "keys").exists()
    assert "no key is kept" in (redacted / "README.md").read_text()


def test_a_key_that_verifies_nothing_is_not_kept(sealed: Path) -> None:
    keys.create("example.com/other", sealed.parent / "other")
    root = sealed.parent / "evidence"
    root.mkdir()
    for name in ("agent.jsonl", "agent.jsonl.seal"):
        shutil.copyfile(sealed.parent / name, root / name)
    words = [str(sealed.parent / "other.pub"), str(sealed.parent / "key.pub")]
    assert publickeys.keep(sealed.parent, root, rings.load(words[:1]), Config()) == publickeys.Kept()
    kept = publickeys.keep(sealed.parent, root, rings.load(words), Config())
    assert kept == publickeys.Kept(({"file": "keys/1.pub", "kid": None},))


HMAC = Path(__file__).parents[2] / "fixtures" / "chains" / "auditchain-hmac" / "intact" / "log.jsonl"


def test_neither_secrets_nor_private_keys_are_kept(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "private.pem").write_bytes(private)
    root = tmp_path / "evidence"
    root.mkdir()
    (root / "log.jsonl").write_bytes(HMAC.read_bytes())
    secret = json.loads((HMAC.parent / "expected.json").read_text())["keys"][0]
    ring = rings.load([str(tmp_path / "private.pem"), secret, "hex:" + "ab" * 32])
    kept = publickeys.keep(tmp_path, root, ring, Config())
    assert kept.entries == ()
    assert kept.unheld == ("log.jsonl",)  # judged without the secret, and that is said
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("name", ["../key.pub", "keys/../../key.pub", "/etc/passwd", "keys", 7, None])
def test_keys_of_a_hostile_case_lead_nowhere(tmp_path: Path, name: object) -> None:
    (tmp_path / "key.pub").write_text("secret")
    with pytest.raises(UnreadableError):
        keyring.load(tmp_path / "case", [{"file": name, "kid": None}])


# --- redacted copies --------------------------------------------------------------------------------------------------


def test_of_a_sealed_log_the_copy_shows_that_no_line_is_missing(sealed: Path) -> None:
    ring = rings.load([str(sealed.parent / "key.pub")])
    case = frozen_at(sealed, key=ring, policy="contents")
    assert "Munro" not in (case / "evidence" / "agent.jsonl").read_text()
    assert verdicts(case) == ["UNVERIFIABLE"]
    assert [check.outcome for check in frozen.check(case)] == ["passed"] * 6
    result = judged(case, ring)
    assert (result.records, result.checked, result.breaking) == (3, 2, ())
    assert any("no line was left out" in note for note in result.notes)
    assert any("signed by example.com/seal" in note for note in result.notes)
    assert any("1 redacted of 3 lines" in said for said in result.not_checked)
    assert any("INTACT" in said and "says whoever made it" in said for said in result.not_checked)


def test_without_the_key_nothing_of_the_copy_is_called_checked(redacted: Path) -> None:
    result = judged(redacted)
    assert (result.verdict, result.checked) == ("UNVERIFIABLE", 0)


@pytest.mark.parametrize(
    ("change", "kind"), [("edit", "edited"), ("remove", "edited"), ("add", "inserted"), ("list", "rewritten")]
)
def test_a_copy_that_was_changed_is_broken(copy: Path, change: str, kind: str) -> None:
    log, listed = copy / "evidence" / "agent.jsonl", copy / "evidence" / "agent.jsonl.redacted"
    lines = log.read_bytes().splitlines(keepends=True)
    if change == "edit":
        lines[0] = lines[0].replace(b"run_started", b"run_halted!")
    elif change == "remove":
        del lines[1]
    elif change == "add":
        lines.append(lines[0])
    else:  # a line was left out when the copy was made
        rows = listed.read_bytes().splitlines(keepends=True)
        listed.write_bytes(b"".join([rows[0], rows[1].replace(b'"lines": 3', b'"lines": 2'), *rows[3:]]))
        del lines[0]
    log.write_bytes(b"".join(lines))
    result = judged(copy)
    assert result.verdict == "BROKEN"
    assert kind in {defect.kind for defect in result.breaking}


@pytest.mark.parametrize(
    "damage", [b"", b"auditrail-redacted/1\n", b"auditrail-redacted/1\n{}\n", b"auditrail-redacted/1\n[\n"]
)
def test_a_list_that_is_damaged_proves_nothing(copy: Path, damage: bytes) -> None:
    (copy / "evidence" / "agent.jsonl.redacted").write_bytes(damage)
    if damage:
        assert judged(copy).verdict == "UNVERIFIABLE"
    else:  # no list at all: a log that is not what its seal says
        assert judged(copy).verdict == "BROKEN"


def test_a_hash_chain_is_told_as_what_it_was(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "fixtures" / "chains" / "agt-audit-log" / "intact" / "log.jsonl"
    log, copy = tmp_path / "log.jsonl", tmp_path / "case" / "evidence" / "log.jsonl"
    log.write_bytes(source.read_bytes())
    rewritten(log, copy, "contents", Guard("profile-chain", "agt-audit-log", None, "INTACT-UNANCHORED"))
    result = judged(tmp_path / "case")
    assert result.verdict == "UNVERIFIABLE"
    assert any("nothing of it is kept here" in said for said in result.not_checked)
    assert any("INTACT-UNANCHORED as agt-audit-log" in said for said in result.not_checked)


def rewritten(log: Path, copy: Path, policy: str, guard: Guard) -> None:
    withholder = Withholder(policy, None)
    read = rereading.read(log, str(log), Config())
    piece = Piece(str(log), log.name, dict.fromkeys(read.events), lines=False, guards=(guard,))  # type: ignore[arg-type]
    withholder.look([piece])
    withholder.write(piece, copy.with_name(withholder.name(copy.name)))


SEAL = Guard("seal", "auditrail-seal/1", "example.com/seal/agent.jsonl", "INTACT")


def test_a_log_in_which_nothing_is_withheld_keeps_its_seal(sealed: Path) -> None:
    copy = sealed.parent / "case" / "evidence" / "agent.jsonl"
    rewritten(sealed, copy, "personal", SEAL)
    assert copy.read_bytes() == sealed.read_bytes()
    result = judged(sealed.parent / "case", rings.load([str(sealed.parent / "key.pub")]))
    assert (result.kind, result.verdict) == ("seal", "INTACT")


def test_where_names_of_files_are_withheld_the_seal_that_names_one_is_not_kept(sealed: Path) -> None:
    folder = sealed.parent / "case" / "evidence"
    rewritten(sealed, folder / "agent.jsonl", "strict", SEAL)
    assert len(list(folder.iterdir())) == 2
    assert not list(folder.glob("*.seal"))
    assert "agent.jsonl" not in "".join(path.read_text() for path in folder.iterdir())


@pytest.mark.parametrize(("kind", "framing"), [("cloudtrail", "lines"), ("sigstore", "lines"), ("seal", "values")])
def test_what_is_protected_as_a_whole_is_refused(kind: str, framing: str) -> None:
    piece = Piece("log.json", "log.json", {}, lines=False, guards=(Guard(kind, None, None, "INTACT"),))
    with pytest.raises(FreezeError) as caught:
        chained.permitted(piece, framing)
    assert "export --redact" in caught.value.hint
