"""`auditrail.toml`: what a user says about logs that auditrail cannot know by itself.

    [[reader.jsonl]]                      # any number of these; the first that fits a record is used
    path = "logs/planner-*.jsonl"         # optional glob on the path, matched from its right end
    match = { service = "planner" }       # optional: field path = glob on its value; "*": the field is there
    layer = "agent"                       # optional: layer of all these events
    stream = "planner"                    # optional: their stream
    tz = "Europe/Berlin"                  # optional: zone of times that carry none
    kind = { step = "call", "gate" = "policy/decision" }   # optional: event name = kind or layer/kind

    [reader.jsonl.fields]                 # optional: column or id = field path; dotted, may index lists
    ts = "when"
    run = "meta.job"
    args = "calls.0.body"

    [gaps]                                # how `auditrail gaps` judges; read by `gaps.configured`
    fiscal_year_start = 4                 # optional: month in which the fiscal year starts
    fiscal_year_named_by = "end"          # optional: `end` or `start`: the calendar year that names it
    require = ["pci-dss"]                 # optional: frameworks, as `--require`
    [gaps.rules.clock-skew]               # optional: parameters that the rule declares
    bound_ns = 2_000_000_000
    [[gaps.waive]]                        # any number of these
    rule = "run-without-end"              # rule, agent, stream, tool, run: at least one, each a glob
    agent = "batch-*"
    reason = "killed by design at midnight"   # required
    until = 2026-12-31                    # required; the finding is back on the day after
    [watch]                               # how `auditrail watch` judges; see `auditrail.watch.configured`
    [check]                               # what `auditrail check` looks at; read by `check.configured`
    logs = ["logs"]                       # optional: evidence that thresholds are held over
    [[chain]]                             # a chain profile of your own: see `auditrail.verify.profile`
    name = "our-log"

An unknown key is an error, because a misspelt one would silently change what the evidence says.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from auditrail.errors import ConfigError
from auditrail.model import KINDS, LAYERS

if TYPE_CHECKING:
    from auditrail.readers._aliases import Mapping

DEFAULT = "auditrail.toml"
_WATCH = ("memory", "rules", "rule", "action")
# Every section that a configuration may have.
SECTIONS = ("reader", "gaps", "chain", "check", "watch")
_CHECK = ("logs", "frozen", "lint", "lint_fail_on", "thresholds")
_GAPS = ("fiscal_year_start", "fiscal_year_named_by", "require", "rules", "waive")


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one call.

    Attributes:
        path: the file they came from; None if there is none.
        jsonl: mappings for the generic JSONL reader, in the order of the file.
        gaps: the table `[gaps]` as it stands; `gaps.configured.read` checks it, since it alone knows the rules.
        watch: the table `[watch]` as it stands; `watch.configured.read` checks it.
        check: the table `[check]` as it stands; `check.configured.read` checks it, since it alone knows the thresholds.
        chains: (name, table) of chain profiles; `auditrail.verify.profile` checks them where they are used.
    """

    path: Path | None = None
    jsonl: tuple[Mapping, ...] = ()
    gaps: dict[str, Any] = field(default_factory=dict, hash=False)
    chains: tuple[tuple[str, dict[str, Any]], ...] = ()
    watch: dict[str, Any] = field(default_factory=dict, hash=False)
    check: dict[str, Any] = field(default_factory=dict, hash=False)


def load(path: Path | None) -> Config:
    """Reads the configuration.

    Args:
        path: the file; None looks for `auditrail.toml` in the working folder, and its absence is no error.

    Raises:
        ConfigError: the file cannot be read, is not TOML, has an unknown key (the message lists the known ones) or a
            value of the wrong type (the message names the key).
    """
    if path is None:
        path = Path(DEFAULT)
        if not path.is_file():
            return Config()
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        known(raw, "", SECTIONS)
        return Config(
            path,
            _jsonl(raw.get("reader", {})),
            known(raw.get("gaps", {}), "gaps", _GAPS),
            _chains(raw.get("chain", [])),
            watch=known(raw.get("watch", {}), "watch", _WATCH),
            check=known(raw.get("check", {}), "check", _CHECK),
        )
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from None


def mapping_for(config: Config, path: str) -> tuple[Mapping, ...]:
    """The mappings for a source, by its path as given to ingest: the argument `mapping` of `readers.jsonl.read`.

    A mapping without `path` is for every source. Its `match` is left to the reader, which sees the records.
    """
    pure = PurePosixPath(path.replace("\\", "/"))
    return tuple(m for m in config.jsonl if m.path is None or pure.match(m.path))


def _jsonl(reader: Any) -> tuple[Mapping, ...]:
    entries = known(reader, "reader", ("jsonl",)).get("jsonl", [])
    if not isinstance(entries, list):
        raise ConfigError("reader.jsonl: expected a list of tables", hint="write [[reader.jsonl]], with two brackets")
    return tuple(_mapping(entry, f"reader.jsonl[{number}]") for number, entry in enumerate(entries))


def _chains(entries: Any) -> tuple[tuple[str, dict[str, Any]], ...]:
    if not isinstance(entries, list):
        raise ConfigError("chain: expected a list of tables", hint="write [[chain]], with two brackets")
    made = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise ConfigError(f"chain[{number}]: expected a table, found {type_of(entry)}")
        name = text(entry, f"chain[{number}]", "name")
        if name is None:
            raise ConfigError(f"chain[{number}].name: missing")
        made.append((name, entry))
    return tuple(made)


def _mapping(entry: Any, key: str) -> Mapping:
    from auditrail.readers._aliases import Mapping, fields

    known(entry, key, ("path", "match", "fields", "layer", "stream", "tz", "kind"))
    named = _table(entry, key, "fields")
    known(dict(named), f"{key}.fields", tuple(sorted(fields())))
    kinds = _table(entry, key, "kind")
    for name, kind in kinds:
        before, _, word = kind.rpartition("/")
        if word not in KINDS or (before and before not in LAYERS):
            raise ConfigError(
                f"{key}.kind.{name}: {kind!r} is no kind", hint=f"kinds: {', '.join(KINDS)}; or layer/kind"
            )
    layer = text(entry, key, "layer")
    if layer is not None and layer not in LAYERS:
        raise ConfigError(f"{key}.layer: {layer!r} is no layer", hint=f"layers: {', '.join(LAYERS)}")
    return Mapping(
        path=text(entry, key, "path"),
        match=_table(entry, key, "match"),
        fields=named,
        layer=layer,
        stream=text(entry, key, "stream"),
        tz=_zone(text(entry, key, "tz"), key),
        kinds=kinds,
    )


def known(table: Any, key: str, known: tuple[str, ...]) -> dict[str, Any]:
    """The table, if it is one and has no key but the known ones."""
    if not isinstance(table, dict):
        raise ConfigError(f"{key}: expected a table, found {type_of(table)}")
    for name in table:
        if name not in known:
            where = f"{key}.{name}" if key else name
            raise ConfigError(f"{where}: unknown key", hint=f"known here: {', '.join(known)}")
    return table


def text(entry: dict[str, Any], key: str, name: str) -> str | None:
    """A member that is a text and not blank, or None where it is not there."""
    value = entry.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise ConfigError(f"{key}.{name}: expected a text, found {type_of(value)}")
    return value


def _table(entry: dict[str, Any], key: str, name: str) -> tuple[tuple[str, str], ...]:
    """A table of texts as pairs; numbers and truth values are taken as the text that a record would show."""
    table = entry.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{key}.{name}: expected a table, found {type_of(table)}")
    pairs = []
    for own, item in table.items():
        value = str(item).lower() if isinstance(item, bool) else str(item) if isinstance(item, int) else item
        if not isinstance(value, str) or not value or (name != "match" and not isinstance(item, str)):
            raise ConfigError(f"{key}.{name}.{own}: expected a text, found {type_of(item)}")
        pairs.append((own, value))
    return tuple(pairs)


def _zone(name: str | None, key: str) -> str | None:
    from zoneinfo import ZoneInfo

    if name is not None:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            raise ConfigError(
                f"{key}.tz: {name!r} is no time zone", hint="a name such as Europe/Berlin or UTC"
            ) from None
    return name


def type_of(value: Any) -> str:
    """What a value of TOML is, in words."""
    if value == "":
        return "an empty text"
    names = {dict: "a table", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")
