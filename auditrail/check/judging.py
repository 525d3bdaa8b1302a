"""What thresholds are judged by: a case, its gaps (worked out once, when first asked for), and plain counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from auditrail.config import type_of
from auditrail.errors import ConfigError
from auditrail.gaps.settings import GapSettings
from auditrail.report.check_types import FAILED, INCONCLUSIVE, PASSED, Check
from auditrail.report.gap_types import GapsReport

if TYPE_CHECKING:
    import duckdb


@dataclass
class Evidence:
    """A case that is judged: `name` is what a person calls it; `require` adds frameworks to those of the settings."""

    name: str
    connection: duckdb.DuckDBPyConnection
    settings: GapSettings = field(default_factory=GapSettings)
    require: tuple[str, ...] = ()
    _gaps: GapsReport | None = None

    @property
    def gaps(self) -> GapsReport:
        """The gaps of all of it."""
        if self._gaps is None:
            from auditrail.report.gaps import Judging
            from auditrail.report.gaps import gaps as look

            self._gaps = look(self.connection, None, Judging(None, self.settings, self.require))
        return self._gaps

    def calls(self) -> tuple[int, int]:
        """Tool calls that the layer of tools tells of (else that of models), and those with readable arguments."""
        for layer in ("tool", "llm", "agent"):
            rows = [row for row in self.gaps.coverage if row.layer == layer]
            calls = sum(row.calls for row in rows)
            if calls:
                return calls, sum(row.args_present for row in rows)
        return 0, 0


def share(value: Any, key: str) -> float:
    """A share, 0 to 1.

    Raises:
        ConfigError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ConfigError(f"{key}: expected a share from 0 to 1", hint="for example 0.95")
    return float(value)


def ratio(value: Any, key: str) -> float:
    """A number from 0 on.

    Raises:
        ConfigError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise ConfigError(f"{key}: expected a number from 0 on, found {type_of(value)}")
    return float(value)


def at_least(module: Any, evidence: Evidence, wanted: float, part: int, of: int, things: str) -> Check:
    """A check that `part` of `of` is a share of at least `wanted`; of nothing, it could not be decided."""
    return _share(
        module, evidence, wanted, part, of, things, met=of > 0 and part >= wanted * of - 1e-9, word="at least"
    )


def at_most(module: Any, evidence: Evidence, wanted: float, part: int, of: int, things: str) -> Check:
    """A check that `part` of `of` is a share of at most `wanted`."""
    return _share(module, evidence, wanted, part, of, things, met=of > 0 and part <= wanted * of + 1e-9, word="at most")


def _share(
    module: Any, evidence: Evidence, wanted: float, part: int, of: int, things: str, *, met: bool, word: str
) -> Check:
    if not of:
        return made(module, evidence, INCONCLUSIVE, f"there is nothing to measure: no {things}")
    said = f"{part:,} of {of:,} {things}: {_number(part / of)}"
    return made(module, evidence, PASSED if met else FAILED, said, f"{word} {_number(wanted)}", _number(part / of))


def made(
    module: Any, evidence: Evidence, outcome: str, summary: str, wanted: str = "", found: str = "",
    details: tuple[str, ...] = (),
) -> Check:  # fmt: skip
    """A check of a threshold's module."""
    return Check(
        f"threshold/{module.NAME}", "threshold", evidence.name, outcome, summary, wanted, found, details,
        "" if outcome == PASSED else module.REMEDY,
    )  # fmt: skip


def _number(value: float) -> str:
    """Four digits, cut and not rounded: 0.99996 is not 1."""
    return f"{int(value * 10_000 + 1e-6) / 10_000:g}"
