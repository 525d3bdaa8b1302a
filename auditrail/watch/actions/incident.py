"""Writes alerts into the ledger of incidents, sealed and chained, each once however often it is handed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TextIO

from auditrail import times
from auditrail.errors import AuditrailError, ConfigError
from auditrail.incident.ledger import FOLDER, Ledger
from auditrail.watch.delivery import DeliveryError

NAME = "incident"
TITLE = "write it into the ledger of incidents"
SETTINGS: dict[str, type] = {"folder": str, "incident": str, "operator": str}
QUEUED = True
RETRIED = True
_OPERATOR = "auditrail watch"


def make(settings: dict[str, Any], output: TextIO) -> Incident:  # noqa: ARG001 - the contract
    """The action.

    Raises:
        ConfigError: `folder` is there and is no folder.
    """
    folder = Path(settings.get("folder", FOLDER))
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"watch.action.folder: {folder} is no folder")
    return Incident(folder, settings.get("incident"), settings.get("operator", _OPERATOR))


class Incident:
    """Appends to the ledger of a folder, to one incident or to none yet."""

    def __init__(self, folder: Path, incident: str | None, operator: str) -> None:
        self._incident = incident
        self._ledger = Ledger(folder, operator=operator)

    def deliver(self, alert: dict[str, Any]) -> None:
        moment = times.parse(alert["time"])
        body = {name: value for name, value in alert.items() if name != "redelivered"}
        try:
            self._ledger.alert(body, incident=self._incident, at_ns=None if moment is None else moment.ns)
        except (AuditrailError, OSError) as error:
            raise DeliveryError(f"the ledger can't be written: {error}") from None
