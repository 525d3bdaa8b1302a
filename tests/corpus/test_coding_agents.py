"""Real sessions of coding agents: the counts of the answer key, each by a query over the events of a case.

The samples are read where they are, beside the project; without them these tests are skipped.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from auditrail import times

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
COMMAND = Path(sys.executable).with_name("auditrail")
FOLDERS = ("claude-code", "codex", "kimi-copilot")

pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not CORPUS.is_dir(), reason="the samples are not here")]

_LINE = re.compile(r"- `(?P<path>[^`#]+)` (?P<facts>\{.*\})$", re.MULTILINE)
# The files of these formats, and the reader that each is for.
READERS = {"claude-code": "claude-code", "codex": "codex", "kimi_small": "kimi", "copilot_small": "copilot"}


def key() -> dict[str, dict[str, Any]]:
    """The answer key of these folders: path -> facts."""
    if not CORPUS.is_dir():
        return {}
    found = _LINE.finditer((CORPUS / "KEY.md").read_text("utf-8"))
    return {match["path"]: json.loads(match["facts"]) for match in found if match["path"].startswith(FOLDERS)}


KEY = key()
CLAUDE = [path for path in KEY if path.startswith("claude-code/")]
OTHERS = [path for path in KEY if not path.startswith("claude-code/")]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = tmp_path_factory.mktemp("agents") / "auditrail.duckdb"
    paths = [CORPUS / path for path in KEY]
    done = subprocess.run(
        [COMMAND, "ingest", "--case", case, *paths],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return case


def query(case: Path, sql: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(case), read_only=True) as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def of(case: Path, path: str, select: str, where: str = "true", more: str = "") -> list[dict[str, Any]]:
    """Rows over the events of one file."""
    return query(
        case,
        f"SELECT {select} FROM events e JOIN sources s ON s.source = e.source "
        f"WHERE s.path LIKE '%{path}' AND {where} {more}",
    )


def one(case: Path, path: str, select: str, where: str = "true") -> Any:
    (row,) = of(case, path, f"{select} AS v", where)
    return row["v"]


def attribute(name: str) -> str:
    return f"json_extract_string(e.attributes, '$.{name}')"


@pytest.mark.parametrize("path", list(KEY))
def test_every_line_is_read_or_refused(case: Path, path: str) -> None:
    facts = KEY[path]
    (source,) = query(
        case, f"SELECT format, records_with_events, quarantined, blank, ignored FROM sources WHERE path LIKE '%{path}'"
    )
    stem = path.partition("/")[2].removesuffix(".jsonl")
    assert source["format"] == READERS.get(stem, READERS.get(path.partition("/")[0], ""))
    if path.startswith("kimi-copilot"):
        assert source["records_with_events"] == sum(facts["types"].values())
    assert source["records_with_events"] == facts["recs"]
    assert (source["quarantined"], source["ignored"]) == (facts.get("nondict", 0), 0)


@pytest.mark.parametrize("path", CLAUDE)
def test_claude_code_lines_by_type(case: Path, path: str) -> None:
    facts = KEY[path]
    rows = of(
        case, path, f"coalesce({attribute('type')}, 'null') AS type, count(DISTINCT e.record) AS n",
        "e.part = 0", "GROUP BY 1",
    )  # fmt: skip
    assert {row["type"]: row["n"] for row in rows} == facts["types"]
    assert one(case, path, "count(DISTINCT e.session_id)") == facts["sessions"]
    assert one(case, path, "count(*)", f"e.part = 0 AND {attribute('isSidechain')} = 'true'") == facts.get(
        "sidechain", 0
    )


@pytest.mark.parametrize("path", CLAUDE)
def test_claude_code_calls_and_results(case: Path, path: str) -> None:
    facts = KEY[path]
    assert one(case, path, "count(*)", "e.layer = 'llm' AND e.kind = 'call'") == facts["tool_use"]
    assert one(case, path, "count(*)", "e.layer = 'tool' AND e.kind = 'result'") == facts.get("tool_result", 0)
    failed = "e.kind = 'result' AND e.status IN ('error', 'denied')"
    assert one(case, path, "count(*)", failed) == facts["err_results"]
    answered = "(SELECT r.tool_call_id FROM events r WHERE r.kind = 'result' AND r.source = e.source)"
    open_calls = one(case, path, "count(*)", f"e.kind = 'call' AND e.tool_call_id NOT IN {answered}")
    assert open_calls == facts.get("use_no_result", 0)
    tools = of(case, path, "e.tool, count(*) AS n", "e.kind = 'call'", "GROUP BY e.tool")
    assert {row["tool"]: row["n"] for row in tools} == facts.get("tools", {})


@pytest.mark.parametrize("path", CLAUDE)
def test_claude_code_chains_and_times(case: Path, path: str) -> None:
    facts = KEY[path]
    roots = one(case, path, "count(*)", "e.part = 0 AND e.span_id IS NOT NULL AND e.parent_span_id IS NULL")
    parents = "(SELECT p.span_id FROM events p WHERE p.source = e.source AND p.span_id IS NOT NULL)"
    orphans = one(case, path, "count(*)", f"e.part = 0 AND e.parent_span_id NOT IN {parents}")
    assert roots == facts["roots"]
    assert orphans == facts["orphan_parent"]
    repeated = one(case, path, "count(e.span_id) - count(DISTINCT e.span_id)", "e.part = 0")
    assert repeated == facts.get("dup_uuid", 0)
    models = of(case, path, "DISTINCT e.model", "e.model IS NOT NULL", "ORDER BY e.model")
    assert [row["model"] for row in models] == sorted(facts["models"])
    (span,) = of(case, path, "min(e.ts_ns) AS low, max(e.ts_ns) AS high")
    assert [span["low"], span["high"]] == [_ns(moment) for moment in facts["span"]]


def _ns(text: str) -> int:
    moment = times.parse(text)
    assert moment is not None
    return moment.ns


def test_a_session_and_its_sub_agents_fall_apart(case: Path) -> None:
    """Two sub-agents without an id make two chains; the third Task call failed validation and has no child."""
    path = "claude-code/5c0375b4-57a5-4f26-b12d-d022ee4e51b7.jsonl"
    keys = "e.event IN (SELECT m.event FROM ids_more m WHERE m.kind = 'other' AND m.value LIKE 'prompt:%')"
    assert one(case, path, "count(*)", f"{keys} AND e.tool = 'Task'") == 2
    assert one(case, path, "count(*)", f"{keys} AND e.run_id IS NULL AND e.parent_span_id IS NULL") == 2
    pairs = query(
        case,
        "SELECT m.value, count(*) AS n FROM ids_more m JOIN events e ON e.event = m.event JOIN sources s "
        f"ON s.source = e.source WHERE s.path LIKE '%{path}' AND m.kind = 'other' GROUP BY m.value",
    )
    assert [row["n"] for row in pairs] == [2, 2]
    assert one(case, path, "count(*)", "e.run_id IS NULL") == 22


def test_tokens_of_claude_code_count_once_for_each_response(case: Path) -> None:
    path = "claude-code/1af7fc5e-8455-4414-9ccd-011d40f70b2a.jsonl"
    answers = one(case, path, "count(DISTINCT e.response_id)", "e.tokens_out IS NOT NULL")
    lines = one(case, path, "count(*)", "e.tokens_out IS NOT NULL")
    assert (answers, lines) == (7, 15)


@pytest.mark.parametrize("path", OTHERS)
def test_other_agents_records_by_type(case: Path, path: str) -> None:
    facts = KEY[path]
    if path.startswith("codex"):
        for kind, count in facts["types"].items():
            envelope, _, inner = kind.partition("/")
            where = f"e.part = 0 AND {attribute('envelope')} = '{envelope}'"
            if inner == "message":
                where += " AND e.kind = 'message'"
            elif inner != "None":
                where += f" AND '{inner}' IN (e.name, {attribute('item')})"
            assert one(case, path, "count(*)", where) == count, kind
        assert one(case, path, "count(*)", "e.kind = 'call'") == facts.get("calls", 0)
        assert one(case, path, "count(*)", "e.kind = 'result'") == facts.get("outs", 0)
        assert one(case, path, "count(*)", "e.kind = 'start'") == facts["session_meta"]
        assert one(case, path, "count(*)", "e.status = 'error'") == facts["errors"]
        return
    told = {
        "assistant.message": "e.layer = 'llm' AND e.kind = 'message' AND e.name = 'assistant'",
        "assistant.reasoning": "e.kind = 'message' AND e.name = 'reasoning'",
        "user.message": "e.kind = 'message' AND e.name = 'user'",
        "system.message": "e.kind = 'message' AND e.name = 'system'",
        "context.append_message": "e.kind = 'message' AND e.name = 'user'",
        "context.append_loop_event": "e.name = 'step.begin'",
    }
    for kind, count in facts["types"].items():
        assert one(case, path, "count(*)", told.get(kind, f"e.name = '{kind}'")) == count, kind


def test_codex_tokens_and_policy(case: Path) -> None:
    path = "codex/stage0_agents_codex_large.jsonl"
    assert one(case, path, "sum(e.tokens_in)") == 12091
    assert one(case, path, "max(e.policy)", "e.name = 'turn_context'") == "approval:never"
    assert one(case, path, "max(e.rule)", "e.name = 'turn_context'") == "sandbox:danger-full-access"
    assert one(case, "codex/codex_052_raw.jsonl", "sum(e.tokens_out)") == 880


def test_ids_that_were_taken_out_of_a_copilot_session_tie_nothing(case: Path) -> None:
    path = "kimi-copilot/copilot_small.jsonl"
    assert (
        one(case, path, "count(*)", "e.tool_call_id LIKE '[%' OR e.span_id LIKE '[%' OR e.dedupe_key LIKE '%[%'") == 0
    )
    assert one(case, path, "count(*)", "e.result_state = 'redacted'") == 3
    assert one(case, path, "count(DISTINCT e.run_id)") == 1
    (row,) = query(case, f"SELECT duplicates FROM sources WHERE path LIKE '%{path}'")
    assert row["duplicates"] == 0
