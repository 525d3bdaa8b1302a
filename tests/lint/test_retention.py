from __future__ import annotations

from pathlib import Path

import pytest

from auditrail.gaps.frameworks import frameworks
from auditrail.lint import engine


@pytest.mark.parametrize(
    ("days", "require", "params", "severity"),
    [
        (29, "", {}, "medium"),
        (30, "", {}, None),
        (30, "", {"log-group-retention.days": 31.0}, "medium"),
        (183, "eu-ai-act", {}, "high"),
        (184, "eu-ai-act", {}, None),
        (365, "pci-dss", {}, "high"),
        (366, "pci-dss", {}, None),
        (0, "pci-dss", {}, None),
    ],
)
def test_days_are_held_against_frameworks_else_against_the_parameter(
    days: int, require: str, params: dict[str, float], severity: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "main.tf"
    path.write_text(f'resource "aws_cloudwatch_log_group" "a" {{\n  retention_in_days = {days}\n}}\n')
    chosen = tuple(each for each in frameworks() if each.name == require)
    looked = engine.look([str(path)], chosen, params)
    assert len(looked.configs) == 1
    found = [each for each in looked.findings if each.rule.id == "log-group-retention"]
    assert [each.hit.severity or each.rule.severity for each in found] == ([severity] if severity else [])
    assert all((" asks for " in each.hit.message) is bool(require) for each in found)


def test_a_bucket_whose_names_tell_nothing_of_records_is_let_be_at_low(tmp_path: Path) -> None:
    rule = '  rule {\n    status = "Enabled"\n    expiration {\n      days = 1\n    }\n  }\n'
    path = tmp_path / "main.tf"
    kind = "aws_s3_bucket_lifecycle_configuration"
    path.write_text(f'resource "{kind}" "thumbnails" {{\n{rule}}}\nresource "{kind}" "traces" {{\n{rule}}}\n')
    found = engine.look([str(path)]).findings
    assert [each.hit.severity or each.rule.severity for each in found] == ["low", "medium"]
