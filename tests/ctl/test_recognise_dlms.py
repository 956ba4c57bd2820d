"""Which driver fits a DLMS meter, by what little it says without a password."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from hesd.ctl.recognise_dlms import Introduction, candidates
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.driver.cosem import CosemObject, DLMSDriver, SerialNumber
from hesd.driver.generic import DLMS_DRIVER
from hesd.model.meter_number import NumberEncoding
from hesd.model.obis import OBIS

NUMBER = OBIS("0-0:96.1.0")
BCD = Data.of(DataType.OCTET_STRING, bytes.fromhex("046000755036"))
TEXT = Data.of(DataType.VISIBLE_STRING, "062124020450")


def driver(size: int = 6, **fields: Any) -> DLMSDriver:
    number = CosemObject("0-0:96.1.0", 1, "number", size=size)
    usual: dict[str, Any] = {"client_sap": 17, "serial": SerialNumber(encoding=NumberEncoding.BCD, digits=11)}
    return DLMSDriver(vendor="V", source="s", objects=(number,), **{"models": ("M",), **usual, **fields})


class RecogniseDLMS(SynchronousTestCase):
    def fitting(
        self, name: bytes, number: Data | None, heard: tuple[int, ...] = (16, 17), **drivers: DLMSDriver
    ) -> list[tuple[str, bool]]:
        said = Introduction(name, {} if number is None else {NUMBER: number})
        known = {**drivers, "generic-dlms": DLMS_DRIVER}
        return [(each.driver, each.certain) for each in candidates(said, (16, 1, 17), heard, known)]

    def test_the_letters_of_the_manufacturer_decide(self) -> None:
        xyz, other = driver(flags=("XYZ",)), driver(flags=("ABC", "ABD"))
        self.assertEqual(self.fitting(b"XYZ1", BCD, a=other, b=xyz), [("b", True), ("generic-dlms", False)])
        self.assertEqual(self.fitting(b"xyz1", None, (16,), b=xyz)[0], ("b", True))
        self.assertEqual(self.fitting(b"QQQ1", BCD, a=other, b=xyz), [("generic-dlms", False)])
        # A device name that is none contradicts nobody.
        self.assertEqual(self.fitting(b"12345678", BCD, b=xyz)[0], ("b", False))

    def test_of_two_models_of_a_manufacturer_none_is_certain_unless_it_is_named(self) -> None:
        one, two = driver(flags=("XYZ",), models=("AX100",)), driver(flags=("XYZ",), models=("AX300",))
        self.assertEqual([certain for _, certain in self.fitting(b"XYZ1", BCD, a=one, b=two)], [False] * 3)
        self.assertEqual(self.fitting(b"XYZAX300-1", BCD, a=one, b=two)[:2], [("b", True), ("a", False)])

    def test_a_number_in_the_form_of_a_table_and_its_client_make_it_likely(self) -> None:
        text = replace(driver(12), serial=SerialNumber(encoding=NumberEncoding.ASCII), client_sap=1)
        self.assertEqual(self.fitting(b"", BCD, a=driver(), b=text)[0], ("a", False))
        self.assertEqual(self.fitting(b"", TEXT, (16, 1), a=driver(), b=text)[0], ("b", False))
        for number, heard in ((TEXT, (16, 17)), (None, (16, 17)), (BCD, (16, 1)), (BCD, (16,))):
            self.assertEqual(self.fitting(b"", number, heard, a=driver(), b=text), [("generic-dlms", False)])
        # Whoever was not asked may well answer.
        self.assertEqual(self.fitting(b"", BCD, (16,), a=driver(client_sap=5))[0], ("a", False))

    def test_what_says_nothing_makes_nothing_likely(self) -> None:
        binary = SerialNumber(encoding=NumberEncoding.BINARY)
        for known in (driver(serial=binary), driver(serial=SerialNumber()), driver(0), driver(8)):
            self.assertEqual(self.fitting(b"", BCD, a=known), [("generic-dlms", False)])
        letters = Data.of(DataType.OCTET_STRING, b"\xab\xcd\xef\x01\x02\x03")
        self.assertEqual(self.fitting(b"", letters, a=driver()), [("generic-dlms", False)])

    def test_the_number_is_read_as_the_driver_has_it(self) -> None:
        said = Introduction(b"", {NUMBER: BCD})
        self.assertEqual(said.serial(driver()), "46000755036")
        self.assertEqual(said.serial(driver(serial=SerialNumber((OBIS("0-0:96.1.1"),)))), "046000755036")
        nothing = {NUMBER: Data.of(DataType.OCTET_STRING, b"\xff" * 6)}
        self.assertIsNone(Introduction(b"", nothing).serial(driver()))
