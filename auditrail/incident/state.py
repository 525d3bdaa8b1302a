"""What the entries of a ledger add up to: incidents, each with its runs, its milestones and its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from auditrail.errors import AuditrailError
from auditrail.incident import entries
from auditrail.incident.entries import Recorded

OPEN, CLOSED = "open", "closed"


class IncidentNotFoundError(AuditrailError):
    """The ledger knows no incident of that id."""

    code = "incident-not-found"


@dataclass(slots=True)
class Incident:
    """One incident, from its entries in the order of the ledger."""

    id: str
    title: str
    runs: tuple[str, ...]
    entries: list[Recorded] = field(default_factory=list)

    @property
    def opened(self) -> Recorded:
        return self.entries[0]

    @property
    def closed(self) -> Recorded | None:
        """The last closing: an incident may be closed again, with what became known later."""
        return next((entry for entry in reversed(self.entries) if entry.kind == entries.CLOSE), None)

    @property
    def status(self) -> str:
        return CLOSED if self.closed is not None else OPEN

    @property
    def aware_ns(self) -> int:
        """When somebody learned of it: the earliest action `aware`, else when it was opened."""
        known = [entry.at_ns for entry in self.actions("aware")]
        return min(known, default=self.opened.at_ns)

    @property
    def classified_ns(self) -> int | None:
        """When its severity was decided: the last such action."""
        return max((entry.at_ns for entry in self.actions("classify")), default=None)

    @property
    def operators(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(entry.operator for entry in self.entries))

    def actions(self, name: str) -> list[Recorded]:
        return [entry for entry in self.entries if entry.kind == entries.ACTION and entry.data.get("action") == name]

    def sent(self) -> dict[tuple[str, str], int]:
        """(framework, report) -> when a notification was recorded first."""
        made: dict[tuple[str, str], int] = {}
        for entry in self.actions("notify"):
            key = (str(entry.data.get("framework") or ""), str(entry.data.get("report") or ""))
            made[key] = min(entry.at_ns, made.get(key, entry.at_ns))
        return made

    def text(self, kind: str, name: str) -> str:
        """A text of the last entry of that kind; blank if there is none."""
        value = next((entry.data.get(name) for entry in reversed(self.entries) if entry.kind == kind), None)
        return value if isinstance(value, str) else ""

    def texts(self, kind: str, name: str) -> tuple[str, ...]:
        value = next((entry.data.get(name) for entry in reversed(self.entries) if entry.kind == kind), None)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()


def incidents(found: Iterable[Recorded]) -> dict[str, Incident]:
    """Every incident that was opened, in the order of their opening.

    An entry whose incident nobody opened belongs to none; a second opening of an id is an entry of the first.
    """
    made: dict[str, Incident] = {}
    for entry in found:
        if entry.incident is None:
            continue
        if entry.kind == entries.OPEN and entry.incident not in made:
            runs = entry.data.get("runs")
            listed = tuple(str(run) for run in runs) if isinstance(runs, list) else ()
            made[entry.incident] = Incident(entry.incident, str(entry.data.get("title") or ""), listed)
        if entry.incident in made:
            made[entry.incident].entries.append(entry)
    return made


def one(found: Iterable[Recorded], asked: str) -> Incident:
    """The incident of that id, or of a unique end of one (`7` for INC-2026-0007).

    Raises:
        IncidentNotFoundError: there is none, or several fit.
    """
    known = incidents(found)
    if asked in known:
        return known[asked]
    fitting = [each for name, each in known.items() if asked.isdecimal() and name.endswith(f"-{int(asked):04d}")]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        listed = ", ".join(each.id for each in fitting[-10:])
        raise IncidentNotFoundError(f"{asked!r} may be several incidents", hint=f"name one of: {listed}")
    listed = ", ".join(list(known)[-10:])
    hint = f"incidents: {listed}" if listed else "open one with: auditrail incident open RUN... --title TEXT"
    raise IncidentNotFoundError(f"the ledger has no incident {asked!r}", hint=hint)
