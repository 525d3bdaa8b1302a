"""Real samples and their answer key, where they are; read as ingest reads them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import _pipeline as pipeline

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
MARKS = [pytest.mark.corpus, pytest.mark.skipif(not CORPUS.is_dir(), reason="the samples are not here")]
_LINE = re.compile(r"- `(?P<path>[^`]+)` (?P<facts>\{.*\})$", re.MULTILINE)


def key(folder: str) -> dict[str, dict[str, Any]]:
    """The answer key of a folder: path (`…` stands for a long beginning) -> facts; those that are JSON."""
    if not CORPUS.is_dir():
        return {}
    found = _LINE.finditer((CORPUS / "KEY.md").read_text("utf-8"))
    return {
        match["path"]: json.loads(match["facts"])
        for match in found
        if (match["path"].startswith((f"{folder}/", "…")) and "'" not in match["facts"])
    }


def file_of(folder: str, path: str) -> Path:
    """The file that a path of the key names, also where its beginning is left out."""
    end = path.removeprefix("…").removeprefix(f"{folder}/")
    (found,) = [file for file in (CORPUS / folder).rglob("*") if file.as_posix().endswith(end)]
    return found


def reading(file: Path) -> pipeline.Reading:
    return pipeline.read(file.read_bytes(), path=str(file))


def attributes(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["attributes"]) if row["attributes"] else {}


def counts(rows: list[dict[str, Any]], *columns: str) -> Counter[Any]:
    return Counter(tuple(row[column] for column in columns) for row in rows)
