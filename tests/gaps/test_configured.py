"""`[gaps]` of the configuration: what is accepted, and how a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditrail import config
from auditrail.errors import ConfigError
from auditrail.gaps import configured
from auditrail.gaps.settings import GapSettings, Waiver

GOOD = """
[gaps]
fiscal_year_start = 4
fiscal_year_named_by = "start"
require = ["pci-dss", "NYDFS"]
[gaps.rules.retention-setting-too-short]
required_days = 90
[[gaps.waive]]
rule = "run-without-end"
agent = "batch-*"
reason = " killed by design "
until = 2026-12-31
[[gaps.waive]]
rule = "run-*"
run = "r-1"
reason = "known"
until = "2027-01-01"
"""


def read(folder: Path, text: str) -> GapSettings:
    path = folder / "auditrail.toml"
    path.write_text(text, "utf-8")
    return configured.read(config.load(path))


def test_all_settings_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD) == GapSettings(
        4, "start", ("pci-dss", "NYDFS"), (("retention-setting-too-short.required_days", 90),),
        (
            Waiver("killed by design", "2026-12-31", (("rule", "run-without-end"), ("agent", "batch-*"))),
            Waiver("known", "2027-01-01", (("rule", "run-*"), ("run", "r-1"))),
        ),
    )  # fmt: skip
    assert read(tmp_path, "") == GapSettings()
    assert configured.read(config.Config()) == GapSettings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gaps = 3", "gaps: expected a table"),
        ("[gaps]\nfiscal = 4", "gaps.fiscal: unknown key"),
        ("[gaps]\nfiscal_year_start = 13", "fiscal_year_start"),
        ("[gaps]\nfiscal_year_start = true", "fiscal_year_start"),
        ("[gaps]\nfiscal_year_named_by = 'x'", "named_by"),
        ("[gaps]\nrequire = 'pci'", "require"),
        ("[gaps.rules.none]\na = 1", "gaps.rules.none: unknown key"),
        ("[gaps.rules.run-without-end]\na = 1", "run-without-end.a: unknown key"),
        ("[gaps.rules.retention-setting-too-short]\nrequired_days = 1.5", "expected a whole number"),
        ("[gaps.rules.retention-setting-too-short]\nrequired_days = 99999999999999999999", "64 bits"),
        ("[gaps.waive]\nrule = 'x'", "expected a list"),
        ("[[gaps.waive]]\nrule = 'run-without-end'\nuntil = 2026-12-31", "reason: missing"),
        ("[[gaps.waive]]\nrule = 'run-without-end'\nreason = ' '\nuntil = 2026-12-31", "reason: missing"),
        ("[[gaps.waive]]\nrule = 'run-without-end'\nreason = 'x'", "until: missing"),
        ("[[gaps.waive]]\nrule = 'run-without-end'\nreason = 'x'\nuntil = 2026-12-31T10:00:00Z", "is no day"),
        ("[[gaps.waive]]\nrule = 'run-without-end'\nreason = 'x'\nuntil = '2026-02-30'", "is no day"),
        ("[[gaps.waive]]\nreason = 'x'\nuntil = 2026-12-31", "waives everything"),
        ("[[gaps.waive]]\nrule = 'run-wihtout-end'\nreason = 'x'\nuntil = 2026-12-31", "no rule 'run-wihtout-end'"),
        ("[[gaps.waive]]\ncause = 'x'\nreason = 'x'\nuntil = 2026-12-31", "cause: unknown key"),
    ],
)
def test_a_mistake_names_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert told in caught.value.message
    assert "auditrail.toml" in caught.value.message
