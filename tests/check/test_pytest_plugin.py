"""pytest collects frozen incidents, runs each part as a test, and leaves other files alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditrail.config import Config
from auditrail.incident import freeze, ledger, state
from tests.incident import _demo

pytest_plugins = "pytester"


def test_a_case_is_collected_passes_and_fails_when_changed(pytester: pytest.Pytester) -> None:
    folder = Path(pytester.path)
    name = _demo.ledger(folder / "incidents")
    incident = state.one(ledger.read(folder / "incidents").entries, name)
    freeze.freeze(_demo.connection(), incident, folder / "cases" / "refund", Config())
    (folder / "cases" / "other").mkdir()
    (folder / "cases" / "other" / "expected.json").write_text('{"schema": "of somebody else"}')
    arguments = ("-p", "no:cacheprovider", "cases")  # the entry point of the package has loaded the plugin
    pytester.runpytest_inprocess(*arguments).assert_outcomes(passed=6)
    log = folder / "cases" / "refund" / "evidence" / "agent" / "refunds-agent.jsonl"
    log.write_bytes(log.read_bytes().replace(b"1400.00", b"1400.01"))
    result = pytester.runpytest_inprocess(*arguments)
    assert result.parseoutcomes().get("failed", 0) >= 4
    result.stdout.fnmatch_lines(["*refunds-agent.jsonl: changed since it was frozen*"])
