"""Takes the pictures of the README: `python -m tests.ui.screenshots [--minutes N] [FOLDER]`.

They show the demo, started for the purpose and watched for some minutes first, so that its
charts have something to tell.
"""

from __future__ import annotations

import argparse
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, expect

from hesd.dialin.family_h import heartbeat
from tests.daemon_process import CHECKOUT
from tests.ui.chromium import PHONE, WIDE, Visit, browser, missing
from tests.ui.demo_daemon import DemoDaemon
from tests.ui.stage import METERS

FORMATS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "device_scale_factor": 2},
}
DLMS_METER = "46000755036"
STRANGER = "046000999111"
SETTLE_MS = 2_000
SHOWN_METER = "19239269"  # a chiller: it starts and stops, and gives all three phases


def take(opened: Browser, demo: DemoDaemon, minutes: float, folder: Path) -> None:
    visits = {name: Visit(opened, demo.url, **context) for name, context in FORMATS.items()}
    for visit in visits.values():
        visit.sign_in(demo.user, demo.password)
        expect(visit.page.locator(".meter")).to_have_count(METERS)
    time.sleep(minutes * 60)
    for name, visit in visits.items():
        page = visit.page
        page.screenshot(path=folder / f"overview-{name}.png")
        page.goto(f"{demo.url}#/meters/{SHOWN_METER}")
        page.get_by_role("button", name="Read now").click()
        expect(page.locator(".steps .confirmed")).to_be_visible()
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=folder / f"meter-{name}.png")
    page = visits["wide"].page
    for tab, prepare in TABS.items():
        page.goto(f"{demo.url}#/meters/{DLMS_METER}/{tab}")
        prepare(page)
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=folder / f"{tab}.png")
    with stranger(demo):
        page.goto(f"{demo.url}#/quarantine")
        expect(page.locator(".stranger")).to_have_count(1)
        page.screenshot(path=folder / "quarantine.png")


def read_profile(page: Page) -> None:
    page.get_by_role("button", name="Week").click()
    page.get_by_role("button", name="Read from the meter").click()
    expect(page.locator(".profile-read .steps .confirmed")).to_be_visible()


def read_logs(page: Page) -> None:
    page.get_by_role("button", name="Read the logs").click()
    expect(page.locator(".events .steps .confirmed")).to_be_visible()


def read_object(page: Page) -> None:
    page.get_by_role("button", name="Read the list").click()
    page.get_by_role("searchbox").fill("voltage")
    first = page.locator(".object-list > li").first
    first.locator("summary").click()
    first.get_by_role("button", name="Read value").click()
    expect(first.locator(".answer pre")).to_be_visible()


def open_frame(page: Page) -> None:
    page.locator(".frames summary").nth(1).click()


def check_clock(page: Page) -> None:
    page.get_by_role("button", name="Check the clock").click()
    expect(page.locator(".outcome.confirmed")).to_be_visible()


TABS: dict[str, Callable[[Page], None]] = {
    "profile": read_profile,
    "events": read_logs,
    "objects": read_object,
    "trace": open_frame,
    "commands": check_clock,
}


@contextmanager
def stranger(demo: DemoDaemon) -> Iterator[None]:
    """Somebody nobody knows, on the line."""
    with socket.create_connection(("127.0.0.1", demo.dial_in_port)) as dialled:
        dialled.sendall(heartbeat(STRANGER, 20, "892340155999").encode())
        yield


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
