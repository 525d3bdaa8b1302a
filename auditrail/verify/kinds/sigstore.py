"""Sigstore bundles (`FILE.sigstore.json`): a file signed by an identity, and logged. sigstore-python checks (extra).

1. The certificate, its log of issuance (SCT), the entry in the transparency log, the signature and the file's digest
must hold, by the trusted root that was given (`--trusted-root`), else by the one that its library brought: nothing is
fetched. 2. Of an attestation (DSSE, in-toto), the file must be one of its subjects. 3. Whose identity the certificate
names counts only against the one that is expected (`--identity`, `--issuer`): anybody can get a certificate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Defect, Result

NAME = "sigstore"
TITLE = "files signed with Sigstore: bundles FILE.sigstore.json beside them"
FORMAT = "sigstore-bundle"
_MEDIA = re.compile(rb'"mediaType"\s*:\s*"application/vnd\.dev\.sigstore\.bundle')
_SUFFIXES = (".sigstore.json", ".sigstore", ".bundle")
_MOST = 64 << 20
_IN_TOTO = "application/vnd.in-toto+json"


class _Signed(NamedTuple):
    """What a bundle is about: the file (None: it is not there) and its SHA-256."""

    shown: str | None
    digest: bytes | None


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """A bundle; the file beside it goes along, unless another kind has more to say of it."""
    if _is_bundle(item):
        return Claim(95)
    names: set[str] | None = call.cache.get(("sigstore", "signed"))
    if names is None:
        names = {_base(other.shown) for other in beside if _is_bundle(other)}
        call.cache["sigstore", "signed"] = names
    return Claim(10, companion=True) if item.shown in names else None


def _is_bundle(item: Evidence) -> bool:
    return item.head[:1] == b"{" and _MEDIA.search(item.head, 0, 1 << 16) is not None


def _base(shown: str) -> str:
    return next((shown.removesuffix(end) for end in _SUFFIXES if shown.endswith(end)), shown)


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:
    """One result for each bundle."""
    files = {item.shown: item.path for item in companions}
    return [_judged(item, _signed(item, files), call) for item in items]


def _signed(item: Evidence, files: dict[str, Path]) -> _Signed:
    """The file of a bundle: among those of the call, or beside it on the disk."""
    shown = _base(item.shown)
    path = files.get(shown, Path(_base(str(item.path))))
    hasher = sha256()
    try:
        if path == item.path:
            return _Signed(None, None)
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                hasher.update(block)
    except OSError:
        return _Signed(None, None)
    return _Signed(shown, hasher.digest())


def _judged(item: Evidence, signed: _Signed, call: Call) -> Result:
    try:
        import sigstore.errors
        from sigstore.models import Bundle
        from sigstore.verify import Verifier, policy
    except ImportError:
        return _open(item, "it needs sigstore-python: pip install 'auditrail-forensics[sigstore]'")
    try:
        bundle = Bundle.from_json(item.read(_MOST) or b"")
    except Exception as error:  # noqa: BLE001 - the library raises errors of its parser, too
        return _open(item, f"the bundle can't be read: {type(error).__name__}")
    dsse = bundle._dsse_envelope is not None  # noqa: SLF001 - the library has no other way to ask
    if signed.digest is None and not dsse:
        missing = Defect("missing-file", note="the file that was signed is not beside its bundle", breaks=False)
        return _open(item, "the file that was signed: give it, too", missing)
    try:
        verifier = Verifier(trusted_root=_root(call))
        # 1. Whose identity it is, is judged apart: another one is not the same as a signature that fails.
        if dsse:
            kind, payload = verifier.verify_dsse(bundle, policy.UnsafeNoOp())
            problem = _subject(kind, payload, signed)  # 2
        else:
            problem = None
            verifier.verify_artifact(_hashed(signed.digest), bundle, policy.UnsafeNoOp())
    except sigstore.errors.VerificationError as error:
        changed = "digest mismatch" in str(error)
        defect = Defect("edited" if changed else "bad-signature", note=str(error))
        return _result(item, BROKEN, defects=(defect,))
    except sigstore.errors.Error as error:
        return _open(item, f"the trusted root: {error}")
    if problem is not None:
        return _result(item, BROKEN, defects=(Defect("edited", note=problem),))
    return _identified(item, signed, bundle.signing_certificate, call)


def _root(call: Call) -> Any:
    from sigstore.models import ClientTrustConfig, TrustedRoot

    if call.trusted_root is not None:
        return TrustedRoot.from_file(str(call.trusted_root))
    return ClientTrustConfig.production(offline=True).trusted_root


def _hashed(digest: bytes | None) -> Any:
    from sigstore.hashes import Hashed
    from sigstore_models.common.v1 import HashAlgorithm

    return Hashed(algorithm=HashAlgorithm.SHA2_256, digest=digest or b"")


def _subject(kind: str, payload: bytes, signed: _Signed) -> str | None:
    """Why the file is not one that an attestation speaks of; None: it is, or there is no file."""
    import json

    if signed.digest is None:
        return None
    try:
        subjects = json.loads(payload)["subject"] if kind == _IN_TOTO else []
        digests = {subject["digest"].get("sha256") for subject in subjects}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        digests = set()
    return None if signed.digest.hex() in digests else f"{signed.shown} is none of the subjects of the attestation"


def _identified(item: Evidence, signed: _Signed, certificate: Any, call: Call) -> Result:
    """Step 3."""
    from sigstore.errors import VerificationError
    from sigstore.verify import policy

    named = ", ".join(_names(certificate)) or "nobody"
    not_checked = [] if signed.digest else ["the files that the attestation speaks of: they were not given"]
    notes = (f"signed by {named}",)
    if call.identity is None:
        not_checked.append(f"whether {named} is who should have signed (--identity, --issuer)")
        return _result(item, UNANCHORED, notes=notes, not_checked=tuple(not_checked))
    try:
        policy.Identity(identity=call.identity, issuer=call.issuer).verify(certificate)
    except VerificationError:
        wanted = call.identity + (f" (by {call.issuer})" if call.issuer else "")
        not_checked.append(f"the identity: it was signed by {named}, not by {wanted}")
        return _result(item, UNVERIFIABLE, notes=notes, not_checked=tuple(not_checked))
    anchor = f"signed by {call.identity}"
    return _result(item, INTACT, anchor=anchor, notes=notes, not_checked=tuple(not_checked), verified=1)


def _names(certificate: Any) -> list[str]:
    """The identities of a certificate: mail addresses and URIs."""
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    kinds = (x509.RFC822Name, x509.UniformResourceIdentifier)
    return [str(name) for kind in kinds for name in names.get_values_for_type(kind)]


def _open(item: Evidence, reason: str, *defects: Defect) -> Result:
    return _result(item, UNVERIFIABLE, defects=defects, not_checked=(reason,))


def _result(
    item: Evidence,
    verdict: str,
    *,
    anchor: str | None = None,
    defects: tuple[Defect, ...] = (),
    notes: tuple[str, ...] = (),
    not_checked: tuple[str, ...] = (),
    verified: int = 0,
) -> Result:
    return Result(
        item.shown,
        NAME,
        FORMAT,
        None,
        1,
        1 if verdict in (INTACT, UNANCHORED) else 0,
        verdict,
        anchor=anchor,
        defects=defects,
        not_checked=not_checked,
        notes=notes,
        signed=1,
        verified=verified,
    )
