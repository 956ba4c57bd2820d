"""Meters that refuse: the rest still comes, and what was learned is not asked again."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.meter import MeterStatus
from hesd.driver import Coil, Holding, Input, ModbusDriver, Unit
from hesd.driver.register import DataType, Register
from hesd.modbus.errors import MeterException
from hesd.modbus.read_plan import BusTiming
from tests.collect.memory_line import DRIVER, POWER, Bank
from tests.collect.plant import Plant


def polled(driver: ModbusDriver, bank: Bank, seconds: float = 1.0) -> Plant:
    """A plant of one meter with this bank, after its first turn."""
    plant = Plant(1, driver=driver, timing=BusTiming(115200))
    plant.link.banks[1] = bank
    plant.start()
    plant.run(seconds)
    return plant


def addresses(plant: Plant) -> list[tuple[int, int]]:
    return [(request.address, request.count) for _, _, request in plant.link.asked]


class RefusalTests(SynchronousTestCase):
    registers: tuple[Register, ...] = tuple(
        Input(address, f"1-0:{32 + index}.7.0", Unit.V) for index, address in enumerate((0, 2, 4, 10, 12))
    )
    driver = replace(DRIVER, registers=registers)

    def assert_comes(self, plant: Plant, *missing: Register, soon: int = 0) -> None:
        """All values but those of `missing` come; after `soon` seconds no turn asks in vain."""
        expected = {register.obis for register in self.registers if register not in missing}
        self.assertEqual(set(plant.values("m1")), expected)
        self.assertIs(plant.poller.state("m1").status, MeterStatus.ONLINE)
        plant.run(soon)
        plant.link.asked.clear()
        plant.run(10)
        for _, _, request in plant.link.asked:
            plant.link.banks[1].read_registers(request.function, request.address, request.count)

    def test_a_gap_that_may_not_be_read_is_gone_round(self) -> None:
        plant = polled(self.driver, Bank(missing=[range(6, 8)]))
        self.assertEqual(addresses(plant), [(0, 14), (0, 6), (10, 4)])
        self.assert_comes(plant)
        self.assertEqual(addresses(plant), [(0, 6), (10, 4)])
        self.assertEqual(plant.poller.state("m1").warning, "")

    def test_a_register_it_has_not_got_is_left_out_and_named(self) -> None:
        plant = polled(self.driver, Bank(missing=[range(2, 4)]))
        self.assert_comes(plant, self.registers[1])
        self.assertEqual(addresses(plant), [(0, 2), (4, 10)])
        self.assertIn("refuses registers 2", plant.poller.state("m1").warning)

    def test_a_read_that_is_too_long_for_it_is_halved(self) -> None:
        registers = tuple(Input(2 * n, f"1-0:{n + 1}.7.0", Unit.NONE) for n in range(16))
        self.registers = registers
        plant = polled(replace(DRIVER, registers=registers), Bank(limit=20))
        self.assert_comes(plant)
        self.assertEqual(len(plant.link.asked), 2)

    def test_a_meter_that_refuses_everything_is_offline_for_that_reason(self) -> None:
        plant = polled(self.driver, Bank(missing=[range(65536)]), 60)
        state = plant.poller.state("m1")
        self.assertIs(state.status, MeterStatus.OFFLINE)
        self.assertIn("illegal data address", state.reason)
        plant.link.banks[1].missing = ()
        plant.run(61)
        self.assert_comes(plant)

    def test_asking_for_ever_smaller_parts_of_nothing_ends(self) -> None:
        registers = tuple(Input(4 * n, f"1-0:{n + 1}.7.0", Unit.NONE) for n in range(60))
        plant = polled(replace(DRIVER, registers=registers), Bank(missing=[range(65536)]), 0.9)
        self.assertLess(len(plant.link.asked), 30)

    def test_another_refusal_is_told_and_costs_only_its_block(self) -> None:
        registers = (Input(0, "1-0:32.7.0", Unit.V), Holding(0, "1-0:31.7.0", Unit.A))

        class Busy(Bank):
            def read_registers(self, function: int, address: int, count: int) -> bytes:
                if function == 3:
                    raise MeterException(6, function)
                return super().read_registers(function, address, count)

        plant = polled(replace(DRIVER, registers=registers), Busy())
        self.assertEqual(list(plant.values("m1")), [registers[0].obis])
        self.assertIn("busy", plant.poller.state("m1").warning)
        self.assertIs(plant.poller.state("m1").status, MeterStatus.ONLINE)

    def test_a_gateway_that_cannot_reach_the_meter_speaks_for_a_silent_one(self) -> None:
        class Gateway(Bank):
            def read_registers(self, function: int, address: int, count: int) -> bytes:
                raise MeterException(11, function)

        plant = polled(self.driver, Gateway(), 60)
        self.assertEqual(len(addresses(plant)), len(plant.link.asked))
        self.assertIs(plant.poller.state("m1").status, MeterStatus.OFFLINE)
        self.assertIn("gateway", plant.poller.state("m1").reason)
        plant.link.banks[1] = Bank()
        plant.run(61)
        self.assert_comes(plant)

    def test_a_line_that_comes_back_finds_the_meter_anew(self) -> None:
        plant = polled(self.driver, Bank(missing=[range(2, 4)]))
        plant.link.go_down()
        plant.link.banks[1] = Bank()
        plant.link.come_up()
        plant.run(11)
        self.assert_comes(plant)
        self.assertEqual(plant.poller.state("m1").warning, "")

    @given(st.sets(st.integers(0, 13), max_size=6), st.integers(2, 20))
    def test_whatever_is_missing_the_rest_comes(self, missing: set[int], limit: int) -> None:
        plant = polled(self.driver, Bank(missing=[range(n, n + 1) for n in missing], limit=limit))
        lacking = [r for r in self.registers if missing & {r.address, r.address + 1}]
        if len(lacking) < len(self.registers):
            self.assert_comes(plant, *lacking, soon=50)


class TableTests(SynchronousTestCase):
    def test_coils_and_inputs_and_a_base_of_one(self) -> None:
        registers = (Coil(3, "0-0:96.3.10"), Holding(3001, "1-0:32.7.0", Unit.V))
        bank = Bank()
        for register, raw in zip(registers, (1, 229.5), strict=True):
            if register.type is DataType.BIT:
                bank.words[1, 2] = 1
            else:
                bank.put(register, raw, base=1)
        plant = polled(replace(DRIVER, registers=registers, address_base=1), bank)
        self.assertEqual(plant.values("m1"), {"0.0.96.3.10.255": 1, "1.0.32.7.0.255": 229.5})

    def test_not_available_is_a_bad_reading_and_not_a_value(self) -> None:
        bank = Bank()
        bank.put(POWER, None)
        plant = polled(replace(DRIVER, registers=(POWER,)), bank)
        self.assertEqual([(each.value, each.quality.label) for each in plant.readings], [(None, "bad")])

    def test_out_of_bounds_is_suspect_and_read_again(self) -> None:
        bank = Bank()
        bank.put(POWER, 1e9)
        plant = polled(replace(DRIVER, registers=(POWER,)), bank)
        self.assertEqual([each.quality.label for each in plant.readings], ["suspect"] * 2)
