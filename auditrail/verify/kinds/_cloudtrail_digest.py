"""One digest of CloudTrail: parsed, with its signature, and what is signed of it."""

from __future__ import annotations

import binascii
import hashlib
import re
from typing import Any, NamedTuple

from auditrail import times
from auditrail.verify.evidence import Evidence
from auditrail.verify.kinds import _cloudtrail_files as files
from auditrail.verify.types import Defect

REQUIRED = (
    "digestPublicKeyFingerprint", "digestS3Bucket", "digestS3Object", "previousDigestSignature", "digestEndTime",
    "digestStartTime",
)  # fmt: skip
ALGORITHM = "SHA256withRSA"
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


class Digest(NamedTuple):
    """One digest that could be parsed. `signature` is None where none was found, `origin` says where it was."""

    item: Evidence
    value: dict[str, Any]
    digest: str
    signature: str | None
    origin: str

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        before = self.value["previousDigestSignature"]
        lines = (
            self.value["digestEndTime"], f"{self.value['digestS3Bucket']}/{self.value['digestS3Object']}", self.digest,
            "null" if before is None else before,
        )  # fmt: skip
        return "\n".join(lines).encode()

    @property
    def key(self) -> str:
        return str(self.value["digestS3Object"])

    @property
    def ends(self) -> int:
        moment = times.parse(self.value["digestEndTime"])
        return moment.ns if moment else 0

    @property
    def starts(self) -> int:
        moment = times.parse(self.value["digestStartTime"])
        return moment.ns if moment else 0


def parse(item: Evidence, stored: files.Stored) -> Digest | Defect:
    """The digest that a file holds, or why it is none."""
    data = stored.text(item)
    if data is None:
        return Defect("unparsable", note="the file can't be read", breaks=False)
    value, twice = files.parse(data)
    if not isinstance(value, dict) or any(name not in value for name in REQUIRED) or not _well_formed(value):
        return Defect("unparsable", note="no digest: members that every digest has are missing or no text")
    if twice:
        return Defect("duplicate-key", note=f"the member {twice} stands twice in the digest")
    signature, origin = stored.signature(item)
    return Digest(item, value, hashlib.sha256(data).hexdigest(), signature, origin)


def _well_formed(value: dict[str, Any]) -> bool:
    texts = ("digestS3Bucket", "digestS3Object", "digestPublicKeyFingerprint", "digestEndTime", "digestStartTime")
    listed = value.get("logFiles", [])
    return (
        all(isinstance(value[name], str) and value[name] for name in texts)
        and isinstance(value["previousDigestSignature"], str | None)
        and isinstance(listed, list)
        and all(isinstance(entry, dict) and isinstance(entry.get("s3Object"), str) for entry in listed)
    )


def fits(key: Any, signature: str, signed: bytes) -> bool:
    """Whether a signature in hex is of this RSA key (PKCS #1 v1.5, SHA-256)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    if not _HEX.fullmatch(signature):
        return False
    try:
        key.verify(binascii.unhexlify(signature), signed, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, AttributeError, TypeError, ValueError):
        return False
    return True
