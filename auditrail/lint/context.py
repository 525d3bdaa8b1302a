"""What a rule may ask beside the configuration that it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from auditrail.gaps.frameworks import Framework


class LongRun(NamedTuple):
    """A run that the case holds, and how many seconds lie between its first and its last record."""

    id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a case holds, as far as rules ask.

    Attributes:
        runs: how many runs have a length.
        longest: the longest of them, the longest first.
    """

    runs: int = 0
    longest: tuple[LongRun, ...] = ()


@dataclass(slots=True)
class Context:
    """All configurations of a call by their kind, frameworks that were named, parameters, and what a case holds."""

    found: dict[str, list[Any]] = field(default_factory=dict)
    frameworks: tuple[Framework, ...] = ()
    params: Mapping[str, float] = field(default_factory=dict)
    evidence: Evidence | None = None
    made: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What a rule works out over all configurations, worked out once a call."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def configs(self, kind: str) -> list[Any]:
        """All configurations of a kind, in order of path and line."""
        return self.found.get(kind, [])

    def param(self, rule: str, name: str) -> float:
        """A parameter of a rule, as set in `auditrail.toml` or by its default."""
        return self.params[f"{rule}.{name}"]

    def required_days(self) -> tuple[int, str] | None:
        """The longest retention that the named frameworks ask for, in days, with its clause; None if none names one.

        A month counts 31 days at most: six months are 184, as the longest six of a year.
        """
        best: tuple[int, str] | None = None
        for framework in self.frameworks:
            for clause in framework.clauses:
                days = _days(clause.months)
                if days is not None and (best is None or days > best[0]):
                    best = (days, f"{framework.title} {clause.clause}")
        return best


def _days(months: int | None) -> int | None:
    """Days that so many months have at most: 6 are 184 (March to August), 12 are 366."""
    if months is None:
        return None
    years, rest = divmod(months, 12)
    return years * 365 + (years + 3) // 4 + (0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337)[rest]
