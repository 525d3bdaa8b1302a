"""The scratch case: a copy of the case in a temporary folder, in which values are withheld before anything is written.

With redaction, every file of a bundle is made from the scratch case alone: what was replaced there can stand nowhere.
Without it there is no copy: parts read the case itself.

The copy holds the whole case, and not the scope alone: the rules of gaps need the rhythm of every stream and the habits
of every agent to judge a part of it, and must find in a redacted case what they find in the original.

1. The file of the case is copied while a reader's lock keeps writers off.
2. `Transform.apply` replaces values in every table. It gets a connection to the copy alone: writable, shut off from
   files and network. It leaves a table `withheld_records(source BIGINT, byte_offset BIGINT)` behind: the records of
   which a value was withheld, whose bytes are not given out either.
3. The copy is opened read-only, as any case is.
4. When the bundle's files are finished, `Transform.audit` searches them for what was withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from auditrail import case

if TYPE_CHECKING:
    import duckdb

NAME = "scratch.duckdb"
# A table of the scratch case: records of which a value was withheld.
WITHHELD_RECORDS = "withheld_records"


class Transform(Protocol):
    """A redaction: built by `auditrail.redact`, used once, in the order of its methods."""

    def apply(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Replaces in all tables what is to be withheld, and makes `withheld_records`.

        Keys (`events.event`, `runs.run`, `sources.source`), offsets, lengths and `blake3` stay as they are.

        Args:
            connection: to the scratch case, writable; temporary tables made here are gone afterwards.
        """

    def document(self) -> dict[str, Any]:
        """What the manifest and `redaction.json` say of it: policy, rules, how often each withheld what, the way."""

    def audit(self, files: Iterable[tuple[str, Path]]) -> None:
        """Searches finished files (path in the bundle, where it lies) for withheld values.

        Raises:
            AuditrailError: one was found; the error names file and rule, never the value.
        """


@contextmanager
def redacted(path: Path, transform: Transform, folder: Path) -> Iterator[Path]:
    """The scratch case of a case, redacted; its file is gone afterwards.

    Args:
        path: the case.
        transform: what withholds values.
        folder: an empty folder for the copy, and for what is spilled.

    Raises:
        CaseMissingError, CaseLockedError, CaseDamagedError; what the transform raises.
    """
    target = folder / NAME
    try:
        case.copy(path, target)
        with case.open_scratch(target) as connection:
            transform.apply(connection)
        yield target
    finally:
        for left in folder.glob(f"{NAME}*"):
            if left.is_file():
                left.unlink(missing_ok=True)
