"""Rules that a user writes in `auditrail.toml`: conditions on fields, and how often in which time.

    [[watch.rule]]
    id = "prod-delete"                     # of lower-case letters, digits and `-`
    title = "A delete in production"       # optional
    severity = "high"                      # optional, default medium
    where = { layer = "tool", tool = "delete_*", "args.path" = "/prod/*" }   # field = value, `*` stands for anything
    [[watch.rule.when]]                    # optional, any number: further conditions, all of which must hold
    field = "tokens_out"
    op = ">"                               # = != < <= > >= in not-in like not-like exists absent
    value = 10000
    # below the tables or in the rule itself:
    count = 5                              # optional: told when it holds so often ...
    window = "10m"                         # ... within this time of the logs
    per = "agent"                          # optional: counted for each value of a field

Fields are the columns of an event (`auditrail schema`), `run`, `ids.<kind>`, and dotted paths into `args`, `result` and
`attributes` where these are JSON. There is no other operator, and no regular expression: what a rule costs is bounded.
A field that is not there fulfils `absent`, `!=`, `not-in` and `not-like`, and nothing else.
"""

from __future__ import annotations

import fnmatch
import re
from collections import deque
from typing import Any, NamedTuple

import orjson

from auditrail.config import known, text, type_of
from auditrail.errors import ConfigError
from auditrail.model import ID_KINDS, Event
from auditrail.watch.bounded import Lru
from auditrail.watch.rule import Finding, Rule, about, lasting
from auditrail.watch.types import SEVERITIES, Seen

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_TIME = re.compile(r"(\d{1,6})\s*(s|m|h|d)\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_KEYS = ("id", "title", "severity", "where", "when", "count", "window", "per")
_OPS = ("=", "!=", "<", "<=", ">", ">=", "in", "not-in", "like", "not-like", "exists", "absent")
_NEGATIVE = ("!=", "not-in", "not-like", "absent")
_COLUMNS = frozenset(Event._fields) - {"ids"}
_DEEP = ("args", "result", "attributes")
_MOST_COUNT = 10_000
# Content beyond this is not parsed for a condition.
_LONGEST = 1 << 20


class Condition(NamedTuple):
    """One condition on a field."""

    field: str
    op: str
    value: Any
    pattern: re.Pattern[str] | None = None

    def holds(self, seen: Seen) -> bool:
        found = field_of(seen, self.field)
        if found is None:
            return self.op in _NEGATIVE
        return self._judge(found)

    def _judge(self, found: Any) -> bool:
        op = self.op
        if op in ("exists", "absent"):
            return op == "exists"
        if op in ("=", "!="):
            return bool(_same(found, self.value)) == (op == "=")
        if op in ("in", "not-in"):
            return any(_same(found, item) for item in self.value) == (op == "in")
        if op in ("like", "not-like"):
            hit = self.pattern is not None and self.pattern.match(_text(found)) is not None
            return hit == (op == "like")
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            return False
        return bool(
            {"<": found < self.value, "<=": found <= self.value, ">": found > self.value, ">=": found >= self.value}[op]
        )


class OwnRule(Rule):
    """A rule of the configuration, made by `parse`."""

    kinds = None

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._conditions: tuple[Condition, ...] = settings["conditions"]
        self._count: int = settings["count"]
        self._window: int = settings["window"]
        self._per: str | None = settings["per"]
        self._hits: Lru[str, deque[int]] = Lru(min(limit, 10_000))

    def parts(self) -> tuple[Any, ...]:
        return (self._hits,)

    def see(self, seen: Seen) -> None:
        if not all(condition.holds(seen) for condition in self._conditions):
            return
        ref = seen.ref()
        if self._count == 1:
            what = f"{seen.event.name or seen.event.kind}{f' of {seen.event.tool}' if seen.event.tool else ''}"
            self.tell(
                Finding((ref.blake3, ref.record, seen.part, ref.stream), f"{about(ref)}: {what}", seen.ts, (ref,))
            )
            return
        group = "" if self._per is None else _text(field_of(seen, self._per) or "")
        hits = self._hits.get(group)
        if hits is None:
            hits = deque(maxlen=self._count)
            self._hits.put(group, hits)
        hits.append(seen.ts)
        if len(hits) < self._count or max(hits) - min(hits) > self._window:
            return
        whose = f"{self._per} {group}: " if self._per is not None else ""
        message = f"{whose}{self._count} times within {lasting(max(hits) - min(hits))}"
        values = {"count": self._count, "window_s": self._window / 1e9}
        self.tell(Finding((group, min(hits)), message, seen.ts, (ref,), values))
        hits.clear()

    def save(self) -> Any:
        return [[key, list(hits)] for key, hits in self._hits.items()]

    def load(self, saved: Any) -> None:
        for key, hits in saved:
            self._hits.put(key, deque(hits, maxlen=self._count))


def field_of(seen: Seen, name: str) -> Any:
    """The value of a field; None where it is not there."""
    if name == "run":
        return seen.run
    if name == "agent":
        return seen.agent
    if name == "stream":
        return seen.stream
    head, dot, rest = name.partition(".")
    if not dot:
        return getattr(seen.event, name)
    if head == "ids":
        return next((value for kind, value in seen.event.ids if kind == rest), None)
    content = getattr(seen.event, head)
    if not content or len(content) > _LONGEST or content[:1] not in "{[":
        return None
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return _inside(value, rest)


def _inside(value: Any, path: str) -> Any:
    if isinstance(value, list):
        head, _, rest = path.partition(".")
        if not head.isdigit() or int(head) >= len(value):
            return None
        return _inside(value[int(head)], rest) if rest else value[int(head)]
    if not isinstance(value, dict):
        return None
    if path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    return _inside(value[head], rest) if dot and head in value else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode() if isinstance(value, (bool, list, dict)) else str(value)


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return bool(found == wanted) or (isinstance(wanted, str) and not isinstance(found, str) and _text(found) == wanted)


def parse(entry: Any, key: str) -> tuple[str, str, str, dict[str, Any]]:
    """A rule of the configuration: its id, title, severity, and the settings for `OwnRule`.

    Raises:
        ConfigError: it breaks the vocabulary; the message names the key.
    """
    known(entry, key, _KEYS)
    name = text(entry, key, "id")
    if name is None or not _ID.match(name):
        raise ConfigError(f"{key}.id: expected lower-case letters, digits and `-`")
    severity = text(entry, key, "severity") or "medium"
    if severity not in SEVERITIES:
        raise ConfigError(f"{key}.severity: {severity!r} is none", hint=f"severities: {', '.join(SEVERITIES)}")
    count = entry.get("count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= _MOST_COUNT:
        raise ConfigError(f"{key}.count: expected a number from 1 to {_MOST_COUNT}")
    if (count > 1) != ("window" in entry):
        raise ConfigError(f"{key}: `count` above 1 and `window` belong together")
    per = text(entry, key, "per")
    if per is not None:
        _checked(per, f"{key}.per")
    conditions = (*_where(entry, key), *_when(entry, key))
    if not conditions:
        raise ConfigError(f"{key}: it has no condition", hint='write where = { tool = "delete_*" }')
    window = duration(entry["window"], f"{key}.window") if "window" in entry else 0
    settings = {"conditions": conditions, "count": count, "window": window, "per": per}
    return name, text(entry, key, "title") or name, severity, settings


def duration(value: Any, key: str) -> int:
    """Nanoseconds of a text such as `90s`, `10m`, `2h`, `1d`.

    Raises:
        ConfigError: it is none.
    """
    match = _TIME.match(value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ConfigError(f"{key}: expected a time such as 90s, 10m, 2h or 1d")
    return int(match[1]) * _UNITS[match[2]] * 1_000_000_000


def _where(entry: dict[str, Any], key: str) -> list[Condition]:
    table = entry.get("where", {})
    if not isinstance(table, dict):
        raise ConfigError(f"{key}.where: expected a table, found {type_of(table)}")
    return [
        _condition(name, "like" if isinstance(value, str) and "*" in value else "=", value, f"{key}.where.{name}")
        for name, value in table.items()
    ]


def _when(entry: dict[str, Any], key: str) -> list[Condition]:
    rows = entry.get("when", [])
    if not isinstance(rows, list):
        raise ConfigError(f"{key}.when: expected a list of tables", hint="write [[watch.rule.when]]")
    made = []
    for number, row in enumerate(rows):
        place = f"{key}.when[{number}]"
        known(row, place, ("field", "op", "value"))
        name, op = text(row, place, "field"), text(row, place, "op")
        if name is None or op not in _OPS:
            raise ConfigError(f"{place}: needs `field` and `op`", hint=f"operators: {' '.join(_OPS)}")
        if (op in ("exists", "absent")) == ("value" in row):
            raise ConfigError(f"{place}.value: {'not for' if 'value' in row else 'missing for'} {op}")
        made.append(_condition(name, op, row.get("value"), place))
    return made


def _condition(name: str, op: str, value: Any, key: str) -> Condition:
    _checked(name, key)
    if op in ("in", "not-in"):
        if not isinstance(value, list) or not value or any(isinstance(item, (dict, list)) for item in value):
            raise ConfigError(f"{key}: expected a list of values, found {type_of(value)}")
    elif op in ("<", "<=", ">", ">="):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ConfigError(f"{key}: expected a number, found {type_of(value)}")
    elif op in ("like", "not-like"):
        if not isinstance(value, str):
            raise ConfigError(f"{key}: expected a text, found {type_of(value)}")
        return Condition(name, op, value, re.compile(_glob(value), re.DOTALL))
    elif op in ("=", "!=") and not isinstance(value, (str, int, float, bool)):
        raise ConfigError(f"{key}: expected a text, a number or a truth value, found {type_of(value)}")
    return Condition(name, op, value)


def _glob(value: str) -> str:
    """A pattern in which only `*` means anything. Several in a row are one: more would cost more and mean the same."""
    literal = re.sub(r"\*+", "*", value).replace("[", "[[]").replace("?", "[?]")
    return fnmatch.translate(literal)


def _checked(name: str, key: str) -> None:
    head, dot, rest = name.partition(".")
    if not dot and (name in _COLUMNS or name == "run"):
        return
    if dot and rest and (head in _DEEP or (head == "ids" and rest in ID_KINDS)):
        return
    raise ConfigError(
        f"{key}: {name!r} is no field",
        hint=f"columns: {', '.join(sorted(_COLUMNS))}; run; ids.<kind>; args.<path>, result.<path>, attributes.<path>",
    )
