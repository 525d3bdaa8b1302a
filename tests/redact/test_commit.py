"""Commitments: the standards they are made of, keys in files, disclosures that prove and those that do not."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from auditrail.errors import UsageError
from auditrail.redact import commit
from auditrail.redact.commit import Committer, Disclosure, Place
from auditrail.redact.errors import DisclosureError, RedactionKeyError

KEY = bytes(range(32))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300), st.text(max_size=40))
def test_salt_and_commitment_are_hkdf_and_hmac(key: bytes, value: bytes, path: str) -> None:
    place = Place("events", "17", "args", path)
    salt = Committer(key).salt(place.info())
    assert salt == HKDF(hashes.SHA256(), 32, commit.EXTRACT, place.info()).derive(key)
    assert commit.commitment(salt, value) == hmac.new(salt, value, hashlib.sha256).hexdigest()


def test_places_have_salts_of_their_own() -> None:
    places = [
        Place("events", "1", "args"),
        Place("events", "11", "args"),
        Place("events", "1", "result"),
        Place("events", "1", "args", "/1"),
        Place("events", "1", "args", "", 1),
        Place("events", "1", "args", "/1", 0),
        Place("quarantine", "1", "args"),
    ]
    assert len({Committer(KEY).salt(place.info()) for place in places}) == len(places)


def disclosure(value: bytes = b"4200.00", **more: object) -> Disclosure:
    maker = Committer(KEY)
    place = Place("events", "17", "args", "/amount")
    token = maker.withheld("amounts", place.info(), value)
    made = Disclosure(place, "amounts", maker.salt(place.info()), value, token, False)
    return made._replace(**more)  # type: ignore[arg-type]


@given(st.binary(max_size=60))
def test_a_disclosure_proves_its_value_after_a_round_trip(value: bytes) -> None:
    made = disclosure(value)
    read = commit.read_disclosure(json.loads(json.dumps(made.document())))
    assert read == made
    commit.check(read, f'{{"amount":"{made.token}"}}')


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": b"4200.01"},
        {"value": b""},
        {"salt": bytes(32)},
        {"salt": bytes(31)},
        {"token": "withheld:amounts:" + "0" * 64},
    ],
)
def test_anything_else_is_refused(wrong: dict[str, object]) -> None:
    token = disclosure().token
    with pytest.raises(DisclosureError):
        commit.check(disclosure(**wrong), f"paid {token}")


def test_a_salt_with_zeros_appended_is_no_second_salt() -> None:
    made = disclosure()
    assert hmac.digest(made.salt + b"\0", made.value, "sha256").hex() == commit.commitment(made.salt, made.value)
    with pytest.raises(DisclosureError, match="32 bytes"):
        commit.check(made._replace(salt=made.salt + b"\0"), made.token)


def test_a_token_is_not_found_inside_of_a_longer_word() -> None:
    made = disclosure()
    with pytest.raises(DisclosureError, match="does not stand"):
        commit.check(made, made.token[:-1])


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "other/1"}, {"event": 17}, {"salt": "zz"}, {"encoding": "rot13"}, {"token": "withheld:x:1"},
        {"part": -1}, {"part": True}, {"value": None}, {"encoding": "base64", "value": "%"},
    ],
)  # fmt: skip
def test_a_damaged_record_ends_in_a_typed_error(change: dict[str, object]) -> None:
    with pytest.raises(DisclosureError):
        commit.read_disclosure({**disclosure().document(), **change})


SCALARS = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_any_json_ends_in_a_typed_error(document: object) -> None:
    with pytest.raises(DisclosureError):
        commit.read_disclosure(document)


def test_a_pseudonym_is_proven_like_a_commitment() -> None:
    maker = Committer(KEY)
    salt = maker.salt(commit.family_info("agent"))
    made = Disclosure(
        Place("events", "1", "agent"), "names", salt, b"refunds", maker.pseudonym("agent", b"refunds"), True
    )
    commit.check(made, made.token)
    with pytest.raises(DisclosureError):
        commit.check(made._replace(value=b"payments"), made.token)


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "redaction.key"
    key = commit.make_key(path)
    assert commit.read_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="exist"):
        commit.make_key(path)
    assert commit.read_key(path) == key
    path.chmod(0o640)
    with pytest.raises(RedactionKeyError, match="open to others"):
        commit.read_key(path)


@pytest.mark.parametrize("text", [b"", b"secret", b"auditrail-redaction-key+v1+AAAA", b"\xff\xfe", b"A" * 9000])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(RedactionKeyError, match="no redaction key"):
        commit.read_key(path)


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        commit.read_key(tmp_path / "none")
