"""Logs from which records were taken that had been read: cut, written anew, or removed, and no copy holds them.

Rotation cuts logs, too (`copytruncate`). So a copy that holds what was cut may turn up for some seconds, beside the log
or anywhere under the paths that are watched; then nothing is told.
"""

from __future__ import annotations

from auditrail.watch.rule import Finding, Rule
from auditrail.watch.types import Notice

NAME = "log-cut"
TITLE = "Records that were read are gone from a log"
SEVERITY = "high"
EXPLAIN = (
    "The log was emptied, written anew or removed, and no rotated copy holds what stood there. If it was rotation, "
    "watch the folder where it puts its copies, too. If not, somebody destroyed records."
)
SETTINGS: dict[str, object] = {}
_KINDS = ("cut", "rewritten", "gone")


class Watching(Rule):
    """Tells what the follower found."""

    def notice(self, notice: Notice) -> None:
        if notice.kind in _KINDS:
            key = (notice.kind, notice.path, notice.key)
            self.tell(Finding(key, notice.detail, notice.ts, (), notice.values, stream=notice.stream))
