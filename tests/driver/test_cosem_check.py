"""Each mistake a table of COSEM objects can have is found, and a sound table has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from hesd.driver import (
    Column,
    CosemObject,
    CosemVector,
    DLMSDriver,
    EventLog,
    ProfileTable,
    SerialNumber,
    Tier,
    TokenEntry,
    TokenWay,
    Unit,
)
from hesd.driver.cosem_check import check_cosem_table
from hesd.driver.generic import DLMS_DRIVER
from hesd.model.obis import OBIS

CLOCK, ENERGY, LOG = OBIS("0-0:1.0.0"), OBIS("1-0:1.8.0"), OBIS("1-0:99.98.4")
AT, WORK = Column(CLOCK, 8), Column(ENERGY, unit=Unit.WH)
SOUND = DLMSDriver(
    vendor="V",
    models=("M",),
    source="S",
    objects=(
        CosemObject("0-0:1.0.0", 8, "clock"),
        CosemObject("0-0:96.1.0", 1, "serial"),
        CosemObject("1-0:1.8.0", 3, "energy", Unit.WH, scaler=1),
    ),
    profiles=(ProfileTable(OBIS("1-0:99.1.0"), "load", columns=(AT, WORK)),),
    logs=(EventLog(LOG, "log", "event", columns=(AT, AT)),),
)


class CosemCheck(SynchronousTestCase):
    def found(self, **changes: Any) -> str:
        return "; ".join(check_cosem_table(replace(SOUND, **changes)))

    def with_object(self, *arguments: Any, **more: Any) -> str:
        return self.found(objects=(*SOUND.objects, CosemObject(*arguments, **more)))

    def with_log(self, *arguments: Any, **more: Any) -> str:
        return self.found(logs=(EventLog(LOG, *arguments, **more),))

    def test_sound_tables(self) -> None:
        self.assertEqual(self.found(), "")
        self.assertEqual(check_cosem_table(DLMS_DRIVER), [])

    def test_the_head(self) -> None:
        for changes, problem in (
            ({"objects": ()}, "the table has no objects"),
            ({"vendor": ""}, "vendor and source"),
            ({"client_sap": 0}, "client_sap 0"),
            ({"server_sap": 0x10000}, "server_sap 65536"),
            ({"flags": ("XYZ", "xyz")}, "flags: 'xyz' is not three"),
            ({"time_zone_minutes": 1440}, "time_zone_minutes 1440"),
            ({"inactivity": 0}, "inactivity 0"),
            ({"max_pdu": 11}, "max_pdu 11"),
        ):
            self.assertIn(problem, self.found(**changes))

    def test_an_object(self) -> None:
        volts = ("1-0:32.7.0", 3, "U", Unit.V)
        self.assertEqual(self.with_object(*volts, scaler=-1, bounds=(0, 300), tier=Tier.FAST), "")
        for problem, found in (
            ("class 0", self.with_object("1-0:32.7.0", 0)),
            ("attribute 0 is none", self.with_object(*volts, attribute=0)),
            ("attribute 128 is none", self.with_object(*volts, attribute=128)),
            ("scaler 16", self.with_object(*volts, scaler=16)),
            ("bounds (5, 5) hold nothing", self.with_object(*volts, bounds=(5, 5))),
            ("is measured in V, not in W", self.with_object("1-0:32.7.0", 3, "U", Unit.W)),
            ("is measured in WH, not in NONE", self.with_object("1-0:2.8.0", 3, "E")),
            ("has no name", self.with_object("1-0:32.7.0", 3, unit=Unit.V)),
            ("is secret", self.with_object("1-0:129.129.2", 1, tier=Tier.SLOW, secret=True)),
        ):
            self.assertIn(problem, found)

    def test_units_are_those_of_values_only(self) -> None:
        self.assertEqual(self.with_object("1-0:1.6.0", 4, "when", attribute=5), "")
        self.assertEqual(self.with_object("1-0:1.31.2", 1, "resets"), "")

    def test_what_stands_twice(self) -> None:
        self.assertIn("2 of 1.0.1.8.0.255 stands 2 times", self.with_object("1-0:1.8.0", 3, "E", Unit.WH))
        relay = CosemObject("0-0:96.3.10", 70, attribute=2, tier=Tier.SLOW)
        state = CosemObject("0-0:96.3.10", 70, attribute=3, tier=Tier.SLOW)
        found = self.found(objects=(*SOUND.objects, relay, state))
        self.assertIn("the polled OBIS code 0.0.96.3.10.255 stands 2 times", found)
        self.assertEqual(self.found(objects=(*SOUND.objects, replace(relay, tier=None), state)), "")
        self.assertIn(f"profile or log {LOG} stands 2 times", self.found(logs=SOUND.logs * 2))

    def test_a_profile(self) -> None:
        for columns, problem in (
            ((WORK,), "no column is a clock"),
            ((AT, WORK, WORK), "attribute 2 of 1.0.1.8.0.255 is captured 2 times"),
            ((AT, replace(WORK, unit=Unit.W)), "column 1.0.1.8.0.255: is measured in WH, not in W"),
            ((AT, replace(WORK, data_index=-1)), "data index -1"),
        ):
            table = ProfileTable(OBIS("1-0:99.1.0"), "load", columns=columns)
            self.assertIn(problem, self.found(profiles=(table,)))
        nameless = ProfileTable(OBIS("1-0:99.1.0"), "")
        self.assertEqual(self.found(profiles=(nameless,)), "profile 1.0.99.1.0.255: has no name")

    def test_a_column_may_leave_its_unit_to_the_object(self) -> None:
        table = ProfileTable(OBIS("1-0:99.1.0"), "load", columns=(AT, Column(ENERGY)))
        self.assertEqual(self.found(profiles=(table,)), "")

    def test_a_log_is_of_one_shape(self) -> None:
        codes = ((1, "power down"), (2, "power up"))
        self.assertEqual(self.with_log("log", codes=codes), "")
        for problem, found in (
            ("either one event", self.with_log("log")),
            ("either one event", self.with_log("log", "event", codes)),
            ("the code 1 stands for 2 events", self.with_log("log", codes=(*codes, (1, "again")))),
            ("3 clocks", self.with_log("log", "event", columns=(AT, AT, AT))),
            ("captured 2 times", self.with_log("log", "event", columns=(AT, WORK, WORK))),
            ("is not in the table", self.with_log("log", "event", times=OBIS("1-0:99.98.70"))),
        ):
            self.assertIn(problem, found)

    def test_what_the_driver_works_with_is_in_its_table(self) -> None:
        elsewhere = OBIS("0-0:96.3.10")
        for changes, problem in (
            ({"clock": elsewhere}, "the clock 0.0.96.3.10.255 is not in the table"),
            ({"relay": elsewhere}, "the relay 0.0.96.3.10.255 is not in the table"),
            ({"relay": ENERGY}, "the relay 1.0.1.8.0.255 is of class 3, not 70"),
            ({"credit": elsewhere}, "the credit 0.0.96.3.10.255 is not in the table"),
            ({"serial": SerialNumber((elsewhere,))}, "the serial number 0.0.96.3.10.255 is not"),
            ({"token": TokenEntry(TokenWay.GATEWAY, ENERGY)}, "the token entry 1.0.1.8.0.255 is of class 3"),
            (
                {"token": TokenEntry(TokenWay.DATA_BCD, OBIS("0-0:96.1.0"), elsewhere)},
                "the token result 0.0.96.3.10.255 is not in the table",
            ),
            ({"vectors": (CosemVector(elsewhere, "00", 0, ""),)}, "is of no object of the table"),
        ):
            self.assertIn(problem, self.found(**changes))
        self.assertEqual(self.found(relay=elsewhere, from_object_list=True), "")
