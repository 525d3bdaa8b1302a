"""The page of gaps in a browser: filters, map and trend; it reaches for nothing and runs nothing of a log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail.outputs import html
from auditrail.outputs._view import View
from tests.outputs import _browser
from tests.outputs import _gap_samples as samples
from tests.outputs.test_html import MARKUP

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def started() -> Iterator[Any]:
    with _browser.browser() as one:
        yield one


def written(report: Any, folder: Path) -> Path:
    path = folder / "gaps.html"
    path.write_bytes("".join(html.render(report, View())).encode())
    return path


@pytest.fixture
def opened(started: Any, tmp_path: Path) -> Iterator[_browser.Page]:
    """The quarter; at the end nothing was complained of, and nothing was asked for but the file."""
    path = written(samples.quarter(), tmp_path)
    with _browser.new_page(started) as page:
        yield page.open(path)
        assert page.complaints == []
        assert page.requests == [path.as_uri()]


def seen(page: Any) -> list[str]:
    return page.locator(".finding:not([hidden]) h3").all_inner_texts()


def test_findings_are_filtered(opened: _browser.Page) -> None:
    page = opened.page
    total = len(samples.findings())
    assert len(seen(page)) == total
    page.locator("#severity").select_option("high")
    assert len(seen(page)) == 4
    page.locator("#cause").select_option("crash")
    assert len(seen(page)) == 2
    page.locator("#agent").select_option("triage")
    assert len(seen(page)) == 1
    assert page.locator("#count").inner_text() == f"1 of {total} findings"
    page.locator("#clear").click()
    assert len(seen(page)) == total
    opened.press("/")
    page.keyboard.type("LITELLM wrote")
    assert len(seen(page)) == 1
    page.keyboard.type(" no such words")
    assert page.locator("#none").is_visible()
    opened.press("Escape")
    assert len(seen(page)) == total


def test_a_cell_of_the_map_leads_to_its_findings(opened: _browser.Page) -> None:
    page = opened.page
    page.locator('.heat td[title^="2026-09-15: policy"]').click()
    found = seen(page)
    assert any("close_account ran although denied" in title for title in found)
    assert not any("triage" in title for title in found)
    assert not any("litellm" in title for title in found)  # it was silent in August
    assert "2026-09-15" in page.locator("#window").inner_text()
    page.locator('.heat td[title^="2026-09-15: policy"]').click()
    assert len(seen(page)) == len(samples.findings())


def test_the_map_of_one_layer(opened: _browser.Page) -> None:
    page = opened.page
    row = page.locator(".heat tbody tr", has_text="triage").first
    assert row.locator("td").nth(0).inner_text() == "7"
    page.locator("#layer").select_option("policy")
    assert row.locator("td").nth(0).inner_text() == "\u2022"
    assert row.locator("td").nth(0).get_attribute("title") == "2026-07-01: policy in 4 of 4 runs"
    # The script makes the same of a cell as the page itself does.
    page.locator("#layer").select_option("tool")
    assert [row.locator("td").nth(0).get_attribute(name) for name in ("class", "title")] == [
        "h7",
        "2026-07-01: tool in 3 of 4 runs",
    ]
    page.locator("#layer").select_option("")
    assert row.locator("td").nth(0).inner_text() == "7"


def test_the_trend_is_drawn_and_stands_in_a_table(opened: _browser.Page) -> None:
    page = opened.page
    assert page.locator("#lines path.line").count() == len(samples.LAYERS)
    assert page.locator("#lines .label").all_text_contents() != []
    page.locator("#trend summary").click()
    assert page.locator("#trend tbody tr").count() == 4 * 14


@pytest.mark.parametrize("wide", [390, 768, 1280])
def test_the_page_is_as_wide_as_the_window(started: Any, tmp_path: Path, wide: int) -> None:
    path = written(samples.quarter(), tmp_path)
    with _browser.new_page(started, viewport={"width": wide, "height": 900}) as page:
        page.open(path)
        assert page.page.evaluate("document.documentElement.scrollWidth") <= wide


def test_colours_and_print(opened: _browser.Page) -> None:
    page = opened.page
    page.emulate_media(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) != light
    opened.press("t", "t")
    assert page.evaluate(ground) == light
    page.locator("#severity").select_option("low")
    page.emulate_media(media="print")
    assert page.locator(".finding").first.is_visible()
    assert not page.locator("#search").is_visible()


def test_hostile_values_stay_text(started: Any, tmp_path: Path) -> None:
    for value in MARKUP:
        path = written(samples.hostile(value), tmp_path)
        with _browser.new_page(started) as page:
            page.open(path)
            opened = page.page
            opened.locator("#layer").select_option(index=1)
            opened.locator(".heat td").first.click()
            assert page.complaints == []
            assert page.requests == [path.as_uri()]


def test_it_reads_without_a_script(started: Any, tmp_path: Path) -> None:
    path = written(samples.quarter(), tmp_path)
    with _browser.new_page(started, java_script_enabled=False) as page:
        page.open(path, ready=False)
        assert len(seen(page.page)) == len(samples.findings())
        assert page.page.locator(".heat td.h0").count() == 15
        assert not page.page.locator("#search").is_visible()
