"""A Sigstore of our own, with keys made on the spot: authority, log of certificates, transparency log, bundles."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID, ObjectIdentifier

TIME = datetime(2026, 9, 17, tzinfo=UTC)
IDENTITY, ISSUER = "agent-operator@example.com", "https://login.example.com"
_ISSUER_OID = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_ECDSA = ec.ECDSA(hashes.SHA256())


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def octets(data: bytes) -> bytes:
    """DER of an OCTET STRING."""
    size = len(data)
    length = (
        bytes([size]) if size < 128 else b"\x81" + bytes([size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    )
    return b"\x04" + length + data


@dataclass
class Sigstore:
    """Keys of the authority, of both logs, and of the signer."""

    authority: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    issuance: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    signer: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def root(self) -> str:
        """The trusted root, as `--trusted-root` takes it."""

        def instance(key: ec.EllipticCurvePrivateKey, address: str) -> dict[str, Any]:
            return {
                "baseUrl": address,
                "hashAlgorithm": "SHA2_256",
                "logId": {"keyId": b64(sha256(spki(key)).digest())},
                "publicKey": {
                    "rawBytes": b64(spki(key)),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": {"start": "2026-01-01T00:00:00Z"},
                },
            }

        own = {
            "subject": {"commonName": "Own authority", "organization": "Example"},
            "uri": "https://ca.example.com",
            "certChain": {"certificates": [{"rawBytes": b64(self._ca().public_bytes(serialization.Encoding.DER))}]},
            "validFor": {"start": "2026-01-01T00:00:00Z"},
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [instance(self.log, "https://log.example.com")],
                "ctlogs": [instance(self.issuance, "https://ct.example.com")],
                "certificateAuthorities": [own],
            }
        )

    def _ca(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Own authority")])
        return (
            self._builder(name, self.authority, 1, timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, serial: int, valid: timedelta
    ) -> x509.CertificateBuilder:
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Own authority")])
        made = x509.CertificateBuilder(issuer, subject, key.public_key(), serial)
        return made.not_valid_before(TIME - valid).not_valid_after(TIME + valid)

    def certificate(self) -> x509.Certificate:
        """The signer's certificate, with the promise of the log of certificates in it (RFC 6962 section 3.2)."""
        builder = self._builder(x509.Name([]), self.signer, 2, timedelta(minutes=5))
        key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key())
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(signs=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
            (x509.SubjectAlternativeName([x509.RFC822Name(IDENTITY)]), True),
            (key_id, False),
            (x509.UnrecognizedExtension(_ISSUER_OID, ISSUER.encode()), False),
        ):
            builder = builder.add_extension(extension, critical)
        body = builder.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes
        when = (int(TIME.timestamp()) * 1000).to_bytes(8, "big")
        issuer = sha256(spki(self.authority)).digest()
        signature = self.issuance.sign(
            b"\0\0" + when + b"\0\1" + issuer + len(body).to_bytes(3, "big") + body + b"\0\0", _ECDSA
        )
        signed = len(signature).to_bytes(2, "big") + signature
        promise = b"\0" + sha256(spki(self.issuance)).digest() + when + b"\0\0" + b"\4\3" + signed
        listed = (len(promise) + 2).to_bytes(2, "big") + len(promise).to_bytes(2, "big") + promise
        oid = ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS
        made = builder.add_extension(x509.UnrecognizedExtension(oid, octets(listed)), critical=False)
        return made.sign(self.authority, hashes.SHA256())

    def bundle(self, data: bytes) -> dict[str, Any]:
        """A file signed and logged."""
        certificate, signature = self.certificate(), self.signer.sign(data, _ECDSA)
        hashed = {"algorithm": "sha256", "value": sha256(data).hexdigest()}
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        spec = {
            "data": {"hash": hashed},
            "signature": {"content": b64(signature), "publicKey": {"content": b64(pem)}},
        }
        digest = {"algorithm": "SHA2_256", "digest": b64(sha256(data).digest())}
        content = {"messageSignature": {"signature": b64(signature), "messageDigest": digest}}
        return self._logged(certificate, "hashedrekord", spec, content)

    def attestation(self, statement: dict[str, Any]) -> dict[str, Any]:
        """An in-toto statement signed (DSSE) and logged."""
        payload, kind = json.dumps(statement).encode(), "application/vnd.in-toto+json"
        signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        certificate, signature = self.certificate(), self.signer.sign(signed, _ECDSA)
        envelope = {"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": b64(signature)}]}
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        spec = {
            "payloadHash": {"algorithm": "sha256", "value": sha256(payload).hexdigest()},
            "envelopeHash": {"algorithm": "sha256", "value": sha256(json.dumps(envelope).encode()).hexdigest()},
            "signatures": [{"signature": b64(signature), "verifier": b64(pem)}],
        }
        return self._logged(certificate, "dsse", spec, {"dsseEnvelope": envelope})

    def _logged(
        self, certificate: x509.Certificate, kind: str, spec: dict[str, Any], content: dict[str, Any]
    ) -> dict[str, Any]:
        body = rfc8785.dumps({"apiVersion": "0.0.1", "kind": kind, "spec": spec})
        log_id, seconds = sha256(spki(self.log)).digest(), int(TIME.timestamp())
        leaf = sha256(b"\0" + body).digest()
        text = f"log.example.com\n1\n{b64(leaf)}\n"
        note = f"{text}\n\u2014 log.example.com {b64(log_id[:4] + self.log.sign(text.encode(), _ECDSA))}\n"
        promised = {"body": b64(body), "integratedTime": seconds, "logID": log_id.hex(), "logIndex": 0}
        entry = {
            "logIndex": "0",
            "logId": {"keyId": b64(log_id)},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": str(seconds),
            "canonicalizedBody": b64(body),
            "inclusionPromise": {"signedEntryTimestamp": b64(self.log.sign(rfc8785.dumps(promised), _ECDSA))},
            "inclusionProof": {
                "logIndex": "0", "rootHash": b64(leaf), "treeSize": "1", "hashes": [], "checkpoint": {"envelope": note}
            },
        }  # fmt: skip
        raw = certificate.public_bytes(serialization.Encoding.DER)
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"certificate": {"rawBytes": b64(raw)}, "tlogEntries": [entry]},
            **content,
        }


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=None,  # type: ignore[arg-type]
        decipher_only=None,  # type: ignore[arg-type]
    )
