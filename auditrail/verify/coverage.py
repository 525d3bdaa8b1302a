"""Which fields of a record no hash and no signature covers: what anyone may change without being seen.

Computed from the profile and the record, never from a list: a field that a producer adds tomorrow is reported then.
"""

from __future__ import annotations

from typing import Any

from auditrail.verify.plan import has
from auditrail.verify.profile import Body, Profile, part_of

# So many shapes of records are remembered; hostile logs have a new one in each record.
_SHAPES = 4096
_LISTED = 1000


class Coverage:
    """Gathers uncovered fields over the records of a chain."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._shapes: dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]] = {}
        self._plain = not (profile.body.exclude_deep or profile.body.drop_nulls or profile.body.orders)
        self.by_hash: set[str] = set()
        self.by_both: set[str] = set()

    def see(self, value: Any) -> None:
        """Takes in one record: what its hash leaves open, and what its hash and signatures together leave open."""
        if not isinstance(value, dict):
            return
        shape = tuple(value)
        known = self._shapes.get(shape)
        if known is None:
            known = self._open(value)
            if len(self._shapes) < _SHAPES:
                self._shapes[shape] = known
            self._take(known)
        if not self._plain:
            deep = frozenset(_deep(value, self._profile.body))
            self._take((deep, deep if not self._signed_bodies() else frozenset()))

    def _take(self, found: tuple[frozenset[str], frozenset[str]]) -> None:
        if len(self.by_hash) < _LISTED:
            self.by_hash |= found[0]
        if len(self.by_both) < _LISTED:
            self.by_both |= found[1]

    def _signed_bodies(self) -> list[Body]:
        return [signature.body for signature in self._profile.signatures if signature.body is not None]

    def _open(self, value: dict[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
        profile = self._profile
        hashed = profile.hash is not None or profile.of == "previous"
        by_hash = _uncovered(value, profile.body, profile.digest.preimage) if hashed else set(value)
        for check in profile.checks:
            by_hash &= _uncovered(value, check.body, check.digest.preimage) | {check.field}
        own = {name for name in (profile.hash, *(c.field for c in profile.checks if c.field != profile.hash)) if name}
        by_hash -= {path for path in own if path == profile.hash}
        both = set(by_hash)
        for signature in profile.signatures:
            covered = both & _uncovered(value, signature.body or profile.body, signature.over)
            both = covered - {signature.field}
            if signature.key != "given":
                both.discard(signature.key)
            if signature.kid:
                # Another kid is another key: the signature fits no more.
                both.discard(signature.kid)
        return frozenset(by_hash), frozenset(_tops(both, profile))


def _tops(paths: set[str], profile: Profile) -> set[str]:
    """Without objects of which all members that matter are signatures themselves."""
    inner = {signature.field for signature in profile.signatures}
    return {path for path in paths if not any(field.startswith(f"{path}.") for field in inner)}


def _uncovered(value: dict[str, Any], body: Body, preimage: tuple[str, ...]) -> set[str]:
    parts = [part_of(part, "preimage") for part in preimage]
    kinds = {kind for kind, _ in parts}
    named = {argument for kind, argument in parts if kind in ("f", "o", "len32")}
    if "raw" in kinds:
        return set()
    # A hash covers what the record's hash covers: who signs the hash signs the body.
    if not kinds & {"body", "preimage", "hash", "hash-bytes"}:
        return {key for key in value if key not in named}
    if body.canon == "raw":
        return set()
    left: set[str]
    if body.root:
        left = {key for key in value if key != body.root.partition(".")[0]}
    elif body.rename:
        left = set(value) - {old.partition(".")[0] for _, old in body.rename}
    elif body.select == "all-minus":
        left = {path for path in body.fields if has(value, path)}
    else:
        left = set(value) - {path.partition(".")[0] for path in body.fields}
    return left - named


def _deep(value: Any, body: Body) -> list[str]:
    """Members inside the body that its canonical form leaves out: by their name, because null, or not named."""
    found: list[str] = []
    stack: list[tuple[str, Any]] = [("", value)]
    excluded, keep, orders = set(body.exclude_deep), set(body.keep_null), dict(body.orders)
    while stack and len(found) < _LISTED:
        at, holder = stack.pop()
        items = holder.items() if isinstance(holder, dict) else ((None, item) for item in holder)
        order = orders.get(at.rstrip("."))
        for key, item in items:
            path = at if key is None else f"{at}{key}"
            if key is not None and at and (key in excluded or (order is not None and key not in order)):
                found.append(path)
                continue
            if item is None and body.drop_nulls and key is not None and path not in keep:
                found.append(f"{path} (null)")
            elif isinstance(item, (dict, list)):
                if body.orders and key is not None and path not in orders and isinstance(item, dict):
                    found.append(path)
                else:
                    stack.append((f"{path}." if key is not None else path, item))
    return found
