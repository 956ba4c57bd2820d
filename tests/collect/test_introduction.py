"""What is read once per connection: identity, prefix, and what does not change."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from hesd.driver import Coding, Holding, Identity, Input, Tier, Unit
from hesd.driver.register import DataType
from hesd.model.reading import Quality
from tests.collect.memory_line import DRIVER, Bank
from tests.collect.plant import Plant

PREFIX = Holding(30, "1-0:0.128.0", type=DataType.FLOAT32)
PRODUCT = Holding(90, "0-0:96.1.1", type=DataType.UINT16)
SERIAL = Holding(42, "0-0:96.1.0", type=DataType.UINT32, tier=Tier.ONCE)
ENERGY = Input(72, "1-0:1.8.0", Unit.WH, scaler=3, coding=Coding.SCALED_BY_PREFIX)
VOLTAGE = Input(0, "1-0:32.7.0", Unit.V)
MODEL = replace(
    DRIVER,
    registers=(VOLTAGE, ENERGY, SERIAL),
    identity=(Identity(PRODUCT, (15511,)),),
    prefix=PREFIX,
    prefix_scalers=((0.0, 0), (1.0, 3)),
)


class IntroductionTests(SynchronousTestCase):
    def plant(self, *, product: int = 15511, prefix: float = 0.0) -> Plant:
        plant = Plant(1, driver=MODEL)
        plant.link.banks[1] = bank = Bank()
        for register, raw in (
            (PRODUCT, product), (PREFIX, prefix), (SERIAL, 123456), (VOLTAGE, 230.0), (ENERGY, 7.0)
        ):  # fmt: skip
            bank.put(register, raw)
        return plant

    def introductions(self, plant: Plant) -> int:
        return sum(request.function == 3 and request.address <= 90 < request.address + request.count
                   for _, _, request in plant.link.asked)  # fmt: skip

    def test_it_is_read_once_as_long_as_the_connection_lasts(self) -> None:
        plant = self.plant()
        plant.start()
        plant.run(60)
        self.assertEqual(self.introductions(plant), 1)
        self.assertEqual(plant.poller.state("m1").warning, "")
        self.assertEqual([each.value for each in plant.readings if each.obis == SERIAL.obis], [123456])

    def test_and_again_after_the_link_was_down_or_the_meter_away(self) -> None:
        plant = self.plant()
        plant.start()
        plant.run(5)
        plant.link.go_down()
        plant.link.come_up()
        plant.run(15)
        self.assertEqual(self.introductions(plant), 2)
        plant.link.silent.add(1)
        plant.run(60)
        plant.link.silent.clear()
        plant.run(65)
        self.assertEqual(self.introductions(plant), 3)

    def test_registers_of_no_quantity_of_the_table_are_no_readings(self) -> None:
        plant = self.plant()
        plant.start()
        plant.run(5)
        self.assertEqual(set(plant.values("m1")), {VOLTAGE.obis, ENERGY.obis, SERIAL.obis})

    def test_another_model_is_warned_of_and_read_all_the_same(self) -> None:
        plant = self.plant(product=15270)
        plant.start()
        plant.run(5)
        self.assertIn("15270", plant.poller.state("m1").warning)
        self.assertEqual(plant.values("m1")[VOLTAGE.obis], 230.0)

    def test_the_prefix_scales_the_energies(self) -> None:
        for prefix, wh in ((0.0, 7_000), (1.0, 7_000_000)):
            plant = self.plant(prefix=prefix)
            plant.start()
            plant.run(5)
            self.assertEqual(plant.values("m1")[ENERGY.obis], wh)

    def test_energies_are_suspect_where_the_prefix_means_nothing(self) -> None:
        plant = self.plant(prefix=9.0)
        plant.start()
        plant.run(5)
        energies = [each for each in plant.readings if each.obis == ENERGY.obis]
        self.assertEqual({each.quality for each in energies}, {Quality.SUSPECT})
        self.assertIn("30", plant.poller.state("m1").warning)

    def test_a_read_on_demand_makes_the_introduction_where_it_comes_first(self) -> None:
        plant = self.plant(prefix=1.0)
        plant.poller.set_meters(plant.specs)
        asked = plant.poller.read_now("m1", [ENERGY.obis])
        plant.run(5)
        self.assertEqual([each.value for each in self.successResultOf(asked)][-1], 7_000_000)
