"""A `logging.Handler` that writes to a sealed log."""

from __future__ import annotations

import logging
from typing import Any

from auditrail.seal.log import SealedLog
from auditrail.seal.records import plain

# What a LogRecord has anyway; anything else on it was given by `extra`.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class SealedHandler(logging.Handler):
    """Writes each log record as a record of a sealed log; it closes the log when it is closed.

    A record's body has `level`, `logger`, `message`, `created` (seconds since the epoch), `process`, `thread`, and,
    where they are there, `extra` and `exception`. What is no JSON is written as text.
    """

    def __init__(self, log: SealedLog, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Writes the record; a failure goes to `handleError`, as in every handler."""
        try:
            self.log.append(self.body(record))
        except Exception:  # noqa: BLE001 - logging must never stop the program
            self.handleError(record)

    def body(self, record: logging.LogRecord) -> dict[str, Any]:
        """What is written of a record."""
        made: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "created": record.created,
            "process": record.process,
            "thread": record.threadName,
        }
        extra = {name: value for name, value in vars(record).items() if name not in _USUAL}
        if extra:
            made["extra"] = extra
        if record.exc_info:
            made["exception"] = (self.formatter or logging.Formatter()).formatException(record.exc_info)
        kept: dict[str, Any] = plain(made)
        return kept

    def close(self) -> None:
        self.log.close()
        super().close()
