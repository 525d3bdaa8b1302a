"""Bundles of the demo evidence: what stands in them, that they hold together, that a change of any file is named."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auditrail import case, discover, notes, text
from auditrail.bundle import archive, export, scope, tables, write
from auditrail.bundle.context import Context, Wishes
from auditrail.bundle.parts import records
from auditrail.bundle.scope import Asked
from auditrail.cli._main import run
from auditrail.digest import record_digest
from auditrail.errors import NothingReadableError, OutputExistsError, UsageError
from auditrail.gaps.settings import GapSettings
from auditrail.notes import Signer
from auditrail.redact import policy as policies
from auditrail.redact.apply import Redaction
from auditrail.report.overview_types import Overview
from auditrail.verify import engine, keys
from auditrail.verify.evidence import Call

EVIDENCE = Path(__file__).parents[2] / "fixtures" / "demo" / "evidence"
SIGNER = Signer("example.com/bundles", bytes(range(32)))
QUARTER, PLAIN = Asked(quarter="2026Q3"), Wishes()
ALL = Wishes(
    forms=("ocsf", "cloudevents", "otlp"), raw=True, operator="A. Auditor", generated_at="2026-10-01T00:00:00Z"
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("case") / "auditrail.duckdb"
    assert run(["ingest", "--case", str(path), "-q", str(EVIDENCE)]) == 0
    return path


@pytest.fixture(scope="module")
def made(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Overview]:
    """A bundle with all that can be in it, and the overview that it was made from."""
    target, seen = tmp_path_factory.mktemp("bundle") / "whole", []

    def kept(context: Context, *words: Any) -> dict[str, Any]:
        seen.append(context.overview)
        return write.write(context, *words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "write", SimpleNamespace(write=kept, check_target=write.check_target))
        export.export(loaded, order(wishes=ALL, signer=SIGNER), target)
    return target, seen[0]


@pytest.fixture
def folder(made: tuple[Path, Overview]) -> Path:
    return made[0]


@pytest.fixture(scope="module")
def redacted(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with contents withheld, and JSON lines beside Parquet."""
    target = tmp_path_factory.mktemp("redacted") / "red"
    withheld = Redaction(policies.load("contents"), bytes(range(32)))
    export.export(loaded, order(wishes=Wishes(raw=True, text="jsonl"), transform=withheld), target)
    return target


def order(
    asked: Asked = QUARTER, wishes: Wishes = PLAIN, signer: Signer | None = None,
    transform: Redaction | None = None,
) -> export.Order:  # fmt: skip
    return export.Order(
        asked, wishes, GapSettings(), (), signer, transform, transform.policy.name if transform else None
    )


def verdict(path: Path) -> str:
    """What verification says of a bundle, without a key."""
    (result,) = engine.run([path], Call(keys.load([]))).results
    return result.verdict


def test_the_bundle_holds_what_it_says(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {file["path"] for file in manifest["files"]} == there - {"manifest.json", "SHA256SUMS", "manifest.note"}
    assert {"README.txt", "README.html", "report.html", "report.pdf", "dictionary.json", "raw/index.jsonl"} <= there
    assert manifest["operator"] == "A. Auditor"
    assert [step["step"] for step in manifest["custody"]] == ["ingested"] * 5 + ["exported"]
    note = notes.parse((folder / "manifest.note").read_bytes())
    assert notes.verify(note, [SIGNER.verifier])
    assert verdict(folder) == "INTACT-UNANCHORED"


def test_every_changed_file_is_named(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_file() or name == "manifest.note":
            continue
        data = path.read_bytes()
        if not data:
            continue
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        said = engine.run([folder], Call(keys.load([]))).results
        path.write_bytes(data)
        told = json.dumps([[d.note for d in one.defects] for one in said])
        assert any(one.verdict in ("BROKEN", "UNVERIFIABLE") for one in said), name
        assert name in told or name == "manifest.json", (name, told)


def test_text_has_the_rows_of_parquet_and_is_safe(folder: Path) -> None:
    with case.open_converter(folder / "records") as connection:
        for table in tables.tables():
            parquet = case.literal(str(folder / "records" / f"{table.name}.parquet"))
            found = connection.execute(f"FROM read_parquet({parquet})")
            assert [column[0] for column in found.description] == [field.name for field in table.fields]
            rows = found.fetchall()
            plain = list(csv.reader(io.StringIO((folder / "records" / f"{table.name}.csv").read_text())))
            assert len(plain) == len(rows) + 1
            for row, cells in zip(rows, plain[1:], strict=True):
                for value, cell in zip(row, cells, strict=True):
                    if isinstance(value, str):
                        assert cell == text.csv_cell(value)


def test_events_are_those_of_the_runs_and_of_none(loaded: Path, made: tuple[Path, Overview]) -> None:
    with case.open_analysis(loaded) as connection:
        asked = scope.resolve(connection, QUARTER)
        found = scope.select(connection, asked)
        assert found.runs == len(made[1].runs)
        assert found.events == case.count(connection, "SELECT count(*) FROM events") == 286
        assert found.unplaced == 9
        later = scope.resolve(connection, Asked(since="2027-01-01"))
        assert scope.select(connection, later) == (0, 0, 0)
        one = scope.resolve(connection, Asked(runs=("run-7f3a91",)))
        assert scope.select(connection, one)[0::2] == (1, 0)
        agent = scope.resolve(connection, Asked(agent="identity-agent"))
        assert 0 < scope.select(connection, agent).events < 286
        with pytest.raises(NothingReadableError, match="nobody"):
            scope.resolve(connection, Asked(agent="nobody"))


def test_raw_holds_the_bytes_that_were_loaded(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "raw" / "index.jsonl").read_text().splitlines()]
    assert len(rows) == 192
    for row in rows:
        assert row["why"] is None
        data = (folder / row["file"]).read_bytes()[row["at"] : row["at"] + row["length"]]
        assert record_digest(data).hex() == row["blake3"]


def test_forms_have_one_line_for_each_event(folder: Path) -> None:
    events = len((folder / "records" / "events.ocsf.jsonl").read_text().splitlines())
    assert events == 286
    for line in (folder / "records" / "events.ocsf.jsonl").read_text().splitlines():
        made = json.loads(line)
        assert made["type_uid"] == made["class_uid"] * 100 + made["activity_id"]
        assert {"time", "severity_id", "category_uid", "actor", "api", "src_endpoint", "metadata"} <= set(made)
    ids = set()
    for line in (folder / "records" / "events.cloudevents.jsonl").read_text().splitlines():
        made = json.loads(line)
        assert made["specversion"] == "1.0"
        assert {"id", "source", "type"} <= set(made)
        ids.add((made["source"], made["id"]))
    assert len(ids) == 286


def test_the_same_order_gives_the_same_bytes(loaded: Path, folder: Path, tmp_path: Path) -> None:
    export.export(loaded, order(wishes=ALL, signer=SIGNER), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as zipped:
        assert zipped.testzip() is None
        assert zipped.namelist() == sorted(zipped.namelist(), key=str.encode)
        assert {one.date_time for one in zipped.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
        assert {name: zipped.read(name) for name in zipped.namelist()} == {
            name: path.read_bytes() for name, path in files.items()
        }
    with ThreadPoolExecutor(2) as pool, (tmp_path / "b.zip").open("wb") as out:
        ordered = sorted(files, key=str.encode)
        archive.write(out, ((name, archive.pack(name, files[name], tmp_path / "packed", pool)) for name in ordered))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert verdict(tmp_path / "a.zip") == "INTACT-UNANCHORED"


def test_nothing_is_overwritten_and_nothing_half_is_left(
    loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.zip").write_text("kept")
    with pytest.raises(OutputExistsError):
        export.export(loaded, order(), tmp_path / "there.zip")

    def broken(*words: Any) -> None:
        """As if a part failed, when files of others lie there."""
        (words[4] / "0001-events.parquet").write_bytes(b"half")
        assert len(list(tmp_path.iterdir())) == 2
        records.form("no-such-form")

    monkeypatch.setattr(export, "_written", broken)
    with pytest.raises(UsageError, match="no-such-form"):
        export.export(loaded, order(), tmp_path / "half")
    assert [path.name for path in tmp_path.iterdir()] == ["there.zip"]


def test_a_redacted_bundle_holds_nothing_withheld(loaded: Path, redacted: Path) -> None:
    with case.open_read(loaded) as connection:
        told = connection.execute(
            "SELECT DISTINCT args FROM events WHERE length(args) BETWEEN 30 AND 200 AND args_state = 'present'"
        ).fetchall()
    secrets = [row[0].encode() for row in told]
    assert len(secrets) > 20
    for path in redacted.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret in data], path
    with case.open_converter(redacted / "records") as connection:
        source = case.literal(str(redacted / "records" / "events.parquet"))
        told = connection.execute(f"SELECT args FROM read_parquet({source})").fetchall()
        held = {row[0] for row in told if row[0]}
    lines = (redacted / "records" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["args"] for line in lines] == [row[0] for row in told]
    assert held
    assert all(one.startswith("withheld:arguments:") for one in held)
    manifest = json.loads((redacted / "manifest.json").read_text())
    assert manifest["redaction"]["withheld"] > 100
    rows = [json.loads(line) for line in (redacted / "raw" / "index.jsonl").read_text().splitlines()]
    assert len(rows) == 192
    assert any(row["why"] for row in rows)
    assert verdict(redacted) == "INTACT-UNANCHORED"


def test_parts_and_forms_keep_their_contracts() -> None:
    for package, call in (("auditrail.bundle.parts", "make"), ("auditrail.bundle.records", "write")):
        for name, module in discover.modules(package).items():
            assert module.__name__.rpartition(".")[2] == name.replace("-", "_")
            assert callable(getattr(module, call))
            assert module.__doc__


def test_an_archive_beyond_32_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are lowered, so that small files take the way of large ones."""
    files = []
    for name, data in (("a.txt", b"a" * 3_000_000), ("b.parquet", bytes(range(256)) * 9), ("c.txt", b"")):
        (tmp_path / name).write_bytes(data)
        files.append((name, tmp_path / name))
    with ThreadPoolExecutor(1) as pool:
        packed = [(name, archive.pack(name, path, tmp_path / f"{name}.packed", pool)) for name, path in files]
    with (tmp_path / "plain.zip").open("wb") as out:
        archive.write(out, packed)
    monkeypatch.setattr(archive, "_MOST_FILES", 2)
    with (tmp_path / "large.zip").open("wb") as out:
        archive.write(out, packed)
    for name in ("plain.zip", "large.zip"):
        with zipfile.ZipFile(tmp_path / name) as made:
            assert made.testzip() is None
            assert [made.read(one) for one, _ in files] == [path.read_bytes() for _, path in files]
