"""Which readers have a vectorised twin: modules named `fast_<format>` beside this one.

A twin module has `FORMAT` (name of the reader it is a twin of), `applies(choice, head) -> bool`, and
`load(connection, stream, *, source, stream_name, start, first_number, max_record)`, which reads the whole stream,
inserts the same rows that `plain.SourceReader` would, inside the caller's transaction, and returns
`(Tally, (resume_offset, resume_number))`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

from auditrail.containers.records import Head
from auditrail.ingest.choose import Choice


@cache
def _twins() -> dict[str, str]:
    """FORMAT -> module name; only the names of the modules are read until a twin is needed."""
    folder = str(Path(__file__).parent)
    names = [module.name for module in pkgutil.iter_modules([folder]) if module.name.startswith("fast_")]
    return {name.removeprefix("fast_").replace("_", "-"): f"auditrail.ingest.{name}" for name in names}


def twin_of(choice: Choice, head: Head) -> Any | None:
    """The twin that can read this source, or None: then the plain reader does."""
    name = _twins().get(choice.reader.NAME)
    if name is None:
        return None
    twin = importlib.import_module(name)
    return twin if twin.applies(choice, head) else None
