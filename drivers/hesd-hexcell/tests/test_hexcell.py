"""The vendor's list, all of it, and what it does not say."""

from __future__ import annotations

import csv
from importlib.resources import files

from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.cosem_conformance import check_cosem_driver
from hesd.driver import Authentication, CosemObject, CosemType, DLMSDriver, EventLog, Tier, TokenWay, Unit
from hesd.driver.loading import load_drivers
from hesd.model.meter_number import NumberEncoding
from hesd.model.obis import OBIS
from hesd_hexcell.ddsy1088 import DRIVER as DDSY1088
from hesd_hexcell.dtsy1088 import DRIVER as DTSY1088

DRIVERS = {"hexcell-ddsy1088": DDSY1088, "hexcell-dtsy1088": DTSY1088}


def rows(name: str) -> list[dict[str, str]]:
    text = (files("hesd_hexcell") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def object_at(driver: DLMSDriver, obis: str) -> CosemObject:
    (found,) = (each for each in driver.objects if each.obis == OBIS(obis))
    return found


def log_at(driver: DLMSDriver, obis: str) -> EventLog:
    (found,) = (each for each in driver.logs if each.obis == OBIS(obis))
    return found


def polled(driver: DLMSDriver, tier: Tier) -> set[str]:
    return {each.obis for each in driver.objects if each.tier is tier}


def codes(*spelled: str) -> set[OBIS]:
    return set(map(OBIS, spelled))


class Hexcell(SynchronousTestCase):
    def test_both_meters_pass_the_kit(self) -> None:
        for name, driver in DRIVERS.items():
            for check in check_cosem_driver(driver):
                self.assertEqual(check.problems, (), f"{name}: {check.name}")

    def test_they_are_found_by_their_names(self) -> None:
        loaded = load_drivers(None)
        for name, driver in DRIVERS.items():
            self.assertIs(loaded[name].driver, driver)

    def test_every_object_of_the_list_is_in_one_of_them(self) -> None:
        listed = {OBIS(row["obis"]) for row in rows("objects.csv")} | codes("1-0:9.8.4.11")
        known = {each.obis for driver in DRIVERS.values() for each in driver.objects}
        self.assertEqual(known, listed)
        self.assertEqual(len(listed), 708)

    def test_every_column_of_the_list_is_in_its_meter(self) -> None:
        for meter_type, driver in (("single-phase", DDSY1088), ("three-phase", DTSY1088)):
            buffers = {each.obis: each.columns for each in driver.buffers}
            for row in rows("profiles.csv"):
                if row["meter_type"] == meter_type:
                    column = buffers[OBIS(row["profile_obis"])][int(row["column"]) - 1]
                    captured = (str(column.class_id), column.obis, str(column.attribute))
                    self.assertEqual(captured, (row["class_id"], OBIS(row["obis"]), row["attribute"]))

    def test_phases(self) -> None:
        single = {each.obis for each in DDSY1088.objects}
        three = {each.obis for each in DTSY1088.objects}
        self.assertEqual(single - three, codes("1-0:11.7.0", "1-0:12.7.0"))
        self.assertEqual(
            three - single,
            {OBIS(f"1-0:{c}.7.0") for c in (41, 43, 49, 51, 52, 53, 61, 63, 69, 71, 72, 73)},
        )

    def test_what_is_polled(self) -> None:
        slow = codes(
            "1-0:1.8.0", "1-0:2.8.0", "1-0:15.8.0", "1-0:3.8.0", "1-0:4.8.0", "1-0:13.7.0", "1-0:14.7.0",
            "1-0:96.66.0", "0-0:96.3.10",
        )  # fmt: skip
        volts_amperes = codes("1-0:32.7.0", "1-0:12.7.0", "1-0:31.7.0", "1-0:11.7.0")
        self.assertEqual(polled(DDSY1088, Tier.FAST), volts_amperes | codes("1-0:1.7.0"))
        self.assertEqual(
            polled(DTSY1088, Tier.FAST),
            {OBIS(f"1-0:{c}.7.0") for c in (32, 52, 72, 31, 51, 71, 1)},
        )
        for driver in DRIVERS.values():
            self.assertEqual(polled(driver, Tier.SLOW), slow)

    def test_how_they_are_spoken_to(self) -> None:
        for driver in DRIVERS.values():
            access = (driver.client_sap, driver.server_sap, driver.authentication)
            self.assertEqual(access, (17, 1, Authentication.LLS))
            self.assertEqual((driver.serial.encoding, driver.serial.digits), (NumberEncoding.BCD, 11))
            assert driver.token is not None
            self.assertEqual(
                (driver.token.way, driver.token.obis), (TokenWay.DATA_BCD, OBIS("1-0:129.129.2.255"))
            )
            token = object_at(driver, "1-0:129.129.2")
            self.assertEqual((token.secret, token.writable, token.tier), (True, True, None))

    def test_scalers_units_types_and_rights_are_those_of_the_list(self) -> None:
        energy = object_at(DDSY1088, "1-0:1.8.0.7")
        self.assertEqual((energy.unit, energy.scaler, energy.size), (Unit.WH, 1, 4))
        self.assertIs(energy.type, CosemType.DOUBLE_LONG_UNSIGNED)
        self.assertEqual(object_at(DDSY1088, "1-0:96.66.0").scaler, 1)
        self.assertFalse(energy.writable)
        self.assertTrue(object_at(DDSY1088, "0-0:1.0.0").writable)
        relay, schedule = object_at(DDSY1088, "0-0:96.3.10"), object_at(DDSY1088, "0-0:15.0.0")
        self.assertEqual((relay.attribute, relay.type, relay.writable), (3, CosemType.ENUM, False))
        self.assertEqual((schedule.attribute, schedule.writable), (4, True))

    def test_misprints_are_put_right(self) -> None:
        self.assertEqual(object_at(DTSY1088, "1-0:9.8.4.11").name, "Last 11 month apparent energy [TOU 4]")
        self.assertEqual(object_at(DTSY1088, "1-0:9.8.3").name, "Apparent energy [TOU 3]")
        (profile,) = DTSY1088.profiles
        demand, captured_at = profile.columns[25:27]
        self.assertEqual((demand.unit, demand.scaler, demand.attribute), (Unit.W, -1, 2))
        self.assertEqual((captured_at.unit, captured_at.attribute), (Unit.NONE, 5))
        self.assertTrue(demand.name)

    def test_logs_have_an_event_each_and_tokens_are_secret(self) -> None:
        clocks = {log.obis: sum(column.class_id == 8 for column in log.columns) for log in DDSY1088.logs}
        self.assertEqual(clocks[OBIS("1-0:99.98.4")], 2)
        self.assertEqual(clocks[OBIS("1-0:99.98.46")], 1)
        for driver in DRIVERS.values():
            self.assertEqual(log_at(driver, "1-0:99.98.42").event, "open meter cover")
            secret = {log.obis for log in driver.logs if any(column.secret for column in log.columns)}
            self.assertEqual(secret, codes("1-0:99.98.84", "1-0:99.98.86"))
            for number in (84, 85):
                self.assertEqual(log_at(driver, f"1-0:99.98.{number}").times, OBIS("1-0:99.98.70"))

    def test_what_has_no_phase_is_logged_by_both(self) -> None:
        single, three = ({log.obis for log in driver.logs} for driver in (DDSY1088, DTSY1088))
        self.assertLess(single, three)
        self.assertIn(OBIS("1-0:99.98.47"), single)
        self.assertNotIn(OBIS("1-0:99.98.5"), single)
