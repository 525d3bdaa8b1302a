"""Keys: every form they come in, and that no message holds one."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from auditrail.errors import UsageError
from auditrail.verify import keys
from auditrail.verify.signatures import verify
from tests.verify._writers import CURVE, PUBLIC, SIGNER, p1363

PEM = SIGNER.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)  # fmt: skip
JWK = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(PUBLIC).rstrip(b"=").decode(), "kid": "k1"}


@pytest.mark.parametrize(
    "data",
    [
        PEM,
        PUBLIC,
        PUBLIC.hex().encode() + b"\n",
        base64.b64encode(PUBLIC),
        b"ed25519:" + base64.b64encode(PUBLIC),
        json.dumps(JWK).encode(),
        json.dumps({"keys": [{"kty": "oct"}, JWK]}).encode(),
    ],
)
def test_an_ed25519_key_in_each_form(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(data)
    found = keys.load([str(path)]).publics()
    assert any(verify(key, "ed25519", b"m", SIGNER.sign(b"m")) for key in found)
    assert not any(verify(key, "ed25519", b"n", SIGNER.sign(b"m")) for key in found)


def test_a_secret_is_read_each_way_it_can_be_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAL", "61" * 16)
    assert keys.load(["env:SEAL"]).secrets() == keys.load(["env:SEAL"]).secrets("any")
    assert set(keys.load(["env:SEAL"]).secrets()) >= {b"a" * 16, b"61" * 16}
    assert keys.load(["text:pass", "hex:6162", "base64:YWI="]).secrets() == [b"pass", b"ab", b"ab"]


def test_a_key_for_one_id_is_not_tried_for_others() -> None:
    ring = keys.load(["k1=text:one", "text:two"])
    assert (ring.secrets("k1"), ring.secrets("k2"), len(ring.secrets())) == ([b"one"], [b"two"], 2)


@pytest.mark.parametrize("word", ["SECRET-VALUE", "hex:SECRET", "base64:S", "env:NO_SUCH_NAME_HERE"])
def test_no_message_holds_a_key(word: str) -> None:
    with pytest.raises(UsageError) as error:
        keys.load([word])
    assert "SECRET" not in f"{error.value.message}{error.value.hint}"
    assert "SECRET" not in repr(keys.load(["text:SECRET"]))


@pytest.mark.parametrize("data", [b"", b"-----BEGIN PUBLIC KEY-----\nxx", b"{}", b"{", b'{"keys": [5]}'])
def test_what_is_no_key_is_an_error(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(data)
    with pytest.raises(UsageError):
        keys.load([str(path)])


def test_p_256_and_rsa() -> None:
    assert verify(CURVE.public_key(), "es256", b"m", p1363(b"m"))
    assert not verify(CURVE.public_key(), "es256", b"m", p1363(b"m")[:-1])
    assert not verify(CURVE.public_key(), "ed25519", b"m", p1363(b"m"))
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    key = rsa.generate_private_key(65537, 2048)
    signature = key.sign(b"m", padding.PKCS1v15(), hashes.SHA256())
    assert verify(key.public_key(), "rsa-sha256", b"m", signature)
    assert not verify(key.public_key(), "rsa-sha256", b"n", signature)
