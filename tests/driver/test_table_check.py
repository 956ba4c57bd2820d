"""Each mistake a register table can have is found, and a sound table has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from hesd.driver import (
    Coding,
    Coil,
    DataType,
    Holding,
    Identity,
    Input,
    ModbusDriver,
    Register,
    Setting,
    Unit,
)
from hesd.driver.generic import DRIVER as GENERIC
from hesd.driver.table_check import check_table

SOUND = ModbusDriver(
    vendor="V",
    models=("M",),
    source="S",
    registers=(Input(0, "1-0:32.7.0", Unit.V), Input(2, "1-0:1.8.0", Unit.WH, scaler=3)),
)


class TableCheck(SynchronousTestCase):
    def found(self, *registers: Register, **more: Any) -> str:
        registers = registers or SOUND.registers
        return "; ".join(check_table(replace(SOUND, registers=registers, **more)))

    def test_sound_tables(self) -> None:
        self.assertEqual(check_table(SOUND), [])
        self.assertEqual(check_table(GENERIC), [])

    def test_the_head(self) -> None:
        self.assertEqual(check_table(replace(SOUND, registers=())), ["the table has no registers"])
        for more, problem in (
            ({"vendor": ""}, "vendor and source"),
            ({"read_limit": 126}, "read_limit 126"),
            ({"read_limit": 0}, "read_limit 0"),
            ({"address_base": 2}, "address_base 2"),
            ({"in_flight": 0}, "in_flight 0"),
            ({"turnaround": -0.1}, "turnaround -0.1"),
        ):
            self.assertIn(problem, self.found(**more))

    def test_a_register(self) -> None:
        for register, problem in (
            (Input(0xFFFF, "1-0:32.7.0", Unit.V), "lies at 65535..65536 on the wire"),
            (Input(0, "0-0:96.1.0", type=DataType.BIT), "function 4 does not read a BIT"),
            (Coil(0, "0-0:96.1.0", type=DataType.UINT16), "function 1 does not read a UINT16"),
            (Input(0, "0-0:96.1.0", type=DataType.BCD), "a BCD of 0 registers cannot be read"),
            (Input(0, "0-0:96.1.0", type=DataType.BITS, length=17), "a BITS of 17 registers cannot be read"),
            (Input(0, "1-0:32.7.0", Unit.V, scaler=16), "scaler 16"),
            (Input(0, "0-0:96.1.0", type=DataType.UINT16, mask=1), "only BITS have a mask"),
            (Input(0, "1-0:32.7.0", Unit.V, bounds=(5, 5)), "bounds (5, 5) hold nothing"),
            (Input(0, "1-0:1.8.0", Unit.WH, coding=Coding.SCALED_BY_PREFIX), "names none"),
        ):
            self.assertIn(problem, self.found(register))

    def test_units_fit_what_is_measured(self) -> None:
        for register, problem in (
            (Input(0, "1-0:1.8.0", Unit.W), "is measured in WH, not in W"),
            (Input(0, "1-0:61.7.0", Unit.VAR), "is measured in W, not in VAR"),
            (Input(0, "1-0:9.8.0", Unit.WH), "is measured in VAH, not in WH"),
            (Input(0, "1-0:14.7.0", Unit.V), "is measured in HZ, not in V"),
            (Input(0, "1-0:13.7.0", Unit.V), "is measured in NONE, not in V"),
            (Input(0, "1-0:32.7.124", Unit.V), "is measured in PERCENT, not in V"),
        ):
            self.assertIn(problem, self.found(register))
        self.assertEqual(self.found(Input(0, "1-0:131.7.0", Unit.V)), "")

    def test_limits_and_holes(self) -> None:
        text = Holding(0, "0-0:96.1.2", type=DataType.STRING, length=20)
        self.assertEqual(self.found(text), "")
        self.assertIn("a STRING of 20 registers cannot be read", self.found(text, read_limit=19))
        self.assertIn("lies in a hole", self.found(holes=(range(3, 9),)))
        self.assertEqual(self.found(holes=(range(4, 9),)), "")
        self.assertIn("lies at -1..0 on the wire", self.found(address_base=1))

    def test_overlaps(self) -> None:
        voltage = Input(0, "1-0:32.7.0", Unit.V)
        self.assertIn("overlap", self.found(voltage, Input(1, "1-0:52.7.0", Unit.V)))
        self.assertEqual(self.found(voltage, Holding(1, "1-0:52.7.0", Unit.V)), "")
        low = Input(0, "0-0:96.3.1", type=DataType.BITS, length=1, mask=1)
        high = Input(0, "0-0:96.3.2", type=DataType.BITS, length=1, mask=2)
        both = Input(0, "0-0:96.3.2", type=DataType.BITS, length=1, mask=3)
        self.assertEqual(self.found(low, high), "")
        self.assertIn("overlap", self.found(low, both))

    def test_names_stand_once(self) -> None:
        twice = (Input(0, "1-0:32.7.0", Unit.V), Input(2, "1-0:32.7.0", Unit.V))
        self.assertIn("the OBIS code 1.0.32.7.0.255 stands 2 times", self.found(*twice))
        setting = Setting("baud", Holding(28, "0-0:199.0.28"))
        self.assertIn("the setting baud stands 2 times", self.found(settings=(setting, setting)))

    def test_settings(self) -> None:
        holding = Holding(28, "0-0:199.0.28")
        for setting, problem in (
            (Setting("x", Input(28, "0-0:199.0.28")), "only coils and holding registers can be written"),
            (Setting("x", holding, limits=(3, 1)), "limits (3, 1) hold nothing"),
            (Setting("x", holding, ((1, "a"), (1, "b"))), "a number stands for two choices"),
        ):
            self.assertIn(f"setting 'x': {problem}", self.found(settings=(setting,)))

    def test_identity_and_prefix_are_checked_too(self) -> None:
        outside = Holding(70000, "0-0:96.1.1")
        self.assertIn("register 70000", self.found(identity=(Identity(outside, (1,)),)))
        self.assertIn("register 70000", self.found(prefix=outside))
