"""Searches the vocabulary of chain profiles for one that reproduces the stored hashes of an unknown log.

1. Find the fields that may be a record's hash and its link: by their look, and by what one record repeats of the one
before. 2. Try each way to make the hash, the simplest first: form, fields left out, where the link stands, separator,
algorithm; then texts of fields joined; then the hash of the record before. 3. One that gives the hashes of all records
of the sample is the profile. A wrong one can't: that would be a collision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations
from typing import Any, NamedTuple

from auditrail.verify import detect, grouping
from auditrail.verify.evidence import Call, Evidence
from auditrail.verify.paths import get
from auditrail.verify.profile import Body, Digest, Profile

_HEX = {32: ("md5",), 40: ("sha1",), 64: ("sha256", "blake3"), 96: ("sha384",), 128: ("sha512", "blake3")}
_TEXT = re.compile(r"(?P<prefix>(?:[A-Za-z0-9-]+:)?)(?P<hash>[0-9a-f]{32,128}|[A-Za-z0-9+/_-]{43,88}={0,2})")
_FORMS = [
    (name, sort)
    for sort in (True, False)
    for name in ("py-c-u8", "py", "py-c", "py-u8", "jcs", "js", "js-sorted", "orjson", "serde")
]
_SEPARATORS = ("", ":", "|", "\0", "\n", ".", ",", "-", " ")
_SIGNED = re.compile(r"sig|proof|mac\b", re.IGNORECASE)
# So many fields left out besides the hash are tried together; more would take hours.
_LEFT_OUT = 3
_JOINED = 6
_TRIED = 120_000


class Fields(NamedTuple):
    """Fields that may be a record's hash and its link; one of them may be None."""

    own: str | None
    prev: str | None


def infer(item: Evidence, call: Call) -> Profile | None:
    """A profile that reproduces the hashes of the file's first records; None if the search finds none."""
    for looks in detect.shapes(item, (), call):
        records = [(value, raw) for value, raw in looks.records][:16]
        for fields in _fields([value for value, _ in records]):
            found = _search(fields, records, looks)
            if found is not None:
                return found
    return None


def _fields(values: Sequence[dict[str, Any]]) -> list[Fields]:
    """Step 1: pairs that link first, then any field that looks like a hash."""
    made: list[Fields] = []
    pair = grouping.linked_fields(values)
    if pair is not None:
        made.append(Fields(*pair))
    hashes = [path for path in _paths(values[-1], "", 2) if _looks(values, path)]
    made += [Fields(path, None) for path in hashes]
    made += [Fields(None, path) for path in hashes]
    return list(dict.fromkeys(made))


def _paths(value: Any, at: str, depth: int) -> Iterator[str]:
    for key, item in value.items() if isinstance(value, dict) else ():
        if isinstance(item, str):
            yield f"{at}{key}"
        elif depth:
            yield from _paths(item, f"{at}{key}.", depth - 1)


def _looks(values: Sequence[dict[str, Any]], path: str) -> bool:
    texts = [get(value, path) for value in values[1:] or values]
    fits = all(isinstance(text, str) and _TEXT.fullmatch(text) for text in texts)
    return fits and len(set(texts)) == len(texts)


def _search(fields: Fields, records: Sequence[tuple[Any, bytes]], looks: detect.Looks) -> Profile | None:
    """Steps 2 and 3."""
    text = get(records[-1][0], fields.own or fields.prev or "")
    if not isinstance(text, str):
        return None
    # Two records are enough to refute: the first may be special, and a link needs one before.
    few = records[-2:] if fields.own and fields.prev else records[:3]
    tried = 0
    for digest in _digests(text):
        for profile in _candidates(fields, digest, records, looks):
            tried += 1
            if tried > _TRIED:
                return None
            if _reproduces(profile, few) and _reproduces(profile, records):
                return profile
    return None


def _reproduces(profile: Profile, records: Sequence[tuple[Any, bytes]]) -> bool:
    from auditrail.verify.plan import Plan

    fitting, tried = detect.reproduced(Plan(profile), records)
    return tried > 0 and fitting == tried


def _digests(text: str) -> Iterator[Digest]:
    """Algorithms and encodings that give texts like this one."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return
    prefix, body = match["prefix"], match["hash"]
    if re.fullmatch(r"[0-9a-f]+", body):
        for algorithm in _HEX.get(len(body), ()):
            yield Digest(algorithm, "hex", prefix)
        if len(body) < 64:
            yield Digest("sha256", "hex", prefix, len(body))
    elif len(body) in (43, 44):
        yield Digest("sha256", "base64url" if len(body) == 43 else "base64", prefix)


def _candidates(
    fields: Fields, digest: Digest, records: Sequence[tuple[Any, bytes]], looks: detect.Looks
) -> Iterator[Profile]:
    first = records[0][0]
    base = Profile(
        name="inferred",
        title="found by auditrail chains --infer",
        tested="run",
        required=tuple(path for path in (fields.own, fields.prev) if path is not None),
        container="array" if looks.shape.kind == "values" else looks.shape.kind,
        path=(looks.shape.array,) if looks.shape.array else (),
        table=looks.shape.table,
        hash=fields.own,
        prev=fields.prev,
        digest=digest,
        of="record" if fields.own else "previous",
        genesis=_genesis(fields, first),
    )
    names = [key for key in records[-1][0] if key != fields.own]
    bodies = list(_bodies(fields, names))
    signed = [("{body}", f"{{f:{name}}}") for name in names if fields.own and _SIGNED.search(name)]
    for body in bodies:
        for preimage in (*_preimages(fields), *signed):
            yield replace(base, body=body, digest=replace(digest, preimage=preimage))
    if fields.own is not None:
        yield from _joined(base, fields, names)
    if fields.own is None:
        yield replace(base, body=Body(canon="raw"), digest=replace(digest, preimage=("{raw}",)))


def _genesis(fields: Fields, first: dict[str, Any]) -> tuple[str, ...]:
    if fields.prev is None:
        # The link is not stored: what stands for it in the first record is tried from those that are known.
        return ("genesis", "", "0" * 64, "GENESIS")
    link = get(first, fields.prev)
    return (link,) if isinstance(link, str) else ("@null", "@absent")


def _bodies(fields: Fields, names: Sequence[str]) -> Iterator[Body]:
    """What may be hashed: all but the hash; also without the link, signatures, and any few other fields."""
    own = (fields.own,) if fields.own else ()
    link = (fields.prev,) if fields.prev else ()
    signed = tuple(name for name in names if _SIGNED.search(name))
    base = [own, (*own, *link), (*own, *signed), (*own, *link, *signed)]
    for left_out in dict.fromkeys(base):
        for name, sort in _FORMS:
            yield Body(fields=left_out, canon=name, sort=sort)
            yield Body(fields=left_out, canon=name, sort=sort, drop_nulls=True)
    others = [name for name in names if name not in own]
    for count in range(1, _LEFT_OUT + 1):
        for more in combinations(others, count):
            for name, sort in _FORMS[: 9 if count < 3 else 3]:
                yield Body(fields=(*own, *more), canon=name, sort=sort)
    for name, sort in _FORMS:
        for inner in others:
            yield Body(root=inner, canon=name, sort=sort)


def _preimages(fields: Fields) -> Iterator[tuple[str, ...]]:
    yield ("{body}",)
    if fields.own is None:
        return
    for separator in _SEPARATORS:
        middle = (separator,) if separator else ()
        yield ("{prev}", *middle, "{body}")
        yield ("{body}", *middle, "{prev}")


def _joined(base: Profile, fields: Fields, names: Sequence[str]) -> Iterator[Profile]:
    """Texts of fields joined by a separator: all of them in the order of the record, then any order of few."""
    texts = [name for name in names if not _SIGNED.search(name)]
    orders: list[tuple[str, ...]] = [tuple(texts)]
    if fields.prev is not None:
        rest = tuple(name for name in texts if name != fields.prev)
        orders += [(fields.prev, *rest), (*rest, fields.prev)]
    if len(texts) <= _JOINED:
        for count in range(len(texts), 1, -1):
            orders += list(permutations(texts, count))
    for order in dict.fromkeys(orders):
        for separator in _SEPARATORS:
            parts: list[str] = []
            for name in order:
                parts += [separator] * bool(parts and separator) + [f"{{f:{name}}}"]
            if fields.prev is None:
                parts = ["{prev}", *([separator] if separator else []), *parts]
            yield replace(base, digest=replace(base.digest, preimage=tuple(parts)))


def toml(profile: Profile) -> str:
    """The profile as a TOML file that `--profile FILE` takes."""
    body, digest = profile.body, profile.digest
    out = [f"title = {_text(profile.title)}", 'tested = "run"', "", "[match]", f"required = {_text(profile.required)}"]
    if profile.container != "lines":
        out += ["", "[records]", f"container = {_text(profile.container)}"]
        out += [
            f"{key} = {_text(value)}"
            for key, value in (("path", ", ".join(profile.path)), ("table", profile.table))
            if value
        ]
    out += ["", "[chain]"]
    for key in ("hash", "prev"):
        if getattr(profile, key) is not None:
            out.append(f"{key} = {_text(getattr(profile, key))}")
    out += [f"genesis = {_text(profile.genesis)}", "", "[digest]", f"algorithm = {_text(digest.algorithm)}"]
    out.append(f"encoding = {_text(digest.encoding)}")
    if digest.prefix:
        out.append(f"prefix = {_text(digest.prefix)}")
    if digest.length is not None:
        out.append(f"length = {digest.length}")
    if profile.of != "record":
        out.append(f"of = {_text(profile.of)}")
    out += [f"preimage = {_text(digest.preimage)}", "", "[body]"]
    if body.root:
        out.append(f"root = {_text(body.root)}")
    out += [f"fields = {_text(body.fields)}", f"canon = {_text(body.canon)}"]
    if not body.sort:
        out.append("sort = false")
    if body.drop_nulls:
        out.append("drop_nulls = true")
    return "\n".join(out) + "\n"


def _text(value: Any) -> str:
    """A TOML string or list of strings: JSON's are, but for U+007F."""
    return json.dumps(list(value) if isinstance(value, tuple) else value).replace("\x7f", "\\u007f")
