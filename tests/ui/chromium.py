"""A real Chromium, driven from a thread of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

BUILT = Path(__file__).parents[2] / "hesd" / "web" / "static" / "index.html"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 360, "height": 740}
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def executable() -> str | None:
    """``$CHROMIUM``, or the one this system has."""
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [named] if named else _NAMES)), None)


def missing() -> str | None:
    """Why the dashboard cannot be looked at here, if it cannot."""
    if executable() is None:
        return "no Chromium is installed (set CHROMIUM to where it is)"
    return None if BUILT.is_file() else "the dashboard has not been built (make ui)"


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=list(_OPTIONS))
        try:
            yield opened
        finally:
            opened.close()


class BrowserThread:
    """One browser for many visits. Playwright's objects may be used in the thread that made
    them only, so that is where everything is done."""

    def __init__(self) -> None:
        self._work: SimpleQueue[tuple[Future[None], Callable[[Browser], None] | None]] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="chromium", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Browser], None]) -> None:
        """Blocks until it is done, and raises what it raised."""
        done: Future[None] = Future()
        self._work.put((done, work))
        done.result()

    def close(self) -> None:
        self._work.put((Future(), None))
        self._thread.join()

    def _serve(self) -> None:
        with browser() as opened:
            while True:
                done, work = self._work.get()
                if work is None:
                    return
                try:
                    work(opened)
                except BaseException as error:
                    done.set_exception(error)
                else:
                    done.set_result(None)


class Visit:
    """One tab, and whatever was wrong in it: `complaints` of its console and its scripts."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.context = browser.new_context(**{"viewport": WIDE, "reduced_motion": "no-preference", **context})
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.requested: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("websocket", lambda socket: self.requested.append(socket.url))
        self.page.goto(url)

    def sign_in(self, user: str, password: str) -> None:
        self.page.fill("[name=username]", user)
        self.page.fill("[name=password]", password)
        self.page.click("button[type=submit]")

    def end(self) -> None:
        self.context.close()

    def forgive(self, *words: str) -> None:
        """Drop the complaints about what a test did on purpose."""
        self.complaints = [text for text in self.complaints if not any(word in text for word in words)]

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")
