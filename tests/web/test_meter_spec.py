"""From a registry entry to what the head end needs to know; what the entry leaves open is the driver's."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.dlms_spec import MeterAddress
from hesd.config import Line, Listener
from hesd.driver.cosem import Authentication, Ciphering, DLMSDriver, Referencing
from hesd.driver.loading import load_drivers
from hesd.store.meters import Meter
from hesd.web.meter_spec import NotPlaced, dlms_spec, modbus_spec

DRIVERS = load_drivers(None)
GPRS = Listener(name="gprs", endpoint="tcp:4059")
BUS = Line(name="bus-1", endpoint="serial:/dev/null", protocol="modbus-rtu")
INTERVALS = (15.0, 900.0)


def meter(**fields: Any) -> Meter:
    return Meter(serial="46000755036", version=1, created_ms=0, updated_ms=0, **fields)


class DLMSSpecTests(SynchronousTestCase):
    def test_an_entry_that_says_nothing_is_spoken_to_as_the_driver_says(self) -> None:
        loaded = DRIVERS["hexcell-ddsy1088"]
        spec = dlms_spec(meter(ratio=40.0), GPRS, loaded, INTERVALS)
        assert isinstance(loaded.driver, DLMSDriver)
        self.assertEqual(spec.address, MeterAddress(loaded.driver.client_sap, loaded.driver.server_sap))
        self.assertEqual(
            (spec.authentication, spec.ciphering), (loaded.driver.authentication, Ciphering.NONE)
        )
        self.assertEqual((spec.line, spec.interval, spec.slow_interval, spec.ratio), ("gprs", 15, 900, 40))
        self.assertEqual((spec.via, spec.suite, spec.referencing), ("", 0, Referencing.LOGICAL))

    def test_and_what_it_says_counts(self) -> None:
        entry = meter(
            client_sap=0, server_sap=2, physical_address=16, authentication=Authentication.HLS_GMAC,
            ciphering=Ciphering.BOTH, suite=2, via="DCU-7",
        )  # fmt: skip
        spec = dlms_spec(entry, GPRS, DRIVERS["momas"], INTERVALS)
        self.assertEqual(spec.address, MeterAddress(0, 2, 16))
        self.assertEqual((spec.authentication, spec.ciphering), (Authentication.HLS_GMAC, Ciphering.BOTH))
        self.assertEqual((spec.suite, spec.via), (2, "DCU-7"))

    def test_no_authentication_is_an_answer_too(self) -> None:
        spec = dlms_spec(
            meter(authentication=Authentication.NONE), GPRS, DRIVERS["hexcell-ddsy1088"], INTERVALS
        )
        self.assertIs(spec.authentication, Authentication.NONE)

    def test_short_names_are_for_old_meters_without_challenges(self) -> None:
        short = {"referencing": Referencing.SHORT}
        spec = dlms_spec(meter(authentication=Authentication.LLS, **short), GPRS, DRIVERS["momas"], INTERVALS)
        self.assertIs(spec.referencing, Referencing.SHORT)
        with self.assertRaisesRegex(NotPlaced, "short names"):
            dlms_spec(
                meter(authentication=Authentication.HLS_GMAC, **short), GPRS, DRIVERS["momas"], INTERVALS
            )

    def test_a_suite_without_keys_in_use_is_a_mistake(self) -> None:
        for fields in ({"suite": 1}, {"suite": 1, "authentication": Authentication.LLS}):
            with self.assertRaises(NotPlaced):
                dlms_spec(meter(**fields), GPRS, DRIVERS["momas"], INTERVALS)

    def test_signatures_are_of_suite_1_or_2(self) -> None:
        entry = {"authentication": Authentication.HLS_ECDSA}
        for suite in (None, 0):
            with self.assertRaisesRegex(NotPlaced, "suite 1 or 2"):
                dlms_spec(meter(suite=suite, **entry), GPRS, DRIVERS["momas"], INTERVALS)
        spec = dlms_spec(meter(suite=2, **entry), GPRS, DRIVERS["momas"], INTERVALS)
        self.assertEqual((spec.authentication, spec.suite), (Authentication.HLS_ECDSA, 2))

    def test_drivers_and_lines_of_the_two_protocols_do_not_mix(self) -> None:
        with self.assertRaisesRegex(NotPlaced, "speaks Modbus"):
            dlms_spec(meter(), GPRS, DRIVERS["eastron-sdm630"], INTERVALS)
        with self.assertRaisesRegex(NotPlaced, "speaks DLMS"):
            modbus_spec(meter(unit_id=1), BUS, DRIVERS["momas"], INTERVALS)


class ModbusSpecTests(SynchronousTestCase):
    def test_a_bus_has_unit_ids_1_to_247(self) -> None:
        loaded = DRIVERS["eastron-sdm630"]
        self.assertEqual(modbus_spec(meter(unit_id=247), BUS, loaded, INTERVALS).unit_id, 247)
        for unit, reason in ((None, "no unit id"), (0, "1 to 247"), (248, "1 to 247")):
            with self.assertRaisesRegex(NotPlaced, reason):
                modbus_spec(meter(unit_id=unit), BUS, loaded, INTERVALS)
