"""The demo's plant in the registry: meters as they are spoken to, secrets in the vault, nothing twice."""

from __future__ import annotations

from pathlib import Path

from hesd import demo
from hesd.driver.cosem import Authentication, Ciphering, Referencing
from hesd.sim.dlms_plant import DLMSMeter, DLMSPort
from hesd.sim.plant import Area, Plant, load_plant
from hesd.store import areas, keys, meters
from hesd.store.vault import Vault
from tests.store.store_case import NOON, StoreCase

PLANT = Path(__file__).parents[2] / "etc" / "demo-plant.toml"


class RegisterTests(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.vault = Vault()
        self.vault.unlock(bytes(range(32)))
        self.write(demo.register, load_plant(PLANT), self.vault, NOON)

    def names(self, serial: str) -> set[str]:
        return {str(each.name) for each in self.read(keys.listed, serial)}

    def test_meters_that_dial_in(self) -> None:
        self.assertEqual(self.read(areas.get, "IKD").name, "Ikorodu")
        meter = self.read(meters.get, "46000755036")
        self.assertEqual((meter.driver, meter.line, meter.unit_id), ("hexcell-ddsy1088", "gprs", None))
        self.assertEqual((meter.client_sap, meter.authentication), (None, None))  # as the driver has it
        self.assertEqual(self.names("46000755036"), {"password"})

    def test_a_ciphered_one(self) -> None:
        meter = self.read(meters.get, "70030011")
        self.assertEqual(
            (meter.client_sap, meter.authentication, meter.ciphering),
            (1, Authentication.HLS_GMAC, Ciphering.BOTH),
        )
        self.assertEqual(self.names("70030011"), {"encryption_key", "authentication_key", "master_key"})

    def test_those_behind_a_concentrator(self) -> None:
        found = [self.read(meters.get, serial) for serial in ("46000790017", "46000790025")]
        self.assertEqual(
            [(each.via, each.server_sap) for each in found], [("90000000015", 1), ("90000000015", 2)]
        )

    def test_one_that_knows_its_attributes_by_number(self) -> None:
        area = Area(code="A", name="Area")
        meter = DLMSMeter(
            serial="1",
            driver="momas",
            name="One",
            area="A",
            load="flat",
            rated=5,
            referencing=Referencing.SHORT,
        )
        place = DLMSPort(name="line", meters=(meter,))
        self.write(demo.register, Plant(title="Old", area=(area,), dlms=(place,)), self.vault, NOON)
        self.assertIs(self.read(meters.get, "1").referencing, Referencing.SHORT)
        self.assertIsNone(self.read(meters.get, "46000755036").referencing)

    def test_what_people_changed_stays(self) -> None:
        self.write(meters.change, "46000755036", {"name": "Ours"}, NOON + 1)
        fingerprints = [each.fingerprint for each in self.read(keys.listed, "46000755036")]
        self.write(demo.register, load_plant(PLANT), self.vault, NOON + 2)
        self.assertEqual(self.read(meters.get, "46000755036").name, "Ours")
        self.assertEqual([each.fingerprint for each in self.read(keys.listed, "46000755036")], fingerprints)

    def test_a_secret_of_somebodys_own_stays(self) -> None:
        own = keys.read({"password": "12345678"})
        self.write(keys.put, self.vault, "46000755036", own, NOON + 1)
        before = [each.fingerprint for each in self.read(keys.listed, "46000755036")]
        self.write(demo.register, load_plant(PLANT), self.vault, NOON + 2)
        self.assertEqual([each.fingerprint for each in self.read(keys.listed, "46000755036")], before)
