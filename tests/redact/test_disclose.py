"""Disclosures out of a case, and their proof against a bundle, through the command line."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from auditrail import case
from auditrail.cli import _main
from auditrail.correlate.settle import settle
from auditrail.errors import UsageError
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader
from auditrail.redact import commit, disclose, policy
from auditrail.redact.apply import Redaction
from auditrail.redact.errors import DisclosureError
from tests.redact._case import KEY, call


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A case."""
    path = tmp_path / "case.duckdb"
    logs = call(tmp_path / "logs", {"to": "Alice Miller", "mail": "alice@example.com"})
    with case.open_write(path) as connection:
        Loader(connection).load_all(expand([logs]))
        settle(connection)
    return path


def bundles(path: Path, folder: Path, name: str) -> tuple[Path, Path, int]:
    """The events of a bundle, as CSV in a ZIP and as JSONL in a folder, and the event of the call."""
    copy = folder / "scratch.duckdb"
    case.copy(path, copy)
    with case.open_scratch(copy) as connection:
        Redaction(policy.load(name), KEY).apply(connection)
        found = connection.execute(
            "SELECT event, args, attributes, agent, tool, run_id FROM events WHERE kind = 'call'"
        )
        names = [one[0] for one in found.description]
        rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    copy.unlink()
    table = io.StringIO()
    writer = csv.DictWriter(table, names)
    writer.writeheader()
    writer.writerows(rows)
    packed, plain = folder / "q3.zip", folder / "q3" / "records"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("records/events.csv", table.getvalue())
    plain.mkdir(parents=True)
    (plain / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return packed, folder / "q3", rows[0]["event"]


def run(*words: object) -> int:
    return _main.run([str(word) for word in words])


def test_a_value_is_opened_and_proven(held: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "redaction.key"
    key.write_text(commit.render_key(KEY))
    key.chmod(0o600)
    packed, plain, event = bundles(held, tmp_path, "contents")
    record = tmp_path / "opened.json"
    assert run("disclose", event, "args", "--redact-key", key, "--case", held, "-o", record) == 0
    made = json.loads(record.read_text())
    assert [json.loads(one["value"])["to"] for one in made] == ["Alice Miller"]
    assert KEY.hex() not in record.read_text()
    for bundle in (packed, plain):
        assert run("disclose", "--check", record, "--bundle", bundle) == 0
    assert "was withheld by rule arguments" in capsys.readouterr().out
    made[0]["value"] = made[0]["value"].replace("Alice", "Alise")
    record.write_text(json.dumps(made))
    assert run("disclose", "--check", record, "--bundle", packed) == 1


def test_members_names_and_matches_are_opened(held: Path, tmp_path: Path) -> None:
    for name, column, values in (("personal", "args", ["alice@example.com"]), ("strict", "agent", ["refunds"])):
        folder = tmp_path / name
        folder.mkdir()
        packed, _, event = bundles(held, folder, name)
        with case.open_scratch(held) as connection:
            made = disclose.make(connection, policy.load(name), KEY, event, column)
        assert [one["value"] for one in made] == values
        assert len(disclose.check(made, packed)) == 1
        with pytest.raises(DisclosureError, match="holds no event"):
            disclose.check([{**made[0], "event": "5"}], packed)
        with pytest.raises(DisclosureError, match="only fields"):
            disclose.check([{**made[0], "column": "kind"}], packed)
        with pytest.raises(DisclosureError, match="does not stand"):
            disclose.check([{**made[0], "column": "tool" if column == "args" else "args"}], packed)


def test_another_key_or_policy_proves_nothing(held: Path, tmp_path: Path) -> None:
    packed, _, event = bundles(held, tmp_path, "contents")
    with case.open_scratch(held) as connection:
        made = disclose.make(connection, policy.load("contents"), bytes(32), event, "args")
        with pytest.raises(DisclosureError):
            disclose.check(made, packed)
        for column, said in (("result", "withholds nothing"), ("kind", "no field"), ("tool", "withholds nothing")):
            with pytest.raises(UsageError, match=said):
                disclose.make(connection, policy.load("contents"), KEY, event, column)
        with pytest.raises(UsageError, match="no event"):
            disclose.make(connection, policy.load("contents"), KEY, 3, "args")


def test_wrong_calls_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken, empty = tmp_path / "broken.json", tmp_path / "empty.zip"
    broken.write_text("{")
    empty.write_bytes(b"")
    assert run("disclose") == 2
    assert run("disclose", "1", "args") == 2
    assert run("disclose", "1", "--check", broken, "--bundle", empty) == 2
    assert run("disclose", "--check", broken, "--bundle", empty) == 1
    assert run("disclose", "--check", tmp_path / "none", "--bundle", empty) == 2
    assert "Traceback" not in capsys.readouterr().err
