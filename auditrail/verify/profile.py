r"""Chain profiles: the closed vocabulary of `auditrail/chains/*.toml`, loaded and checked. Field paths are dotted.

    title, source, tested         what it is; where the facts are from; "run", "source" or "documentation"
    covers, limits                sentences: what a verdict stands on; what it can't say
    verifiable = false, reason    the hashes can't be recomputed from the log: only links are checked

    [match]                       what a record must look like (several profiles may fit; the one that reproduces
                                  the stored hashes is taken)
    required, absent              field paths that must, must not be there
    const                         { path = value }

    [records]
    container                     "lines" (default), "array" (a list, or the list at `path` of one object), "sqlite"
    path, table, order            of the list (or several, of which the log has one); of the table and its order
    root                          the chained object inside each record, if it is not the record itself
    json                          columns of the table that hold JSON as text, and are read as such

    [chain]
    key                           field that separates chains inside one file; scope = "file" or "directory" (the chain
                                  runs on from file to file)
    hash, prev, seq, seq_start    fields; without `prev` the link is implied, without `hash` the next record holds it
    genesis                       values of the first link; "@null", "@absent", "@zeros64", "@any"
    restart                       true: this writer begins anew in the same file after a restart
    keeps, seam                   N: this writer keeps the newest N records only; where it then writes the first link
    prechain                      true: records without a hash may stand before the first that has one
    time                          a number that this writer takes and writes under one lock: it never goes back from one
                                  record to the next, of whatever chain, unless the clock is set back
    id, parent                    a record's id, and the field that holds the id of the one before

    [digest]
    algorithm                     sha256 (default), sha512, sha384, sha1, md5, blake3, hmac-sha256
    encoding                      hex (default), base64, base64url; prefix, length (characters kept)
    of                            "record" (default), or "previous": a link is the hash of the record before it
    kid                           of HMAC: the path of the id of the key that a record is sealed with
    preimage                      parts, joined: {prev} {body} {raw} {hash} {f:path} {o:path} {py:path} {len32:path}
                                  {len32:@prev} {hex:00}, or text as it stands; default {body}

    [body]                        what {body} is
    select                        "all-minus" (default), "only", "ordered"; fields = paths
    root                          the object to take, default the record
    rename                        { new = "old path" }: a new object of these
    missing                       "skip" (default) or "null": of `only` and `rename`
    drop_nulls, keep_null         leave out members that are null, but those named: they are null, too, where absent
    exclude_deep                  keys left out at every depth
    inside_lists                  true (default); false: both stop at lists, and what is in a list stays as it is
    replace                       { path = [ending, new ending] }
    isoformat                     times that are hashed as Python's isoformat() writes them, however they are stored
    fill                          { path = value } of members that are null or absent
    orders                        { path = keys }: order of the members of inner objects, others left out
    canon, sort                   a form of `canon`; "raw": the record's bytes

    [[check]]                     further stored hashes: field, preimage, body, algorithm, encoding, prefix, length;
                                  optional = true: records without it are told of, and break nothing
    [[signature]]                 field, algorithm ("ed25519", "es256", "rsa-sha256", "hmac-sha256"), encoding, prefix,
                                  over ("hash", "hash-bytes", "body", "preimage" or parts), body (its own), key ("given"
                                  or the path of the public key in the record), key_encoding, key_prefix, kid (path);
                                  rotates (path of the key that signs from the next record on, written as a key is);
                                  optional = true: the writer may be given another key and none for this
    tree                          "rfc6962" or "agt": the producer publishes a Merkle root over its records' hashes
    [terminal]                    path, value: marks the last record of a finished chain

A key that is not named here is an error: a misspelt one would silently check less.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from auditrail.errors import ConfigError
from auditrail.verify.canon import FORMS
from auditrail.verify.parts import part_of
from auditrail.verify.tables import Table

_FOLDER = Path(__file__).parent.parent / "chains"
ALGORITHMS = ("sha256", "sha512", "sha384", "sha1", "md5", "blake3", "hmac-sha256")
WEAK = ("sha1", "md5")
ENCODINGS = ("hex", "base64", "base64url")
SIGNATURES = ("ed25519", "es256", "rsa-sha256", "hmac-sha256")


@dataclass(frozen=True)
class Body:
    """What is written in canonical form; see the module docstring."""

    select: str = "all-minus"
    fields: tuple[str, ...] = ()
    root: str | None = None
    rename: tuple[tuple[str, str], ...] = ()
    missing: str = "skip"
    drop_nulls: bool = False
    keep_null: tuple[str, ...] = ()
    exclude_deep: tuple[str, ...] = ()
    inside_lists: bool = True
    isoformat: tuple[str, ...] = ()
    fill: tuple[tuple[str, Any], ...] = ()
    replace: tuple[tuple[str, tuple[str, str]], ...] = ()
    orders: tuple[tuple[str, tuple[str, ...]], ...] = ()
    canon: str = "py-c-u8"
    sort: bool = True

    @property
    def reshaped(self) -> bool:
        """Whether more is done to the object than to leave members of it out."""
        changed = self.rename or self.drop_nulls or self.exclude_deep or self.replace or self.root or self.orders
        return bool(changed or self.isoformat or self.fill)


@dataclass(frozen=True)
class Digest:
    """How a hash is made of bytes and written as text."""

    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    length: int | None = None
    preimage: tuple[str, ...] = ("{body}",)
    kid: str | None = None


@dataclass(frozen=True)
class Check:
    """A further stored hash of the record."""

    field: str
    digest: Digest
    body: Body
    optional: bool = False


@dataclass(frozen=True)
class Signature:
    """A signature that records carry."""

    field: str
    algorithm: str
    encoding: str = "hex"
    prefix: str = ""
    over: tuple[str, ...] = ("{hash}",)
    body: Body | None = None
    key: str = "given"
    key_encoding: str = "hex"
    key_prefix: str = ""
    kid: str | None = None
    rotates: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Profile:
    """One chain profile, checked."""

    name: str
    title: str
    source: str = ""
    tested: str = "documentation"
    covers: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    verifiable: bool = True
    reason: str = ""
    required: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    const: tuple[tuple[str, Any], ...] = ()
    container: str = "lines"
    path: tuple[str, ...] = ()
    table: str | None = None
    order: str | None = None
    root: str | None = None
    json: tuple[str, ...] = ()
    key: str | None = None
    scope: str = "file"
    hash: str | None = None
    prev: str | None = None
    seq: str | None = None
    seq_start: int | None = None
    genesis: tuple[Any, ...] = ()
    restart: bool = False
    keeps: int | None = None
    seam: str | None = None
    prechain: bool = False
    id: str | None = None
    parent: str | None = None
    time: str | None = None
    links: bool = True
    of: str = "record"
    digest: Digest = field(default_factory=Digest)
    body: Body = field(default_factory=Body)
    checks: tuple[Check, ...] = ()
    signatures: tuple[Signature, ...] = ()
    terminal: tuple[str, Any] | None = None
    tree: str | None = None

    @property
    def keyed(self) -> bool:
        return self.digest.algorithm.startswith("hmac")

    @property
    def weak(self) -> str | None:
        """Why the hash is weak, None if it is not: fewer than 160 bits stop nobody who can spend money."""
        if self.digest.algorithm in WEAK:
            return f"{self.digest.algorithm} is broken: two records with one hash can be made"
        if self.digest.length is not None and self.digest.length * (4 if self.digest.encoding == "hex" else 6) < 160:
            bits = self.digest.length * (4 if self.digest.encoding == "hex" else 6)
            return f"only {bits} bits of the hash are kept: two records with one hash can be found at a price"
        return None


@cache
def builtin() -> dict[str, Profile]:
    """The profiles of the folder, by name."""
    return {path.stem: load(path) for path in sorted(_FOLDER.glob("*.toml"))}


def load(path: Path) -> Profile:
    """Reads a profile from a file; its name is the file's.

    Raises:
        ConfigError: it can't be read, is not TOML, or breaks the vocabulary; the message names the key.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        return parse(path.stem, table)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from None


def parse(name: str, table: dict[str, Any]) -> Profile:
    """A profile from its table.

    Raises:
        ConfigError: an unknown key, a value of a wrong type, or words that do not go together.
    """
    top = Table(table, "")
    made: dict[str, Any] = {"name": top.text("name", name) or name, "title": top.text("title", name) or name}
    made["source"] = top.text("source", "") or ""
    made["tested"] = top.one_of("tested", ("run", "source", "documentation"), "documentation")
    made["covers"], made["limits"] = top.texts("covers"), top.texts("limits")
    made["verifiable"], made["reason"] = top.truth("verifiable", True), top.text("reason", "") or ""
    made["tree"] = top.one_of("tree", ("rfc6962", "agt"), "") if top.text("tree") else None
    match = top.table("match")
    made["required"], made["absent"] = match.texts("required"), match.texts("absent")
    made["const"] = tuple(match.raw("const", dict, {}).items())
    records = top.table("records")
    made["container"] = records.one_of("container", ("lines", "array", "sqlite"), "lines")
    for key in ("table", "order", "root"):
        made[key] = records.text(key)
    path = records.raw("path", (str, list), [])
    made["path"] = (path,) if isinstance(path, str) else tuple(map(str, path))
    made["json"] = records.texts("json")
    made.update(_chain(top.table("chain")))
    digest = top.table("digest")
    made["of"] = digest.one_of("of", ("record", "previous"), "record")
    made["digest"] = _digest(digest)
    made["body"] = _body(top.table("body"))
    made["checks"] = tuple(_check(item) for item in top.tables("check"))
    made["signatures"] = tuple(_signature(item) for item in top.tables("signature"))
    terminal = top.table("terminal")
    last = terminal.text("path")
    made["terminal"] = (last, terminal.raw("value", (str, bool, int), True)) if last else None
    for part in (match, records, digest, terminal, top):
        part.done()
    profile = Profile(**made)
    _sound(profile)
    return profile


def _chain(chain: Table) -> dict[str, Any]:
    made: dict[str, Any] = {
        key: chain.text(key) for key in ("key", "hash", "prev", "seq", "seam", "id", "parent", "time")
    }
    made["scope"] = chain.one_of("scope", ("file", "directory"), "file")
    made["seq_start"], made["keeps"] = chain.number("seq_start"), chain.number("keeps")
    made["restart"], made["prechain"] = chain.truth("restart", False), chain.truth("prechain", False)
    made["links"] = chain.truth("links", True)
    genesis = chain.raw("genesis", (str, list), [])
    made["genesis"] = tuple(
        "0" * 64 if value == "@zeros64" else value for value in ([genesis] if isinstance(genesis, str) else genesis)
    )
    chain.done()
    return made


def _digest(table: Table) -> Digest:
    made = Digest(
        table.one_of("algorithm", ALGORITHMS, "sha256"),
        table.one_of("encoding", ENCODINGS, "hex"),
        table.text("prefix", "") or "",
        table.number("length"),
        table.texts("preimage") or ("{body}",),
        table.text("kid"),
    )
    for part in made.preimage:
        part_of(part, table.where("preimage"))
    return made


def _body(table: Table) -> Body:
    made = Body(
        table.one_of("select", ("all-minus", "only", "ordered"), "all-minus"),
        table.texts("fields"),
        table.text("root"),
        tuple((new, str(old)) for new, old in table.raw("rename", dict, {}).items()),
        table.one_of("missing", ("skip", "null"), "skip"),
        table.truth("drop_nulls", False),
        table.texts("keep_null"),
        table.texts("exclude_deep"),
        table.truth("inside_lists", True),
        table.texts("isoformat"),
        tuple(table.raw("fill", dict, {}).items()),
        tuple(_pair(path, ends, table.where("replace")) for path, ends in table.raw("replace", dict, {}).items()),
        tuple((path, tuple(map(str, keys))) for path, keys in table.raw("orders", dict, {}).items()),
        table.one_of("canon", (*FORMS, "raw"), "py-c-u8"),
        table.truth("sort", True),
    )
    table.done()
    return made


def _pair(path: str, ends: Any, where: str) -> tuple[str, tuple[str, str]]:
    if not isinstance(ends, list) or len(ends) != 2 or not all(isinstance(end, str) for end in ends):
        raise ConfigError(f"{where}.{path}: expected two texts: an ending, and what stands for it")
    return path, (ends[0], ends[1])


def _check(table: Table) -> Check:
    made = Check(table.needed("field"), _digest(table), _body(table.table("body")), table.truth("optional", False))
    table.done()
    return made


def _signature(table: Table) -> Signature:
    words = {"hash": "{hash}", "hash-bytes": "{hash-bytes}", "body": "{body}", "preimage": "{preimage}"}
    over = table.raw("over", (str, list), "hash")
    parts = (words[over],) if isinstance(over, str) and over in words else tuple(over if isinstance(over, list) else ())
    if not parts:
        raise ConfigError(f"{table.where('over')}: {over!r} is not known", hint=f"known: {', '.join(words)}, or parts")
    for part in parts:
        part_of(part, table.where("over"))
    own = table.table("body")
    made = Signature(
        table.needed("field"),
        table.one_of("algorithm", SIGNATURES, "ed25519"),
        table.one_of("encoding", ENCODINGS, "hex"),
        table.text("prefix", "") or "",
        parts,
        _body(own) if own else None,
        table.text("key", "given") or "given",
        table.one_of("key_encoding", ENCODINGS, "hex"),
        table.text("key_prefix", "") or "",
        table.text("kid"),
        table.text("rotates"),
        table.truth("optional", False),
    )
    table.done()
    return made


def _sound(profile: Profile) -> None:
    """Words that contradict each other would make a verifier that checks nothing."""
    if profile.of == "previous" and profile.prev is None:
        raise ConfigError("digest.of: a hash of the previous record needs chain.prev")
    if profile.of == "record" and profile.hash is None and not profile.signatures:
        raise ConfigError("chain.hash: missing, and nothing is signed: nothing would be checked")
    implied = profile.hash is not None and profile.prev is None and "{prev}" not in profile.digest.preimage
    if implied and profile.links and not any("@prev" in part for part in profile.digest.preimage):
        raise ConfigError("chain.prev: missing, and {prev} is in no pre-image: nothing would be linked")
    if profile.links and not profile.genesis and (profile.hash or profile.prev):
        raise ConfigError("chain.genesis: missing", hint='the value of the first link, or "@any"')
    if not profile.verifiable and not profile.reason:
        raise ConfigError("reason: missing: say why the hashes can't be recomputed")
