"""The page in a browser: it works, reaches for nothing, and runs nothing that a log says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail.outputs import html
from auditrail.outputs._view import View
from tests.outputs import _browser
from tests.outputs.test_html import MARKUP, hostile_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def started() -> Iterator[Any]:
    with _browser.browser() as one:
        yield one


def written(report: Any, folder: Path, **view: Any) -> Path:
    path = folder / "page.html"
    path.write_bytes("".join(html.render(report, View(**view))).encode())
    return path


@pytest.fixture
def opened(started: Any, incident: Any, tmp_path: Path) -> Iterator[_browser.Page]:
    """The incident; at the end nothing was complained of, and nothing was asked for but the file."""
    path = written(incident, tmp_path)
    with _browser.new_page(started) as page:
        yield page.open(path)
        assert page.complaints == []
        assert page.requests == [path.as_uri()]


def test_it_shows_lanes_events_and_gaps(opened: _browser.Page) -> None:
    page = opened.page
    assert page.locator("h1").inner_text() == "Run run-7f3a91"
    assert page.locator("#lanes div").count() >= 6
    assert page.locator("#plot path.item").count() >= 20
    assert page.locator("#plot path.deny").count() == 1
    assert page.locator(".row.gap").count() == 2
    assert "missing: The execute_tool span of a call is in no file" in page.locator(".row.gap").first.inner_text()
    assert page.locator("#lanes span", has_text="payments-api").count() == 1


def test_the_keyboard_goes_through_the_events(opened: _browser.Page) -> None:
    opened.press("j", "j")
    assert opened.chosen() == opened.seen()[1]
    assert opened.page.locator("#details").is_visible()
    opened.press("k")
    assert opened.chosen() == opened.seen()[0]
    opened.press("n")
    assert opened.page.locator(".row.chosen.problem").count() == 1
    before = len(opened.seen())
    opened.press("k", "k", "k", "k", "k", "k", "ArrowLeft")
    assert len(opened.seen()) < before
    opened.press("ArrowRight")
    assert len(opened.seen()) == before
    opened.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "details"
    opened.press("?")
    assert opened.page.locator("#keys").is_visible()
    opened.press("Escape")
    assert not opened.page.locator("#keys").is_visible()
    opened.press("Escape")
    assert opened.chosen() is None
    assert not opened.page.locator("#details").is_visible()


def test_search_and_filters(opened: _browser.Page) -> None:
    total = len(opened.seen())
    opened.press("/")
    opened.page.keyboard.type("NOTIFY_refund")
    opened.wait("document.querySelector('#count').textContent.includes('match of')")
    matching = opened.page.evaluate("document.querySelectorAll('.row.event:not([hidden]):not(.context)').length")
    assert 0 < matching < 4
    assert opened.page.locator("#count").inner_text().startswith(f"{matching} match of")
    opened.press("Escape")
    assert len(opened.seen()) == total
    opened.page.locator("input[name=layer][value=policy]").uncheck()
    assert all("decision" not in phrase for phrase in opened.seen())
    opened.page.locator("#clear").click()
    opened.page.locator("#status").select_option("denied")
    assert opened.page.locator(".row.event:not([hidden]):not(.context)").count() == 1
    opened.page.locator("#clear").click()
    opened.page.locator("#problems").check()
    assert 0 < opened.page.locator(".row.event:not([hidden]):not(.context)").count() < total
    opened.press("Escape")
    assert len(opened.seen()) == total


def test_the_timeline_zooms_and_leads_to_events(opened: _browser.Page) -> None:
    def ticks() -> list[str]:
        return opened.page.locator("#plot .axis text").all_text_contents()

    opened.page.emulate_media(reduced_motion="reduce")
    opened.page.reload()
    opened.page.wait_for_selector("html[data-ready]", state="attached")
    opened.requests.pop()
    first = ticks()
    opened.press("+", "+")
    assert ticks() != first
    opened.press("0")
    assert ticks() == first
    opened.page.locator("#in").click()
    assert ticks() != first
    opened.page.locator("#fit").click()
    box = opened.page.locator("#plot svg").bounding_box()
    opened.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    opened.page.mouse.wheel(0, -400)
    opened.wait(f"document.querySelector('#plot .axis').textContent !== {''.join(first)!r}")
    opened.press("0")
    opened.page.locator("#plot path.deny").hover()
    assert "DENY" in opened.page.locator("#tip").inner_text()
    opened.page.locator("#plot path.deny").click()
    assert "DENY" in (opened.chosen() or "")
    opened.press("z")
    assert ticks() != first


def test_the_details_hold_what_the_report_holds(opened: _browser.Page, incident: Any) -> None:
    opened.page.locator(".row.event", has_text="DENY").click()
    text = opened.page.locator("#details").inner_text()
    event = next(event for event in incident.events if event.decision == "deny")
    for part in (
        event.policy, event.rule, event.source.path, event.source.blake3, event.stitched_by.value, event.id,
        "account number erased", '"amount": "4200.00"', "linked", f"from offset {event.source.offset:,}",
    ):  # fmt: skip
        assert part in text, part


def test_a_link_of_a_gap_leads_to_its_place(opened: _browser.Page) -> None:
    opened.page.locator(".gaps a", has_text="notify_refund_desk").click()
    assert "notify_refund_desk" in (opened.chosen() or "")


def test_colours_follow_the_system_and_the_switch(opened: _browser.Page) -> None:
    def ground() -> str:
        return opened.page.evaluate("getComputedStyle(document.body).backgroundColor")

    opened.page.emulate_media(color_scheme="light")
    light = ground()
    opened.page.emulate_media(color_scheme="dark")
    assert ground() != light
    opened.press("t", "t")
    assert ground() == light


def test_print_shows_every_event_and_no_controls(opened: _browser.Page) -> None:
    opened.page.locator("#fold").click()
    opened.page.emulate_media(media="print")
    shown = "(row) => getComputedStyle(row).display !== 'none'"
    rows = "Array.from(document.querySelectorAll('.row.event'))"
    assert opened.page.evaluate(f"{rows}.every({shown})")
    assert not opened.page.locator("#search").is_visible()
    assert not opened.page.locator("#theme").is_visible()


def test_it_reads_without_scripts(started: Any, incident: Any, tmp_path: Path) -> None:
    path = written(incident, tmp_path, content="whole")
    with _browser.new_page(started, java_script_enabled=False) as page:
        page.open(path, ready=False)
        assert page.page.locator(".row.event").count() == len(incident.events)
        assert page.page.locator(".row.event").last.is_visible()
        assert not page.page.locator("#search").is_visible()
        assert not page.page.locator("#time").is_visible()
        assert "needs it" in page.page.locator("noscript").inner_text() or page.page.locator("noscript").count()
        assert page.requests == [path.as_uri()]


def test_what_a_log_says_stays_text(started: Any, make_event: Any, make_run: Any, hostile: Any, tmp_path: Path) -> None:
    for report in (hostile_run(make_event, make_run), hostile):
        for content in ("short", "whole"):
            path = written(report, tmp_path, content=content)
            with _browser.new_page(started) as page:
                page.open(path)
                count = len(report.events)
                for _ in range(count):
                    page.press("j")
                for item in range(min(page.page.locator("#plot path.item").count(), 3)):
                    page.page.locator("#plot path.item").nth(item).hover(force=True)
                page.press("/")
                page.page.keyboard.type("<img")
                page.page.wait_for_timeout(300)
                assert page.complaints == []
                assert page.requests == [path.as_uri()]
                bad = "document.querySelectorAll('img, iframe, object, embed, base, [onerror], [onmouseover]').length"
                assert page.page.evaluate(bad) == 0
                assert page.page.evaluate("document.querySelectorAll('script').length") == 3
                text = page.page.evaluate("document.body.innerText")
                assert not set("\x1b\x00\u202e\u2066\u2028\x07") & set(text)
    assert MARKUP[1] in text or "<img" in text or count


def test_five_thousand_events_stay_usable(started: Any, make_event: Any, make_run: Any, tmp_path: Path) -> None:
    rows = []
    for number in range(5_000):
        minute = f"10:{number // 100 % 60:02d}"
        layer, kind = (("llm", "span"), ("tool", "call"), ("tool", "result"), ("policy", "decision"))[number % 4]
        event = make_event(
            "agent", number + 1, f"{minute}:{number % 60:02d}.{number % 1000:03d}", layer, kind, tool=f"tool{number}",
            end=f"{minute}:59.999" if kind == "span" else None, args=f'{{"n":{number}}}',
            decision="allow" if kind == "decision" else None,
        )  # fmt: skip
        rows.append((number % 4, event))
    path = written(make_run(*rows), tmp_path)
    with _browser.new_page(started) as page:
        page.open(path)
        ready = page.page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
        assert ready < 60_000  # about a second on an idle machine
        assert page.page.locator(".row.event").count() == 5_000
        page.press("j", "j", "+", "0")
        page.press("/")
        page.page.keyboard.type("tool4999")
        page.wait("document.querySelector('#count').textContent.startsWith('1 match')")
        page.press("Enter")
        assert "tool4999" in (page.chosen() or "")
        assert page.complaints == []
