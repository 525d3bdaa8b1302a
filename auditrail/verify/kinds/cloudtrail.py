"""AWS CloudTrail digest files, off line: the chain of signed digests of a trail, and the log files that they list.

Facts: AWS CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file
integrity validation"; aws/aws-cli, awscli/customizations/cloudtrail/validation.py (what is signed, what is refused).

A digest names the log files that were delivered in its hour with their SHA-256, and the digest before it with hash and
signature. Its own signature stands in the metadata of its S3 object: a plain copy loses it. It is looked for in
`<file>.metadata.json` (the metadata, or what `aws s3api head-object` prints) and, for all but the newest digest, in
the digest behind it, which repeats it. Public keys come from `--key` or a `list-public-keys` answer among the files.

For each trail (account, region, name; backfill digests are a chain of their own):

1. Every digest is parsed and must have the six members that AWS's own validator asks for.
2. The object key inside must be where it was found; a digest that was moved or copied over another is not of its place.
   A file that someone gave a name of his own no longer shows where it lay.
3. The signature over end time, bucket and key, SHA-256 of the decompressed digest, and the previous signature is
   checked with the key of the fingerprint (RSA PKCS #1 v1.5, SHA-256).
4. Digests are put in order of time; each must name the one before it, with its hash and its signature. One that is
   named and not here was removed. One that names none begins a chain: where others are held before it, digests were
   not made for a while, and what was delivered then is not covered.
5. Every log file that a digest lists is hashed, decompressed: changed, missing, or with bytes behind its one gzip
   member (which readers show and the hash does not cover).
6. Log files of the same trail's account and region that no digest lists are named: delivered after the last digest, or
   put there by someone else.

The newest digest can be removed unseen: only its hour is missing then. An anchor (`--expect-head`, an earlier result)
tells; the head is the signature of the newest digest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from auditrail.verify import types
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.kinds import _cloudtrail_files as files
from auditrail.verify.kinds._cloudtrail_digest import ALGORITHM, Digest, fits, parse
from auditrail.verify.types import Defect, Result

NAME = "cloudtrail"
PROFILE = "aws-cloudtrail-digest"
TITLE = "AWS CloudTrail: signed digests, and the log files that they list"


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """Digests are claimed; metadata, key lists and, where digests lie beside them, log files go along."""
    what = files.kind_of(item)
    if what == "digest":
        return Claim(95)
    if what == "keys" or (what == "metadata" and _with_digests(beside, call)):
        return Claim(90, companion=True)
    if what == "log" and _with_digests(beside, call):
        return Claim(60, companion=True)
    return None


def _with_digests(beside: Sequence[Evidence], call: Call) -> bool:
    """Whether digests are among the files of the call: looked for once, since a trail has many thousands of files."""
    if NAME not in call.cache:
        call.cache[NAME] = any(files.kind_of(item) == "digest" for item in beside)
    return bool(call.cache[NAME])


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:
    """A result for each trail."""
    keys = files.Keys.of(companions, call.keys)
    stored = files.Stored([*items, *companions])
    chains: dict[str, list[Digest]] = defaultdict(list)
    results = []
    for item in items:
        made = parse(item, stored)  # 1
        if isinstance(made, Defect):
            verdict = types.BROKEN if made.breaks else types.UNVERIFIABLE
            results.append(Result(item.shown, NAME, PROFILE, None, 1, 0, verdict, defects=(made,)))
        else:
            chains[files.trail_of(made.key)].append(made)
    results += [_Chain(name, found, stored, keys, call).result() for name, found in sorted(chains.items())]
    order = {item.shown: place for place, item in enumerate(items)}
    return sorted(results, key=lambda result: (order.get(result.path, 0), result.chain or ""))


class _Chain:
    """The digests of one trail on their way to a verdict."""

    def __init__(
        self, name: str, digests: list[Digest], stored: files.Stored, keys: files.Keys, call: Call
    ) -> None:  # fmt: skip
        self.name = name
        self.stored = stored
        self.keys = keys
        self.call = call
        self.digests = sorted(digests, key=lambda digest: (digest.ends, digest.starts, digest.item.shown))
        self.defects: list[Defect] = []
        self.not_checked: list[str] = []
        self.notes: list[str] = []
        self.open: dict[str, list[str]] = {}
        self.records = self.checked = self.signed = self.verified = 0

    def result(self) -> Result:
        for place, digest in enumerate(self.digests):
            self._place(digest)  # 2
            self._signature(digest, self._signature_of(place))  # 3
        self._links()  # 4
        for digest in self.digests:
            self._logs(digest)  # 5
        self._unlisted()  # 6
        return self._verdict()

    def _defect(self, kind: str, digest: Digest | None, note: str, **more: Any) -> None:
        path = digest.item.shown if digest else ""
        self.defects.append(Defect(kind, note=note, path=more.pop("path", path), **more))

    def _open(self, digest: Digest, reason: str) -> None:
        """Notes why a signature was not checked; digests with the same reason are told together."""
        self.open.setdefault(reason, []).append(digest.item.shown)

    # --- 2. where it was found

    def _place(self, digest: Digest) -> None:
        self.records += 1
        shown = PurePosixPath(digest.item.shown.replace("\\", "/").replace("!", "/"))
        key = PurePosixPath(digest.key)
        name = files.object_name(shown.name)
        if name is None and shown.name != key.name:
            self.not_checked.append(
                f"{digest.item.shown}: whether it lies where it was made; its name is no longer that of its object"
            )
        elif name not in (None, key.name):
            self._defect(
                "spliced", digest, "the digest has been moved: it is of another object",
                expected=digest.key, found=shown.name,
            )  # fmt: skip
        elif "CloudTrail-Digest" in shown.parts and shown.parts[-len(key.parts) : -1] != key.parts[:-1]:
            self._defect(
                "spliced", digest, "the digest has been moved from its folder", expected=digest.key, found=str(shown)
            )
        twin = [other for other in self.digests if other.key == digest.key and other is not digest]
        if twin and twin[0].item.shown > digest.item.shown:
            self._defect("forked", digest, f"{twin[0].item.shown} is another digest of the same object")

    # --- 3. signatures

    def _signature_of(self, place: int) -> str | None:
        """The digest's signature: from its metadata, else as the digest behind it repeats it."""
        digest = self.digests[place]
        if digest.signature is not None:
            return digest.signature
        for later in self.digests[place + 1 :]:
            if later.value.get("previousDigestS3Object") == digest.key:
                repeated = later.value["previousDigestSignature"]
                return repeated if isinstance(repeated, str) else None
        return None

    def _signature(self, digest: Digest, signature: str | None) -> None:
        self.signed += 1
        algorithm = digest.value.get("digestSignatureAlgorithm", ALGORITHM)
        if signature is None:
            self._open(digest, "its signature is not here: it stands in the metadata of the S3 object; save it beside "
                       "as <file>.metadata.json")  # fmt: skip
            return
        if algorithm != ALGORITHM:
            self._open(digest, f"the signature algorithm {algorithm!r} is unknown")
            return
        fingerprint = digest.value["digestPublicKeyFingerprint"]
        keys = self.keys.of_fingerprint(fingerprint)
        if not keys:
            self._open(digest, f"no public key with the fingerprint {fingerprint} was given: save what `aws cloudtrail "
                       "list-public-keys` prints, and name it with --key")  # fmt: skip
            return
        if not any(fits(key, signature, digest.signed) for key in keys):
            self._defect("bad-signature", digest, "the digest was changed after it was signed, or is signed by another")
            return
        window = self.keys.window(fingerprint)
        if window and not window[0] <= digest.ends <= window[1]:
            self._defect(
                "key-change",
                digest,
                "the key was not valid at the end of this digest, by the list of keys",
                breaks=False,
            )
        self.verified += 1
        self.checked += 1

    # --- 4. links

    def _links(self) -> None:
        by_key = {digest.key: digest for digest in self.digests}
        for place, digest in enumerate(self.digests):
            named = digest.value.get("previousDigestS3Object")
            before = self.digests[place - 1] if place else None
            if not isinstance(named, str):
                if before is not None:
                    self._restart(before, digest)
                continue
            previous = by_key.get(named)
            if previous is None:
                self._absent(named, before, digest)
                continue
            self._fits_previous(previous, digest)
            if previous.ends != digest.starts:
                self.notes.append(
                    f"{digest.item.shown}: begins at {digest.value['digestStartTime']}, and the one before ends at "
                    f"{previous.value['digestEndTime']}"
                )

    def _restart(self, before: Digest, digest: Digest) -> None:
        self.not_checked.append(
            f"no digest covers the time between {before.value['digestEndTime']} and {digest.value['digestStartTime']}: "
            "logging or its validation was off, or digests were removed and a new chain begun; "
            "look for StopLogging, UpdateTrail and DeleteTrail events"
        )

    def _absent(self, named: str, before: Digest | None, digest: Digest) -> None:
        if before is None:
            self._defect(
                "truncated-head", digest, f"digests before it are not here: the next one is {named}", breaks=False
            )
        else:
            self._defect(
                "missing-file", digest,
                f"the digest before it is not here: {named} (between {before.value['digestEndTime']} and "
                f"{digest.value['digestStartTime']})",
                expected=named,
            )  # fmt: skip

    def _fits_previous(self, previous: Digest, digest: Digest) -> None:
        value = digest.value
        stored = value.get("previousDigestHashValue")
        if isinstance(stored, str) and stored.lower() != previous.digest:
            self._defect(
                "edited", previous, f"its hash is not the one that {digest.item.shown} holds of it",
                expected=stored, found=previous.digest,
            )  # fmt: skip
        known = value["previousDigestSignature"]
        if previous.signature is not None and known != previous.signature:
            self._defect(
                "bad-signature", digest, f"it holds another signature of {previous.item.shown} than its metadata",
                expected=known, found=previous.signature,
            )  # fmt: skip

    # --- 5. log files

    def _logs(self, digest: Digest) -> None:
        for entry in digest.value.get("logFiles", []):
            self.records += 1
            item = self.stored.log(entry["s3Object"])
            if item is None:
                self._defect(
                    "missing-file", digest, f"a log file that it lists is not here: {entry['s3Object']}",
                    expected=str(entry.get("hashValue")),
                )  # fmt: skip
                continue
            if entry.get("hashAlgorithm", "SHA-256") != "SHA-256":
                self.not_checked.append(f"{item.shown}: hash algorithm {entry.get('hashAlgorithm')!r} is unknown")
                continue
            found, trailing, reason = files.hash_log(item)
            stored = str(entry.get("hashValue"))
            if reason:
                self._defect("edited", digest, f"a log file is damaged: {reason}", path=item.shown, expected=stored)
            elif found != stored.lower():
                self._defect(
                    "edited", digest, "the log file is not the one that was delivered", path=item.shown,
                    expected=stored, found=found,
                )  # fmt: skip
            elif trailing:
                self._defect(
                    "inserted", digest, f"{trailing:,} bytes stand behind the gzip member that was delivered",
                    path=item.shown, expected=stored, found=found,
                )  # fmt: skip
            else:
                self.checked += 1

    # --- 6. log files that no digest lists

    def _unlisted(self) -> None:
        listed = {entry["s3Object"] for digest in self.digests for entry in digest.value.get("logFiles", [])}
        newest = self.digests[-1]
        for item in self.stored.unlisted(self.name, listed):
            at = files.delivered(item)
            late = at is not None and at >= newest.ends
            self._defect(
                "inserted", None,
                "delivered after the last digest that is here: the digest of its hour was not made yet, or was removed"
                if late else "no digest that is here lists this log file",
                breaks=False, path=item.shown,
            )  # fmt: skip

    # --- the verdict

    def _verdict(self) -> Result:
        newest = self.digests[-1]
        for reason, shown in self.open.items():
            more = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
            self.not_checked.append(f"{shown[0]}{more}: {reason}")
        head = self._signature_of(len(self.digests) - 1)
        anchor = self._anchored(head)
        if any(defect.breaks for defect in self.defects):
            verdict = types.BROKEN
        elif not self.verified:
            verdict = types.UNVERIFIABLE
        elif anchor and self.verified == self.signed:
            verdict = types.INTACT
        else:
            verdict = types.UNANCHORED
        if not anchor:
            self.not_checked.append(
                f"no anchor: digests after {newest.value['digestEndTime']} may have been removed; every hour has one, "
                "even without log files"
            )
        return Result(
            newest.item.shown, NAME, PROFILE, self.name, self.records, self.checked, verdict, anchor,
            head, tuple(self.defects), (), tuple(self.not_checked), tuple(self.notes), self.signed, self.verified,
            tuple(digest.item.shown for digest in self.digests),
        )  # fmt: skip

    def _anchored(self, head: str | None) -> str | None:
        """What from outside confirms the newest digest; an anchor that fits none of them is a defect."""
        labels = []
        signatures = [self._signature_of(place) for place in range(len(self.digests))]
        for anchor in self.call.anchors:
            if anchor.chain not in (None, self.name) or anchor.profile not in (None, PROFILE):
                continue
            if anchor.head is not None and anchor.head != head and (anchor.exact or anchor.head not in signatures):
                gone = anchor.exact or anchor.chain == self.name
                if gone:
                    self._defect(
                        "truncated-tail", None, f"the newest digest is not the one that {anchor.label} names",
                        expected=anchor.head, found=head,
                    )  # fmt: skip
                continue
            if anchor.exact and anchor.records is not None and anchor.records != self.records:
                self._defect(
                    "truncated-tail", None, f"{anchor.label} names another number of digests and log files",
                    expected=str(anchor.records), found=str(self.records),
                )  # fmt: skip
                continue
            labels.append(anchor.label)
        return ", ".join(labels) or None
