"""Takes the pictures of the README: `python -m tests.ui.screenshots [--minutes N] [FOLDER]`.

They show the demo, started for the purpose and left alone for some minutes first, so that
its charts have something to tell.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, expect

from tests.daemon_process import CHECKOUT
from tests.ui.chromium import PHONE, WIDE, Visit, browser, missing
from tests.ui.demo_daemon import DemoDaemon

FORMATS = {
    "wide": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "device_scale_factor": 2},
}
SHOWN_METER = "19239269"  # a chiller: it starts and stops, and gives all three phases


def take(opened: Browser, demo: DemoDaemon, folder: Path) -> None:
    for name, context in FORMATS.items():
        visit = Visit(opened, demo.url, **context)
        page = visit.page
        visit.sign_in(demo.user, demo.password)
        expect(page.locator(".meter")).to_have_count(85)
        page.wait_for_timeout(8_000)
        page.screenshot(path=folder / f"overview-{name}.png")
        page.goto(f"{demo.url}#/meters/{SHOWN_METER}")
        page.get_by_role("button", name="Read now").click()
        expect(page.locator(".steps .confirmed")).to_be_visible()
        page.mouse.move(0, 0)
        page.wait_for_timeout(2_000)
        page.screenshot(path=folder / f"meter-{name}.png")
        visit.end()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.ui.screenshots")
    parser.add_argument("folder", type=Path, nargs="?", default=CHECKOUT / "docs" / "images")
    parser.add_argument("--minutes", type=float, default=11, help="how long the plant runs first")
    arguments = parser.parse_args()
    if reason := missing():
        raise SystemExit(reason)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="hesd-ui-") as scratch:
        demo = DemoDaemon(Path(scratch))
        demo.start()
        try:
            time.sleep(arguments.minutes * 60)
            with browser() as opened:
                take(opened, demo, arguments.folder)
        finally:
            demo.stop()


if __name__ == "__main__":
    main()
