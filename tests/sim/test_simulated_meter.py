"""A simulated meter is read back through the head end's own decoding, for every shipped driver."""

from __future__ import annotations

import math
import struct

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.driver import Coding, DataType, Holding, ModbusDriver, Tier, Unit
from hesd.driver.codec import RegisterCodec
from hesd.driver.loading import load_drivers, of_kind, usable
from hesd.driver.meaning import mismatch, reading_of
from hesd.modbus.errors import MeterException
from hesd.modbus.pdu import ReadIdentification, ReadRegisters, WriteRegister, WriteRegisters
from hesd.modbus.read_plan import BusTiming, plan
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading
from hesd.sim.faults import FaultKind, Faults
from hesd.sim.load import LoadCurve
from hesd.sim.meter import SimulatedMeter
from hesd.sim.plant_meter import LoadKind
from hesd.sim.point import MeteringPoint, Supply
from hesd.sim.register_map import RegisterMap

DRIVERS = of_kind(usable(load_drivers(None)), ModbusDriver)
SINCE = 1_767_225_600.0
NOON = SINCE + 4.5 * 86400
MODBUS_DRIVERS = sorted(name for name, driver in DRIVERS.items() if driver.registers)


class Bench:
    """One meter on a table, and the head end's way of reading it."""

    def __init__(self, driver: ModbusDriver, load: LoadKind = "machine", pv: float = 0.0) -> None:
        self.driver = driver
        self.faults: Faults = {}
        self.clock = Clock()
        self.clock.advance(NOON)
        phases = 1 if any("SDM120" in model for model in driver.models) else 3
        curve = LoadCurve(load, 20_000.0, pv, seed=3, since=SINCE, utc_offset_s=0)
        self.point = MeteringPoint(curve, Supply(1), 3, phases, start_wh=123_456_789.0)
        self.meter = SimulatedMeter(
            driver,
            RegisterMap(driver),
            self.point,
            self.faults,
            self.clock,
            serial="20110412",
            installed={"unit id": "17", "baud rate": "9600"},
            turnaround=0.01,
        )

    def exchange(
        self, request: ReadRegisters | ReadIdentification | WriteRegister | WriteRegisters
    ) -> object:
        answer = self.meter.answer(request.encode())
        assert answer is not None
        return request.decode_reply(answer)

    def words(self, function: int, wire_address: int, count: int) -> bytes:
        data = self.exchange(ReadRegisters(function, wire_address, count))
        assert isinstance(data, bytes)
        return data

    def readings(self) -> dict[str, Reading]:
        """The whole table, as a poller reads it."""
        driver, found = self.driver, {}
        for block in plan(driver, driver.registers, BusTiming(9600)):
            data = self.words(block.function, block.address - driver.address_base, block.count)
            raws = RegisterCodec(block.registers, block.address, driver.order).decode(data)
            for register, raw in zip(block.registers, raws, strict=True):
                found[register.obis] = reading_of(register, raw, meter="m", at_ms=0)
        return found


class EveryDriverTests(SynchronousTestCase):
    def test_all_are_there(self) -> None:
        self.assertTrue(
            {"eastron-sdm630", "eastron-sdm120", "schneider-em", "schneider-em6400ng", "schneider-em6400",
             "schneider-em1200"} <= set(MODBUS_DRIVERS)
        )  # fmt: skip

    def test_values_are_those_of_the_metering_point(self) -> None:
        for name in MODBUS_DRIVERS:
            bench = Bench(DRIVERS[name])
            for obis, reading in bench.readings().items():
                if reading.obis.groups[0] != 1:
                    continue
                expected = bench.point.value(reading.obis, NOON)
                self.assertIsInstance(reading.value, (int, float), f"{name} {obis}")
                close = math.isclose(float(reading.value or 0), expected, rel_tol=1e-6, abs_tol=1)
                self.assertTrue(close, f"{name} {obis}: {reading.value} for {expected}")

    def test_nothing_is_doubted(self) -> None:
        for name in MODBUS_DRIVERS:
            for obis, reading in Bench(DRIVERS[name]).readings().items():
                self.assertIs(reading.quality, Quality.GOOD, f"{name} {obis} {reading}")

    def test_identity_is_the_expected_one(self) -> None:
        for name in MODBUS_DRIVERS:
            bench = Bench(DRIVERS[name])
            for identity in bench.driver.identity:
                register = identity.register
                data = bench.words(register.function, bench.driver.wire_address(register), register.length)
                raw = RegisterCodec((register,), register.address, bench.driver.order).decode(data)[0]
                self.assertIsNone(mismatch(identity, raw), name)

    def test_not_available_is_understood_as_such(self) -> None:
        for name in MODBUS_DRIVERS:
            bench = Bench(DRIVERS[name])
            bench.faults[FaultKind.UNAVAILABLE] = 1
            for obis, reading in bench.readings().items():
                if reading.obis.groups[0] == 1:
                    self.assertIs(reading.quality, Quality.BAD, f"{name} {obis} {reading}")

    def test_energy_grows(self) -> None:
        for name in MODBUS_DRIVERS:
            bench = Bench(DRIVERS[name])
            before = bench.readings()["1.0.1.8.0.255"].value
            bench.clock.advance(3600)
            after = bench.readings()["1.0.1.8.0.255"].value
            assert isinstance(before, (int, float))
            assert isinstance(after, (int, float))
            self.assertTrue(4_000 < after - before < 20_000, f"{name}: {before} {after}")

    def test_more_than_the_read_limit_is_refused(self) -> None:
        for name in MODBUS_DRIVERS:
            driver = DRIVERS[name]
            if driver.read_limit >= 125:
                continue
            first = driver.registers[0]
            with self.assertRaises(MeterException) as caught:
                Bench(driver).words(first.function, driver.wire_address(first), driver.read_limit + 1)
            self.assertEqual(caught.exception.code, 3, name)


class AddressTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.bench = Bench(DRIVERS["schneider-em6400ng"])

    def refused(self, function: int, address: int, count: int) -> int:
        with self.assertRaises(MeterException) as caught:
            self.bench.words(function, address, count)
        return caught.exception.code

    def test_gap_inside_the_map_reads_as_zero(self) -> None:
        self.assertEqual(self.bench.words(3, 3033, 1), b"\0\0")

    def test_half_a_value_is_half_its_bytes(self) -> None:
        whole = self.bench.words(3, 3203, 4)
        self.assertEqual(self.bench.words(3, 3205, 1), whole[4:6])
        self.assertEqual(self.bench.words(3, 3202, 3), b"\0\0" + whole[:4])

    def test_outside_the_map(self) -> None:
        self.assertEqual(self.refused(3, 0, 2), 2)
        self.assertEqual(self.refused(3, 2000, 2), 2)
        self.assertEqual(self.refused(3, 3243, 1), 2)

    def test_wrong_function(self) -> None:
        self.assertEqual(self.refused(4, 3059, 2), 2)

    def test_hole(self) -> None:
        bench = Bench(DRIVERS["eastron-sdm630"])
        with self.assertRaises(MeterException) as caught:
            bench.words(4, 0x6A, 4)
        self.assertEqual(caught.exception.code, 2)

    def test_unknown_function(self) -> None:
        self.assertEqual(self.bench.meter.answer(b"\x08\0\0\0\0"), b"\x88\x01")


class CodingTests(SynchronousTestCase):
    def coded(self, load: LoadKind, pv: float = 0.0) -> float:
        bench = Bench(DRIVERS["schneider-em6400ng"], load, pv)
        value: float = struct.unpack(">f", bench.words(3, 3083, 2))[0]
        return value

    def test_lagging_power_factor_is_plain(self) -> None:
        self.assertTrue(0.5 < self.coded("machine") < 1)

    def test_leading_power_factor_is_beyond_one(self) -> None:
        self.assertTrue(1 < self.coded("lighting") < 1.5)

    def test_exported_power_turns_the_sign(self) -> None:
        self.assertTrue(-1 <= self.coded("flat", pv=60_000.0) < 0)

    def test_energy_is_an_exact_integer(self) -> None:
        bench = Bench(DRIVERS["schneider-em6400ng"])
        counted: int = struct.unpack(">q", bench.words(3, 3203, 4))[0]
        self.assertEqual(counted, round(bench.point.value(OBIS("1-0:1.8.0"), NOON)))

    def test_serial_is_a_number_or_a_text(self) -> None:
        bench = Bench(DRIVERS["schneider-em6400ng"])
        self.assertEqual(struct.unpack(">I", bench.words(3, 129, 2))[0], 20110412)
        driver = ModbusDriver(
            vendor="V", models=("M",), source="s",
            registers=(Holding(0, "0-0:96.1.0", Unit.NONE, DataType.STRING, length=5, tier=Tier.ONCE),),
        )  # fmt: skip
        self.assertEqual(Bench(driver).words(3, 0, 5).rstrip(b"\0 "), b"20110412")

    def test_what_does_not_fit_an_unsigned_register_is_zero(self) -> None:
        driver = ModbusDriver(
            vendor="V", models=("M",), source="s",
            registers=(Holding(0, "1-0:1.7.0", Unit.W, DataType.UINT32),
                       Holding(2, "1-0:1.7.0", Unit.W, DataType.UINT16)),
        )  # fmt: skip
        self.assertEqual(Bench(driver, "flat", pv=60_000.0).words(3, 0, 2), b"\0\0\0\0")

    def test_a_register_too_small_is_full(self) -> None:
        driver = ModbusDriver(
            vendor="V", models=("M",), source="s",
            registers=(Holding(0, "1-0:1.8.0", Unit.WH, DataType.INT16),),
        )  # fmt: skip
        self.assertEqual(Bench(driver).words(3, 0, 1), b"\x7f\xff")

    def test_four_quadrants_in_the_field_table(self) -> None:
        registers = DRIVERS["schneider-em"].registers
        self.assertTrue(any(each.coding is Coding.FOUR_QUADRANT_PF for each in registers))


class SettingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.bench = Bench(DRIVERS["eastron-sdm630"])

    def write(self, address: int, value: float) -> None:
        self.bench.exchange(WriteRegisters(address, struct.pack(">f", value)))

    def read(self, address: int) -> float:
        value: float = struct.unpack(">f", self.bench.words(3, address, 2))[0]
        return value

    def refused(self, address: int, value: float) -> int:
        with self.assertRaises(MeterException) as caught:
            self.write(address, value)
        return caught.exception.code

    def test_stand_as_installed(self) -> None:
        self.assertEqual(self.read(0x14), 17)
        self.assertEqual(self.read(0x1C), 2)

    def test_are_locked_without_the_password(self) -> None:
        self.assertEqual(self.refused(0x1C, 3), 2)

    def test_wrong_password(self) -> None:
        self.assertEqual(self.refused(0x18, 1234), 3)
        self.assertEqual(self.refused(0x1C, 3), 2)

    def test_are_written_after_the_password(self) -> None:
        self.write(0x18, 1000)
        self.write(0x1C, 3)
        self.assertEqual(self.read(0x1C), 3)

    def test_lock_again(self) -> None:
        self.write(0x18, 1000)
        self.bench.clock.advance(61)
        self.assertEqual(self.refused(0x1C, 3), 2)

    def test_value_outside_the_choices(self) -> None:
        self.write(0x18, 1000)
        self.assertEqual(self.refused(0x1C, 7), 3)
        self.assertEqual(self.read(0x1C), 2)

    def test_one_parameter_a_message(self) -> None:
        self.write(0x18, 1000)
        with self.assertRaises(MeterException) as caught:
            self.bench.exchange(WriteRegisters(0x1C, struct.pack(">ff", 3, 0)))
        self.assertEqual(caught.exception.code, 3)

    def test_what_is_measured_cannot_be_written(self) -> None:
        self.write(0x18, 1000)
        self.assertEqual(self.refused(0x00, 5), 2)


class IdentificationTests(SynchronousTestCase):
    def test_schneider_says_who_it_is(self) -> None:
        reply = Bench(DRIVERS["schneider-em6400ng"]).exchange(ReadIdentification())
        self.assertEqual(getattr(reply, "objects", {})[1], b"EM6400NG")

    def test_eastron_does_not(self) -> None:
        with self.assertRaises(MeterException) as caught:
            Bench(DRIVERS["eastron-sdm630"]).exchange(ReadIdentification())
        self.assertEqual(caught.exception.code, 1)


class FaultyMeterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.bench = Bench(DRIVERS["schneider-em"])
        self.request = ReadRegisters(3, 3000, 2).encode()

    def test_dead(self) -> None:
        self.bench.faults[FaultKind.DEAD] = 1
        self.assertIsNone(self.bench.meter.answer(self.request))

    def test_exception(self) -> None:
        self.bench.faults[FaultKind.EXCEPTION] = 6
        self.assertEqual(self.bench.meter.answer(self.request), b"\x83\x06")

    def test_slow_and_late_add_up(self) -> None:
        self.assertAlmostEqual(self.bench.meter.turnaround, 0.01)
        self.bench.faults |= {FaultKind.SLOW: 0.2, FaultKind.LATE: 1.5}
        self.assertAlmostEqual(self.bench.meter.turnaround, 1.71)
