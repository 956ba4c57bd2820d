"""The dashboard in a real Chromium, on the real daemon and its simulated plant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.chromium import NARROWEST, PATIENCE_MS, PHONE, Visit
from tests.ui.demo_daemon import DEAD_METER
from tests.ui.stage import METERS, DashboardTestCase, in_chromium

# A kitchen: its load never stands still.
LIVE = ".meter[data-serial='22352186'][data-state=live]"
LONG_FIGURES = """for (const figure of document.querySelectorAll(".figures .number > span:first-child"))
    figure.textContent = "12,345,678.9";"""


@pytest.mark.chromium
class DashboardTests(DashboardTestCase):
    @in_chromium(signed_in=False)
    def test_sign_in(self, visit: Visit) -> None:
        page = visit.page
        expect(page.get_by_label("User")).to_be_focused()
        visit.sign_in(self.daemon.user, "not the password")
        expect(page.get_by_role("alert")).to_have_text("User or password is wrong.")
        visit.sign_in(self.daemon.user, self.daemon.password)
        expect(page.get_by_role("status").filter(has_text="live")).to_be_visible()
        page.reload()
        expect(page.locator(".meter")).to_have_count(METERS)
        token = page.evaluate("JSON.parse(sessionStorage.getItem('hesd.session')).token")
        self.assertNotIn(token, " ".join(visit.requested))
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out.")).to_be_visible()
        self.assertIsNone(page.evaluate("sessionStorage.getItem('hesd.session')"))
        # Chromium reports the refusal we asked for, and what was still under way at the end.
        visit.forgive("401 (Unauthorized)")

    @in_chromium()
    def test_live_values_move(self, visit: Visit) -> None:
        page = visit.page
        for number in (page.get_by_test_id("plant-power"), page.locator(f"{LIVE} .voltage .number").last):
            expect(number).to_have_text(re.compile(r"\d"))
            _wait_for_change(number)
        expect(page.locator(".power .note")).to_have_text(f"from {METERS - 1} of {METERS} meters")

    @in_chromium()
    def test_the_numbers_are_those_of_the_api(self, visit: Visit) -> None:
        serial = visit.page.locator(LIVE).get_attribute("data-serial")
        latest: Any = self.daemon.get(f"meters/{serial}/latest")
        energy = next(row for row in latest["items"] if row["obis"] == "1.0.1.8.0.255")
        shown = visit.page.locator(f".meter[data-serial='{serial}'] .energy .number").inner_text()
        self.assertLess(abs(_number(shown) - energy["value"]), 5)

    @in_chromium()
    def test_filters_and_sorts(self, visit: Visit) -> None:
        page, meters = visit.page, visit.page.locator(".meter")
        page.locator("[name=area]").select_option(label="Apartment house")
        expect(meters).to_have_count(6)
        expect(page.locator(".group-head h2")).to_have_text(["Apartment house"])
        page.get_by_role("button", name="Offline").click()
        expect(meters).to_have_count(1)
        page.get_by_role("button", name="All").click()
        page.keyboard.press("/")
        page.keyboard.type("roof 9.8")
        expect(meters).to_have_count(1)
        self.assertIn("text=roof", page.url)
        page.reload()
        expect(meters).to_have_count(1)
        page.keyboard.press("/")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("no such thing")
        page.get_by_role("button", name="Show all").click()
        expect(meters).to_have_count(METERS)
        page.locator("[name=group]").select_option("none")
        page.get_by_role("columnheader", name="Power kW").get_by_role("button").click()
        expect(page.get_by_role("columnheader", name="Power kW")).to_have_attribute("aria-sort", "descending")
        powers = [_number(text) for text in page.locator(".meter .power .number").all_inner_texts()[:5]]
        self.assertGreater(powers[0], 3 * powers[4] / 4)
        self.assertGreater(min(powers), 30)

    @in_chromium()
    def test_a_meters_chart_draws_and_grows(self, visit: Visit) -> None:
        page = visit.page
        _link(page).press("Enter")
        chart = page.locator(".live-chart").first
        expect(chart.locator("canvas")).to_be_visible()
        expect(chart).to_have_attribute("data-points", re.compile(r"^[1-9]"))
        points = int(chart.get_attribute("data-points") or 0)
        page.wait_for_function(
            "points => +document.querySelector('.live-chart').dataset.points >= points + 2",
            arg=points,
            timeout=PATIENCE_MS,
        )
        # Seconds after the start the line is short; axes and grid are grey.
        self.assertGreater(chart.locator("canvas").evaluate(_COLOURED_PIXELS), 5)
        _wait_for_change(page.locator(".figures .number").nth(1))

    @in_chromium()
    def test_history_by_quantity_and_range(self, visit: Visit) -> None:
        page = visit.page
        _link(page).click()
        body = page.locator(".history-body")
        expect(body).to_have_attribute("data-rows", re.compile(r"^[1-9]"))
        expect(page.locator(".summary dd").first).to_have_text(re.compile(r"\d"))
        page.locator("[data-obis='1.0.1.8.0.255'] button").click()
        expect(page.locator(".summary")).to_contain_text("Used in this time")
        page.get_by_role("group", name="How far back").get_by_role("button", name="Day").click()
        expect(body).to_have_attribute("data-rows", re.compile("^[12]$"))  # hours: one may begin just now
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        table = Path(download.value.path()).read_text(encoding="utf-8")
        self.assertIn("1.0.1.8.0.255", table)

    @in_chromium()
    def test_reads_a_meter_now(self, visit: Visit) -> None:
        page = visit.page
        _link(page).click()
        page.get_by_role("button", name="Read now").click()
        expect(page.locator(".steps .confirmed")).to_contain_text("Confirmed")
        steps = page.locator(".steps li > :first-child").all_inner_texts()
        self.assertEqual([steps[0], steps[-1]], ["Accepted", "Confirmed"])
        expect(page.get_by_role("button", name="Read now")).to_be_enabled()

    @in_chromium()
    def test_a_dead_meter_is_shown_as_such(self, visit: Visit) -> None:
        page = visit.page
        row = page.locator(f".meter[data-serial='{DEAD_METER}']")
        expect(row).to_have_attribute("data-state", "offline", timeout=60_000)
        expect(row.locator(".state")).to_contain_text(re.compile("repl|answer", re.IGNORECASE))
        expect(page.get_by_test_id("offline-count")).to_have_text("1 offline")
        page.get_by_role("link", name="Lines").click()
        expect(page.locator(".bus-map .offline")).to_have_count(1)
        page.locator(".bus-map .offline").click()
        expect(page.get_by_test_id("condition")).to_contain_text("Offline")
        page.get_by_role("button", name="Read now").click()
        expect(page.locator(".steps .failed")).to_contain_text("no answer")

    @in_chromium()
    def test_lines(self, visit: Visit) -> None:
        page = visit.page
        page.get_by_role("link", name="Lines").click()
        panels = page.locator(".line-panel")
        expect(panels).to_have_count(4)
        expect(panels.first).to_contain_text("40 of 40 online")
        _wait_for_change(panels.first.locator(".counters dd").first)
        expect(panels.first.locator("code")).to_contain_text("baudrate=38400")

    @in_chromium(color_scheme="light")
    def test_dark_and_light(self, visit: Visit) -> None:
        page = visit.page
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        light = page.evaluate(ground)
        page.emulate_media(color_scheme="dark")
        dark = page.evaluate(ground)
        self.assertNotEqual(light, dark)
        page.get_by_role("button", name="Colours").click()
        self.assertEqual(page.evaluate(ground), light)
        page.reload()
        expect(page.get_by_role("button", name="Colours: light")).to_be_visible()
        self.assertEqual(page.evaluate(ground), light)
        page.get_by_role("button", name="Colours").click()
        page.emulate_media(color_scheme="light")
        self.assertEqual(page.evaluate(ground), dark)

    @in_chromium(viewport=NARROWEST, has_touch=True)
    def test_fits_a_phone(self, visit: Visit) -> None:
        page = visit.page
        self.assert_fits(visit)
        page.get_by_role("link", name="Lines").click()
        expect(page.locator(".line-panel")).to_have_count(4)
        self.assert_fits(visit)
        page.get_by_role("link", name="Overview", exact=True).click()
        page.locator(".meter .name a").first.click()
        expect(page.locator(".live-chart canvas").first).to_be_visible()
        self.assert_fits(visit)
        page.evaluate(LONG_FIGURES)  # a counter only ever grows
        self.assert_fits(visit)
        page.set_viewport_size({"width": PHONE["height"], "height": PHONE["width"]})
        self.assert_fits(visit)

    @in_chromium()
    def test_comes_back_after_the_daemon_was_away(self, visit: Visit) -> None:
        page = visit.page
        self.daemon.stop()
        expect(page.get_by_role("status")).to_contain_text("connection lost")
        # Values nobody confirms any more must not look live for long.
        expect(page.locator(".meter[data-state=stale]").first).to_be_visible(timeout=60_000)
        self.daemon.start()
        expect(page.get_by_role("status").filter(has_text="live")).to_be_visible(timeout=60_000)
        expect(page.locator(".meter[data-state=live]")).to_have_count(METERS - 1, timeout=60_000)
        _wait_for_change(page.get_by_test_id("plant-power"))
        # Chromium reports every request that nobody, or only half a daemon, answered.
        visit.forgive("ERR_CONNECTION", "503 (Service Unavailable)")


_COLOURED_PIXELS = """canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4) {
    const spread = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
    if (data[i + 3] > 128 && spread > 60) coloured += 1;
  }
  return coloured;
}"""


def _link(page: Page) -> Locator:
    return page.locator(f"{LIVE} .name a")


def _number(text: str) -> float:
    return float(re.sub(r"[^\d.]", "", text.replace("−", "-")))


def _wait_for_change(number: Locator) -> None:
    expect(number).not_to_have_text(number.inner_text(), timeout=PATIENCE_MS)
