"""pytest collects frozen incidents: each `expected.json` of schema `auditrail.frozen/1` is a file of tests.

Installed with auditrail (entry point `pytest11`); `pytest tests/incidents` is enough. A case gives one test for each
part that is checked: manifest, verifier, loading, reconstruction, gaps and verification; they share one run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from auditrail.report.check_types import Check

_PARTS = ("manifest", "verifier", "loading", "reconstruction", "gaps", "verification")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A frozen incident, by its content; any other `expected.json` is left alone."""
    if file_path.name != "expected.json":
        return None
    from auditrail.check import frozen

    return FrozenCase.from_parent(parent, path=file_path) if frozen.is_frozen(file_path.parent) else None


class FrozenCase(pytest.File):
    """A frozen incident."""

    _checks: list[Check] | None = None

    def collect(self) -> Iterator[pytest.Item]:
        for part in _PARTS:
            yield FrozenPart.from_parent(self, name=part)

    def checks(self) -> list[Check]:
        """What was found, worked out when the first part runs."""
        if self._checks is None:
            from auditrail.check import frozen

            self._checks = frozen.check(self.path.parent)
        return self._checks


class FrozenPartError(Exception):
    """A part of a case is not found again; the text says what differs."""


class FrozenPart(pytest.Item):
    """One part of a frozen incident."""

    def runtest(self) -> None:
        case = self.parent
        assert isinstance(case, FrozenCase)  # noqa: S101 - only a case makes parts
        checks = case.checks()
        mine = [check for check in checks if check.id == f"frozen/{self.name}"]
        # A case that is not what was frozen, or can't be read, stops before the other parts.
        for check in mine or checks:
            if check.outcome != "passed":
                raise FrozenPartError("\n".join([f"{check.name}: {check.summary}", *check.details]))
        if not mine:
            raise FrozenPartError(f"{self.name} was not checked")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, FrozenPartError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"frozen incident {self.path.parent.name}: {self.name}"
