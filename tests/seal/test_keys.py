"""Key files: closed to others, never overwritten, never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from auditrail import notes
from auditrail.errors import SealError, UsageError
from auditrail.seal import keys
from tests.seal._logs import KEY, SIGNER, WITNESS


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    made = keys.create("example.com/sealing", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.signer(path) == made
    public = tmp_path / "seal.key.pub"
    assert keys.verifiers([str(public)]) == keys.verifiers([made.verifier.render()]) == [made.verifier]
    assert made.render() not in public.read_text()
    before = path.read_bytes()
    with pytest.raises(UsageError, match="can't be made"):
        keys.create("example.com/sealing", path)
    assert path.read_bytes() == before
    path.unlink()
    with pytest.raises(UsageError):
        keys.create("example.com/sealing", path)  # the public half is there still
    assert not path.exists()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    keys.create("example.com/sealing", path)
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(SealError, match="open to others"):
            keys.signer(path)


def test_a_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(keys.VARIABLE, raising=False)
    with pytest.raises(UsageError, match="no key"):
        keys.signer(None)
    monkeypatch.setenv(keys.VARIABLE, SIGNER.render())
    assert keys.signer(None) == SIGNER


def test_what_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    text = SIGNER.render()
    for data in (b"", b"\xff", text[:-4].encode(), KEY.render().encode()):
        path.write_bytes(data)
        path.chmod(0o600)
        with pytest.raises(UsageError) as caught:
            keys.signer(path)
        assert text[-20:] not in caught.value.message
    with pytest.raises(UsageError, match="can't be read"):
        keys.signer(tmp_path / "none")
    with pytest.raises(UsageError, match="no space"):
        keys.create("two words", tmp_path / "new")
    for word in ("none", "a+b", "x" * 5000, "\0"):
        with pytest.raises(UsageError, match="neither"):
            keys.verifiers([word])


def test_whoever_may_sign_may_cosign() -> None:
    found = keys.with_cosigners([KEY, WITNESS.verifier.cosigner()])
    assert [(key.name, key.kind) for key in found] == [
        (KEY.name, notes.ED25519), (WITNESS.name, notes.COSIGNATURE), (KEY.name, notes.COSIGNATURE)
    ]  # fmt: skip
