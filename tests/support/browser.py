"""A real Chromium that looks at the page, and forgives it nothing."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest
from playwright.sync_api import sync_playwright

from tests.support.handlers import ROOT

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

SCREENSHOTS = ROOT / "build" / "screenshots"
AXE = ROOT / "build" / "parts" / "axe.min.js"
SECONDS = 60

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The browser says so of every answer that is an error, those that the page expects included.
_EXPECTED = "Failed to load resource: the server responded with a status of 4"


def chromium() -> str:
    """Where the browser is; a test that needs it fails without it."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.fail("There is no Chromium: apt-get install chromium, or name one with CHROMIUM=path.")
    return found


@contextmanager
def running_browser() -> Generator[Browser]:
    """Start the browser, which finds no host but this machine."""
    here = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[here])
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One person's tab: what it asked for, and what it complained about."""

    def __init__(self, browser: Browser, url: str, name: str, **options: Any) -> None:  # noqa: ANN401 - Playwright's own
        self.url = url
        self.name = name
        self.complaints: list[str] = []
        self.asked: list[str] = []
        context = browser.new_context(**options)
        context.set_default_timeout(SECONDS * 1000)
        self.page: Page = context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._requested)
        self._shots = 0

    def go(self, *parts: str) -> None:
        """Go somewhere in the page."""
        self.page.goto("/".join([f"{self.url}#", *parts]))

    def shoot(self, what: str, *, whole: bool = True) -> None:
        """Leave a picture, of the whole page or of what one sees, and hold it to the accessibility rules."""
        self._shots += 1
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{self.name}-{self._shots:02}-{what}.png"
        if whole:
            self.page.evaluate("scrollTo(0, 0)")
        self.page.screenshot(path=path, full_page=whole, animations="disabled")
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{what} is {wide} px too wide"
        assert self.violations() == [], what

    def violations(self) -> Sequence[str]:
        """What axe finds; it runs past the page's policy, as an extension would."""
        # Playwright has no types for what a browser answers.
        session = cast("Any", self.page.context.new_cdp_session(self.page))

        def evaluate(script: str) -> Any:  # noqa: ANN401 - same
            asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
            return session.send("Runtime.evaluate", asked)["result"].get("value")

        # It stays with the page until that is loaded anew.
        if not evaluate("'axe' in globalThis"):
            evaluate(AXE.read_text("utf-8"))
        found = evaluate(_RUN_AXE)
        session.detach()
        return json.loads(found)

    def close(self) -> None:
        """End the visit; nothing was complained about, and nobody else was asked for anything."""
        origin = "/".join(self.url.split("/")[:3])
        assert self.complaints == []
        assert [url for url in self.asked if not url.startswith(f"{origin}/")] == []
        self.page.context.close()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_EXPECTED):
            self.complaints.append(message.text)

    def _requested(self, request: Request) -> None:
        self.asked.append(request.url)


_RUN_AXE = """axe.run(document, {resultTypes: ['violations']}).then(({violations}) => JSON.stringify(
    violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 200)}`))))"""
