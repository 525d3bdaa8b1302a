"""What can go wrong where values are withheld, each with its code."""

from __future__ import annotations

from typing import ClassVar

from auditrail.errors import AuditrailError, UsageError


class PolicyError(UsageError):
    """A redaction policy is missing, is not TOML, names what there is not, or would tear runs and gaps apart."""

    code: ClassVar[str] = "redaction-policy"


class RedactionKeyError(AuditrailError):
    """The key of a redaction is none, or others can read it."""

    code: ClassVar[str] = "redaction-key"


class DisclosureError(AuditrailError):
    """A disclosed value is not proven: the record is damaged, or the commitment is another one (exit code 1)."""

    code: ClassVar[str] = "disclosure"
    exit_code: ClassVar[int] = 1


class LeakError(AuditrailError):
    """A finished file holds a value that was withheld, so nothing is handed over.

    `hits` has (file, rule, number of places) of each; the values themselves are never told.
    """

    code: ClassVar[str] = "redaction-leak"

    def __init__(self, message: str, *, hint: str = "", hits: tuple[tuple[str, str, int], ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.hits = hits
