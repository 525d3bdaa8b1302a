"""Attribute vocabularies: which key of GenAI, MCP, OpenInference, OpenLLMetry and others means which column.

The knowledge is data: one TOML file per vocabulary in `_vocabularies`, read once, in the order of their `order`.
A file has these tables; anything else in it is an error:

    [columns]  column = [keys]      keys in priority order; `prefix.*` puts flattened messages together
    [ids]      kind = [keys]        every key that is there gives an id
    [layers."key"]  value = layer   the value (without case) of a key gives the layer
    [names]    word = {layer, column, single}   the first word of a span name gives the layer, the rest a column
    [present]  key = layer          the key alone gives the layer
    [events]   name = {layer, kind, side}       names of log events and span events
    [sides]    args / result = [keys]           where the content of a message event stands
    [when."key=value".columns], [when."key=value".ids]   as above, only where that key has that value;
                                    `event=<name>` stands for the name of the event; `a=b & c=d` wants both
    [values.decision], [values.status]  value = [spellings]
    [placeholders]  key = [values]  values that say that nothing was recorded here: they fill no column

Rules, the same for every reader:

1. Priority is the order of the files, then of the tables `columns` and `when` in a file, then of the list.
2. The first key with a usable value fills a column. Text columns take text that is not blank; tokens and `seq` take
   whole numbers from 0 (or their decimal text); `args` and `result` take anything, and prefer a value with content.
3. A key whose value went unchanged into a column or an id is used up; all others stay in `rest`, and so do the
   keys of errors (a message may take the column from a type).
4. The layer comes from the first of: `layers`, `names`, `present`, a stated decision (policy).
5. A decision is `kind` decision only where the layer is policy.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from auditrail.content import state_of
from auditrail.ids import normalise
from auditrail.jsontext import content
from auditrail.model import DECISIONS, ID_KINDS, KINDS, LAYERS, STATUSES, Id, has_content
from auditrail.readers._messages import ToolCall, tool_calls, unflatten

FOLDER = Path(__file__).with_name("_vocabularies")

TEXT = frozenset({"agent", "agent_version", "principal", "model", "tool", "policy", "rule", "error"})
# Columns of text that a list of texts fills, too: several policies decide together.
_LISTED = frozenset({"policy", "rule"})
NUMBER = frozenset({"tokens_in", "tokens_out", "seq"})
CONTENT = frozenset({"args", "result"})
MAPPED = frozenset({"decision", "status"})
# How a sampling probability is declared: as itself, as N of 1-in-N, or as OpenTelemetry's rejection threshold.
_SAMPLING = frozenset({"sampling_probability", "sampling_one_in", "sampling_threshold"})
COLUMNS = TEXT | NUMBER | CONTENT | MAPPED | _SAMPLING
_TABLES = frozenset(
    {"title", "order", "columns", "ids", "layers", "names", "present", "events", "sides", "when", "values"}
    | {"placeholders"}
)
_INT64_MAX = (1 << 63) - 1
_THRESHOLDS = 1 << 56
# Sets of keys that are remembered. One writer has some dozen; hostile input must not fill the memory.
_MAX_PLANS = 4096
_THRESHOLD = re.compile(r"[0-9a-fA-F]{1,14}").fullmatch
# JSON text of nothing at all: arguments are text in most attributes.
_NOTHING = frozenset({"", "{}", "[]", "null"})


class Use(NamedTuple):
    """What one key is used for: a column or an id; `only` is the selector `key=value` it depends on."""

    rank: int
    only: str | None
    column: str | None
    id_kind: str | None


class NameRule(NamedTuple):
    """What the first word of a span name says."""

    layer: str
    column: str | None
    single: bool


class EventRule(NamedTuple):
    """What the name of an event says; `side` tells whether its content was sent (args) or received (result)."""

    layer: str
    kind: str
    side: str | None


class _Plan(NamedTuple):
    """What a set of known keys can mean: uses by rank, keys that give a layer by rank, keys of selectors."""

    uses: list[tuple[Use, str]]
    layers: list[str]
    present: str | None
    selectors: list[str]


class Mapped(NamedTuple):
    """Attributes, understood.

    Attributes:
        layer: one of `model.LAYERS`, or None if nothing says.
        kind: `decision`, or None.
        columns: columns of `model.Event` with their values, the states of `args` and `result` among them.
        ids: ids in the order of the vocabularies, each once.
        rest: the attributes that are not used up, in their order.
        calls: tool calls in the output of a model (layer llm only).
    """

    layer: str | None
    kind: str | None
    columns: dict[str, Any]
    ids: list[Id]
    rest: dict[str, Any]
    calls: list[ToolCall]


class Vocabulary:
    """All vocabularies together, compiled to one table of keys.

    Attributes:
        events: what the names of events say.
        sides: keys of the content of message events.
        placeholders: key -> values that say that nothing was recorded.
        prefixes: beginnings of flattened keys.
        deciding: keys whose values decide on the layer, or on what other keys mean.

    Raises:
        ValueError: a file names a table, column, id kind, layer, kind or value that does not exist.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._uses: dict[str, list[Use]] = {}
        self._flattened: dict[str, Use] = {}
        self._layers: dict[str, tuple[int, dict[str, str]]] = {}
        self._present: dict[str, tuple[int, str]] = {}
        self._names: dict[str, NameRule] = {}
        self._selectors: dict[str, set[str]] = {}
        self._event_selectors: set[str] = set()
        self._joined: dict[str, frozenset[str]] = {}
        self._values: dict[str, dict[str, str]] = {"decision": {}, "status": {}}
        self.placeholders: dict[str, list[Any]] = {}
        self._plans: dict[frozenset[str], _Plan] = {}
        self._rank = 0
        self.events: dict[str, EventRule] = {}
        self.sides: dict[str, list[str]] = {"args": [], "result": []}
        loaded = [(file.name, tomllib.loads(file.read_text("utf-8"))) for file in files]
        for name, data in sorted(loaded, key=lambda item: (item[1].get("order", 0), item[0])):
            self._load(name, data)
        self._keys = frozenset({*self._uses, *self._layers, *self._present, *self._selectors})
        self.prefixes = tuple(self._flattened)
        self.deciding = frozenset({*self._layers, *self._selectors})

    # -- reading the files

    def _load(self, file: str, data: dict[str, Any]) -> None:
        _known(file, "table", data, _TABLES)
        self._uses_of(file, data, None)
        for key, table in data.get("layers", {}).items():
            _known(file, "layer", table.values(), LAYERS)
            self._layers[key] = (self._next(), {value.casefold(): layer for value, layer in table.items()})
        _known(file, "layer", data.get("present", {}).values(), LAYERS)
        for key, layer in data.get("present", {}).items():
            self._present[key] = (self._next(), layer)
        for word, rule in data.get("names", {}).items():
            _known(file, "layer", [rule["layer"]], LAYERS)
            _known(file, "column", [rule["column"]] if "column" in rule else [], TEXT)
            self._names[word] = NameRule(rule["layer"], rule.get("column"), rule.get("single", False))
        for name, rule in data.get("events", {}).items():
            _known(file, "layer", [rule["layer"]], LAYERS)
            _known(file, "kind", [rule["kind"]], KINDS)
            _known(file, "side", [rule["side"]] if "side" in rule else [], ("args", "result", "both"))
            self.events[name] = EventRule(rule["layer"], rule["kind"], rule.get("side"))
        _known(file, "side", data.get("sides", {}), self.sides)
        for side, keys in data.get("sides", {}).items():
            self.sides[side].extend(keys)
        for selector, table in data.get("when", {}).items():
            self._when(file, selector, table)
        _known(file, "mapped column", data.get("values", {}), self._values)
        for column, table in data.get("values", {}).items():
            _known(file, column, table, DECISIONS if column == "decision" else STATUSES)
            self._values[column].update({word: value for value, words in table.items() for word in words})
        self.placeholders.update(data.get("placeholders", {}))

    def _when(self, file: str, selector: str, table: dict[str, Any]) -> None:
        _known(file, "table", table, ("columns", "ids"))
        parts = [self._selector(file, part) for part in selector.split(" & ")]
        selector = " & ".join(parts)
        if len(parts) > 1:
            self._joined[selector] = frozenset(parts)
        self._uses_of(file, table, selector)

    def _selector(self, file: str, selector: str) -> str:
        key, equals, value = selector.partition("=")
        if not equals or not value:
            raise ValueError(f"{file}: when {selector!r} is not key=value")
        selector = f"{key}={value.casefold()}"
        if key == "event":
            self._event_selectors.add(selector)
        else:
            self._selectors.setdefault(key, set()).add(value.casefold())
        return selector

    def _uses_of(self, file: str, data: dict[str, Any], only: str | None) -> None:
        _known(file, "column", data.get("columns", {}), COLUMNS)
        _known(file, "id kind", data.get("ids", {}), ID_KINDS)
        for column, keys in data.get("columns", {}).items():
            for key in keys:
                use = Use(self._next(), only, column, None)
                if not key.endswith(".*"):
                    self._uses.setdefault(key, []).append(use)
                elif column in CONTENT and only is None:
                    self._flattened[key[:-1]] = use
                else:
                    raise ValueError(f"{file}: {key!r} can fill args and result only, and on no condition")
        for kind, keys in data.get("ids", {}).items():
            for key in keys:
                self._uses.setdefault(key, []).append(Use(self._next(), only, None, kind))

    def _next(self) -> int:
        self._rank += 1
        return self._rank

    # -- understanding attributes

    def apply(self, attributes: dict[str, Any], name: str | None = None, event: str | None = None) -> Mapped:
        """Understands the attributes of a span or an event.

        Args:
            attributes: key -> value as parsed; never changed.
            name: name of the span, for the rules of `names`.
            event: name of the event, for the rules of `when."event=..."`.
        """
        known = self._keys.intersection(attributes)
        prefixes = self.prefixes
        flat = [key for key in attributes if key.startswith(prefixes)]
        rule, named = self.name_rule(name) if name else (None, "")
        selected = set()
        if event and (selector := f"event={event.casefold()}") in self._event_selectors:
            selected.add(selector)
        if not known and not flat and rule is None and not selected:
            return Mapped(None, None, {}, [], attributes, [])
        plan = self._plans.get(known) or self._plan(known)
        if plan.selectors:
            selected |= self._selected(plan.selectors, attributes)
        filling = _Filling(self)
        filling.fill(self._candidates(plan, flat, attributes, selected))
        layer = self._layer_of(plan, attributes) or (rule.layer if rule else None)
        layer = layer or plan.present or ("policy" if "decision" in filling.columns else None)
        columns = filling.columns
        if rule and rule.layer == layer and rule.column and named:
            columns.setdefault(rule.column, named)
        calls = tool_calls(filling.result) if layer == "llm" and filling.result is not None else []
        used = filling.used
        rest = {key: value for key, value in attributes.items() if key not in used} if used else attributes
        kind = "decision" if layer == "policy" and "decision" in columns else None
        return Mapped(layer, kind, columns, filling.ids, rest, calls)

    def uses_of(self, attributes: dict[str, Any]) -> tuple[list[tuple[Use, str]], str | None, str | None]:
        """What attributes without flattened messages can mean: uses with their keys by rank, and layers.

        Depends only on the keys and on the values of the keys in `deciding`.

        Returns:
            The uses; the layer that a value gives; the layer that a key alone gives (for lack of any other).
        """
        known = self._keys.intersection(attributes)
        plan = self._plans.get(known) or self._plan(known)
        selected = self._selected(plan.selectors, attributes)
        uses = [(use, key) for use, key in plan.uses if use.only is None or use.only in selected]
        return uses, self._layer_of(plan, attributes), plan.present

    def name_rule(self, name: str) -> tuple[NameRule | None, str]:
        """The rule for the name of a span, and what the name says behind its first word."""
        word, _, rest = name.partition(" ")
        rule = self._names.get(word)
        rest = rest.strip()
        if rule is None or (rule.single and (not rest or " " in rest)):
            return None, ""
        return rule, rest

    def _plan(self, known: frozenset[str]) -> _Plan:
        """What is the same for all attributes with the same known keys; remembered, within bounds."""
        if len(self._plans) >= _MAX_PLANS:
            self._plans.clear()
        plan = self._plans[known] = _Plan(
            uses=sorted(
                ((use, key) for key in known for use in self._uses.get(key, ())), key=lambda pair: pair[0].rank
            ),
            layers=sorted(known & self._layers.keys(), key=lambda key: self._layers[key][0]),
            present=min((self._present[key] for key in known & self._present.keys()), default=(0, None))[1],
            selectors=sorted(known & self._selectors.keys()),
        )
        return plan

    def _selected(self, keys: list[str], attributes: dict[str, Any]) -> set[str]:
        selected = set()
        for key in keys:
            value = attributes[key]
            if isinstance(value, str) and value.casefold() in self._selectors[key]:
                selected.add(f"{key}={value.casefold()}")
        if len(selected) > 1:
            selected.update(joined for joined, parts in self._joined.items() if parts <= selected)
        return selected

    def _candidates(
        self, plan: _Plan, flat: list[str], attributes: dict[str, Any], selected: set[str]
    ) -> list[tuple[Use, list[str], Any]]:
        """What may fill columns and ids, best first: (use, keys, value)."""
        found = [
            (use, [key], attributes[key])
            for use, key in plan.uses
            if (use.only is None or use.only in selected)
            and not (key in self.placeholders and attributes[key] in self.placeholders[key])
        ]
        if not flat:
            return found
        for prefix, use in self._flattened.items():
            keys = [key for key in flat if key.startswith(prefix)]
            messages, keys = unflatten(prefix, keys, attributes) if keys else ([], keys)
            if messages:
                found.append((use, keys, messages))
        found.sort(key=_rank_of)
        return found

    def _layer_of(self, plan: _Plan, attributes: dict[str, Any]) -> str | None:
        for key in plan.layers:
            value = attributes[key]
            layer = self._layers[key][1].get(value.strip().casefold()) if isinstance(value, str) else None
            if layer:
                return layer
        return None

    def content_keys(self) -> dict[str, str]:
        """Every key that fills `args` or `result`, with that column; beginnings of flattened keys end in `.`."""
        used = [(key, use.column) for key, uses in self._uses.items() for use in uses]
        used += [(key, use.column) for key, use in self._flattened.items()]
        return {key: column for key, column in used if column in CONTENT}

    def value_of(self, column: str, value: Any) -> str | None:
        """A decision or status in our words, or None where the spelling is not known; true and false count."""
        if isinstance(value, bool):
            value = "true" if value else "false"
        return self._values[column].get(value.strip().casefold()) if isinstance(value, str) else None


class _Filling:
    """Columns and ids while they are being filled from candidates, best first."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.columns: dict[str, Any] = {}
        self.ids: list[Id] = []
        self.used: set[str] = set()
        self.result: Any = None

    def fill(self, candidates: list[tuple[Use, list[str], Any]]) -> None:
        contents: dict[str, tuple[list[str], Any]] = {}
        for use, keys, value in candidates:
            if use.id_kind is not None:
                self._id(use.id_kind, keys, value)
            elif (column := use.column or "") in CONTENT:
                if column not in contents or (is_blank(contents[column][1]) and not is_blank(value)):
                    contents[column] = (keys, value)
            elif column not in self.columns:
                self._column(column, keys[0], value)
        for column, (keys, value) in contents.items():
            self.columns[column] = content(value)
            self.columns[f"{column}_state"] = state(value)
            self.used.update(keys)
            if column == "result":
                self.result = value

    def _id(self, kind: str, keys: list[str], value: Any) -> None:
        # A header is a list of its values: http.request.header.x-request-id = ["..."].
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        text = normalise(kind, value)
        if text is not None:
            self.used.update(keys)
            if (made := Id(kind, text)) not in self.ids:
                self.ids.append(made)

    def _column(self, column: str, key: str, value: Any) -> None:
        made: Any
        if column in TEXT:
            made = value if isinstance(value, str) and value.strip() else None
            if column in _LISTED and isinstance(value, list) and all(isinstance(one, str) for one in value):
                made = "; ".join(value) or None
        elif column in NUMBER:
            made = whole(value)
        elif column in MAPPED:
            made = self._vocabulary.value_of(column, value)
        else:
            column, made = "sampling_probability", _probability(column, value)
            if column in self.columns:
                return
        if made is None:
            return
        self.columns[column] = made
        if column == "seq":
            self.columns["seq_kind"] = key
        if column != "error" and (column in NUMBER or (column in TEXT and made is value)):
            self.used.add(key)


def is_blank(value: Any) -> bool:
    """Whether arguments or results hold nothing, as a value or as JSON text."""
    return value.strip() in _NOTHING if isinstance(value, str) else not has_content(value)


def state(value: Any, *, given: bool = True) -> str:
    """As `content.state_of`; JSON text of nothing (`{}`, `[]`, `null`) is empty too."""
    return "empty" if given and is_blank(value) else state_of(value, given=given)


def whole(value: Any) -> int | None:
    """A count from 0 to 2^63-1, given as a number or as decimal text; None for anything else."""
    is_text = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19
    if is_text or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _INT64_MAX:
        return None
    return value


def threshold_probability(text: Any) -> float | None:
    """The probability in OpenTelemetry's rejection threshold `th`: (2^56 - T) / 2^56.

    T is up to 14 hex digits, padded with zeros on the right (OpenTelemetry specification, TraceState probability
    sampling). None for what is no threshold.
    """
    if not isinstance(text, str) or not _THRESHOLD(text):
        return None
    return (_THRESHOLDS - int(text.ljust(14, "0"), 16)) / _THRESHOLDS


def _probability(column: str, value: Any) -> float | None:
    if column == "sampling_threshold":
        return threshold_probability(value)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if column == "sampling_one_in":
        return 1 / value if 1 <= value <= 1e15 else None
    return float(value) if 0 <= value <= 1 else None


def _rank_of(candidate: tuple[Use, list[str], Any]) -> int:
    return candidate[0].rank


def _known(file: str, what: str, found: Iterable[Any], allowed: Iterable[str]) -> None:
    known = set(allowed)
    for name in found:
        if name not in known:
            raise ValueError(f"{file}: unknown {what} {name!r}; known: {', '.join(sorted(known))}")


@cache
def vocabulary() -> Vocabulary:
    """The vocabularies that come with auditrail, read once."""
    return Vocabulary(sorted(FOLDER.glob("*.toml")))


def apply(attributes: dict[str, Any], name: str | None = None, event: str | None = None) -> Mapped:
    """`Vocabulary.apply` with the vocabularies that come with auditrail."""
    return vocabulary().apply(attributes, name, event)
