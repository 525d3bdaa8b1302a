"""Signatures that records carry, checked with the library `cryptography`; HMAC by the standard library.

A signature says who wrote a record only if the key is known from elsewhere (`--key`). A key that the record itself
carries shows no more than that the record was not changed by one who had no key at all: whoever rewrites the log signs
it anew with a key of their own. So such signatures count as checked, and not as trusted.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any, NamedTuple

from auditrail.verify.keys import Keyring, public_of
from auditrail.verify.paths import get
from auditrail.verify.plan import Context, Plan, decode_text, joiner
from auditrail.verify.profile import Signature
from auditrail.verify.segments import Chain

GOOD, INLINE, BAD, UNSIGNED, NO_KEY = "good", "inline", "bad", "unsigned", "no-key"


class Outcome(NamedTuple):
    """What a signature is: `state` is one of the five above; `key` tells keys apart (the kid or the inline key)."""

    state: str
    key: str | None = None
    note: str = ""


class Signer:
    """Checks one kind of signature of a profile."""

    def __init__(self, spec: Signature, plan: Plan, keys: Keyring) -> None:
        self.spec = spec
        self._plan = plan
        self._keys = keys
        self._body = spec.body or plan.profile.body
        self._message = joiner(spec.over, self._body, plan.preimage, plan.profile.digest)
        self._secret: dict[str | None, bytes] = {}
        # The key that a record signed by the one before it has handed over to, for each chain.
        self._active: dict[Any, Any] = {}

    def check(self, context: Context) -> Outcome:
        """The signature of one record; hostile text is a bad signature, never an error."""
        text = get(context.value, self.spec.field)
        if text is None or text == "":
            return Outcome(UNSIGNED)
        kid = get(context.value, self.spec.kid) if self.spec.kid else None
        kid = kid if isinstance(kid, str) else None
        if not isinstance(text, str) or not text.startswith(self.spec.prefix):
            return Outcome(BAD, kid, "the signature is no text of its form")
        signature = decode_text(text[len(self.spec.prefix) :], self.spec.encoding)
        if signature is None:
            return Outcome(BAD, kid, f"the signature is not {self.spec.encoding}")
        try:
            message = self._message(context)
        except (ValueError, TypeError, AttributeError, RecursionError):
            message = None
        if message is None:
            return Outcome(BAD, kid, "what was signed can't be put together")
        if self.spec.algorithm == "hmac-sha256":
            return self._hmac(message, signature, kid)
        return self._public(context, message, signature, kid)

    def _hmac(self, message: bytes, signature: bytes, kid: str | None) -> Outcome:
        known = self._secret.get(kid)
        # A writer that names no key ids may still have been given a new key.
        secrets = [*([known] if known is not None else ()), *self._keys.secrets(kid)]
        if not secrets:
            return Outcome(NO_KEY, kid)
        for secret in secrets:
            if hmac.compare_digest(hmac.digest(secret, message, "sha256"), signature):
                self._secret[kid] = secret
                return Outcome(GOOD, kid)
        return Outcome(BAD, kid)

    def _public(self, context: Context, message: bytes, signature: bytes, kid: str | None) -> Outcome:
        chain = get(context.value, self._plan.profile.key)
        chain = chain if isinstance(chain, str) else repr(chain)
        given = [self._active[chain]] if chain in self._active else self._keys.publics(kid)
        inline = None
        name = kid
        if self.spec.key != "given":
            text = get(context.value, self.spec.key)
            name = text if isinstance(text, str) else None
            inline = self._inline(text)
            if text is not None and inline is None:
                return Outcome(BAD, name, "the key in the record can't be read")
        for key in given:
            if verify(key, self.spec.algorithm, message, signature):
                if inline is not None and not _same(inline, key):
                    return Outcome(BAD, name, "the record carries another key than the one that signed it")
                following = self._inline(get(context.value, self.spec.rotates)) if self.spec.rotates else None
                if following is not None:
                    self._active[chain] = following
                return Outcome(GOOD, name)
        if inline is None:
            return Outcome(BAD if given else NO_KEY, name)
        if not verify(inline, self.spec.algorithm, message, signature):
            return Outcome(BAD, name)
        if given:
            return Outcome(BAD, name, "signed with a key that is none of those given")
        return Outcome(INLINE, name)

    def _inline(self, text: Any) -> Any:
        if not isinstance(text, str) or not text.startswith(self.spec.key_prefix):
            return None
        data = decode_text(text[len(self.spec.key_prefix) :], self.spec.key_encoding)
        return None if data is None else public_of(data)


def tally(chain: Chain, signer: Signer, outcome: Outcome) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Counts a signature in its chain; what is wrong with it, as (kind of defect, note, expected, found)."""
    field = signer.spec.field
    if outcome.state == UNSIGNED:
        chain.unsigned += 1
        if chain.signed:
            yield "unsigned", f"{field} is missing, though records before it are signed", None, None
        return
    chain.signed += 1
    if chain.signed == 1 and chain.unsigned:
        yield "unsigned", f"the first {chain.unsigned} record(s) of the chain carry no {field}", None, None
    if outcome.state == BAD:
        note = f": {outcome.note}" if outcome.note else ""
        yield "bad-signature", f"{field} does not fit{note}", None, None
    elif outcome.note:
        chain.notes[f"{field}: {outcome.note}"] = None
    chain.verified += outcome.state == GOOD
    chain.inline += outcome.state == INLINE
    chain.no_key += outcome.state == NO_KEY
    # Keys that were given are trusted, however often they change.
    if outcome.state != GOOD and outcome.key is not None and chain.signing_key not in (None, outcome.key):
        yield "key-change", "signed with another key than the records before it", chain.signing_key, outcome.key
    # A key that stands in records is covered by the signature that it verifies, but only where it stands.
    carries = signer.spec.key == "given" or outcome.key is not None
    if chain.signed > 1 and carries != (not chain.keyless):
        yield "key-change", f"{signer.spec.key} stands in some records and not in others", None, outcome.key
    chain.keyless = not carries
    chain.signing_key = outcome.key or chain.signing_key


def _same(one: Any, other: Any) -> bool:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return bool(one.public_bytes(*form) == other.public_bytes(*form))


def verify(key: Any, algorithm: str, message: bytes, signature: bytes) -> bool:
    """Whether a signature fits a message under a public key; a key of another type fits nothing.

    `es256` is ECDSA over P-256 with r and s of 32 bytes each, one behind the other (IEEE P1363, as in RFC 7518).
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    try:
        if algorithm == "ed25519" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
            return True
        if algorithm == "es256" and isinstance(key, ec.EllipticCurvePublicKey):
            if len(signature) != 64:
                return False
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
            return True
        if algorithm == "rsa-sha256" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            return True
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return False
