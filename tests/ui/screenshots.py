"""Takes the pictures of the README: `python -m tests.ui.screenshots [--minutes N] [FOLDER]`.

They show the demo, started for the purpose and watched for some minutes first, so that its
charts have something to tell.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, expect

from tests.daemon_process import CHECKOUT
from tests.ui.chromium import PHONE, WIDE, Visit, browser, missing
from tests.ui.demo_daemon import DemoDaemon

FORMATS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "device_scale_factor": 2},
}
SHOWN_METER = "19239269"  # a chiller: it starts and stops, and gives all three phases


def take(opened: Browser, demo: DemoDaemon, minutes: float, folder: Path) -> None:
    visits = {name: Visit(opened, demo.url, **context) for name, context in FORMATS.items()}
    for visit in visits.values():
        visit.sign_in(demo.user, demo.password)
        expect(visit.page.locator(".meter")).to_have_count(85)
    time.sleep(minutes * 60)
    for name, visit in visits.items():
        page = visit.page
        page.screenshot(path=folder / f"overview-{name}.png")
        page.goto(f"{demo.url}#/meters/{SHOWN_METER}")
        page.get_by_role("button", name="Read now").click()
        expect(page.locator(".steps .confirmed")).to_be_visible()
        page.wait_for_timeout(2_000)
        page.screenshot(path=folder / f"meter-{name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.ui.screenshots")
    parser.add_argument("folder", type=Path, nargs="?", default=CHECKOUT / "docs" / "images")
    parser.add_argument("--minutes", type=float, default=11, help="how long the plant is watched first")
    arguments = parser.parse_args()
    if reason := missing():
        raise SystemExit(reason)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="hesd-ui-") as scratch:
        demo = DemoDaemon(Path(scratch))
        demo.start()
        try:
            with browser() as opened:
                take(opened, demo, arguments.minutes, arguments.folder)
        finally:
            demo.stop()


if __name__ == "__main__":
    main()
