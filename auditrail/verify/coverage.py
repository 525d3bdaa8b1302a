"""Which fields of a record no hash and no signature covers: what anyone may change without being seen.

Computed from the profile and the record, never from a list: a field that a producer adds tomorrow is reported then.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail.verify.parts import part_of
from auditrail.verify.paths import get, has, lookup
from auditrail.verify.profile import Body, Profile

# So many shapes of records are remembered; hostile logs have a new one in each record.
_SHAPES = 4096
_LISTED = 1000


class _Layer(NamedTuple):
    """One hash or signature: what it is over."""

    body: Body
    preimage: tuple[str, ...]
    # Paths that it guards by itself: its own field, the key it is checked with.
    own: frozenset[str]
    # The field without which it covers nothing.
    needs: str | None = None


class Coverage:
    """Gathers uncovered fields over the records of a chain: by its hashes alone, and by its signatures as well."""

    def __init__(self, profile: Profile) -> None:
        self._hashes, self._signatures = _layers(profile)
        self._shapes: dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]] = {}
        layers = [*self._hashes, *self._signatures]
        self.plain = not any(b.exclude_deep or b.drop_nulls or b.orders for b in (layer.body for layer in layers))
        self.plain = self.plain and not any(layer.needs for layer in layers)
        self.plain = self.plain and not any("." in path for layer in layers for path in _named(layer))
        self._root = (profile.root or "").partition(".")[0]
        self.beside: set[str] = set()
        self.by_hash: set[str] = set()
        self.by_both: set[str] = set()

    def see(self, value: Any, around: Any = None) -> None:
        """Takes in one record; `around` is the object that holds it, where a chain is inside records."""
        if not isinstance(value, dict):
            return
        if isinstance(around, dict) and len(self.beside) < _LISTED:
            self.beside |= around.keys() - {self._root}
        if not self.plain:
            self._take(self._open(value))
            return
        shape = tuple(value)
        known = self._shapes.get(shape)
        if known is None:
            known = self._open(value)
            if len(self._shapes) < _SHAPES:
                self._shapes[shape] = known
            self._take(known)

    def _take(self, found: tuple[frozenset[str], frozenset[str]]) -> None:
        if len(self.by_hash) < _LISTED:
            self.by_hash |= found[0]
        if len(self.by_both) < _LISTED:
            self.by_both |= found[1]

    def _open(self, value: dict[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
        whole = set(value)
        by_hash = _left(value, self._hashes, whole)
        return frozenset(by_hash), frozenset(_left(value, self._signatures, by_hash))


def _layers(profile: Profile) -> tuple[list[_Layer], list[_Layer]]:
    hashes = []
    if profile.hash is not None or profile.of == "previous":
        own = {profile.hash} if profile.hash else set()
        if "{prev}" in profile.digest.preimage and profile.prev:
            own.add(profile.prev)
        hashes.append(_Layer(profile.body, profile.digest.preimage, frozenset(own)))
        hashes += [
            _Layer(c.body, c.digest.preimage, frozenset({c.field}), c.field if c.optional else None)
            for c in profile.checks
        ]
    signatures = []
    for item in profile.signatures:
        # The key id is not among them: a key that was given without an id is tried whatever the record names.
        own = {item.field, *({item.key} if item.key != "given" else ())}
        signatures.append(_Layer(item.body or profile.body, item.over, frozenset(own)))
    return hashes, signatures


def _left(value: dict[str, Any], layers: list[_Layer], open_before: set[str]) -> set[str]:
    """What of these paths no layer covers."""
    left = set(open_before)
    for layer in layers:
        if layer.needs is not None and get(value, layer.needs) is None:
            continue
        uncovered = _uncovered(value, layer)
        left = {path for one in left for path in _narrow(value, one, uncovered, layer.own)}
    return left


def _narrow(value: dict[str, Any], path: str, uncovered: set[str], own: frozenset[str]) -> list[str]:
    """The parts of a path that are uncovered: itself, members of it that are, or nothing."""
    if path in own:
        return []
    bare = path.removesuffix(" (null)")
    inner = [item for item in uncovered if item.startswith(f"{bare}.")]
    if path in uncovered or any(bare.startswith(f"{item}.") for item in uncovered):
        guarded = [item for item in own if item.startswith(f"{bare}.")]
        found = lookup(value, bare)
        if guarded and isinstance(found, dict):
            return [made for key in found for made in _narrow(value, f"{bare}.{key}", uncovered, own)]
        return [path]
    return [item for item in inner if item not in own] + ([f"{bare} (null)"] if f"{bare} (null)" in uncovered else [])


def _named(layer: _Layer) -> set[str]:
    parts = [part_of(part, "preimage") for part in layer.preimage]
    return {argument for kind, argument in parts if kind in ("f", "o", "py", "len32")} | layer.own


def _uncovered(value: dict[str, Any], layer: _Layer) -> set[str]:
    body = layer.body
    parts = [part_of(part, "preimage") for part in layer.preimage]
    kinds = {kind for kind, _ in parts}
    named = {argument for kind, argument in parts if kind in ("f", "o", "py", "len32")}
    if "raw" in kinds:
        return set()
    # A hash covers what the record's hash covers: who signs the hash signs the body.
    if not kinds & {"body", "preimage", "hash", "hash-bytes"}:
        return _members(value, named)
    if kinds & {"hash", "hash-bytes"} and not kinds & {"body", "preimage"}:
        return _members(value, named)
    if body.canon == "raw":
        return set()
    if body.root:
        left = _members(value, {body.root, *named})
    elif body.rename:
        left = _members(value, {old for _, old in body.rename} | named)
    elif body.select == "all-minus":
        left = {path for path in body.fields if has(value, path)} - named
    else:
        left = _members(value, {*body.fields, *named})
    return left | _inside(value, body, left)


def _members(value: dict[str, Any], covered: set[str]) -> set[str]:
    """Members that are not covered, and of an object of which only some members are, the others."""
    made = set()
    for key, item in value.items():
        if key in covered:
            continue
        inner = {path.partition(".")[2] for path in covered if path.startswith(f"{key}.")}
        if inner and isinstance(item, dict):
            made |= {f"{key}.{path}" for path in _members(item, inner)}
        else:
            made.add(key)
    return made


def _inside(value: Any, body: Body, outside: set[str]) -> set[str]:
    """Members inside the body that its form leaves out: by their name, because they are null, or not in its order."""
    if not (body.exclude_deep or body.drop_nulls or body.orders):
        return set()
    found: set[str] = set()
    stack: list[tuple[str, Any]] = [("", value if not body.root else lookup(value, body.root))]
    excluded, keep, orders = set(body.exclude_deep), set(body.keep_null), dict(body.orders)
    prefix = f"{body.root}." if body.root else ""
    while stack and len(found) < _LISTED:
        at, holder = stack.pop()
        items = holder.items() if isinstance(holder, dict) else ((None, item) for item in holder or ())
        order = orders.get(at.rstrip("."))
        for key, item in items:
            path = at if key is None else f"{at}{key}"
            if path in outside:
                continue
            if key is not None and ((at and key in excluded) or (order is not None and key not in order)):
                found.add(prefix + path)
            elif item is None and body.drop_nulls and key is not None and path not in keep:
                found.add(f"{prefix}{path} (null)")
            elif isinstance(item, dict) and body.orders and key is not None and path not in orders:
                found.add(prefix + path)
            elif isinstance(item, dict) or (body.inside_lists and isinstance(item, list)):
                stack.append((f"{path}." if key is not None else path, item))
    return found
