"""What is found of a bundle, step by step; `bundle` numbers the steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from auditrail.bundle.format import Manifest, Sums
from auditrail.errors import UnreadableError
from auditrail.verify.kinds._bundle_files import Holding
from auditrail.verify.types import Defect

MOST_DEFECTS = 1000


@dataclass
class Found:
    """What was found of one bundle.

    Attributes:
        manifest: as far as it can be read. sound: whether it is what its writer wrote (step 2).
        digest: SHA-256 of manifest.json in hex, "" if it is not there. sums: SHA256SUMS, None if it is not there.
        records: files that there should be. checked: those that are as they should be.
        signed, verified: signatures of the note, and those by keys that were given. signers: their names.
    """

    holding: Holding
    shown: str
    manifest: Manifest | None = None
    sound: bool = False
    digest: str = ""
    sums: Sums | None = None
    records: int = 0
    checked: int = 0
    signed: int = 0
    verified: int = 0
    anchors: list[str] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    left_out: int = 0
    not_checked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, kind: str, name: str, note: str, *, expected: str | None = None, found: str | None = None,
        breaks: bool = True,
    ) -> None:  # fmt: skip
        """Notes a defect of a file ("": of the bundle as a whole)."""
        place = f"{self.shown}{self.holding.join}{self.holding.prefix}{name}" if name else ""
        said = f"{name}: {note}" if name else note
        if len(self.defects) < MOST_DEFECTS:
            self.defects.append(Defect(kind, None, None, None, expected, found, said, breaks, place))
        else:
            self.left_out += 1

    @property
    def broken(self) -> bool:
        return self.left_out > 0 or any(defect.breaks for defect in self.defects)


def read(found: Found, name: str, limit: int) -> bytes | None:
    """A file that goes with the bundle; what is wrong with it is noted, and None returned."""
    held = found.holding.find(name)
    if held is None:
        found.add("missing-file", name, "it is not there")
        return None
    try:
        data = found.holding.read(held, limit)
    except UnreadableError as error:
        found.add("edited", name, f"it can't be read: {error.message}")
        return None
    if data is None:
        found.add("edited", name, "it is far too long")
    return data
