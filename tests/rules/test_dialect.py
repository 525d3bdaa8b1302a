"""Every rule keeps to the dialect, and the lint sees what it forbids."""

from __future__ import annotations

import pytest

from auditrail.gaps.rule import rules
from tests.rules._dialect import breaches


@pytest.mark.parametrize("rule", rules())
def test_a_rule_keeps_to_the_dialect(rule: str) -> None:
    assert breaches(rules()[rule].sql) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT lower(what) AS what FROM acts",
        "SELECT regexp_matches(what, 'a') AS what FROM acts",
        'SELECT "what" FROM acts',
        "SELECT 7 // 2 AS what FROM acts",
        "SELECT what FROM acts ORDER BY what",
        "SELECT what FROM acts LIMIT 1",
        "SELECT CAST(what AS VARCHAR) AS what FROM acts",
        "SELECT CAST(what AS TIMESTAMP) AS what FROM acts",
        "SELECT row_number() OVER (PARTITION BY run ORDER BY ts_ns) AS what FROM acts",
        "SELECT what FROM acts QUALIFY row_number() OVER (ORDER BY what NULLS LAST) = 1",
        "SELECT attributes ->> 'a' AS what FROM events",
        "SELECT list(what) AS what FROM acts",
        "SELECT * FROM acts",
    ],
)
def test_the_lint_sees(sql: str) -> None:
    assert breaches(sql) != []
