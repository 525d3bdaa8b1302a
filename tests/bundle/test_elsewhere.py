"""What others make of a bundle of hostile values: a spreadsheet and pandas, where they are installed."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail.bundle import tables
from auditrail.cli._main import run

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
TABLES = ("events", "runs", "gaps")
TABLE, OFFICE_NS = (
    "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}",
    "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}",
)
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
# Comma, quote, UTF-8, first line; then as a person would let it: numbers found, and formulas evaluated.
AS_TYPED = "CSV:44,34,76,1,,0,false,true,false,false,false,0,true"
CALL = {"run_id": "run-1", "agent": "=1+1", "event": "tool_call"}
HOSTILE = [
    {**CALL, "tool": "+1+1", "tool_call_id": "-2+3", "args": "@SUM(1)", "result": '=HYPERLINK("http://x";"y")'},
    {**CALL, "tool": "\t=1", "tool_call_id": "\r=2", "args": " =1+1", "result": '\uff1d1+2\n"quoted", and, more'},
    {**CALL, "tool": "=cmd|' /C calc'!A0", "args": {"=a": "=1"}, "result": "a\u202eb\x00c"},
    {**CALL, "tool": "\xa0=1", "args": "<b>&amp;", "result": "-1"},
]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of a bundle whose values would be formulas, escapes or breaks of a line."""
    folder = tmp_path_factory.mktemp("hostile")
    log = folder / "=1+1.jsonl"
    lines = ({**line, "ts": f"2026-09-17T10:00:0{second}Z"} for second, line in enumerate(HOSTILE))
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run(["export", "--from", str(log), "-o", str(folder / "out"), "-q"]) == 0
    return folder / "out" / "records"


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_a_spreadsheet_opens_the_tables_and_takes_no_value_for_a_formula(records: Path, tmp_path: Path) -> None:
    files = [str(records / f"{name}.csv") for name in TABLES]
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    words = [profile, "--headless", "--convert-to", "fods", f"--infilter={AS_TYPED}", "--outdir", str(tmp_path), *files]
    done = subprocess.run(
        [str(OFFICE), *words], check=True, capture_output=True, text=True, timeout=240,
        env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert "error" not in (done.stdout + done.stderr).lower()
    for name in TABLES:
        with (records / f"{name}.csv").open(newline="") as file:
            wanted = list(csv.reader(file))
        kinds = {
            field.name: field.sql_type for table in tables.tables() if table.name == name for field in table.fields
        }
        shown = list(_rows(tmp_path / f"{name}.fods"))
        assert len(shown) == len(wanted)
        for cells, row in zip(shown, wanted, strict=True):
            assert not [cell for cell in cells if cell[0]]
            for (_, kind, value), expected, column in zip(cells, row, wanted[0], strict=False):
                if kind == "string":
                    assert value == expected
                else:  # a number or a truth value: what looks like one loses leading zeros, and nothing runs
                    assert kinds[column] != "VARCHAR" or not kind or expected.lstrip("-").replace(".", "").isdigit()


def _rows(path: Path) -> Iterator[list[tuple[bool, str | None, str]]]:
    """Of each cell: whether it is a formula, the type of its value, and its text."""
    for row in ET.parse(path).getroot().iter(f"{TABLE}table-row"):  # noqa: S314 - LibreOffice wrote it
        cells: list[tuple[bool, str | None, str]] = []
        for cell in row.findall(f"{TABLE}table-cell"):
            shown = "\n".join("".join(part.itertext()) for part in cell.findall(f"{TEXT}p"))
            made = (f"{TABLE}formula" in cell.attrib, cell.get(f"{OFFICE_NS}value-type"), shown)
            cells += [made] * min(int(cell.get(f"{TABLE}number-columns-repeated", "1")), 100)
        yield cells


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")
def test_pandas_reads_every_table_with_its_types(records: Path) -> None:
    pandas: Any = importlib.import_module("pandas")
    for table in tables.tables():
        frame = pandas.read_parquet(records / f"{table.name}.parquet", dtype_backend="pyarrow")
        assert list(frame.columns) == [field.name for field in table.fields]
        for field in table.fields:
            kind = {"VARCHAR": "string", "BIGINT": "int64", "BOOLEAN": "bool", "DOUBLE": "double"}[field.sql_type]
            assert str(frame[field.name].dtype).startswith(kind), field.name
        plain = pandas.read_csv(records / f"{table.name}.csv", dtype=str, keep_default_na=False)
        assert list(plain.columns) == list(frame.columns)
        assert len(plain) == len(frame)
    events = pandas.read_parquet(records / "events.parquet")
    assert [*events.sort_values("record")["tool"]] == [line["tool"] for line in HOSTILE]
