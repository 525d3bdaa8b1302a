"""Real samples: everything loads with the counts of their answer key, or is named as an unknown format.

The samples are read where they are, beside the project; without them these tests are skipped.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
COMMAND = Path(sys.executable).with_name("auditrail")

pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not CORPUS.is_dir(), reason="the samples are not here")]

_LINE = re.compile(r"- `(?P<path>[^`#]+)` (?P<facts>\{.*\})$", re.MULTILINE)

# What is no log: descriptions beside the samples.
NO_LOGS = (".md", "/manifest.json", "/observed.meta.json")


def key() -> dict[str, dict[str, Any]]:
    """The answer key: path -> facts."""
    if not CORPUS.is_dir():
        return {}
    text = (CORPUS / "KEY.md").read_text("utf-8")
    return {
        match["path"]: json.loads(match["facts"])
        for match in _LINE.finditer(text)
        if (CORPUS / match["path"]).is_file() and match["facts"].count("'") == 0
    }


KEY = key()


def ingest(case: Path, *paths: Path) -> tuple[int, list[dict[str, Any]], str]:
    done = subprocess.run(
        [COMMAND, "ingest", "--case", case, "--format", "json", *paths], capture_output=True, text=True, timeout=120
    )
    return done.returncode, json.loads(done.stdout)["sources"], done.stderr


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus") / "auditrail.duckdb"


@pytest.fixture(scope="module")
def sources(case: Path) -> dict[str, dict[str, Any]]:
    """Every sample as it was loaded, by its path in the corpus."""
    code, listed, errors = ingest(case, CORPUS)
    assert code == 0, errors
    assert errors == ""
    return {Path(source["path"]).relative_to(CORPUS).as_posix(): source for source in listed}


def test_every_file_is_accounted_for(sources: dict[str, dict[str, Any]]) -> None:
    files = {path.relative_to(CORPUS).as_posix() for path in CORPUS.rglob("*") if path.is_file()}
    assert set(sources) == files
    for path, source in sources.items():
        assert source["records"] == sum(
            source[n] for n in ("records_with_events", "quarantined", "blank", "ignored")
        ), path
        assert source["status"] in ("new", "unknown-format"), path


@pytest.mark.parametrize("path", [path for path in KEY if path.startswith("otlp/")])
def test_otlp(sources: dict[str, dict[str, Any]], path: str) -> None:
    source, facts = sources[path], KEY[path]
    assert source["records_with_events"] == facts.get("docs", 0)
    assert source["quarantined"] == facts.get("bad", 0)
    other = len(facts.get("other", ()))  # well-formed records of an unknown kind are kept as one event each
    assert source["events"] == facts.get("spans", 0) + facts.get("logs", 0) + other
    if facts.get("docs") or facts.get("bad"):
        assert source["format"] == "otlp"
    else:
        assert (source["format"], source["records"]) == (None, source["blank"])


def test_an_otlp_export_among_the_zipkin_samples(sources: dict[str, dict[str, Any]]) -> None:
    source = sources["zipkin-jaeger/jaeger_example_trace.json"]
    assert (source["format"], source["records"], source["events"]) == ("otlp", 1, 5)


@pytest.mark.parametrize(
    ("name", "records", "events", "ignored"),
    [
        ("cloudtrail_log_cw.json", 1, 1, 0),
        ("multiple_json_objects.json", 2, 2, 0),
        ("valid_cloudwatch_log.json", 3, 3, 0),
        ("valid_cloudwatch_log_control.json", 1, 0, 1),
    ],
)
def test_cloudwatch(sources: dict[str, dict[str, Any]], name: str, records: int, events: int, ignored: int) -> None:
    source = sources[f"aws-cloudwatch-cloudtrail/{name}"]
    assert source["format"] == "cloudwatch-subscription"
    assert (source["records"], source["events"], source["ignored"]) == (records, events, ignored)
    assert KEY[f"aws-cloudwatch-cloudtrail/{name}"]["events"] == events + ignored


def test_every_log_has_a_reader(sources: dict[str, dict[str, Any]]) -> None:
    """Only what is no log is of unknown format, and it alone is exit code 3."""
    unknown = {path for path, source in sources.items() if source["status"] == "unknown-format"}
    assert {path for path in unknown if not path.endswith(NO_LOGS)} == set()
    assert "claude-code/SOURCE.md" in unknown


def test_nothing_but_unknown_formats_is_exit_3(tmp_path: Path) -> None:
    code, listed, errors = ingest(tmp_path / "auditrail.duckdb", CORPUS / "claude-code" / "SOURCE.md")
    assert code == 3
    assert listed
    assert "nothing was loaded" in errors


def test_the_runs_can_be_listed_and_read(sources: dict[str, dict[str, Any]], case: Path) -> None:
    (row,) = query(case, "SELECT id FROM runs ORDER BY events DESC, id LIMIT 1")
    done = subprocess.run(
        [COMMAND, "reconstruct", row["id"], "--case", case], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert row["id"] in done.stdout


def query(case: Path, sql: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [COMMAND, "query", sql, "--case", case, "--format", "json"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["rows"]  # type: ignore[no-any-return]
