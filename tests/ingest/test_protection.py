"""What protects logs is named, and is no unknown format."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditrail import case
from auditrail.ingest import inputs, protection
from auditrail.ingest.load import Loader, Options
from auditrail.notes import Checkpoint, Note, Signer
from auditrail.report import listings
from auditrail.verify import engine, keys
from auditrail.verify.evidence import Call

SIGNER = Signer("example.org/k", bytes(range(32)))
TEXT = Checkpoint("example.org/log", 3, bytes(32)).text()
SEALS = Path(__file__).parents[2] / "fixtures" / "seal"
FILES = {
    "log.jsonl.seal": (b"auditrail-seal/1\n{}\n", "a seal"),
    "k.key": (SIGNER.render().encode() + b"\n", "a private key, which does not belong beside logs"),
    "k.key.pub": (b"# of the collector\n" + SIGNER.verifier.render().encode() + b"\n", "a public key"),
    "checkpoint": (Note(TEXT, (SIGNER.sign(TEXT),)).render().encode(), "a signed checkpoint"),
    "key.pem": (b"-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n", "a public key"),
    "own.pem": (b"-----BEGIN EC PRIVATE KEY-----\nMCow\n", "a private key, which does not belong beside logs"),
    "ca.pem": (b"-----BEGIN CERTIFICATE-----\nMCow\n", "a certificate"),
    "anchor.json": (b'{\n  "schema": "auditrail.verification/1",\n', "a result of auditrail verify"),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_named(name: str) -> None:
    data, what = FILES[name]
    assert protection.named(data) == what


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"checkpoint": "auditrail-seal/1"}\n',
        b"example.org/log\n3\n",
        b"a+b+c\n",
        b"-----BEGIN MESSAGE-----\n",
        b"# only a remark\n",
        b'{"message": "x", "schema": "auditrail.gaps/1"}',
        b"\xff\xfe",
    ],
)
def test_what_is_something_else_is_not(data: bytes) -> None:
    assert protection.named(data) is None


def test_every_seal_and_proof_of_the_fixtures_is_named() -> None:
    found = [path for path in SEALS.rglob("*") if path.suffix in (".seal", ".tlog-proof")]
    assert found
    assert {protection.named(path.read_bytes()[: 1 << 18]) for path in found} == {"a seal", "a proof of one record"}


def test_a_folder_with_them_loads_its_logs_and_names_them(tmp_path: Path) -> None:
    for name, (data, _) in FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "log.jsonl").write_text('{"timestamp": "2026-01-01T00:00:00Z", "run_id": "r", "event": "step"}\n')
    with case.memory_case() as connection:
        for _ in range(2):
            loader = Loader(connection, Options())
            loader.load_all(inputs.expand([tmp_path]))
            told = {Path(source.path).name: status for source, status in loader.sources()}
            assert {name for name, status in told.items() if status == "protection"} == set(FILES)
        assert case.count(connection, "SELECT count(*) FROM sources") == len(FILES) + 1
        assert case.count(connection, "SELECT count(*) FROM sources WHERE status = 'unknown-format'") == 0
        listing = listings.loaded(connection, loader.sources(), "case")
    (note,) = [note for note in listing.notes if "no logs" in note]
    assert "log.jsonl.seal (a seal)" in note.replace(str(tmp_path) + "/", "") or "more" in note
    assert not any("no reader knows" in note for note in listing.notes)


def test_a_reader_that_is_forced_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "note.log"
    path.write_bytes(FILES["checkpoint"][0])
    with case.memory_case() as connection:
        loader = Loader(connection, Options(reader="jsonl"))
        loader.load_all(inputs.expand([path]))
        assert [status for _, status in loader.sources()] == ["new"]


def test_verify_says_what_they_are_and_judges_the_logs_alone(tmp_path: Path) -> None:
    for name in ("k.key", "k.key.pub", "anchor.json"):
        (tmp_path / name).write_bytes(FILES[name][0])
    empty = engine.run([tmp_path], Call(keys.load([])))
    assert (empty.results, empty.exit_code) == ((), 4)
    (tmp_path / "log.jsonl").write_text('{"event": "step"}\n')
    done = engine.run([tmp_path], Call(keys.load([])))
    assert [(Path(result.path).name, result.verdict) for result in done.results] == [("log.jsonl", "NOT-CHAINED")]
    assert any("k.key is no log, but a private key" in note for note in done.notes)
