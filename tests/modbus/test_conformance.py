"""The kit passes what is sound and finds what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import hesd
from hesd.driver import (
    Coding,
    Coil,
    DataType,
    Holding,
    Identity,
    Input,
    ModbusDriver,
    Order,
    Setting,
    Unit,
    Vector,
)
from hesd.driver.loading import load_drivers
from hesd.modbus.conformance import check_driver

SOUND = ModbusDriver(
    vendor="V",
    models=("M",),
    source="S",
    registers=(
        Input(0, "1-0:32.7.0", Unit.V),
        Input(2, "1-0:1.8.0", Unit.WH, DataType.UINT32, scaler=1, order=Order.CDAB),
        Holding(9, "0-0:96.1.2", type=DataType.STRING, length=3),
        Coil(4, "0-0:96.3.10"),
        Input(20, "0-0:96.3.1", type=DataType.BITS, length=1, mask=0x00F0, unavailable=(0xFFFF,)),
    ),
    holes=(range(5, 9),),
    identity=(Identity(Holding(90, "0-0:96.1.1", type=DataType.UINT16), (15511, 15512)),),
    settings=(
        Setting("baud", Holding(28, "0-0:199.0.28"), ((2, "9600"), (3, "19200"))),
        Setting("relay", Coil(4, "0-0:96.3.10"), ((0, "open"), (1, "closed"))),
    ),
    vectors=(
        Vector(4, 0, "4366333400020001", (("1-0:32.7.0", 230.2), ("1-0:1.8.0", 655380)), "made up"),
        Vector(4, 0, "7fc00000", (("1-0:32.7.0", None),), "made up"),
        Vector(1, 0, "10", (("0-0:96.3.10", 1),), "made up"),
    ),
)


class Conformance(SynchronousTestCase):
    def problems(self, **changes: Any) -> dict[str, str]:
        checks = check_driver(replace(SOUND, **changes))
        return {check.name: "; ".join(check.problems) for check in checks if not check.passed}

    def test_a_sound_driver_passes_every_check(self) -> None:
        self.assertEqual(self.problems(), {})
        self.assertEqual(
            [check.name for check in check_driver(SOUND)],
            [
                "table",
                "plan",
                "values",
                "vectors",
                "not available",
                "exceptions",
                "identity",
                "settings",
                "prefix",
            ],
        )

    def test_every_driver_that_can_be_loaded_here_passes(self) -> None:
        directory = Path(hesd.__file__).parent.parent / "etc" / "drivers.d.example"
        for name, loaded in load_drivers(directory).items():
            self.assertIsNone(loaded.problem, name)
            if isinstance(loaded.driver, ModbusDriver):
                for check in check_driver(loaded.driver):
                    self.assertEqual(check.problems, (), f"{name}: {check.name}")

    def test_an_unsound_table_ends_it(self) -> None:
        self.assertEqual(list(self.problems(read_limit=500)), ["table"])

    def test_vectors_that_are_not_decoded_so(self) -> None:
        for vector, problem in (
            (Vector(4, 0, "43663334", (("1-0:32.7.0", 230.3),), ""), "expected 230.3"),
            (Vector(4, 0, "43663334", (("1-0:32.7.0", None),), ""), "expected None"),
            (Vector(4, 0, "7fc00000", (("1-0:32.7.0", 1.0),), ""), "is None"),
            (Vector(4, 0, "43663334", (), ""), "no value is given"),
            (Vector(4, 0, "4366", (("1-0:32.7.0", 1),), ""), "does not lie in it"),
            (Vector(3, 0, "43663334", (("1-0:32.7.0", 1),), ""), "does not lie in it"),
            (Vector(4, 0, "43 66 3", (("1-0:32.7.0", 1),), ""), "ValueError: non-hexadecimal"),
        ):
            self.assertIn(problem, self.problems(vectors=(vector,))["vectors"])

    def test_integers_are_compared_exactly(self) -> None:
        vector = Vector(4, 2, "0001ffff", (("1-0:1.8.0", 42949018801),), "")
        self.assertNotIn(
            "vectors",
            self.problems(vectors=(replace(vector, data="ffff0000", values=(("1-0:1.8.0", 655350),)),)),
        )
        self.assertIn(
            "vectors",
            self.problems(vectors=(replace(vector, data="ffff0000", values=(("1-0:1.8.0", 655351),)),)),
        )

    def test_settings_that_do_not_fit_their_register(self) -> None:
        setting = Setting("mode", Holding(28, "0-0:199.0.28", type=DataType.UINT16), ((70000, "x"),))
        self.assertIn("70000 is no UINT16", self.problems(settings=(setting,))["settings"])

    def test_an_identity_that_its_register_cannot_hold(self) -> None:
        identity = Identity(Holding(90, "0-0:96.1.1", type=DataType.UINT16), (-1,))
        self.assertIn("-1 is no UINT16", self.problems(identity=(identity,))["identity"])

    def test_a_prefix_that_is_ambiguous(self) -> None:
        changes = {
            "prefix": Holding(30, "0-0:199.0.30", type=DataType.UINT16),
            "prefix_scalers": ((0, 0), (0, 3)),
            "registers": (Input(2, "1-0:1.8.0", Unit.WH, coding=Coding.SCALED_BY_PREFIX),),
            "vectors": (),
        }
        self.assertEqual(
            list(self.problems(**changes).items()),
            [("prefix", "register 30 (0.0.199.0.30.255): 0 does not stand for the scaler 3")],
        )
