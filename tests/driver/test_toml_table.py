"""A meter described by a file: every key, inheritance, and errors a person can act on."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import hesd
from hesd.driver.modbus import Identity, ModbusDriver, Setting
from hesd.driver.register import Coding, Coil, DataType, DiscreteInput, Holding, Input, Order, Tier
from hesd.driver.table_check import check_table
from hesd.driver.toml_table import load_table
from hesd.model.units import Unit
from hesd.toml_file import ConfigError

EXAMPLE = Path(hesd.__file__).parent.parent / "etc" / "drivers.d.example" / "example.toml"
HEAD = 'vendor = "V"\nsource = "S"\n'
BASE = ModbusDriver(
    vendor="Base",
    models=("B",),
    source="list",
    order=Order.CDAB,
    read_limit=60,
    holes=(range(5, 7),),
    registers=(Holding(0, "1-0:32.7.0", Unit.V), Holding(2, "1-0:1.8.0", Unit.WH, scaler=3)),
)


class TomlTable(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        self.path = folder / "mine.toml"

    def load(self, text: str) -> ModbusDriver:
        self.path.write_text(text, encoding="utf-8")
        return load_table(self.path, {"base-meter": BASE})

    def test_the_documented_example_is_sound(self) -> None:
        driver = load_table(EXAMPLE, {})
        self.assertEqual(check_table(driver), [])
        self.assertEqual(driver.models, ("EX-3000",))
        self.assertEqual((driver.order, driver.address_base, driver.read_limit), (Order.CDAB, 1, 100))
        self.assertEqual(driver.holes, (range(3020, 3030),))
        self.assertEqual(driver.turnaround, 0.02)
        self.assertIn(Input(3001, "1-0:32.7.0", Unit.V, bounds=(0, 300)), driver.registers)
        energy = Input(
            3009,
            "1-0:1.8.0",
            Unit.WH,
            DataType.UINT64,
            scaler=2,
            order=Order.ABCD,
            coding=Coding.SCALED_BY_PREFIX,
        )
        self.assertIn(energy, driver.registers)
        self.assertEqual(
            driver.identity,
            (Identity(Holding(90, "0-0:96.1.1", type=DataType.UINT16), (3000, 3001)),),
        )
        self.assertEqual(
            driver.settings[0],
            Setting(
                "baud rate",
                Holding(29, "0-0:199.0.29", type=DataType.UINT16),
                ((2, "9600"), (3, "19200"), (4, "38400")),
                needs_restart=True,
            ),
        )
        self.assertEqual(driver.prefix_scalers, ((0, 0), (1, 3)))
        self.assertEqual(dict(driver.vectors[1].values), {"1.0.32.7.0.255": None})

    def test_what_may_be_left_out(self) -> None:
        driver = self.load(HEAD + '[[register]]\naddress = 7\nobis = "1-0:32.7.0"\nunit = "V"\n')
        self.assertEqual(
            driver,
            ModbusDriver(
                vendor="V", models=("mine",), source="S", registers=(Holding(7, "1-0:32.7.0", Unit.V),)
            ),
        )

    def test_kinds_units_and_tiers(self) -> None:
        driver = self.load(
            HEAD
            + '[[register]]\naddress = 1\nobis = "0-0:96.3.10"\nkind = "coil"\n'
            + '[[register]]\naddress = 2\nobis = "0-0:96.3.11"\nkind = "discrete-input"\ntier = "once"\n'
            + '[[register]]\naddress = 3\nobis = "1-0:1.8.0"\nunit = "MWh"\nkind = "input"\ntier = "fast"\n'
        )
        coil, discrete, energy = driver.registers
        self.assertEqual(coil, Coil(1, "0-0:96.3.10"))
        self.assertEqual(discrete, DiscreteInput(2, "0-0:96.3.11", tier=Tier.ONCE))
        self.assertEqual(energy, Input(3, "1-0:1.8.0", Unit.WH, scaler=6, tier=Tier.FAST))

    def test_a_base_is_changed_where_the_file_says_so(self) -> None:
        driver = self.load(
            'base = "base-meter"\norder = "ABCD"\n'
            '[[register]]\naddress = 40\nobis = "1-0:1.8.0"\nunit = "Wh"\ntype = "int64"\n'
            '[[register]]\naddress = 50\nobis = "1-0:14.7.0"\nunit = "Hz"\n'
        )
        self.assertEqual((driver.vendor, driver.models, driver.order), ("Base", ("B",), Order.ABCD))
        self.assertEqual((driver.read_limit, driver.holes), (60, (range(5, 7),)))
        self.assertEqual(
            driver.registers,
            (
                Holding(0, "1-0:32.7.0", Unit.V),
                Holding(40, "1-0:1.8.0", Unit.WH, DataType.INT64),
                Holding(50, "1-0:14.7.0", Unit.HZ),
            ),
        )

    def test_errors_name_file_key_and_expectation(self) -> None:
        register = '[[register]]\naddress = 1\nobis = "1-0:1.8.0"\n'
        for text, expected in (
            (register, "vendor: expected a text"),
            ('vendor = "V"', "source: expected a text"),
            ('base = "other"', "base: expected one of base-meter, got 'other'"),
            (HEAD + "[[register]]\naddress = 1\n", "register[0]: object missing required field `obis`"),
            (HEAD + "[[register]]\naddress = 1\nobis = '1.8'\n", "register[0].obis: expected an OBIS code"),
            (HEAD + register + register + 'unit = "volt"', "register[1].unit: expected one of %, 1/A²h"),
            (HEAD + register + 'type = "float"', "register[0].type: expected one of bcd, bit, bits, float32"),
            (HEAD + register + 'kind = "relay"', "register[0].kind: expected one of coil, discrete-input"),
            (HEAD + register + 'coding = "x"', "register[0].coding: expected one of four-quadrant-pf, plain"),
            (HEAD + register + "lenght = 2", "register[0]: object contains unknown field `lenght`"),
            (HEAD + register + 'scaler = "k"', "register[0].scaler: expected `int`, got `str`"),
            (HEAD + 'order = "AB"', "order: invalid enum value 'AB'"),
            (HEAD + "turnaround = 3", "turnaround: expected a duration such as"),
            (
                HEAD + '[[vector]]\nfunction = 3\naddress = 0\ndata = "0x12"\nvalues = {}\nsource = ""',
                "vector[0].data: expected register bytes as hex, got '0x12'",
            ),
            (HEAD + "[[register]\n", "not a TOML file"),
        ):
            with self.assertRaises(ConfigError) as caught:
                self.load(text)
            self.assertTrue(
                str(caught.exception).startswith(f"{self.path}: {expected}"), str(caught.exception)
            )
