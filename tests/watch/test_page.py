"""The page on watching says what the program does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from auditrail import discover
from auditrail.watch import configured

PAGE = (Path(__file__).parents[2] / "docs" / "watch.md").read_text("utf-8")


def test_every_rule_stands_there_with_its_severity() -> None:
    for name, module in configured.rules().items():
        row = next(line for line in PAGE.splitlines() if line.startswith("|") and f"`{name}`" in line)
        assert f"| {module.SEVERITY} |" in row


def test_every_action_stands_there_with_its_settings() -> None:
    for name, module in discover.modules(configured.ACTIONS).items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
        assert all(f"`{key}`" in row for key in module.SETTINGS), name


def test_the_configuration_on_the_page_is_one() -> None:
    text = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert text is not None
    settings = configured.read(tomllib.loads(text[1])["watch"])
    assert {"prod-delete", "refund-burst"} <= {rule.name for rule in settings.rules}
    assert [action.kind for action in settings.actions] == ["webhook"]
