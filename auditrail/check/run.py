"""One call of `auditrail check`: frozen cases, thresholds and configuration, as one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditrail.check import configuration, frozen, loading
from auditrail.check.configured import CheckSettings
from auditrail.check.judging import Evidence
from auditrail.config import Config
from auditrail.errors import AuditrailError, UsageError
from auditrail.gaps import configured as gap_settings
from auditrail.report.check_types import INCONCLUSIVE, Check, CheckReport


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at.

    Attributes:
        folders: frozen cases, or folders of them; folders of logs where they hold none.
        case: opens a case that thresholds are held over, with its name; None: none was named.
    """

    folders: tuple[Path, ...]
    case: tuple[str, Callable[[], AbstractContextManager[Any]]] | None = None


def run(asked: Asked, config: Config, settings: CheckSettings) -> CheckReport:
    """Checks everything that is named, by the call or by the configuration.

    Raises:
        UsageError: there is nothing to check. ConfigError: `[gaps]` is wrong.
    """
    named = [*asked.folders, *map(Path, settings.frozen if not asked.folders else ())]
    cases = [case for folder in named for case in frozen.cases(folder)]
    logs = [folder for folder in asked.folders if not frozen.cases(folder)]
    if not asked.folders and asked.case is None:
        logs = [Path(path) for path in settings.logs]
    waiting = [] if asked.folders else [folder for folder in map(Path, settings.frozen) if not frozen.cases(folder)]
    if not cases and not logs and asked.case is None and not settings.lint and not waiting:
        raise UsageError(
            "there is nothing to check",
            hint="name frozen incidents or logs, or set logs, frozen or lint in [check] of auditrail.toml",
        )
    checks: list[Check] = []
    notes: list[str] = []
    for folder in cases:
        checks += frozen.check(folder)
    if not cases:
        checks += [_none_yet(folder) for folder in waiting]
    checks += _thresholds(asked, logs, config, settings, notes)
    if settings.lint:
        checks += configuration.check(settings.lint, config, settings.lint_fail_on)
    notes += [f"{folder}: no frozen incident there" for folder in waiting]
    subjects = [*map(str, cases), *map(str, logs), *([asked.case[0]] if asked.case else []), *settings.lint]
    return CheckReport(tuple(checks), tuple(dict.fromkeys(subjects)), tuple(notes), tuple(_left(settings, checks)))


def _none_yet(folder: Path) -> Check:
    remedy = f"freeze an incident: auditrail incident freeze ID -o {folder}/NAME"
    return Check("frozen/none", "frozen", str(folder), INCONCLUSIVE, "no frozen incident is there", remedy=remedy)


def _thresholds(
    asked: Asked, logs: Sequence[Path], config: Config, settings: CheckSettings, notes: list[str]
) -> Iterator[Check]:
    if not logs and asked.case is None:
        return
    if not settings.thresholds:
        notes.append("no thresholds are set: [check.thresholds] of auditrail.toml")
        name = ", ".join(map(str, logs)) or (asked.case[0] if asked.case else "")
        yield Check("threshold/none", "threshold", name, INCONCLUSIVE, "no threshold is set for this evidence")
        return
    judged_by = gap_settings.read(config)
    if asked.case is not None:
        with asked.case[1]() as connection:
            yield from _judged(Evidence(asked.case[0], connection, judged_by), settings)
    if logs:
        name = ", ".join(map(str, logs))
        try:
            with loading.held(logs, config) as held:
                yield from _judged(Evidence(name, held.connection, judged_by), settings)
        except AuditrailError as error:
            yield Check("threshold/evidence", "threshold", name, INCONCLUSIVE, error.message)


def _judged(evidence: Evidence, settings: CheckSettings) -> Iterator[Check]:
    for module, value in settings.thresholds:
        yield module.judge(value, evidence)


def _left(settings: CheckSettings, checks: Sequence[Check]) -> Iterator[str]:
    groups = {check.group for check in checks}
    if "frozen" not in groups:
        yield "frozen incidents: none was named"
    if "threshold" not in groups:
        yield "thresholds: no evidence was named"
    if not settings.lint:
        yield "configuration: no paths in [check] lint"
    yield "whether the logs that were looked at are all that exist"
