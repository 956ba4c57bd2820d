"""A DLMS meter described by a file: every key, inheritance, and errors a person can act on."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import hesd
from hesd.driver import (
    Authentication,
    Column,
    CosemObject,
    CosemType,
    CosemVector,
    DLMSDriver,
    EventLog,
    ProfileKind,
    ProfileTable,
    SerialNumber,
    Tier,
    TokenEntry,
    TokenWay,
    Unit,
)
from hesd.driver.cosem_check import check_cosem_table
from hesd.driver.loading import load_file
from hesd.driver.toml_cosem import load_cosem_table
from hesd.model.meter_number import NumberEncoding
from hesd.model.obis import OBIS
from hesd.toml_file import ConfigError

EXAMPLE = Path(hesd.__file__).parent.parent / "etc" / "drivers.d.example" / "dlms.toml"
HEAD = 'kind = "dlms"\nvendor = "V"\nsource = "S"\n'
CLOCK, ENERGY = OBIS("0-0:1.0.0"), OBIS("1-0:1.8.0")
BASE = DLMSDriver(
    vendor="Base",
    models=("B",),
    source="list",
    client_sap=17,
    objects=(
        CosemObject("0-0:1.0.0", 8, "clock"),
        CosemObject("0-0:96.1.0", 1, "serial"),
        CosemObject("1-0:1.8.0", 3, "energy", Unit.WH, scaler=1),
    ),
    logs=(EventLog(OBIS("1-0:99.98.4"), "log", "event"),),
    vectors=(CosemVector(ENERGY, "0600000001", 10, "S"),),
)


class TomlCosem(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        self.path = folder / "mine.toml"

    def load(self, text: str) -> DLMSDriver:
        self.path.write_text(text, encoding="utf-8")
        return load_cosem_table(self.path, {"base-meter": BASE})

    def test_the_documented_example_is_sound(self) -> None:
        driver = load_cosem_table(EXAMPLE, {})
        self.assertEqual(check_cosem_table(driver), [])
        self.assertEqual((driver.models, driver.client_sap, driver.max_pdu), (("EX-2000",), 17, 512))
        self.assertEqual(driver.flags, ("XYZ",))
        self.assertIs(driver.authentication, Authentication.LLS)
        self.assertEqual((driver.inactivity, driver.time_zone_minutes), (120.0, 60))
        self.assertEqual(driver.serial, SerialNumber((OBIS("0-0:96.1.0"),), NumberEncoding.BCD, 11))
        self.assertEqual(driver.token, TokenEntry(TokenWay.DATA_BCD, OBIS("1-0:129.129.2")))
        self.assertIn(
            CosemObject(
                "1-0:1.8.0",
                3,
                "imported energy",
                Unit.WH,
                scaler=1,
                tier=Tier.SLOW,
                type=CosemType.DOUBLE_LONG_UNSIGNED,
            ),
            driver.objects,
        )
        energy = Column(ENERGY, name="imported energy", unit=Unit.WH, scaler=1)
        columns = (Column(CLOCK, 8, name="clock"), energy)
        self.assertEqual(
            driver.profiles,
            (ProfileTable(OBIS("1-0:99.1.0"), "load profile", ProfileKind.LOAD, columns),),
        )
        self.assertEqual(driver.logs[1].codes, ((1, "power down"), (2, "power up")))
        self.assertEqual(driver.vectors[0].value, 1234560)

    def test_what_may_be_left_out(self) -> None:
        driver = self.load(HEAD + '[[object]]\nobis = "1-0:32.7.0"\nunit = "V"\nname = "U"\n')
        voltage = CosemObject("1-0:32.7.0", 3, "U", Unit.V)
        self.assertEqual(driver, DLMSDriver(vendor="V", models=("mine",), source="S", objects=(voltage,)))

    def test_codes_by_the_name_of_their_list_and_times_in_another_log(self) -> None:
        driver = self.load(
            'base = "base-meter"\n'
            '[[log]]\nobis = "0-0:99.98.0"\nname = "voltage"\ncodes = "is-15959"\n'
            '[[log]]\nobis = "1-0:99.98.84"\nname = "tokens"\nevent = "token"\ntimes = "1-0:99.98.4"\n'
        )
        self.assertEqual(dict(driver.logs[-2].codes)[2], "L1 voltage missing end")
        self.assertEqual(driver.logs[-1].times, OBIS("1-0:99.98.4"))

    def test_a_base_is_changed_where_the_file_says_so(self) -> None:
        driver = self.load(
            'base = "base-meter"\nserver_sap = 2\n'
            '[[object]]\nobis = "1-0:1.8.0"\nname = "other"\nunit = "kWh"\n'
            '[[log]]\nobis = "1-0:99.98.4"\nname = "log"\nevent = "x"\nsecret = true\n'
        )
        self.assertEqual((driver.vendor, driver.client_sap, driver.server_sap), ("Base", 17, 2))
        self.assertEqual(driver.objects[:2], BASE.objects[:2])
        self.assertEqual(driver.objects[2:], (CosemObject("1-0:1.8.0", 3, "other", Unit.WH, scaler=3),))
        self.assertEqual(driver.logs, (EventLog(OBIS("1-0:99.98.4"), "log", "x", secret=True),))
        self.assertEqual(driver.vectors, ())

    def test_the_kind_of_a_file_is_that_of_its_base(self) -> None:
        self.path.write_text('base = "base-meter"\nclient_sap = 3\n')
        loaded = load_file(self.path, {"base-meter": BASE})
        assert isinstance(loaded.driver, DLMSDriver), loaded.problem
        self.assertEqual(loaded.driver.client_sap, 3)

    def test_a_table_that_cannot_be_true_is_not_used(self) -> None:
        self.path.write_text(HEAD + 'relay = "0-0:96.3.10"\n')
        loaded = load_file(self.path, {})
        self.assertIsNone(loaded.driver)
        self.assertIn("the relay 0.0.96.3.10.255 is not in the table", loaded.problem or "")

    def test_another_kind_than_there_is(self) -> None:
        self.path.write_text('kind = "mbus"\nvendor = "V"\nsource = "S"\n')
        self.assertIn("kind: invalid enum value 'mbus'", load_file(self.path, {}).problem or "")

    def test_errors_name_file_key_and_expectation(self) -> None:
        entry = '[[object]]\nobis = "1-0:1.8.0"\n'
        for text, expected in (
            ('kind = "dlms"\n' + entry, "vendor: expected a text"),
            ('base = "other"', "base: expected one of base-meter, got 'other'"),
            (HEAD + "[[object]]\nname = 'x'\n", "object[0]: object missing required field `obis`"),
            (HEAD + "[[object]]\nobis = '1.8'\n", "object[0].obis: expected an OBIS code"),
            (HEAD + entry + 'unit = "volt"', "object[0].unit: expected one of %, 1/A²h"),
            (HEAD + entry + 'type = "uint32"', "object[0].type: invalid enum value 'uint32'"),
            (HEAD + entry + "address = 2", "object[0]: object contains unknown field `address`"),
            (HEAD + 'authentication = "hls"', "authentication: invalid enum value 'hls'"),
            (HEAD + 'clock = "now"', "clock: expected an OBIS code"),
            (
                HEAD + '[[log]]\nobis = "0-0:99.98.0"\nname = "x"\ncodes = "x"',
                "log[0].codes: expected one of idis, is-15959",
            ),
            (HEAD + '[serial]\nobis = ["x"]', "serial.obis: expected an OBIS code"),
            (HEAD + '[token]\nway = "sms"\nobis = "1-0:129.129.2"', "token.way: invalid enum value 'sms'"),
            (
                HEAD + '[[profile]]\nobis = "1-0:99.1.0"\nname = "p"\ncolumn = [{ obis = "?" }]',
                "profile[0].column[0].obis: expected an OBIS code",
            ),
            (
                HEAD + '[[vector]]\nobis = "1-0:1.8.0"\ndata = "0x06"\nvalue = 1\nsource = ""',
                "vector[0].data: expected A-XDR data as hex, got '0x06'",
            ),
        ):
            with self.assertRaises(ConfigError) as caught:
                self.load(text)
            message = str(caught.exception)
            self.assertTrue(message.startswith(f"{self.path}: {expected}"), message)
