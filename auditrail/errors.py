"""One tree of errors: each has a code for programs, a message, a hint, and the exit code of the command.

Findings (a gap, a quarantined record, a broken chain) are never exceptions; they are rows. An error means
that the question could not be answered, or that it was asked wrongly.
"""

from __future__ import annotations

from typing import ClassVar


class AuditrailError(Exception):
    """Base of all errors that a person is shown; `exit_code` follows the table in the README."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AuditrailError):
    """The command was called with words or values that make no sense (exit code 2)."""

    code = "usage"
    exit_code = 2


class ConfigError(UsageError):
    """`auditrail.toml` is missing, is not TOML, or holds an unknown key."""

    code = "config"


class OutputExistsError(UsageError):
    """`--output` names a file that exists, and `--force` was not given."""

    code = "output-exists"


class NothingReadableError(AuditrailError):
    """No input could be read, or no reader knew any of it."""

    code = "nothing-readable"


class CaseMissingError(AuditrailError):
    """There is no case file where one was looked for."""

    code = "case-missing"


class CaseLockedError(AuditrailError):
    """Another process holds the case; `holder` says which, as far as the engine tells."""

    code = "case-locked"

    def __init__(self, message: str, *, hint: str = "", holder: str = "") -> None:
        super().__init__(message, hint=hint)
        self.holder = holder


class CaseDamagedError(AuditrailError):
    """The file is not an auditrail case, or not one that this version can read."""

    code = "case-damaged"


class RunNotFoundError(AuditrailError):
    """No run has that id; `nearest` lists ids that look like it, `searched` what was looked through."""

    code = "run-not-found"

    def __init__(
        self, message: str, *, hint: str = "", nearest: tuple[str, ...] = (), searched: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.nearest = nearest
        self.searched = searched


class AmbiguousRunError(AuditrailError):
    """A prefix matches several runs; `candidates` lists them."""

    code = "run-ambiguous"

    def __init__(self, message: str, *, hint: str = "", candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.candidates = candidates


class QueryError(UsageError):
    """The SQL of `auditrail query` is not one read-only statement, or DuckDB refused it."""

    code = "query"


class UnreadableError(AuditrailError):
    """A source can't be opened, or its compression is damaged or over the limits."""

    code = "unreadable"


class MissingExtraError(AuditrailError):
    """What was asked for needs a package that only an extra installs; the hint says which."""

    code = "missing-extra"


class ProofError(AuditrailError):
    """A Merkle proof does not prove what it is said to prove."""

    code = "proof"


class NoteError(AuditrailError):
    """A signed note, a checkpoint or a key is not written as C2SP says, or its signature fails."""

    code = "note"


class SealError(AuditrailError):
    """A seal is damaged, belongs to another log, or must not be made as things are."""

    code = "seal"


class RewrittenError(SealError):
    """A log is not the one that was sealed, so it is not sealed over; that is a finding (exit code 1)."""

    code = "rewritten"
    exit_code = 1


class BundleError(AuditrailError):
    """An evidence bundle can't be made, or its manifest is none."""

    code = "bundle"


class RecordError(Exception):
    """A record that a reader or the parser refuses: it becomes a quarantine row, never a crash.

    Args:
        code: one of `model.QUARANTINE_CODES`.
        reason: one sentence for a person; holds no content of the record.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
