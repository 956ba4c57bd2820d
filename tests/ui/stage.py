"""What the tests of the dashboard share: one daemon, one browser, and how a test visits."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import SkipTest

from playwright.sync_api import Browser, expect
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.ui import chromium
from tests.ui.chromium import BrowserThread, Visit
from tests.ui.demo_daemon import DemoDaemon

METERS = 95
"""What the demo has; one of them is dead."""

Scenario = Callable[[Any, Visit], None]


class DashboardTestCase(TestCase):
    """Skipped where there is no Chromium, or no dashboard built."""

    timeout = 180

    def setUp(self) -> None:
        if reason := chromium.missing():
            if os.environ.get("HESD_REQUIRE_SERVICES") == "1":
                self.fail(reason)
            raise SkipTest(reason)
        self.daemon, self.chromium = _stage()

    def assert_fits(self, visit: Visit) -> None:
        """Nothing of the page is beyond the edge of the screen."""
        width = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        self.assertLessEqual(width, 0, visit.page.url)


def in_chromium(signed_in: bool = True, **context: Any) -> Callable[[Scenario], Any]:
    """A test that is given a tab of the dashboard, and fails when the browser complained of it."""

    def decorate(scenario: Scenario) -> Callable[[DashboardTestCase], Deferred[None]]:
        def visit(case: DashboardTestCase, browser: Browser) -> None:
            visit = Visit(browser, case.daemon.url, **context)
            try:
                if signed_in:
                    visit.sign_in(case.daemon.user, case.daemon.password)
                    expect(visit.page.locator(".meter")).to_have_count(METERS)
                scenario(case, visit)
            finally:
                visit.end()
            case.assertEqual(visit.complaints, [])

        def test(case: DashboardTestCase) -> Deferred[None]:
            return deferToThread(case.chromium.run, partial(visit, case))

        test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
        return test

    return decorate


@cache
def _stage() -> tuple[DemoDaemon, BrowserThread]:
    """One daemon and one browser for all tests, until the end: trial has no setUpClass."""
    folder = TemporaryDirectory(prefix="hesd-ui-")
    daemon, browser = DemoDaemon(Path(folder.name)), BrowserThread()

    @atexit.register
    def clear() -> None:
        browser.close()
        daemon.stop()
        folder.cleanup()

    daemon.start()
    return daemon, browser
