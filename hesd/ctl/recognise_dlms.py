"""Which driver fits a DLMS meter that tells no secrets: by its manufacturer, its number, its clients.

Without a password a meter says little: its logical device name, which begins with the three
letters of its manufacturer (IEC 62056-6-2, 6.2.29), and its serial number. Where no driver is
known by these letters, a number in just the form of a driver's table, from a meter that answers
the client of that driver, makes the driver likely and no more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from hesd.collect.cosem_reading import serial_of
from hesd.ctl.recognise import Candidate
from hesd.dialin.identity import manufacturer_of_device_name
from hesd.dlms.data import Data
from hesd.driver.cosem import DLMSDriver
from hesd.model.meter_number import MeterNumberError, NumberEncoding, decode_number
from hesd.model.obis import OBIS

GENERIC: Final = "generic-dlms"
_GENERIC: Final = 1.0
_SAME_CLIENT: Final = 2.0
_SAME_NUMBER: Final = 10.0
_SAME_MODEL: Final = 30.0
_SAME_MANUFACTURER: Final = 1000.0
# A shorter name of a model may be in any device name.
_TELLING: Final = 4


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a meter says of itself: its logical device name, and the values of its serial objects."""

    device_name: bytes = b""
    serials: Mapping[OBIS, Data] = field(default_factory=dict)

    @property
    def manufacturer(self) -> str:
        """The three letters of its manufacturer, "" where it names none."""
        return manufacturer_of_device_name(self.device_name)

    def serial(self, driver: DLMSDriver) -> str | None:
        """The serial number as the driver reads it, in another of the objects where its own has none."""
        for obis in dict.fromkeys((*driver.serial.obis, *self.serials)):
            try:
                if obis in self.serials:
                    return serial_of(self.serials[obis], driver)
            except MeterNumberError:
                continue
        return None


def candidates(
    said: Introduction, asked: Collection[int], heard: Collection[int], drivers: Mapping[str, DLMSDriver]
) -> tuple[Candidate, ...]:
    """The drivers that fit, best first; `asked` are the clients that were tried, `heard` those answered."""
    scores = {name: _score(name, driver, said, asked, heard) for name, driver in drivers.items()}
    fitting = sorted((-score, name) for name, score in scores.items() if score)
    # Of two models of one manufacturer none is certain.
    alone = len(fitting) < 2 or fitting[0][0] < fitting[1][0]
    return tuple(
        Candidate(name, -score, certain=not place and alone and -score >= _SAME_MANUFACTURER)
        for place, (score, name) in enumerate(fitting)
    )


def _score(
    name: str, driver: DLMSDriver, said: Introduction, asked: Collection[int], heard: Collection[int]
) -> float:
    """How well a driver fits; 0 where it does not."""
    if name == GENERIC:
        return _GENERIC
    is_maker = said.manufacturer.upper() in driver.flags
    if driver.flags and said.manufacturer and not is_maker:
        return 0.0
    is_model = _names_model(said, driver)
    is_number, is_heard = _has_number_of(said, driver), driver.client_sap in heard
    if not (is_maker or is_model or (is_number and (is_heard or driver.client_sap not in asked))):
        return 0.0
    evidence = (
        (is_maker, _SAME_MANUFACTURER), (is_model, _SAME_MODEL),
        (is_number, _SAME_NUMBER), (is_heard, _SAME_CLIENT),
    )  # fmt: skip
    return sum(score for is_so, score in evidence if is_so)


def _names_model(said: Introduction, driver: DLMSDriver) -> bool:
    name = said.device_name.upper()
    return any(len(model) >= _TELLING and model.upper().encode() in name for model in driver.models)


def _has_number_of(said: Introduction, driver: DLMSDriver) -> bool:
    """Whether a number has the size and the coding that the driver's table gives it."""
    sizes = {each.obis: each.size for each in driver.objects}
    for obis in driver.serial.obis:
        value = said.serials[obis].value if obis in said.serials else None
        octets = value.encode() if isinstance(value, str) else value
        if isinstance(octets, bytes) and len(octets) == sizes.get(obis) and _is_in(octets, driver):
            return True
    return False


def _is_in(octets: bytes, driver: DLMSDriver) -> bool:
    if driver.serial.encoding not in (NumberEncoding.BCD, NumberEncoding.ASCII):
        return False  # any octets are a binary number
    try:
        return bool(decode_number(octets, driver.serial.encoding))
    except MeterNumberError:
        return False
