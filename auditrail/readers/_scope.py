"""Names for runs whose records carry no id of their own: taken from where they stand and what they say.

A task number, a trial or a file name recurs in the next experiment. So the name ends in six digits of a record's
hash: two runs never fall together because their files are called alike, and the same evidence gives the same name.
The name before the `@` is a prefix that `reconstruct` takes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from auditrail.containers.records import Record

_DIGITS = 6
_LONGEST = 400
_EXTENSION = re.compile(r"\.(?:jsonl|ndjson|json|traj|log|txt|eval|gz|zst|bz2|xz|csv|tsv|parquet|pb)\Z", re.IGNORECASE)
_SEPARATORS = re.compile(r"[/\\!]+")


class Origin(NamedTuple):
    """Where a record comes from, as far as a reader may know it.

    Attributes:
        path: of the source, as given to ingest.
        first: hash of the source's first record, hex. It stays the same when the source grows.
    """

    path: str = ""
    first: str = ""

    @property
    def stem(self) -> str:
        """The file's name with its folder, without extensions: `runs/Hand-Crafted/1.json` -> `Hand-Crafted/1`."""
        parts = self.parts
        if not parts:
            return ""
        name = parts[-1]
        while (shorter := _EXTENSION.sub("", name)) != name and shorter:
            name = shorter
        return "/".join([*parts[-2:-1], name])

    @property
    def parts(self) -> list[str]:
        """The steps of the path, file last; `!` (a member of an archive) divides them, too."""
        return [part for part in _SEPARATORS.split(self.path) if part not in ("", ".", "..")]

    def run(self, *parts: object) -> str:
        """A name for the run that the whole source holds: `<file>[/<part>...]@<hash of its first record>`."""
        return self._named(parts, self.first)

    def run_of(self, record: Record, *parts: object) -> str:
        """A name for the run that one record holds: `<file>[/<part>...]@<hash of the record>`.

        `parts` is what the record says of itself, most general first: task, trial, sample.
        """
        return self._named(parts, record.digest.hex())

    def _named(self, parts: tuple[object, ...], digest: str) -> str:
        names = [self.stem, *(str(part) for part in parts if part is not None and part != "")]
        return "/".join(name for name in names if name)[:_LONGEST] + "@" + digest[:_DIGITS]


NOWHERE = Origin()
