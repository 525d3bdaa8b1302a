"""A Chromium that is installed already, driven by Playwright: to see that pages work and reach for nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# Generous: a machine under load must not fail a test.
PATIENCE = 90_000


def executable() -> str:
    """The browser; skips the test, and says why, where there is none."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.skip(f"no browser: set CHROMIUM, or install one of {', '.join(NAMES)}")
    return found


class Page:
    """An open page with what it did: `requests` (addresses), and `complaints` (errors, console, policy)."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.set_default_timeout(PATIENCE)

    def open(self, path: Path, *, ready: bool = True) -> Page:
        self.page.goto(path.as_uri())
        if ready:
            self.page.wait_for_selector("html[data-ready]", state="attached")
        return self

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def wait(self, expression: str) -> None:
        """Until the expression is true; asked from here, for the policy of the page forbids to evaluate text there."""
        for _ in range(PATIENCE // 50):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(expression)

    def seen(self) -> list[str]:
        """The phrases of the rows of events that are seen."""
        return self.page.evaluate(
            "() => Array.from(document.querySelectorAll('.row.event')).filter((row) => !row.hidden)"
            ".map((row) => row.querySelector('.p').textContent)"
        )

    def chosen(self) -> str | None:
        return self.page.evaluate("() => document.querySelector('.row.chosen .p')?.textContent ?? null")


@contextmanager
def browser() -> Iterator[Any]:
    """A browser process of its own, closed at the end."""
    path = executable()
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield started
        finally:
            started.close()


@contextmanager
def new_page(started: Any, **options: Any) -> Iterator[Page]:
    context = started.new_context(**{"viewport": {"width": 1280, "height": 900}, "offline": True, **options})
    try:
        yield Page(context.new_page())
    finally:
        context.close()
