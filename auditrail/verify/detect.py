"""Finds the profile of a log: by what its records look like, and then by which profile reproduces their hashes.

Looks alone decide nothing: most formats have fields called `hash` and `prev_hash`. Each profile that fits the looks is
tried on the first records, and the one that reproduces most of their hashes is taken. If none reproduces any, a profile
whose looks are its own is still named, so that a log that was changed throughout is not passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from auditrail.containers import framing
from auditrail.verify import parse as parsing
from auditrail.verify.evidence import Call, Evidence
from auditrail.verify.forms import Style
from auditrail.verify.paths import get, has, lookup
from auditrail.verify.plan import Context, Plan
from auditrail.verify.profile import Profile
from auditrail.verify.records import SQLITE, Outside, Raw, Shape, read, tables

_SAMPLE = 64
_HOLDERS = 16
# Of larger samples, a record is tried behind the one before it only.
_SMALL = 1 << 17


class Guess(NamedTuple):
    """A profile and how to cut the file for it.

    Attributes:
        reproduced, tried: hashes of the sample that came out as stored, and that were compared.
        secret: the key with which they came out, for HMAC.
        style: how the log's writer writes its lines.
        twins: profiles that reproduce the sample just as well; they differ in what only later records may show.
    """

    profile: Profile
    shape: Shape
    reproduced: int
    tried: int
    secret: bytes | None = None
    style: Style | None = None
    twins: tuple[Profile, ...] = ()


class Looks(NamedTuple):
    """A sample of a file's records as one shape cuts it."""

    shape: Shape
    records: tuple[tuple[Any, bytes], ...]


def guess(item: Evidence, profiles: Iterable[Profile], call: Call, *, forced: bool = False) -> Guess | None:
    """The profile of a file, None if none fits its looks.

    `forced` says that the user named the profile: then looks need not fit.
    """
    known = list(profiles)
    best: Guess | None = None
    best_looks: Looks | None = None
    tried: list[Guess] = []
    for looks in shapes(item, known, call):
        for profile in known:
            if not _cut_for(profile, looks.shape):
                continue
            if not forced and not fits(profile, looks.records):
                continue
            made = _try(profile, looks, call)
            tried.append(made)
            if best is None or _rank(made) > _rank(best):
                best, best_looks = made, looks
    if best is None or best_looks is None:
        return None
    best = best._replace(twins=tuple(made.profile for made in tried if made is not best and _alike(made, best)))
    return best._replace(style=Style(best_looks.records)) if best.shape.kind == "lines" else best


def _alike(made: Guess, best: Guess) -> bool:
    counts = (best.shape, best.reproduced, best.tried, best.secret)
    return bool(made.tried) and (made.shape, made.reproduced, made.tried, made.secret) == counts


_TESTED = ("documentation", "source", "run")


def _rank(made: Guess) -> tuple[float, bool, int, int, int, str]:
    share = made.reproduced / made.tried if made.tried else 0.0
    profile = made.profile
    looks = len(profile.required) + 3 * len(profile.const) + len(profile.absent)
    # Of two that reproduce the same, the one that covers more, has more to say about the looks, and is better known.
    known = _TESTED.index(profile.tested)
    return share, profile.verifiable and bool(made.reproduced), looks, len(profile.signatures), known, profile.name


def convincing(made: Guess) -> bool:
    """Whether the profile may be named though it reproduced nothing: its looks are its own, or nothing was tried."""
    profile = made.profile
    signed_only = profile.hash is None and profile.of == "record"
    # A field inside another says more about a format than one at the top.
    weight = sum(1 + path.count(".") for path in profile.required)
    own_looks = bool(profile.const) or weight >= (3 if signed_only else 5)
    # A single record of a format whose hashes stand in the next one: nothing can be tried.
    untried = not made.tried and weight >= 4
    return bool(made.reproduced) or own_looks or untried or not profile.verifiable


def shapes(item: Evidence, profiles: Sequence[Profile], call: Call) -> list[Looks]:
    """The ways in which the file can be cut that give objects."""
    if item.head.startswith(SQLITE):
        return _tables(item, profiles, call)
    head = framing.look(item.head, item.complete)
    found: list[Shape] = []
    if head.framing == "lines":
        found.append(Shape("lines"))
    elif head.framing == "values":
        found.append(Shape("values"))
    first = next((sample for sample in head.samples if isinstance(sample, dict)), None)
    if not head.top_array:
        names = _arrays(first, profiles)
        if first is None:  # a document that reaches beyond the head
            names += sorted(
                {path for profile in profiles for path in profile.path if path.partition(".")[0] in head.keys}
            )
        found += [Shape("values", name) for name in names]
    made = [Looks(shape, sample(item, shape, call)) for shape in found]
    return [looks for looks in made if looks.records]


def _arrays(first: Any, profiles: Sequence[Profile]) -> list[str]:
    """Members of a wrapper object that are lists of objects; and paths that profiles name."""
    if not isinstance(first, dict):
        return []
    made = [
        name for name, value in first.items() if isinstance(value, list) and any(isinstance(v, dict) for v in value)
    ]
    for path in sorted({path for profile in profiles for path in profile.path}):
        if isinstance(lookup(first, path), list) and path not in made:
            made.append(path)
    return made[:_HOLDERS]


def _tables(item: Evidence, profiles: Sequence[Profile], call: Call) -> list[Looks]:
    made = []
    for name, columns in tables(item).items():
        cuts: set[tuple[str | None, tuple[str, ...]]] = {
            (p.order, p.json)
            for p in profiles
            if p.container == "sqlite" and p.table in (None, name) and {p.order, *p.json} - {None} <= set(columns)
        }
        for order, texts in sorted(cuts, key=str) or [(None, ())]:
            shape = Shape("sqlite", table=name, order=order, json=texts)
            made.append(Looks(shape, sample(item, shape, call)))
    return [looks for looks in made if looks.records]


def sample(item: Evidence, shape: Shape, call: Call, limit: int = _SAMPLE) -> tuple[tuple[Any, bytes], ...]:
    """The first records that are objects, with their bytes."""
    made: list[tuple[Any, bytes]] = []
    tried = 0
    for part in read(item, shape, call):
        if isinstance(part, Outside):
            continue
        tried += 1
        value = _value(part)
        if isinstance(value, dict):
            made.append((value, part.raw))
        if len(made) >= limit or tried >= 4 * limit:
            break
    return tuple(made)


def _value(part: Raw) -> Any:
    if part.value is not None or part.defect is not None:
        return part.value
    try:
        return parsing.parse(part.raw).value
    except parsing.ParseError:
        return None


def _cut_for(profile: Profile, shape: Shape) -> bool:
    """Lines and arrays hold the same records; a table does not, and an array inside an object may be named."""
    if (profile.container == "sqlite") != (shape.kind == "sqlite"):
        return False
    if shape.kind == "sqlite":
        return profile.table in (None, shape.table) and (profile.order, profile.json) == (shape.order, shape.json)
    return not profile.path or shape.array in (None, *profile.path)


def fits(profile: Profile, records: Sequence[tuple[Any, bytes]]) -> bool:
    """Whether at least half of the records look like this profile's."""
    hits = sum(_looks_like(profile, value) for value, _ in records)
    return hits * 2 >= len(records) and hits > 0


def _looks_like(profile: Profile, value: Any) -> bool:
    item = get(value, profile.root) if profile.root else value
    return (
        isinstance(item, dict)
        and all(has(item, path) for path in profile.required)
        and not any(has(item, path) for path in profile.absent)
        and all(_is(lookup(item, path), wanted) for path, wanted in profile.const)
    )


def _is(value: Any, wanted: Any) -> bool:
    """Whether a value is the wanted one; a wanted text that ends in `*` asks for a beginning."""
    if isinstance(wanted, str) and wanted.endswith("*"):
        return isinstance(value, str) and value.startswith(wanted[:-1])
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _try(profile: Profile, looks: Looks, call: Call) -> Guess:
    if not profile.keyed:
        return Guess(profile, looks.shape, *reproduced(Plan(profile), looks.records))
    best = Guess(profile, looks.shape, 0, len(looks.records))
    for secret in call.keys.secrets():
        counts = reproduced(Plan(profile, secret), looks.records)
        if counts[0] > best.reproduced:
            best = Guess(profile, looks.shape, *counts, secret)
    return best


def reproduced(plan: Plan, records: Sequence[tuple[Any, bytes]]) -> tuple[int, int]:
    """How many stored hashes come out as they are stored, and how many were compared."""
    profile = plan.profile
    fitting = tried = 0
    before: dict[Any, str | None] = {}
    hashes: set[str | None] = set()
    links: list[Any] = []
    for value, raw in records:
        item = plan.object_of(value)
        if not isinstance(item, dict):
            continue
        key = repr(get(item, profile.key)) if profile.key else None
        own = get(item, profile.hash) if profile.hash else None
        link = get(item, profile.prev) if profile.prev else None
        last = before.get(key)
        implied = profile.hash is not None and profile.prev is None
        used = (last or plan.genesis_text) if implied else link
        if used is None and not implied:
            used = plan.genesis_text or ""
        context = Context(item, raw, used if isinstance(used, str) else None, own if isinstance(own, str) else None)
        computed = plan.compute(context)
        if implied and computed != own:
            computed = _behind_another(plan, context, records) or computed
        if profile.hash is not None:
            tried += 1
            fitting += computed is not None and computed == own
        elif profile.of == "previous" and key in before:
            tried += 1
            fitting += last is not None and last == link
        before[key] = own if isinstance(own, str) else computed
        hashes.add(before[key])
        links.append(link)
    if profile.of == "previous" and profile.hash is None and not fitting:
        # Lines that were moved: a link is the hash of a record that stands elsewhere.
        fitting = sum(isinstance(link, str) and link in hashes for link in links)
    return min(fitting, tried), tried


def _behind_another(plan: Plan, context: Context, records: Sequence[tuple[Any, bytes]]) -> str | None:
    """The hash of a record that stores no link, if it comes out behind some other record: the lines were moved."""
    if context.own is None or sum(len(raw) for _, raw in records) > _SMALL:
        return None
    for value, _ in records:
        other = get(plan.object_of(value), plan.profile.hash)
        if isinstance(other, str) and plan.compute(context._replace(prev=other)) == context.own:
            return context.own
    return None
