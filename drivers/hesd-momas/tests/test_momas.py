"""The kit that every driver has to pass, and what is peculiar to these meters."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.cosem_conformance import check_cosem_driver
from hesd.driver import Tier, TokenWay
from hesd.driver.loading import load_drivers
from hesd.model.obis import OBIS
from hesd_momas.momas import DRIVER


class Momas(SynchronousTestCase):
    def test_it_passes_the_kit(self) -> None:
        for check in check_cosem_driver(DRIVER):
            self.assertEqual(check.problems, (), check.name)

    def test_it_is_found_by_its_name(self) -> None:
        self.assertIs(load_drivers(None)["momas"].driver, DRIVER)

    def test_how_it_is_spoken_to(self) -> None:
        self.assertEqual((DRIVER.client_sap, DRIVER.server_sap, DRIVER.max_pdu), (1, 1, 200))
        assert DRIVER.token is not None
        self.assertIs(DRIVER.token.way, TokenWay.DATA_BCD)
        self.assertEqual(DRIVER.token.result, OBIS("1-0:129.129.2"))

    def test_voltage_and_current_of_all_phases_are_fast(self) -> None:
        fast = {each.obis for each in DRIVER.objects if each.tier is Tier.FAST}
        self.assertEqual(fast, {OBIS(f"1-0:{c}.7.0") for c in (1, 31, 32, 51, 52, 71, 72)})

    def test_logs_have_codes_and_those_with_tokens_are_secret(self) -> None:
        for log in DRIVER.logs:
            names = dict(log.codes)
            self.assertEqual((names[1], names[237]), ("power down", "phase sequence reversal end"))
        secret = [log.obis for log in DRIVER.logs if log.secret]
        self.assertEqual(secret, [OBIS("0-0:99.98.3"), OBIS("0-0:99.98.5")])
        self.assertEqual(DRIVER.logs[4].columns[1].obis, OBIS("0-0:96.11.4"))
