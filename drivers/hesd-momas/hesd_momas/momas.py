"""Momas prepayment meters, single-phase and three-phase; a single-phase one refuses L2 and L3."""

from __future__ import annotations

from typing import Final

from hesd.driver import (
    Authentication,
    Column,
    DLMSDriver,
    EventLog,
    ProfileKind,
    ProfileTable,
    SerialNumber,
    TokenEntry,
    TokenWay,
)
from hesd.driver.event_codes import IDIS
from hesd.model.meter_number import NumberEncoding
from hesd.model.obis import OBIS
from hesd_momas.objects import OBJECTS
from hesd_momas.vectors import VECTORS

_TOKEN: Final = OBIS("1-0:129.129.2.255")
_CLOCK: Final = Column(OBIS("0-0:1.0.0.255"), 8, name="Clock")
_WEST_AFRICA: Final = 60  # minutes east of Greenwich
_CODES: Final = (*IDIS, (25, "recharged by token"), (26, "programmed by token"))


def _log(number: int, name: str) -> EventLog:
    code = Column(OBIS(f"0-0:96.11.{number}.255"), 1, name="Event code")
    return EventLog(OBIS(f"0-0:99.98.{number}.255"), name, codes=_CODES, columns=(_CLOCK, code))


def _token_log(number: int, name: str) -> EventLog:
    """Clock, code, amount and token, whose columns no list names."""
    return EventLog(OBIS(f"0-0:99.98.{number}.255"), name, codes=_CODES, secret=True)


DRIVER = DLMSDriver(
    vendor="Momas",
    models=("single-phase", "three-phase"),
    source="object and event lists of memmcolapps/hes-backend-springboot; captures of its meters",
    objects=OBJECTS,
    profiles=(
        ProfileTable(OBIS("1-0:99.1.0.255"), "Load profile"),
        ProfileTable(OBIS("1-0:99.2.0.255"), "Load profile 2"),
        ProfileTable(OBIS("1-0:98.1.0.255"), "Monthly billing", ProfileKind.BILLING),
        ProfileTable(OBIS("1-0:98.2.0.255"), "Daily billing", ProfileKind.BILLING),
    ),
    logs=(
        _log(0, "Standard event log"),
        _log(1, "Fraud event log"),
        _log(2, "Control event log"),
        _token_log(3, "Recharge token log"),
        _log(4, "Power grid event log"),
        _token_log(5, "Management token log"),
    ),
    client_sap=1,
    server_sap=1,
    authentication=Authentication.LLS,
    serial=SerialNumber(encoding=NumberEncoding.ASCII),
    firmware=OBIS("0-0:0.2.1.255"),
    relay=OBIS("0-0:96.3.10.255"),
    token=TokenEntry(TokenWay.DATA_BCD, _TOKEN, result=_TOKEN),
    credit=OBIS("1-0:140.129.0.255"),
    time_zone_minutes=_WEST_AFRICA,
    max_pdu=200,
    vectors=VECTORS,
    note="APDUs are small (200 octets), so profiles come in many blocks. What became of a token is read"
    " back where it was written. A clock without a deviation is taken for West Africa Time.",
)
