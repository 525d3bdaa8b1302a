"""The installed command, end to end: what it prints where, and with which exit code it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from auditrail import __version__, discover
from auditrail.digest import record_digest
from tests.conformance import _pipeline as pipeline
from tests.conformance._pipeline import EVIDENCE

COMMAND = Path(sys.executable).with_name("auditrail")
FORMATS = sorted(discover.modules("auditrail.outputs"))
# Those that can hold a run.
OF_RUNS = [
    name for name, module in sorted(discover.modules("auditrail.outputs").items())
    if "reconstruction" in getattr(module, "REPORTS", ("reconstruction",))
]  # fmt: skip
# Those that can hold any result, and not a run alone.
ANY_RESULT = [name for name in FORMATS if not getattr(discover.module("auditrail.outputs", name), "REPORTS", ())]
COUNTERS = ("records", "records_with_events", "events", "quarantined", "blank", "ignored", "duplicates")
RUN = "run-7f3a91"

Done = subprocess.CompletedProcess[str]


def run(*words: str | Path, folder: Path | None = None, stdin: str = "", **environment: str) -> Done:
    keep = {name: value for name, value in os.environ.items() if name not in ("AUDITRAIL_CASE", "NO_COLOR", "COLUMNS")}
    return subprocess.run(
        [COMMAND, *words],
        cwd=folder,
        env={**keep, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )


def refused(done: Done, code: int) -> str:
    """The error of a command that was refused: on standard error, without a traceback, nothing on standard output."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("auditrail: error: ")
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with the demo evidence."""
    path = tmp_path_factory.mktemp("cli") / "auditrail.duckdb"
    done = run("ingest", "--case", path, EVIDENCE)
    assert done.returncode == 0, done.stderr
    return path


# --- the command itself ---------------------------------------------------------------------------------------------


def test_version_names_what_it_runs_on() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout == f"auditrail {__version__} (duckdb {version('duckdb')}, pyarrow {version('pyarrow')})\n"


def test_help_lists_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert run("-h").stdout == done.stdout
    for name in discover.names("auditrail.cli"):
        assert f"\n  {name} " in done.stdout
        own = run(name, "-h")
        assert own.returncode == 0
        assert f"Usage: auditrail {name}" in own.stdout
    module = subprocess.run([sys.executable, "-m", "auditrail", "--help"], capture_output=True, text=True)
    assert (module.returncode, module.stdout) == (0, done.stdout)


@pytest.mark.parametrize(
    "words",
    [("--nonsense",), ("nonsense",), ("ingest",), ("ingest", "--nonsense", "x"),
     ("reconstruct",), ("runs", "--limit", "x"),
     ("runs", "--status", "bad"), ("runs", "--since", "soon"), ("ingest", "x", "--max-record", "0"),
     ("ingest", "x", "--reader", "none"), ("ingest", "x", "--config", "none.toml"), ("runs", "--tz", "Mars/Base"),
     ("reconstruct", "x", "--layer", "none"), ("reconstruct", "x", "--show-content", "--hide-content")],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_two_lines(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "x").write_text("")
    lines = refused(run(*words, folder=tmp_path), 2).splitlines()
    assert len(lines) <= 2
    assert all(line.startswith(("auditrail: error: ", "auditrail: hint: ")) for line in lines)


def test_a_missing_case_is_named(tmp_path: Path) -> None:
    for words in (("runs",), ("reconstruct", "x"), ("sources",), ("query", "SELECT 1")):
        error = refused(run(*words, folder=tmp_path), 3)
        assert "there is no case at auditrail.duckdb" in error
        assert "auditrail: hint: " in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"not a database" * 1000])
def test_a_damaged_case_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "auditrail.duckdb").write_bytes(data)
    error = refused(run("runs", folder=tmp_path), 3)
    assert "auditrail.duckdb" in error


def test_the_case_is_named_by_option_or_environment(loaded: Path, tmp_path: Path) -> None:
    by_option = run("runs", "--case", loaded, folder=tmp_path)
    by_environment = run("runs", folder=tmp_path, AUDITRAIL_CASE=str(loaded))
    assert by_option.returncode == by_environment.returncode == 0
    assert by_option.stdout == by_environment.stdout != ""


def test_completion_is_offered() -> None:
    done = run("--help", _AUDITRAIL_COMPLETE="source_bash")
    assert done.returncode == 0
    assert "_auditrail_completion" in done.stdout
    done = run(_AUDITRAIL_COMPLETE="complete_bash", COMP_WORDS="auditrail rec", COMP_CWORD="1")
    assert done.stdout.split() == ["reconstruct"]
    assert run("--show-completion", SHELL="/bin/bash").returncode in (0, 1, 2)


# --- ingest ---------------------------------------------------------------------------------------------------------


def test_ingest_json_is_as_the_contract_says(tmp_path: Path) -> None:
    done = run("ingest", EVIDENCE, "--format", "json", folder=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    document = json.loads(done.stdout)
    assert document["schema"] == "auditrail.ingest/1"
    assert document["generated_by"] == {"name": "auditrail", "version": __version__}
    assert document["not_checked"]
    assert len(document["sources"]) == 5
    for source in document["sources"]:
        assert set(source) >= {
            "path", "format", "stream", "layer", "status", "bytes", "blake3", *COUNTERS, "first_ts", "last_ts"
        }  # fmt: skip
        assert source["status"] == "new"
        assert source["records"] == sum(
            source[name] for name in ("records_with_events", "quarantined", "blank", "ignored")
        )
        assert source["first_ts"].endswith("Z")
        assert len(source["blake3"]) == 64
    for name in COUNTERS:
        assert document["totals"][name] == sum(source[name] for source in document["sources"])
    assert {source["format"] for source in document["sources"]} == {"jsonl", "otlp", "cloudwatch", "opa", "litellm"}
    again = json.loads(run("ingest", EVIDENCE, "--format", "json", folder=tmp_path).stdout)
    assert {source["status"] for source in again["sources"]} == {"unchanged"}
    assert {name: again["totals"][name] for name in COUNTERS} == {name: document["totals"][name] for name in COUNTERS}


def test_ingest_of_nothing_readable_is_exit_3(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("Dear diary,\nnothing happened.\n")
    done = run("ingest", "diary.txt", "none.log", "--format", "json", folder=tmp_path)
    assert done.returncode == 3
    assert [source["status"] for source in json.loads(done.stdout)["sources"]] == ["unknown-format", "unreadable"]
    assert "nothing was loaded" in done.stderr
    (tmp_path / "empty").mkdir()
    assert run("ingest", "empty", folder=tmp_path).returncode == 3


def test_one_readable_source_is_enough(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("Dear diary,\nnothing happened.\n")
    done = run("ingest", "diary.txt", EVIDENCE / "opa", folder=tmp_path)
    assert done.returncode == 0
    assert "diary.txt" in done.stdout


def test_ingest_from_standard_input(tmp_path: Path) -> None:
    text = pipeline.decompressed((EVIDENCE / "opa" / "decisions.jsonl").read_bytes()).decode()
    done = run("ingest", "-", "--format", "json", folder=tmp_path, stdin=text)
    assert done.returncode == 0, done.stderr
    assert [source["path"] for source in json.loads(done.stdout)["sources"]] == ["-"]
    assert [path.name for path in tmp_path.iterdir()] == ["auditrail.duckdb"]


def test_the_case_itself_is_never_evidence(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"timestamp":"2026-01-01T00:00:00Z","run_id":"r","event":"run_started"}\n')
    for status in ("new", "unchanged"):
        done = run("ingest", ".", "--format", "json", folder=tmp_path)
        sources = json.loads(done.stdout)["sources"]
        assert [(source["path"], source["status"]) for source in sources] == [("a.jsonl", status)]


# --- reconstruct ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_RUNS)
def test_reconstruct_in_every_format_with_and_without_a_case(loaded: Path, tmp_path: Path, name: str) -> None:
    done = run("reconstruct", RUN, "--case", loaded, "--format", name, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "\x1b" not in done.stdout
    direct = run("reconstruct", RUN, "--from", EVIDENCE, "--format", name, folder=tmp_path)
    assert direct.returncode == 0, direct.stderr
    assert direct.stdout == done.stdout
    assert list(tmp_path.iterdir()) == []


def test_reconstruct_json_is_as_the_contract_says(loaded: Path) -> None:
    document = json.loads(run("reconstruct", RUN, "--case", loaded, "-f", "json").stdout)
    assert document["schema"] == "auditrail.reconstruction/1"
    assert document["run"]["id"] == RUN
    assert set(document["run"]) >= {
        "id", "aliases", "agent", "started_at", "ended_at", "status", "layers", "parent_run", "completeness"
    }  # fmt: skip
    assert set(document["run"]["completeness"]) >= {"grade", "score", "reasons"}
    assert 0 <= document["run"]["completeness"]["score"] <= 1
    times = [event["ts"] for event in document["events"] if event["ts"] is not None]
    assert times
    for event in document["events"]:
        assert set(event) >= {
            "id", "ts", "end_ts", "layer", "kind", "name", "agent", "model", "tool", "status", "span_id", "parent_id",
            "depth", "args", "args_state", "result", "result_state", "decision", "stitched_by", "source", "attributes",
        }  # fmt: skip
        assert set(event["stitched_by"]) >= {"kind", "value", "confidence", "via"}
        place = event["source"]
        assert set(place) >= {"path", "record", "part", "offset", "length", "blake3"}
        data = pipeline.decompressed(Path(place["path"]).read_bytes())
        raw = data[place["offset"] : place["offset"] + place["length"]]
        assert record_digest(raw).hex() == place["blake3"]
    assert {"gaps", "clock_skew", "integrity", "not_checked", "generated_by"} <= set(document)
    assert {event["layer"] for event in document["events"]} >= {"agent", "llm", "tool", "policy"}


def test_every_id_of_a_run_leads_to_it(loaded: Path) -> None:
    document = json.loads(run("reconstruct", RUN, "--case", loaded, "-f", "json").stdout)
    kinds: dict[str, str] = {}
    for alias in document["run"]["aliases"]:
        kinds.setdefault(alias["kind"], alias["value"])
    kinds.pop("session", None)  # a session may hold several runs
    kinds.pop("conversation", None)
    kinds.pop("task", None)
    assert len(kinds) >= 4
    for kind, value in kinds.items():
        found = json.loads(run("reconstruct", value, "--case", loaded, "-f", "json").stdout or "null")
        assert found is not None, kind
        assert found["run"]["id"] == RUN, kind


def test_a_unique_prefix_is_enough(loaded: Path) -> None:
    whole = run("reconstruct", RUN, "--case", loaded, "-f", "json")
    prefix = run("reconstruct", RUN[:-2], "--case", loaded, "-f", "json")
    found, expected = json.loads(prefix.stdout), json.loads(whole.stdout)
    assert found["run"].pop("asked") == RUN[:-2]
    assert expected["run"].pop("asked") == RUN
    assert found == expected


def test_an_ambiguous_prefix_lists_the_candidates(loaded: Path) -> None:
    error = refused(run("reconstruct", "run-", "--case", loaded), 3)
    assert RUN in error
    assert "run-c05e18" in error
    assert "auditrail: hint: " in error


def test_an_unknown_id_lists_the_nearest(loaded: Path) -> None:
    error = refused(run("reconstruct", "run-7f3a92", "--case", loaded), 3)
    assert "nearest: " in error
    assert RUN in error
    assert "searched: " in error


@pytest.mark.parametrize("asked", ["", " ", "'; DROP TABLE runs; --", "%", "\x1b[31m", "é" * 3000])
def test_odd_ids_are_not_found_and_do_no_harm(loaded: Path, asked: str) -> None:
    error = refused(run("reconstruct", asked, "--case", loaded), 3)
    assert "\x1b" not in error
    assert run("reconstruct", RUN, "--case", loaded).returncode == 0


def test_reconstruct_from_paths_that_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("Dear diary,\nnothing happened.\n")
    assert "nothing could be read" in refused(run("reconstruct", "x", "--from", "diary.txt", folder=tmp_path), 3)


# --- where results go -----------------------------------------------------------------------------------------------


def test_output_is_a_file_that_is_not_overwritten(loaded: Path, tmp_path: Path) -> None:
    target = tmp_path / "runs.json"
    done = run("runs", "--case", loaded, "-o", target)
    assert (done.returncode, done.stdout) == (0, "")
    document = json.loads(target.read_text())
    assert document["schema"] == "auditrail.runs/1"
    before = target.read_bytes()
    assert "--force" in refused(run("runs", "--case", loaded, "-o", target), 2)
    assert target.read_bytes() == before
    assert run("runs", "--case", loaded, "-o", target, "--force", "-f", "csv").returncode == 0
    assert target.read_bytes() != before
    assert [path.name for path in tmp_path.iterdir()] == ["runs.json"]
    refused(run("runs", "--case", loaded, "-o", tmp_path / "no" / "folder.json"), 2)


def test_output_is_the_same_every_time(loaded: Path) -> None:
    for words in (("runs",), ("sources",), ("reconstruct", RUN), ("formats",), ("schema",)):
        case = () if words[0] in ("formats", "schema") else ("--case", str(loaded))
        for name in OF_RUNS if words[0] == "reconstruct" else ("text", "json"):
            first, second = (run(*words, *case, "--format", name, PYTHONHASHSEED=seed) for seed in ("1", "2"))
            assert first.returncode == 0, (words, name, first.stderr)
            assert first.stdout == second.stdout


def test_an_unknown_output_format_lists_the_known(loaded: Path) -> None:
    error = refused(run("runs", "--case", loaded, "--format", "xml"), 2)
    for name in FORMATS:
        assert name in error


@pytest.mark.parametrize("words", [("runs",), ("reconstruct", RUN), ("sources",)])
def test_a_terminal_gets_colour_unless_it_is_declined(loaded: Path, words: tuple[str, ...]) -> None:
    assert b"\x1b[" in on_terminal(*words, "--case", str(loaded))
    assert b"\x1b[" not in on_terminal(*words, "--case", str(loaded), NO_COLOR="1")
    assert b"\x1b[" not in on_terminal(*words, "--case", str(loaded), "--no-color")
    assert b"\x1b[" not in on_terminal(*words, "--case", str(loaded), TERM="dumb")


def on_terminal(*words: str, **environment: str) -> bytes:
    """What the command writes to a terminal."""
    import pty

    above, below = pty.openpty()
    keep = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [COMMAND, *words], stdin=below, stdout=below, stderr=below,
        env={**keep, "TERM": "xterm-256color", "PAGER": "cat", "COLUMNS": "100", **environment},
    )  # fmt: skip
    os.close(below)
    out = b""
    while True:
        try:
            block = os.read(above, 1 << 16)
        except OSError:  # how Linux says that the other end is closed
            break
        if not block:
            break
        out += block
    os.close(above)
    assert process.wait(timeout=60) == 0, out
    return out


def test_a_load_shows_progress_on_a_terminal_only(tmp_path: Path) -> None:
    assert b"\x1b[" in on_terminal("ingest", "--case", str(tmp_path / "a.duckdb"), str(EVIDENCE))
    done = run("ingest", "--case", tmp_path / "b.duckdb", EVIDENCE)
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    "words",
    [("schema", "-f", "jsonl"), ("reconstruct", RUN, "-f", "json"), ("runs",), ("reconstruct", RUN, "--show-content")],
)
def test_a_closed_pipe_is_no_error(loaded: Path, words: tuple[str, ...]) -> None:
    case = [] if words[0] == "schema" else ["--case", str(loaded)]
    process = subprocess.Popen([COMMAND, *words, *case], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert errors == b""
    assert process.wait(timeout=60) == 0


# --- query ----------------------------------------------------------------------------------------------------------


def test_query_answers(loaded: Path) -> None:
    done = run("query", "SELECT count(*) AS n FROM runs", "--case", loaded, "-f", "json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["schema"] == "auditrail.query/1"
    assert document["rows"][0]["n"] >= 4
    piped = run("query", "-", "--case", loaded, "-f", "json", stdin="SELECT count(*) AS n FROM runs")
    assert piped.stdout == done.stdout
    assert run("query", "SELECT * FROM ids", "--limit", "2", "--case", loaded, "-f", "jsonl").stdout.count("\n") in (
        2,
        3,
    )
    odd = (
        "SELECT 'x\x1b[31m' AS a, 1 AS a, [1, NULL] AS l, {'k': DATE '2026-01-01'} AS s, 'NaN'::DOUBLE AS n, "
        "blob 'ab' AS b"
    )
    for name in ANY_RESULT:
        done = run("query", odd, "--case", loaded, "-f", name)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO runs SELECT * FROM runs",
        "DELETE FROM events",
        "UPDATE sources SET path = 'x'",
        "DROP TABLE events",
        "CREATE TABLE x AS SELECT 1",
        "CREATE TEMP TABLE x AS SELECT 1",
        "COPY runs TO 'out.csv'",
        "COPY (SELECT 1) TO '/tmp/auditrail-out.csv'",
        "EXPORT DATABASE 'out'",
        "ATTACH 'other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "SET memory_limit = '10GB'",
        "RESET lock_configuration",
        "CALL pragma_version()",
        "CHECKPOINT",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE events",
        "EXPLAIN ANALYZE INSERT INTO runs SELECT * FROM runs",
        "WITH x AS (SELECT 1) INSERT INTO runs SELECT * FROM runs",
        "",
        "SELECT * FROM nothing",
        "SELEC 1",
    ],
)
def test_query_only_reads_the_case(loaded: Path, tmp_path: Path, sql: str) -> None:
    before = loaded.read_bytes()
    refused(run("query", sql, "--case", loaded, folder=tmp_path), 2)
    assert list(tmp_path.iterdir()) == []
    assert not Path("/tmp/auditrail-out.csv").exists()  # noqa: S108 - the statement names it
    assert loaded.read_bytes() == before


@pytest.mark.parametrize("sql", ["SELECT getenv('HOME')", "SELECT current_setting('temp_directory')"])
def test_query_does_not_tell_about_the_machine(loaded: Path, sql: str) -> None:
    done = run("query", sql, "--case", loaded, "-f", "json", HOME="/home/secret-name")
    assert "secret-name" not in done.stdout


# --- lists ----------------------------------------------------------------------------------------------------------


def test_runs_are_filtered(loaded: Path) -> None:
    def listed(*words: str) -> list[dict[str, Any]]:
        done = run("runs", *words, "--case", loaded, "-f", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["runs"]  # type: ignore[no-any-return]

    every = listed()
    assert RUN in {item["id"] for item in every}
    assert [item["id"] for item in listed(RUN)] == [RUN]
    assert listed("no such text") == []
    assert len(listed("--limit", "1")) == 1
    agent = next(item["agent"] for item in every if item["id"] == RUN)
    assert RUN in {item["id"] for item in listed("--agent", agent)}
    assert listed("--until", "2000-01-01T00:00:00Z") == []
    assert len(listed("--since", "2000-01-01T00:00:00Z")) >= 4


def test_formats_lists_every_reader() -> None:
    from auditrail.ingest import choose

    document = json.loads(run("formats", "-f", "json").stdout)
    assert {item["name"] for item in document["formats"]} == set(choose.readers())


def test_schema_holds_the_json_schema() -> None:
    from auditrail import schema

    document = json.loads(run("schema", "-f", "json").stdout)
    assert document["json_schema"] == schema.json_schema()


def test_sources_say_why(loaded: Path) -> None:
    document = json.loads(run("sources", "--case", loaded, "-f", "json").stdout)
    assert len(document["sources"]) == 5
    assert all(source["why"] for source in document["sources"])


def test_verbose_shows_the_traceback(tmp_path: Path) -> None:
    done = run("runs", "--verbose", folder=tmp_path)
    assert done.returncode == 3
    assert "Traceback" in done.stderr
    assert "auditrail: error: " in done.stderr


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (RuntimeError("Query interrupted"), True),
        (type("InterruptException", (Exception,), {})("INTERRUPT Error: Interrupted!"), True),
        (type("InvalidInputException", (Exception,), {})("Python exception: KeyboardInterrupt"), True),
        (RuntimeError("something else"), False),
        (type("InvalidInputException", (Exception,), {})("no such column"), False),
    ],
)
def test_a_ctrl_c_is_told_by_whatever_name_the_engine_gives_it(error: Exception, is_one: bool) -> None:
    from auditrail.cli import _main

    assert _main._is_interrupt(error) is is_one
