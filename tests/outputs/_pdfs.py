"""Reads PDFs back: their text, their tags, and where words stand on the pages."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader


def reader(made: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(made))


@cache
def words(made: bytes) -> str:
    """The text of all pages, with one blank between words."""
    return " ".join(" ".join(page.extract_text() for page in reader(made).pages).split())


def tags(made: bytes) -> Iterator[Any]:
    """Every element of the structure, the part that a screen reader walks."""
    left = [reader(made).trailer["/Root"]["/StructTreeRoot"]]
    while left:
        node = left.pop().get_object()
        if isinstance(node, list):
            left += node
        elif isinstance(node, dict):
            if "/S" in node:
                yield node
            if "/K" in node:
                left.append(node["/K"])


def pdftotext(made: bytes, folder: Path, *options: str) -> str:
    """What poppler reads; skips the test where it is not installed."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    path = folder / "made.pdf"
    path.write_bytes(made)
    done = subprocess.run(["pdftotext", *options, path, "-"], capture_output=True, check=True)
    return done.stdout.decode()


def beyond_the_page(made: bytes, folder: Path) -> list[str]:
    """Words that reach into the margins' outer half or over the edge of an A4 page."""
    boxes = re.findall(
        r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>',
        pdftotext(made, folder, "-bbox"),
    )
    assert boxes
    return [
        word
        for left, top, right, bottom, word in boxes
        if float(left) < 30 or float(right) > 565 or float(top) < 20 or float(bottom) > 830
    ]
