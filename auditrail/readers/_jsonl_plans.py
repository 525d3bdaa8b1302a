"""Which path of a record feeds which column: decided once for all records of one shape.

A shape is what a record looks like without its values: its keys in order, and for each object that may hold
recognised names its own shape, as `(key, shape)`. Flat records have `tuple(record)` as their shape. An object that
may not be opened (arguments, results, anything unknown, more than `MAX_KEYS` keys), an empty object, a list and a
scalar are all one key.

How a path gets its slot:

1. Its keys are joined and folded: `{"trace": {"id": 1}}` and `{"trace.id": 1}` are both `traceid`. That is level 0.
2. If that is no alias and the path begins with a container (`attributes`, `data`, ...), the container is taken off
   and the level is one higher; at most `MAX_LEVELS` times.
3. In each slot the candidates are sorted by level, then by rank in the table, then by place in the record.
4. `params` is arguments if a tool is named outside it and no better arguments are there; else it is a container.
5. Names that need company (`weak`) are tried last.
6. A user's mapping comes before everything.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from auditrail.readers._aliases import Mapping, Path, fields, fold, locate, table

Shape = tuple[Any, ...]  # of str | tuple[str, Shape]

# Paths are at most this long: two containers and an alias of two levels (`record.extra.trace.id`).
MAX_LEVELS = 2
_MAX_PATH = 4
# A shape with more keys is not worth remembering: nobody writes it twice. Memory stays bounded by
# `_PLANS` times this many keys.
MAX_KEYS = 256
_PLANS = 1024

# Columns that hold a word of ours, and fields read only for what they mean: the original stays in the attributes.
READ_ONLY = frozenset(
    {
        "level", "message", "status", "status_not", "decision", "decision_not", "tool_calls",
        "duration_ns", "duration_us", "duration_ms", "duration_s",
    }
)  # fmt: skip
# A key of these is content: what is inside belongs to the call, not to the log.
CONTENT = frozenset({"args", "result"})
_PARAMS = "params"


class Plan(NamedTuple):
    """How to read all records of one shape.

    Attributes:
        slots: slot -> paths to try, best first. The first whose value can be used feeds the column, and is taken out
            of the attributes unless the slot is in `READ_ONLY`.
        ids: (kind, path, text only) of every id, in the order in which they are given to the event.
        taken: the first path of every slot that is not in `READ_ONLY`, and the path of every id: what leaves the
            attributes if all these values can be used.
        attributes: what is left then: keys, or (key, rest) for an opened object of which a part is left; None if
            that must be found record by record.
        odd: whether the shape is beyond `MAX_KEYS`: a vectorised reader should hand such records to the plain one.
    """

    slots: dict[str, tuple[Path, ...]]
    ids: tuple[tuple[str, Path, bool], ...]
    taken: frozenset[Path]
    attributes: tuple[Any, ...] | None
    odd: bool


def shape_of(value: dict[str, Any], parents: tuple[str, ...] = ()) -> Shape:
    """The shape of a record (see the module docstring)."""
    keys = tuple(value)
    opened = _openable(parents, keys) if len(keys) <= MAX_KEYS else _openable.__wrapped__(parents, keys)
    if not opened:
        return keys
    inner = {}
    for key in opened:
        below = value[key]
        if type(below) is dict and 0 < len(below) <= MAX_KEYS:
            inner[key] = (key, shape_of(below, (*parents, key)))
    return tuple([inner.get(key, key) for key in keys]) if inner else keys


@lru_cache(maxsize=4 * _PLANS)
def _openable(parents: tuple[str, ...], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys whose objects may hold recognised names."""
    if len(parents) >= _MAX_PATH - 1:
        return ()
    return tuple(key for key in keys if _opens((*parents, key)))


def _opens(path: tuple[str, ...]) -> bool:
    known = table()
    for level, joined in _names(path):
        slot = known.names.get(joined)
        if joined in known.heads:
            return True
        if slot and slot[0] in CONTENT:
            return False
        if level <= MAX_LEVELS and joined in known.containers:
            return True
    return False


def _names(path: tuple[str, ...]) -> list[tuple[int, str]]:
    """(level, folded name) of a path: whole, and with one leading container after another taken off."""
    containers = table().containers
    found = [(0, fold(".".join(path)))]
    for level in range(1, min(MAX_LEVELS, len(path) - 1) + 1):
        if fold(path[level - 1]) not in containers:
            break
        found.append((level, fold(".".join(path[level:]))))
    return found


def plan_of(value: dict[str, Any], mapping: Mapping | None = None) -> Plan:
    """The plan for a record."""
    shape = shape_of(value)
    return plan(shape, mapping) if len(shape) <= MAX_KEYS else build(shape, mapping)


@lru_cache(maxsize=_PLANS)
def plan(shape: Shape, mapping: Mapping | None = None) -> Plan:
    """The plan for a shape, remembered; `build` is the same without memory."""
    return build(shape, mapping)


class _Candidate(NamedTuple):
    level: int
    rank: int
    place: int
    path: tuple[str, ...]


def build(shape: Shape, mapping: Mapping | None = None) -> Plan:
    """Makes the plan for a shape."""
    leaves, params = _leaves(shape)
    found = _found(leaves)
    whole = _whole_params(found, params)
    if whole is not None:
        found = _found([path for path in leaves if path[: len(whole)] != whole])
        found.setdefault("args", []).append(_Candidate(0, 0, 0, whole))
        leaves = [path for path in leaves if path[: len(whole)] != whole] + [whole]
    _add_weak(found, leaves)
    if "principal" not in found and "ids.user" in found:
        found["principal"] = found.pop("ids.user")
    slots: dict[str, tuple[Path, ...]] = {}
    for slot, candidates in found.items():
        slots[slot] = tuple(candidate.path for candidate in sorted(candidates))
    for slot, path in _mapped(shape, mapping):
        slots[slot] = (path, *(p for p in slots.get(slot, ()) if p != path))
    ids = _ids(slots)
    columns = {slot: paths for slot, paths in slots.items() if not slot.startswith("ids.")}
    taken = {paths[0] for slot, paths in columns.items() if slot not in READ_ONLY}
    taken.update(path for _, path, _ in ids)
    rest = None if mapping is not None else _rest(shape, taken, ())
    return Plan(columns, ids, frozenset(taken), rest, _size(shape) > MAX_KEYS)


def _leaves(shape: Shape, parents: tuple[str, ...] = ()) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The paths of all leaves, and of all opened objects called `params`."""
    leaves: list[tuple[str, ...]] = []
    params: list[tuple[str, ...]] = []
    for item in shape:
        if isinstance(item, str):
            leaves.append((*parents, item))
            continue
        key, inner = item
        path = (*parents, key)
        if fold(key) == _PARAMS:
            params.append(path)
        below, more = _leaves(inner, path)
        leaves.extend(below)
        params.extend(more)
    return leaves, params


def _found(leaves: list[tuple[str, ...]]) -> dict[str, list[_Candidate]]:
    known = table()
    found: dict[str, list[_Candidate]] = {}
    for place, path in enumerate(leaves):
        for level, joined in _names(path):
            if joined in known.ignored:
                break
            if joined in known.names:
                slot, rank = known.names[joined]
                found.setdefault(slot, []).append(_Candidate(level, rank, place, path))
                break
    return found


def _whole_params(found: dict[str, list[_Candidate]], params: list[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The `params` object that is the arguments of a tool named outside it."""
    for path in params:
        outside = [c for c in found.get("tool", ()) if c.path[: len(path)] != path]
        better = [c for c in found.get("args", ()) if c.path[: len(path)] != path]
        if outside and not better:
            return path
    return None


def _add_weak(found: dict[str, list[_Candidate]], leaves: list[tuple[str, ...]]) -> None:
    """Adds names that need company, each only where its slot is empty and its company is there."""
    for weak in table().weak:
        if weak.slot in found or not all(need in found for need in weak.needs):
            continue
        for place, path in enumerate(leaves):
            level = next((level for level, joined in _names(path) if joined == weak.name), None)
            if level is not None:
                found.setdefault(weak.slot, []).append(_Candidate(level, 0, place, path))
        if weak.slot == "tool" and weak.slot in found:
            # An action that is a tool is no name of the event.
            tools = {c.path for c in found["tool"]}
            found["name"] = [c for c in found.get("name", ()) if c.path not in tools]
            if not found["name"]:
                del found["name"]


def _mapped(shape: Shape, mapping: Mapping | None) -> list[tuple[str, Path]]:
    if mapping is None:
        return []
    keys = {item if isinstance(item, str) else item[0] for item in shape}
    return [(fields()[name], locate(keys, dotted)) for name, dotted in mapping.fields]


def _ids(slots: dict[str, tuple[Path, ...]]) -> tuple[tuple[str, Path, bool], ...]:
    """(kind, path, text only) in the order of the table; a second run id is of kind `other`."""
    made: list[tuple[str, Path, bool]] = []
    runs = 0
    for slot, (kind, text_only) in table().id_kinds.items():
        for path in slots.get(slot, ()):
            runs += kind == "run"
            made.append(("other" if kind == "run" and runs > 1 else kind, path, text_only))
    return tuple(made)


def _rest(shape: Shape, taken: set[Path], parents: tuple[str, ...]) -> tuple[Any, ...]:
    """What of a shape is not taken: keys, and (key, rest) for opened objects of which a part is."""
    rest: list[Any] = []
    for item in shape:
        key, inner = (item, None) if isinstance(item, str) else item
        path = (*parents, key)
        if path in taken:
            continue
        if inner is None or not any(p[: len(path)] == path for p in taken):
            rest.append(key)
        elif below := _rest(inner, taken, path):
            rest.append((key, below))
    return tuple(rest)


def _size(shape: Shape) -> int:
    return sum(1 if isinstance(item, str) else 1 + _size(item[1]) for item in shape)
