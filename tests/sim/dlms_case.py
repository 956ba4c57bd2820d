"""A small plant of DLMS meters on real sockets, for tests that read it from a thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from msgspec import convert
from twisted.internet import reactor
from twisted.internet.threads import blockingCallFromThread, deferToThread
from twisted.trial.unittest import TestCase

from hesd.driver import (
    Authentication,
    Column,
    CosemObject,
    CosemType,
    DLMSDriver,
    EventLog,
    ProfileTable,
    SerialNumber,
    TokenEntry,
    TokenWay,
    Unit,
)
from hesd.driver.generic import DLMS_DRIVER
from hesd.driver.loading import Driver
from hesd.model.meter_number import NumberEncoding
from hesd.model.obis import OBIS
from hesd.sim.dlms_site import DLMSLine
from hesd.sim.plant import Plant
from hesd.sim.simulator import Simulator

T = TypeVar("T")
CLOCK = Column(OBIS("0.0.1.0.0.255"), 8, name="Clock")
# In the manner of Hexcell's list: what it has of everything.
SMALL = DLMSDriver(
    vendor="Small",
    models=("S1",),
    source="tests",
    objects=(
        CosemObject("0.0.96.1.0.255", 1, "Serial", type=CosemType.OCTET_STRING, size=6),
        CosemObject("0.0.96.61.0.255", 1, "Purchases", type=CosemType.DOUBLE_LONG_UNSIGNED),
        CosemObject("0.0.97.97.12.255", 1, "Run status", type=CosemType.BIT_STRING, size=32),
        CosemObject("0.0.128.2.1.255", 1, "GPRS", type=CosemType.OCTET_STRING, size=80, writable=True),
        CosemObject("1.0.1.8.0.255", 3, "Import", Unit.WH, scaler=1),
        CosemObject("1.0.1.8.0.1", 3, "Import, last month", Unit.WH, scaler=1),
        CosemObject("1.0.1.8.2.255", 3, "Import, tariff 2", Unit.WH, scaler=1),
        CosemObject("1.0.1.7.0.255", 3, "Power", Unit.W, scaler=-1),
        CosemObject("1.0.32.7.0.255", 3, "Voltage", Unit.V, scaler=-1),
        CosemObject("1.0.1.6.0.255", 4, "Maximum", Unit.W, scaler=-1),
        CosemObject("1.0.96.66.0.255", 3, "Credit", Unit.WH, scaler=1),
        CosemObject(
            "1.0.129.129.2.255", 1, "Token", writable=True, secret=True, type=CosemType.OCTET_STRING, size=10
        ),
        CosemObject("0.0.96.3.10.255", 70, "Relay", attribute=3, type=CosemType.ENUM),
    ),
    profiles=(
        ProfileTable(
            OBIS("1.0.99.1.0.255"),
            "Load",
            columns=(
                CLOCK,
                Column(OBIS("1.0.32.7.0.255"), unit=Unit.V, scaler=-2, type=CosemType.DOUBLE_LONG_UNSIGNED),
                Column(OBIS("1.0.1.8.0.255"), unit=Unit.WH, scaler=1),
                Column(OBIS("1.0.0.6.0.255"), unit=Unit.V, scaler=-1),
            ),
        ),
    ),
    logs=(
        EventLog(OBIS("1.0.99.98.4.255"), "Undervoltage", "Undervoltage", columns=(CLOCK, CLOCK)),
        EventLog(OBIS("1.0.99.98.46.255"), "Relay off", "Relay off", columns=(CLOCK,)),
        EventLog(
            OBIS("1.0.99.98.84.255"),
            "Tokens",
            "Token",
            columns=(Column(OBIS("0.0.96.96.1.255"), 1, secret=True),),
        ),
        EventLog(OBIS("0.0.99.98.0.255"), "Standard", codes=((1, "down"), (2, "up"))),
    ),
    client_sap=17,
    authentication=Authentication.LLS,
    serial=SerialNumber(encoding=NumberEncoding.BCD, digits=11),
    relay=OBIS("0.0.96.3.10.255"),
    token=TokenEntry(TokenWay.DATA_BCD, OBIS("1.0.129.129.2.255")),
    credit=OBIS("1.0.96.66.0.255"),
    max_pdu=200,
)
DRIVERS: dict[str, Driver] = {"small": SMALL, "generic-dlms": DLMS_DRIVER}


def entry(serial: str, driver: str = "small", **fields: Any) -> dict[str, Any]:
    usual = {"name": serial, "area": "A", "load": "flat", "rated": 6.0, "phases": 1, "turnaround": "0s"}
    if driver == "small":
        usual["password"] = "00000000"
    return {**usual, "serial": serial, "driver": driver, **fields}


def plant_of(**tables: Any) -> Plant:
    area = [{"code": "A", "name": "Area"}]
    document = {"title": "Test", "utc_offset": 1.0, "area": area, **tables}
    return convert(_durations(document), Plant, dec_hook=lambda _, value: value)


def _durations(value: Any) -> Any:
    from hesd.toml_file import Duration

    if isinstance(value, dict):
        timed = ("turnaround", "heartbeat", "load_period")
        return {
            key: Duration.parse(each) if key in timed else _durations(each) for key, each in value.items()
        }
    return [_durations(each) for each in value] if isinstance(value, list) else value


class DLMSCase(TestCase):
    """Starts a plant, reads it from a thread, stops it."""

    def play(self, drivers: dict[str, Driver] = DRIVERS, **tables: Any) -> Simulator:
        self.directory = Path(self.mktemp())
        self.simulator = Simulator(plant_of(**tables), drivers, self.directory, reactor)
        self.simulator.startService()
        self.addCleanup(self.simulator.stopService)
        return self.simulator

    def port(self, name: str) -> tuple[str, int]:
        _, host, port = self.simulator.endpoints[name].split(":")
        return host, int(port)

    def line(self, name: str) -> DLMSLine:
        found: Any = self.simulator._lines[name]
        return found

    def in_reactor(self, work: Callable[[], object]) -> None:
        """From a thread: do this where the plant runs, and wait for it."""
        blockingCallFromThread(reactor, work)  # type: ignore[arg-type]

    async def in_thread(self, work: Callable[[], T]) -> T:
        result: T = await deferToThread(work)
        return result
