"""The pages of DLMS meters in a real Chromium, on the demo's meters of Ikorodu."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from hesd.dialin.family_h import heartbeat
from tests.ui.chromium import NARROWEST, Visit
from tests.ui.stage import DashboardTestCase, in_chromium

HOUSE = "46000755036"
SHOP = "46000760119"
PHARMACY = "46000760127"
QUIET = "46000777832"  # nobody else asks it, so its trace still has the beginning
STRANGER = "46000999111"
# Of class 0, and a number of 66 bits.
TOKEN = "31698442578037481234"
LOST = "40786512371600915678"
PASSWORD = "30 30 30 30 30 30 30 30"
SLOWLY = 60_000
TABS = ("Live", "Load profile", "Events", "Objects", "Trace", "Commands")


@pytest.mark.chromium
class DLMSPagesTests(DashboardTestCase):
    @in_chromium()
    def test_ikorodu_stands_beside_the_plant(self, visit: Visit) -> None:
        page = visit.page
        page.locator("[name=area]").select_option(label="Ikorodu")
        expect(page.locator(".meter")).to_have_count(10)
        row = page.locator(f".meter[data-serial='{HOUSE}']")
        expect(row).to_have_attribute("data-state", "live", timeout=SLOWLY)
        for figure in ("power", "voltage", "current"):
            expect(row.locator(f".{figure} .number").first).to_have_text(re.compile(r"\d"))
        expect(row.get_by_role("img", name="Relay: connected")).to_be_visible()
        expect(row.locator(".credit")).to_have_text(re.compile(r"^[\d.]+ kWh$"))
        page.get_by_role("link", name="Lines").click()
        listener = page.locator(".listener-panel")
        expect(listener).to_contain_text("10 of 10 online")
        expect(listener.locator(".bus-map a")).to_have_count(10)

    @in_chromium()
    def test_only_meters_of_objects_have_tabs(self, visit: Visit) -> None:
        page = visit.page
        page.goto(f"{self.daemon.url}#/meters/22352186/commands")
        expect(page.locator(".live-chart canvas").first).to_be_visible()
        expect(page.locator(".tabs")).to_have_count(0)
        page.goto(f"{self.daemon.url}#/meters/{HOUSE}/nothing")
        expect(page.locator(".live-chart canvas").first).to_be_visible()
        expect(page.locator(".tabs a")).to_have_text(list(TABS))

    @in_chromium()
    def test_a_disconnect_is_confirmed_by_reading_back(self, visit: Visit) -> None:
        page = visit.page
        relay = _command(page, self.daemon.url, SHOP, "Relay")
        expect(relay.get_by_test_id("relay")).to_contain_text("connected", timeout=SLOWLY)
        for asked, becomes in (("Disconnect", "disconnected"), ("Connect", "connected")):
            relay.get_by_role("button", name=f"{asked}…", exact=True).click()
            dialog = page.get_by_role("dialog")
            expect(dialog).to_contain_text(SHOP)
            send = dialog.get_by_role("button", name=f"{asked} {SHOP}", exact=True)
            send.click()
            expect(dialog).to_be_visible()  # nobody said why
            dialog.get_by_label("Reason").fill("a test of the page")
            send.click()
            expect(relay.locator(".steps .confirmed")).to_contain_text(f"the relay is {becomes}")
            expect(relay.locator(".outcome")).to_contain_text("Done")
            expect(relay.get_by_test_id("relay")).to_have_text(becomes)
        done = page.locator(".before tbody tr")
        expect(done.first).to_contain_text("connect a test of the page")
        expect(done.nth(1)).to_contain_text("disconnect a test of the page")

    @in_chromium()
    def test_a_dialog_that_is_left_sends_nothing(self, visit: Visit) -> None:
        page = visit.page
        relay = _command(page, self.daemon.url, PHARMACY, "Relay")
        relay.get_by_role("button", name="Disconnect…").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        relay.get_by_role("button", name="Disconnect…").click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        self.assertNotIn("/relay", " ".join(visit.requested))

    @in_chromium()
    def test_a_token_is_taken_once_and_forgotten_here(self, visit: Visit) -> None:
        page = visit.page
        token = _command(page, self.daemon.url, SHOP, "Prepayment token")
        field = token.get_by_label("Token, 20 digits")
        send = token.get_by_role("button", name="Send to")
        for wrong, why in ((TOKEN[:-1], "20 digits"), ("9" * 20, "too large")):
            field.fill(wrong)
            send.click()
            expect(token.get_by_role("alert")).to_contain_text(why)
        self.assertNotIn("/tokens", " ".join(visit.requested))
        field.fill("")
        field.press_sequentially(TOKEN)
        expect(field).to_have_value("3169 8442 5780 3748 1234")
        send.click()
        expect(token.locator(".outcome.confirmed")).to_contain_text("Credit after")
        expect(field).to_have_value("")
        expect(token).to_contain_text(f"Token {'*' * 16}1234")
        expect(page.locator(".before tbody tr").first).to_contain_text(f"{'*' * 16}1234")
        self.assertNotIn(TOKEN, page.content().replace(" ", ""))
        self.assertNotIn(TOKEN, " ".join(visit.requested))

    @in_chromium()
    def test_a_lost_reply_is_unknown(self, visit: Visit) -> None:
        page = visit.page
        token = _command(page, self.daemon.url, PHARMACY, "Prepayment token")
        self.daemon.fault(f"{PHARMACY} lost-reply")
        try:
            token.get_by_label("Token, 20 digits").fill(LOST)
            token.get_by_role("button", name="Send to").click()
            outcome = token.locator(".outcome.unknown")
            expect(outcome).to_contain_text("the meter may have done it", timeout=SLOWLY)
            expect(outcome).to_contain_text("Look before you send it again")
            expect(page.locator(".before .job-state.unknown")).to_have_count(1)
        finally:
            self.daemon.fault(f"{PHARMACY} lost-reply off")

    @in_chromium()
    def test_looks_at_the_clock(self, visit: Visit) -> None:
        clock = _command(visit.page, self.daemon.url, HOUSE, "Clock")
        clock.get_by_role("button", name="Check the clock").click()
        expect(clock.locator(".outcome.confirmed")).to_contain_text("off by")

    @in_chromium()
    def test_a_trace_explains_itself_and_tells_no_secret(self, visit: Visit) -> None:
        page = visit.page
        page.goto(f"{self.daemon.url}#/meters/{QUIET}/trace")
        frames = page.locator(".frames li")
        opening = frames.filter(has_text="AARQ").locator("details")
        opening.locator("summary").click()
        expect(opening).to_contain_text("layer: wrapper")
        expect(opening.locator(".octets")).to_have_text(re.compile(r"^([0-9A-F]{2} )+[0-9A-F]{2}$"))
        self.assertNotIn(PASSWORD, opening.inner_text())
        newest = frames.first.locator("time").inner_text()
        page.get_by_role("button", name="Read now").click()
        expect(page.locator(".steps .confirmed")).to_be_visible()
        page.get_by_role("button", name="Refresh").click()
        expect(frames.first.locator("time")).not_to_have_text(newest)

    @in_chromium()
    def test_a_profile_is_read_drawn_and_saved(self, visit: Visit) -> None:
        page = visit.page
        page.goto(f"{self.daemon.url}#/meters/{HOUSE}/profile")
        page.get_by_role("button", name="Read from the meter").click()
        expect(page.locator(".profile-read .steps .confirmed")).to_be_visible(timeout=SLOWLY)
        expect(page.locator(".profile-body")).to_have_attribute("data-rows", re.compile(r"^[1-9]\d"))
        page.get_by_label("Newest rows").fill("3")
        page.get_by_role("button", name="Read the newest").click()
        expect(page.locator(".profile-read .steps .confirmed")).to_contain_text("3 rows", timeout=SLOWLY)
        charts = page.locator(".profile-chart canvas")
        expect(charts.first).to_be_visible()
        before = charts.count()
        self.assertGreater(before, 0)
        page.locator(".chip :checked").first.uncheck()
        expect(charts).not_to_have_count(before)
        earlier, later = (page.get_by_role("button", name=name) for name in ("Earlier", "Later"))
        for button in (earlier, earlier):
            button.click()
        expect(page.locator(".profile-body")).to_contain_text("Nothing was stored")
        for button in (later, later):
            button.click()
        expect(later).to_be_disabled()
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        table = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
        self.assertTrue(table[0].startswith("meter,at,"))
        self.assertGreater(len(table), 10)

    @in_chromium()
    def test_events_are_read_and_filtered(self, visit: Visit) -> None:
        page = visit.page
        page.goto(f"{self.daemon.url}#/meters/{HOUSE}/events")
        page.get_by_role("button", name="Read the logs").click()
        rows = page.locator(".events tbody tr")
        expect(rows.first).to_be_visible(timeout=SLOWLY)
        expect(rows.first.locator("td.time").first).to_have_text(re.compile(r"\d{4}, \d\d:\d\d"))
        page.get_by_role("searchbox").fill("no such event")
        expect(rows).to_have_count(0)

    @in_chromium()
    def test_objects_are_listed_found_and_read(self, visit: Visit) -> None:
        page = visit.page
        page.goto(f"{self.daemon.url}#/meters/{HOUSE}/objects")
        page.get_by_role("button", name="Read the list").click()
        objects = page.locator(".object-list > li")
        expect(objects.first).to_be_visible(timeout=SLOWLY)
        page.get_by_role("searchbox").fill("1.0.32.7.0")
        expect(objects).to_have_count(1)
        objects.locator("summary").click()
        objects.get_by_role("button", name="Read value").click()
        expect(objects.locator(".answer pre")).to_have_text(re.compile(r"^2\d\d(\.\d+)? V$"))

    @in_chromium()
    def test_a_stranger_is_adopted(self, visit: Visit) -> None:
        page = visit.page
        expect(page.get_by_role("link", name="Quarantine")).to_have_count(0)
        with socket.create_connection(("127.0.0.1", self.daemon.dial_in_port)) as stranger:
            stranger.sendall(heartbeat(STRANGER.zfill(12), 20, "892340155999").encode())
            page.get_by_role("link", name="Quarantine: 1 meter waits").click()
            row = page.locator(".stranger").filter(has_text=STRANGER)
            expect(row).to_contain_text("Hexcell login")
            expect(row.get_by_label("Driver")).to_have_value("hexcell-ddsy1088")
            row.get_by_label("Area").select_option(label="Ikorodu")
            expect(row.get_by_label("Serial")).to_have_value(STRANGER)  # without the zeros of its login
            row.get_by_label("Name").fill("Chapel")
            row.get_by_role("button", name="Adopt").click()
            expect(page.get_by_role("heading", name="Chapel")).to_be_visible()
        expect(page.get_by_role("link", name="Quarantine")).to_have_count(0)
        self.daemon.delete(f"meters/{STRANGER}")

    @in_chromium(viewport=NARROWEST, has_touch=True)
    def test_fits_a_phone(self, visit: Visit) -> None:
        page = visit.page
        for tab in TABS:
            page.goto(f"{self.daemon.url}#/meters/{HOUSE}")
            page.locator(".tabs").get_by_role("link", name=tab).click()
            current = page.locator(".tabs [aria-current=page]")
            expect(current).to_have_text(tab)
            expect(current).to_be_in_viewport()
            page.wait_for_load_state("networkidle")
            self.assert_fits(visit)
        page.goto(f"{self.daemon.url}#/quarantine")
        expect(page.get_by_text("Nobody waits to be adopted.")).to_be_visible()
        self.assert_fits(visit)


def _command(page: Page, url: str, serial: str, name: str) -> Locator:
    page.goto(f"{url}#/meters/{serial}/commands")
    return page.get_by_role("region", name=name, exact=True)
