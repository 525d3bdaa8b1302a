"""Framework profiles: what a framework asks for, where it stands in a bundle, and how much of the scope holds it.

What comes of a profile are counts and places. It never says that anybody complies: whether a duty exists, and whether
what is held meets it, is for people to judge.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from auditrail import __version__, times
from auditrail.bundle.profile_fields import FIELDS, Count
from auditrail.errors import ConfigError, UsageError
from auditrail.gaps import frameworks
from auditrail.report.gap_types import Retention
from auditrail.report.types import Column, Listing

SCHEMA = "auditrail.profile/1"
# What an ask comes to; see `Ask.state`.
STATES = {
    "held": "every row that can have it has it",
    "partly": "some rows that can have it lack it",
    "none-held": "no row that can have it has it",
    "nothing-to-hold": "the scope has no row that could have it",
    "not-in-logs": "no log that is known here holds it",
}
_KEYS = {"title", "framework", "as_of", "notes", "ask", "period"}
_ASK_KEYS = {"clause", "says", "read", "fields", "absent", "when"}
NOT_LEGAL = (
    "This is a reading aid. It counts what the records hold; it does not say that anybody complies with anything, or "
    "that a duty exists."
)
NOT_CHECKED = (
    "whether what a field holds is true: only that a producer wrote it",
    "what the framework asks beyond fields and periods of logs: processes, storage, people",
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that a framework asks of records; see `profiles` for the fields of the file."""

    clause: str
    says: str
    read: bool
    fields: tuple[str, ...] = ()
    absent: str | None = None
    when: str | None = None

    def state(self, counts: Mapping[str, Count]) -> str:
        """One of `STATES`: that of its fields together; one without fields is in no log."""
        if not self.fields:
            return "not-in-logs"
        held = sum(counts[name].held for name in self.fields)
        if not any(counts[name].of for name in self.fields):
            return "nothing-to-hold"
        if not held:
            return "none-held"
        whole = all(counts[name].held == counts[name].of for name in self.fields)
        return "held" if whole and self.absent is None else "partly"


@dataclass(frozen=True, slots=True)
class Term:
    """A clause that names how long records are kept, and whether it was read."""

    clause: str
    read: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile."""

    name: str
    title: str
    framework: frameworks.Framework
    as_of: str
    notes: tuple[str, ...]
    asks: tuple[Ask, ...]
    periods: tuple[Term, ...]


@cache
def names() -> tuple[str, ...]:
    """The profiles there are, by name."""
    folder = resources.files("auditrail.bundle.profiles")
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


def select(wanted: Iterable[str]) -> tuple[Profile, ...]:
    """The profiles of these names, each once, in order of their names; case, blanks and strokes do not matter.

    Raises:
        UsageError: there is no such profile; the hint lists them.
    """
    known = {_plain(name): name for name in names()}
    for name in names():
        framework = load(name).framework
        for word in (framework.name, framework.title, *framework.aliases):
            known.setdefault(_plain(word), name)
    found = set()
    for word in wanted:
        if _plain(word) not in known:
            raise UsageError(f"there is no profile {word!r}", hint=f"profiles: {', '.join(names())}")
        found.add(known[_plain(word)])
    return tuple(load(name) for name in sorted(found))


@cache
def load(name: str) -> Profile:
    """The profile of a name of `names`.

    Raises:
        ConfigError: its file breaks the rules of `profiles`.
    """
    text = resources.files("auditrail.bundle.profiles").joinpath(f"{name}.toml").read_text("utf-8")
    return read(name, text)


def read(name: str, text: str) -> Profile:
    """Reads the text of a profile.

    Raises:
        ConfigError: it breaks the rules of `profiles`.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"profile {name}: no TOML: {error}") from error
    _only(name, "the file", raw, _KEYS)
    try:
        (framework,) = frameworks.select([raw["framework"]])
        as_of = raw["as_of"]
        if not isinstance(as_of, dt.date):
            raise ConfigError(f"profile {name}: as_of is no day")
        asks = tuple(_ask(name, entry) for entry in raw["ask"])
        periods = tuple(_term(name, framework, entry) for entry in raw.get("period", ()))
        return Profile(name, raw["title"], framework, as_of.isoformat(), tuple(raw.get("notes", ())), asks, periods)
    except KeyError as error:
        raise ConfigError(f"profile {name}: {error.args[0]} is missing") from error


def _ask(name: str, entry: dict[str, Any]) -> Ask:
    where = f"ask {entry.get('clause')}"
    _only(name, where, entry, _ASK_KEYS)
    for field in entry.get("fields", ()):
        if field not in FIELDS:
            raise ConfigError(f"profile {name}: {where}: there is no field {field!r}", hint=", ".join(FIELDS))
    if not entry.get("fields") and not entry.get("absent"):
        raise ConfigError(f"profile {name}: {where}: it names neither fields nor why there are none")
    return Ask(
        entry["clause"], entry["says"], entry["read"], tuple(entry.get("fields", ())), entry.get("absent"),
        entry.get("when"),
    )  # fmt: skip


def _term(name: str, framework: frameworks.Framework, entry: dict[str, Any]) -> Term:
    _only(name, "a period", entry, {"clause", "read"})
    if entry["clause"] not in {clause.clause for clause in framework.clauses}:
        raise ConfigError(f"profile {name}: {framework.name} has no clause {entry['clause']!r}")
    return Term(entry["clause"], entry["read"])


def _only(name: str, where: str, entry: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(entry) - known):
        raise ConfigError(f"profile {name}: {where}: unknown key {unknown[0]!r}")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


# -- what comes of it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """A profile over a scope.

    Attributes:
        counts: of each field that it names. retention: its clauses against every stream of the case.
        files: table -> paths of the files of the bundle that hold it.
        scope, period, held: as the manifest tells them.
    """

    profile: Profile
    counts: Mapping[str, Count]
    retention: tuple[Retention, ...]
    files: Mapping[str, Sequence[str]]
    scope: Mapping[str, Any]
    period: Mapping[str, Any]


def document(judged: Judged) -> dict[str, Any]:
    """The profile as JSON."""
    made = judged.profile
    asks = [_ask_row(ask, judged) for ask in made.asks]
    return {
        "schema": SCHEMA,
        "generated_by": {"name": "auditrail", "version": __version__},
        "not_checked": list(NOT_CHECKED),
        "profile": made.name,
        "title": made.title,
        "framework": made.framework.name,
        "as_of": made.as_of,
        "notes": [NOT_LEGAL, *made.notes],
        "scope": dict(judged.scope),
        "period": dict(judged.period),
        "states": STATES,
        "asks": asks,
        "not_in_the_logs": [
            {"clause": ask["clause"], "says": ask["says"], "why": ask["absent"] or STATES[ask["state"]]}
            for ask in asks
            if ask["state"] in ("not-in-logs", "none-held") or ask["absent"]
        ],
        "retention": [_period_row(term, judged) for term in made.periods],
    }


def _ask_row(ask: Ask, judged: Judged) -> dict[str, Any]:
    return {
        "clause": ask.clause,
        "says": ask.says,
        "read": ask.read,
        "when": ask.when,
        "state": ask.state(judged.counts),
        "absent": ask.absent,
        "fields": [
            {
                "field": name,
                "what": FIELDS[name].words,
                "files": list(judged.files.get(FIELDS[name].table, ())),
                "columns": list(FIELDS[name].columns),
                "counted": "runs" if FIELDS[name].per_run else FIELDS[name].table,
                "held": judged.counts[name].held,
                "of": judged.counts[name].of,
                "withheld": judged.counts[name].withheld,
            }
            for name in ask.fields
        ],
    }


def _period_row(term: Term, judged: Judged) -> dict[str, Any]:
    (clause,) = [one for one in judged.profile.framework.clauses if one.clause == term.clause]
    return {
        "clause": term.clause,
        "read": term.read,
        "months": clause.months,
        "note": clause.note,
        "streams": [
            {
                "stream": row.stream,
                "required_days": row.required_days,
                "required_since": times.iso(row.required_since_ns) or None,
                "oldest_held": times.iso(row.oldest_ns) or None,
                "held_days": row.held_days,
                "status": row.status,
            }
            for row in judged.retention
            if row.clause == term.clause
        ],
    }


_COLUMNS = (
    Column("clause", "clause", "id"),
    Column("says", "asks for"),
    Column("state", "state"),
    Column("where", "where it stands", "list"),
    Column("held", "held by", "list"),
    Column("absent", "not held by logs"),
    Column("read", "read at the source"),
)


def listing(judged: Judged) -> Listing:
    """The profile as a table for people."""
    made = judged.profile
    rows = [_row(ask, judged) for ask in made.asks] + [_term_row(term, judged) for term in made.periods]
    states = tuple(f"{name}: {words}." for name, words in STATES.items())
    period = judged.period
    asked = " to ".join(str(edge or "open") for edge in period.get("asked", {}).values())
    reach = " to ".join(str(edge or "unknown") for edge in period.get("held", {}).values())
    notes = (
        NOT_LEGAL,
        *made.notes,
        f"Period asked for: {asked}; held: {reach}.",
        f"Facts of the framework as of {made.as_of}; those not read at the source are general knowledge, unchecked.",
        *(f"records/{table}: {', '.join(paths)}." for table, paths in sorted(judged.files.items())),
        *states,
    )
    return Listing("profile", "asks", made.title, _COLUMNS, tuple(rows), {}, notes, NOT_CHECKED)


def _row(ask: Ask, judged: Judged) -> tuple[Any, ...]:
    where, held = [], []
    for name in ask.fields:
        field, count = FIELDS[name], judged.counts[name]
        where.append(f"{field.words}: {', '.join(field.columns)} of records/{field.table}")
        hidden = f", {count.withheld:,} of them withheld" if count.withheld else ""
        held.append(f"{name}: {count.held:,} of {count.of:,} {'runs' if field.per_run else field.table}{hidden}")
    says = f"{ask.says} ({ask.when})" if ask.when else ask.says
    return (ask.clause, says, ask.state(judged.counts), where, held, ask.absent, "yes" if ask.read else "no")


def _term_row(term: Term, judged: Judged) -> tuple[Any, ...]:
    told = _period_row(term, judged)
    months = told["months"]
    says = f"records kept for at least {months} months" if months else "how long records are kept"
    held = [
        f"{row['stream']}: oldest held {(row['oldest_held'] or 'unknown')[:10]}"
        + (f", required since {row['required_since'][:10]}" if row["required_since"] else "")
        for row in told["streams"]
    ]
    found = {row["status"] for row in told["streams"]}
    state = "not judged" if not found or found == {"not-judged"} else "shorter" if "shorter" in found else "held"
    where = ["time of records/events"]
    return (term.clause, f"{says}: {told['note']}", state, where, held, None, "yes" if term.read else "no")
