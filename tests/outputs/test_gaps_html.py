"""The page of gaps as text: one file, nothing from elsewhere, and no value of a log that is more than text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.outputs import html
from auditrail.outputs._view import View
from tests.outputs import _gap_samples as samples
from tests.outputs.test_html import MARKUP, Elements


def page(report: Any, **view: Any) -> str:
    return "".join(html.render(report, View(**view)))


def data_of(made: str) -> Any:
    (text,) = (text for kind, text in Elements(made).inside if kind == "application/json")
    return json.loads(text)


def test_what_a_person_reads(golden: Any) -> None:
    made = re.sub(r"<(script|style|noscript)\b.*?</\1>", "", page(samples.quarter()), flags=re.DOTALL)
    lines = (unescape(re.sub(r"<[^>]*>", " ", line)).split() for line in made.split("\n"))
    golden("gaps_html.txt", "".join(" ".join(words) + "\n" for words in lines if words))


@pytest.mark.parametrize("value", MARKUP)
def test_no_value_adds_an_element_or_an_attribute_that_acts(value: str) -> None:
    usual = [tag for tag, _ in Elements(page(samples.hostile("harmless"))).found]
    found = Elements(page(samples.hostile(value))).found
    assert [tag for tag, _ in found] == usual
    for tag, attributes in found:
        assert tag not in ("img", "iframe", "object", "embed", "link", "base", "form", "a")
        for name in attributes:
            assert not name.startswith("on")
            assert name not in ("src", "style", "srcdoc", "action", "formaction", "background", "href")


@settings(max_examples=40, deadline=None)
@given(value=st.text(max_size=60))
def test_no_text_ends_the_data(value: str) -> None:
    made = page(samples.hostile(f"{value}."))
    data_of(made)
    assert [tag for tag, _ in Elements(made).found] == [tag for tag, _ in Elements(page(samples.hostile("x."))).found]


def test_the_policy_allows_exactly_the_scripts_and_the_style_of_the_page() -> None:
    elements = Elements(page(samples.quarter()))
    policy = next(a["content"] or "" for tag, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    directives = {name: values for name, *values in (part.split() for part in policy.split(";"))}

    def hashes(kind: str) -> list[str]:
        return [
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for one, text in elements.inside
            if one == kind
        ]

    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == hashes("script")
    assert directives["style-src"] == hashes("style")
    assert len(hashes("script")) == 2
    assert len(hashes("style")) == 1


def test_every_cell_says_itself_in_words_and_each_layer_has_its_map() -> None:
    made = page(samples.quarter())
    assert 'class="h0" title="2026-08-11: llm in 0 of 4 runs">0</td>' in made
    assert 'class="h7" title="2026-07-01: tool in 3 of 4 runs">7</td>' in made
    data = data_of(made)
    assert len(data["columns"]) == samples.DAYS
    assert set(data["maps"]) == set(samples.LAYERS)
    for rows in data["maps"].values():
        assert [len(counts) for counts in rows] == [2 * samples.DAYS] * len(samples.AGENTS)
    names = re.findall(r'<th scope="row" title="([^"]*)"', made)
    assert data["maps"]["llm"][names.index("triage")][82:84] == [4, 0]
    assert data["maps"]["tool"][names.index("triage")][82:84] == [4, 3]


def test_every_finding_and_every_run_stands_in_the_page() -> None:
    made = page(samples.quarter())
    assert made.count("<article") == len(samples.findings())
    assert len(data_of(made)["spans"]) == len(samples.findings())
    for gap in samples.findings():
        for run in gap.runs:
            assert run in made


def test_a_page_of_nothing() -> None:
    for report in (samples.clean(), samples.empty()):
        made = page(report)
        assert "<article" not in made
        assert "heat u-" not in made
        assert data_of(made)["trend"] == []
