"""A CloudTrail trail as AWS would deliver it, signed with a key of our own."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ACCOUNT, REGION, BUCKET = "123456789012", "eu-central-1", "evidence"


@cache
def rsa_key(number: int = 0) -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    assert number >= 0
    return rsa.generate_private_key(65537, 2048)


def public_keys(*keys: Any, start: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    listed = []
    for key in keys:
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        listed.append(
            {
                "Value": base64.b64encode(der).decode(),
                "ValidityStartTime": start,
                "ValidityEndTime": "2027-01-01T00:00:00Z",
                "Fingerprint": hashlib.md5(der).hexdigest(),  # noqa: S324 - as AWS names its keys
            }
        )
    return {"PublicKeyList": listed}


@dataclass
class Trail:
    """Writes a trail hour by hour under a folder."""

    folder: Path
    key: Any
    name: str = "agents"
    suffix: str = ""
    bucket: str = BUCKET
    previous: dict[str, Any] | None = None
    digests: list[Path] = field(default_factory=list)
    logs: list[list[Path]] = field(default_factory=list)

    def hour(self, hour: int, logs: int = 2, **changes: Any) -> Path:
        begin, end = f"2026-06-01T{hour:02d}:00:00Z", f"2026-06-01T{hour + 1:02d}:00:00Z"
        listed, paths = [], []
        for number in range(logs):
            stamp = f"20260601T{hour:02d}{10 + number:02d}Z"
            name = f"{ACCOUNT}_CloudTrail_{REGION}_{stamp}_x{number}.json.gz"
            key = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/06/01/{name}"
            text = json.dumps({"Records": [{"eventID": f"{hour}-{number}", "eventTime": begin}]}).encode()
            paths.append(self._write(key, gzip.compress(text)))
            listed.append(
                {"s3Bucket": self.bucket, "s3Object": key, "hashValue": hashlib.sha256(text).hexdigest(),
                 "hashAlgorithm": "SHA-256", "newestEventTime": begin, "oldestEventTime": begin}
            )  # fmt: skip
        key = (
            f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/06/01/"
            f"{ACCOUNT}_CloudTrail-Digest_{REGION}_{self.name}_{REGION}_"
            f"20260601T{hour + 1:02d}0000Z{self.suffix}.json.gz"
        )
        before = self.previous or {}
        fingerprint = public_keys(self.key)["PublicKeyList"][0]["Fingerprint"]
        value = {
            "awsAccountId": ACCOUNT, "digestStartTime": begin, "digestEndTime": end, "digestS3Bucket": self.bucket,
            "digestS3Object": key, "digestPublicKeyFingerprint": fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": None, "oldestEventTime": None,
            "previousDigestS3Bucket": before.get("bucket"), "previousDigestS3Object": before.get("key"),
            "previousDigestHashValue": before.get("hash"), "previousDigestHashAlgorithm": "SHA-256" if before else None,
            "previousDigestSignature": before.get("signature"), "logFiles": listed,
        } | changes  # fmt: skip
        path = self.put(key, value)
        self.digests.append(path)
        self.logs.append(paths)
        return path

    def put(self, key: str, value: dict[str, Any]) -> Path:
        """Signs and writes a digest."""
        text = json.dumps(value).encode()
        signature = sign(self.key, value, text)
        path = self._write(key, gzip.compress(text))
        metadata = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        Path(f"{path}.metadata.json").write_text(json.dumps(metadata))
        self.previous = {
            "bucket": self.bucket,
            "key": key,
            "hash": hashlib.sha256(text).hexdigest(),
            "signature": signature,
        }
        return path

    def _write(self, key: str, data: bytes) -> Path:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


def sign(key: Any, value: dict[str, Any], text: bytes) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    before = value.get("previousDigestSignature")
    lines = (
        value.get("digestEndTime", ""), f"{value.get('digestS3Bucket')}/{value.get('digestS3Object')}",
        hashlib.sha256(text).hexdigest(), "null" if before is None else before,
    )  # fmt: skip
    made: bytes = key.sign("\n".join(lines).encode(), padding.PKCS1v15(), hashes.SHA256())
    return made.hex()


def rewrite(path: Path, **changes: Any) -> None:
    """Changes members of a digest and leaves its signature as it is."""
    value = json.loads(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(json.dumps(value | changes).encode()))
