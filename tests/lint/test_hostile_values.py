"""Rules on kinds other than the Collector's and environments: no value of a setting makes one fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditrail.lint import engine
from auditrail.lint.rule import rules

FIXTURES = Path(__file__).parents[2] / "fixtures" / "lint"
HITS = sorted(
    path
    for path in FIXTURES.glob("*/hit*")
    if path.suffix in (".json", ".yaml", ".tf")
    and not set(rules()[path.parent.name].kinds) & {"collector", "environment"}
)
SETTING = re.compile(r'(?<=[:=] )("[^"\n]*"|[\w./-]+)')
ODD = {
    ".json": ("null", "[]", "{}", '[null, {"a": [1]}]', "-1", "1e400", '""', '"\\u0000"', '"["', '"NaN"', "true"),
    ".yaml": ("null", "[]", "{}", "[null, {a: [1]}]", "-1", "1e400", "''", "!Ref X", "'['", ".nan", "${env:X}"),
    ".tf": ("null", "[]", "{}", "[null, { a = [1] }]", "-1", "1e400", '""', "var.x", '"["', '"NaN"', '"${var.x}"'),
}


@pytest.mark.parametrize("suffix", sorted(ODD))
def test_no_value_makes_a_rule_fail(suffix: str, tmp_path: Path) -> None:
    looked_at = 0
    for fixture in (path for path in HITS if path.suffix == suffix):
        text = fixture.read_text("utf-8")
        for turn, value in enumerate(ODD[suffix]):
            count = iter(range(1000))
            changed = SETTING.sub(
                lambda found, at=turn % 2, v=value, n=count: v if next(n) % 2 == at else found.group(), text
            )
            path = tmp_path / f"c{fixture.parent.name[0]}{suffix}"
            path.write_text(changed, "utf-8")
            looked = engine.look([str(path)])
            assert looked.failed == {}, (fixture, value)
            looked_at += len(looked.configs)
    assert looked_at > 20
