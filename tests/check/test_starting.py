"""`auditrail init`: what it writes is taken as it stands, with every example in it, and nothing is overwritten."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from auditrail import config as configs
from auditrail.check import configured, starting
from auditrail.errors import OutputExistsError
from auditrail.gaps import configured as gap_settings
from auditrail.verify import profile
from auditrail.watch import configured as watch_settings


def examples(text: str) -> str:
    """The file with its examples taken: lines behind `# ` that hold a table or a key."""
    return re.sub(r"^# (?=\[|[a-z_-]+ = )", "", text, flags=re.MULTILINE)


def test_the_configuration_is_taken_as_it_is_written(tmp_path: Path) -> None:
    made, hook = starting.write(tmp_path)
    assert (made, hook) == ([Path("auditrail.toml"), starting.WORKFLOW, starting.PRE_COMMIT], "")
    settings = configs.load(tmp_path / "auditrail.toml")
    assert configured.read(settings).thresholds == ()
    assert gap_settings.read(settings).waivers == ()


def test_every_example_is_taken_and_every_key_is_shown(tmp_path: Path) -> None:
    text = examples(starting.configuration())
    (tmp_path / "auditrail.toml").write_text(text)
    settings = configs.load(tmp_path / "auditrail.toml")
    assert set(tomllib.loads(text)) == set(configs.SECTIONS)
    assert set(settings.gaps) == set(configs._GAPS)
    assert set(settings.check) == set(configs._CHECK)
    assert set(settings.watch) == set(configs._WATCH)
    assert watch_settings.read(settings.watch).rules
    assert len(configured.read(settings).thresholds) == 6
    assert len(gap_settings.read(settings).waivers) == 1
    (mapping,) = settings.jsonl
    assert None not in (mapping.path, mapping.layer, mapping.stream, mapping.tz)
    ((name, table),) = settings.chains
    assert profile.parse(name, dict(table)).name == "our-log"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "auditrail.toml").write_text("# mine\n")
    with pytest.raises(OutputExistsError):
        starting.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["auditrail.toml"]
    assert (tmp_path / "auditrail.toml").read_text() == "# mine\n"


def test_hooks_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / starting.PRE_COMMIT).write_text("repos: []\n")
    made, hook = starting.write(tmp_path)
    assert (tmp_path / starting.PRE_COMMIT).read_text() == "repos: []\n"
    assert starting.PRE_COMMIT not in made
    assert "auditrail check" in hook
