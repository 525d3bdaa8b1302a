"""docs/redaction.md: its policy is one, its names are the program's, and its lines of Python prove a disclosure."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

from auditrail.redact import commit, policy
from auditrail.redact.commit import Committer, Disclosure, Place
from auditrail.redact.detectors import BUILT_IN
from auditrail.redact.fields import FIELDS
from auditrail.redact.needles import LEAST_PIECE, LEAST_VALUE, LEAST_WORD, WINDOW

PAGE = (Path(__file__).parents[2] / "docs" / "redaction.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_policy_of_the_page_is_one() -> None:
    made = policy.parse(block("toml"))
    assert [rule.id for rule in made.rules if rule.joins] == ["accounts"]


def test_every_name_stands_on_the_page() -> None:
    fields = {name for name in FIELDS if not name.startswith("ids.")} | {"ids.dedupe"}
    for name in (*fields, *BUILT_IN, *policy.names()):
        assert f"`{name}`" in PAGE, name
    for number in (LEAST_PIECE, LEAST_VALUE, LEAST_WORD, WINDOW):
        assert f"{number} bytes" in PAGE or f"{number} letters" in PAGE
    assert commit.EXTRACT.decode() in PAGE
    assert f"<{commit.PSEUDONYM_DIGITS} hex digits>" in PAGE


@pytest.mark.parametrize("value", ['{"order":"70211"}', "Grüße"])
def test_the_lines_of_python_prove_a_disclosure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    maker, place = Committer(bytes(32)), Place("events", "17", "args")
    token = maker.withheld("arguments", place.info(), value.encode())
    made = Disclosure(place, "arguments", maker.salt(place.info()), value.encode(), token, False).document()
    assert set(made) | {"column"} == set(json.loads(block("json")))
    monkeypatch.chdir(tmp_path)
    for told, text in ((True, value), (False, value + "!")):
        (tmp_path / "opened.json").write_text(json.dumps([{**made, "value": text}]))
        out = io.StringIO()
        with contextlib.redirect_stdout(out), pytest.warns(ResourceWarning):
            exec(compile(block("python"), "page", "exec"), {})  # noqa: S102 - the page's own lines
        assert out.getvalue() == f"17 args {told}\n"
