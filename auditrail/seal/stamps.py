"""Times by a time-stamping authority (RFC 3161), for which rfc3161-client does the cryptography (extra `tsa`).

What is stamped is the checkpoint as its sealer signed it, the first signature line included: so the authority says that
this signature was there at its time, whoever gets hold of the key later.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from auditrail.errors import MissingExtraError, SealError, UsageError
from auditrail.notes import Note

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_TYPE = "application/timestamp-query"
_SECONDS = 30
# An answer with a chain of certificates has some 5 to 10 KB.
_MOST = 1 << 20


class Stamp(NamedTuple):
    """A time that an authority vouches for; `problem`: why it does not."""

    time: datetime | None
    authority: str
    problem: str | None = None


def asker(address: str) -> Callable[[bytes], bytes]:
    """What asks an authority for the stamp of a note, and gives its answer (DER).

    Raises:
        UsageError: it is no address. MissingExtraError: rfc3161-client is not installed.
    """
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc:
        raise UsageError(f"{address!r} is no address of a time-stamping authority", hint="write it like https://…")
    client = _client()

    def ask(message: bytes) -> bytes:
        # No nonce: the answer is bound to the note by its hash, and is checked against it below and by every verifier.
        request = _request(client, message)
        call = urllib.request.Request(address, request.as_bytes(), {"Content-Type": _TYPE})  # noqa: S310 - http(s) alone
        try:
            with urllib.request.urlopen(call, timeout=_SECONDS) as answer:  # noqa: S310
                data: bytes = answer.read(_MOST)
        except (urllib.error.URLError, OSError) as error:
            raise SealError(f"{address} gave no timestamp: {error}", hint="seal without --timestamp") from error
        token = _decoded(data)
        if token is None or not _is_of(token, message):
            raise SealError(f"{address} answered with something else than a timestamp of this seal")
        return data

    return ask


def _request(client: Any, stamped: bytes) -> Any:
    builder = client.TimestampRequestBuilder().data(stamped).hash_algorithm(client.HashAlgorithm.SHA256)
    return builder.nonce(nonce=False).build()


def message(note: Note) -> bytes:
    """What a stamp of a note is over: its text and the first signature."""
    return Note(note.text, note.signatures[:1]).render().encode()


def check(stamp: bytes, note: Note, roots: Sequence[Certificate]) -> Stamp:
    """Reads a stamp; without roots its time is that which it says, and nobody vouches for it.

    Raises:
        MissingExtraError: rfc3161-client is not installed.
    """
    client = _client()
    token = _decoded(stamp)
    if token is None:
        return Stamp(None, "", "it can't be read")
    info = token.tst_info
    name = str(info.name) if info.name is not None else ""
    if not _is_of(token, message(note)):
        return Stamp(info.gen_time, name, "it is of something else")
    if not roots:
        return Stamp(info.gen_time, name, "no certificate of an authority was given")
    builder = client.VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(token, message(note))
    except (client.VerificationError, ValueError) as error:
        return Stamp(info.gen_time, name, str(error))
    return Stamp(info.gen_time, name)


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError as error:
        raise MissingExtraError(
            "timestamps need rfc3161-client", hint="pip install 'auditrail-forensics[tsa]'"
        ) from error
    return rfc3161_client


def _decoded(data: bytes) -> Any:
    """The answer of an authority; None if it can't be read, or is a refusal."""
    try:
        token = _client().decode_timestamp_response(data)
        refused = token.tst_info is None
    except ValueError:
        return None
    return None if refused else token


def _is_of(token: Any, stamped: bytes) -> bool:
    from hashlib import new

    imprint = token.tst_info.message_imprint
    names = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
    name = names.get(imprint.hash_algorithm.dotted_string)
    return name is not None and new(name, stamped).digest() == imprint.message
