"""What `gaps` says of the real samples: each finding was judged by reading the file, and no other may be there.

`source-unknown` is left out: the notes beside the samples are of no format, as it rightly says.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.corpus._samples import CORPUS, MARKS
from tests.gaps._case import report_of

pytestmark = MARKS
CHAINS = CORPUS.parent / "chains"

Findings = dict[tuple[str, str, str], int]
# Rule, cause and severity -> how many things are missing.
_FOLDERS: dict[str, Findings] = {
    "aegis-observed-expected": {},
    "agt-policy": {("zone-assumed", "clock", "low"): 96},
    "aws-cloudwatch-cloudtrail": {
        ("listed-file-absent", "lost", "high"): 1,
        ("content-redacted", "redaction", "medium"): 1,
    },
    "claude-code": {
        ("duplicate-conflict", "duplicate-conflict", "high"): 3,
        ("call-not-executed", "unknown", "high"): 1,
        ("records-quarantined", "unknown", "medium"): 3,
    },
    "codex": {},
    "inspect-ai": {("export-incomplete", "lost", "medium"): 1},
    "kimi-copilot": {("content-redacted", "redaction", "medium"): 3},
    "openhands": {("zone-assumed", "clock", "low"): 36},
    "otlp": {
        ("duplicate-conflict", "duplicate-conflict", "high"): 3,
        ("missing-parent", "lost", "high"): 1,
        ("records-quarantined", "unknown", "medium"): 2,
        ("records-quarantined", "truncation", "medium"): 1,
    },
    "swe-agent": {},
    "tau-bench": {},
    "who-and-when": {},
    "zipkin-jaeger": {},
}
# Alone, a file may lack what another one of its folder holds.
_FILES: dict[str, Findings] = {
    "claude-code/agent-test-hash-123.jsonl": {("child-run-absent", "siloed", "medium"): 1},
    "claude-code/edge_cases.jsonl": {
        ("duplicate-conflict", "duplicate-conflict", "high"): 2,
        ("call-not-executed", "unknown", "high"): 2,
        ("missing-parent", "unknown", "high"): 1,
        ("records-quarantined", "unknown", "medium"): 3,
    },
    "claude-code/todowrite_examples.jsonl": {},
    "kimi-copilot/copilot_small.jsonl": {("content-redacted", "redaction", "medium"): 3},
    "otlp/duckdb-otlp/logs_simple.jsonl": {("missing-parent", "siloed", "low"): 2},
    "otlp/duckdb-otlp/traces_simple.jsonl": {("missing-parent", "lost", "high"): 1},
    "otlp/opentelemetry-proto/logs.json": {("missing-parent", "siloed", "low"): 1},
    "otlp/opentelemetry-proto/trace.json": {("missing-parent", "unknown", "high"): 1},
    "zipkin-jaeger/jaeger_ui_01.json": {},
}


def _found(folder: Path) -> Findings:
    counted: Counter[tuple[str, str, str]] = Counter()
    for gap in report_of(folder).gaps:
        if gap.rule != "source-unknown":
            counted[gap.rule, gap.cause, gap.severity] += gap.count
    return dict(counted)


@pytest.mark.parametrize("folder", _FOLDERS)
def test_a_folder_gives_what_a_reader_of_it_would_say(folder: str) -> None:
    assert _found(CORPUS / folder) == _FOLDERS[folder]


def test_every_folder_was_judged() -> None:
    assert {path.name for path in CORPUS.iterdir() if path.is_dir()} == set(_FOLDERS)


@pytest.mark.parametrize("path", _FILES)
def test_a_file_alone_gives_what_a_reader_of_it_would_say(path: str, tmp_path: Path) -> None:
    (tmp_path / Path(path).name).symlink_to(CORPUS / path)
    assert _found(tmp_path) == _FILES[path]


def test_all_samples_in_one_case_say_no_more_than_each_alone() -> None:
    together: Counter[tuple[str, str, str]] = Counter()
    for findings in _FOLDERS.values():
        together.update(findings)
    assert _found(CORPUS) == dict(together)


@pytest.mark.skipif(not CHAINS.is_dir(), reason="the samples are not here")
@pytest.mark.parametrize(
    "folder", sorted(path.name for path in CHAINS.glob("*") if path.is_dir() and path.name != "rfc6962-merkle")
)
def test_chained_logs_that_nobody_touched_lack_nothing(folder: str, tmp_path: Path) -> None:
    for path in sorted((CHAINS / folder).rglob("*")):
        part = path.relative_to(CHAINS / folder)
        if path.is_file() and not part.parts[0].startswith("tampered"):
            (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / part).symlink_to(path)
    assert _found(tmp_path) == {}


@pytest.mark.parametrize(("folder", "calls"), [("tau-bench", {"llm": 123}), ("swe-agent", {"llm": 46, "tool": 46})])
def test_calls_whose_ids_recur_in_a_run_are_all_counted(folder: str, calls: dict[str, int]) -> None:
    counted: Counter[str] = Counter()
    for cell in report_of(CORPUS / folder).coverage:
        counted[cell.layer] += cell.calls
    assert +counted == calls
