"""`redaction.json`: the policy, what each rule withheld and how often, and how a disclosed value is proven."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from auditrail.bundle.context import Context

NAME = "redaction"


def wanted(context: Context) -> bool:
    """Only where something was withheld by a policy."""
    return context.redaction is not None


def make(context: Context) -> Iterator[tuple[str, bytes | Path]]:
    """The one file."""
    yield "redaction.json", (json.dumps(context.redaction, indent=2, ensure_ascii=False) + "\n").encode()
