"""A simulated DLMS meter: what is one meter's own, and as little of it as may be.

What it measures is computed from its load when somebody asks, so a meter nobody has read
yet holds hardly more than its number.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final
from zlib import crc32

from twisted.internet.interfaces import IReactorTime

from hesd.dlms.data import Data
from hesd.driver.cosem import DLMSDriver
from hesd.model.obis import OBIS
from hesd.sim.dlms_client import ServedClient
from hesd.sim.dlms_clock import MeterClock
from hesd.sim.dlms_object import CosemModel
from hesd.sim.dlms_relay import DEFAULT_MODE, Relay, SwitchedLoad
from hesd.sim.dlms_security import Access, MeterSecurity
from hesd.sim.dlms_token import Ledger
from hesd.sim.faults import Faults
from hesd.sim.load import Load
from hesd.sim.point import MeteringPoint

# Counters go on from the time, so that those of a plant that starts anew are above the ones
# it sent before: a head end would take lower ones for a replay.
_COUNTERS_A_SECOND: Final = 8
_FLAG_LENGTH: Final = 3
_NAME_LENGTH: Final = 16
_TITLE_OCTETS: Final = 5

PointMaker = Callable[[Load], MeteringPoint]


class SimulatedDLMSMeter:
    """One meter; its objects are the `model` it shares with all of its type.

    `load` makes the load it meters and `point` what measures it, when they are first needed;
    `since` is when it began to count, `purchase` the Wh somebody buys for it each time.
    """

    __slots__ = (
        "_ledger", "_load", "_make_load", "_make_point", "_point", "_purchase", "_reactor", "_relay",
        "_relay_mode", "clock", "driver", "faults", "model", "security", "seed", "serial", "server_sap",
        "settings", "since", "turnaround",
    )  # fmt: skip

    def __init__(
        self,
        serial: str,
        driver: DLMSDriver,
        model: CosemModel,
        clock: MeterClock,
        access: Access,
        faults: Faults,
        reactor: IReactorTime,
        *,
        load: Callable[[], Load],
        point: PointMaker,
        since: float,
        server_sap: int = 1,
        purchase: float = 0.0,
        relay_mode: int = DEFAULT_MODE,
        turnaround: float = 0.0,
        title: bytes | None = None,
    ) -> None:
        self.serial = serial
        self.driver = driver
        self.model = model
        self.clock = clock
        self.faults = faults
        self.seed = crc32(serial.encode())
        self.server_sap = server_sap
        self.since = since
        self.turnaround = turnaround
        self.settings: dict[tuple[int, OBIS, int], Data] = {}
        self._reactor = reactor
        first = max(1, int((reactor.seconds() - since) * _COUNTERS_A_SECOND))
        self.security = MeterSecurity(access, title or system_title(driver, serial), first)
        self._make_load, self._make_point = load, point
        self._purchase = purchase
        self._relay_mode = relay_mode
        self._load: SwitchedLoad | None = None
        self._point: MeteringPoint | None = None
        self._relay: Relay | None = None
        self._ledger: Ledger | None = None

    def at(self) -> float:
        """The true time, in seconds since 1970."""
        return self._reactor.seconds()

    @property
    def device_name(self) -> bytes:
        """The logical device name: three letters of manufacturer, then the number."""
        return (_flag(self.driver) + self.serial.encode())[:_NAME_LENGTH]

    @property
    def point(self) -> MeteringPoint:
        """What it measures."""
        if self._point is None:
            self._point = self._make_point(self.load)
        return self._point

    @property
    def load(self) -> SwitchedLoad:
        """What flows through it, as far as its relay lets it."""
        if self._load is None:
            self._load = SwitchedLoad(self._make_load())
        return self._load

    @property
    def relay(self) -> Relay:
        if self._relay is None:
            self._relay = Relay(self.load, self._relay_mode)
        return self._relay

    @property
    def ledger(self) -> Ledger:
        """Its credit and the tokens it took."""
        if self._ledger is None:
            self._ledger = Ledger(self.consumed, self._purchase, self.since, self.seed)
        return self._ledger

    def client(self, sap: int, random: Random) -> ServedClient:
        """A client that has just come, by its SAP."""
        return ServedClient(self, sap, random)

    def consumed(self, at: float) -> float:
        """The Wh it has counted since it began to."""
        return self.load.energy(at).imported


def system_title(driver: DLMSDriver, serial: str) -> bytes:
    """Three letters of manufacturer and the number, in 8 octets."""
    number = int(serial) if serial.isdigit() else crc32(serial.encode())
    return _flag(driver) + (number % (1 << 8 * _TITLE_OCTETS)).to_bytes(_TITLE_OCTETS, "big")


def _flag(driver: DLMSDriver) -> bytes:
    if driver.flags:
        return driver.flags[0].encode()
    letters = "".join(filter(str.isalpha, driver.vendor)).upper()
    return letters[:_FLAG_LENGTH].ljust(_FLAG_LENGTH, "X").encode()
