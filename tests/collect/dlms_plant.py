"""A desk of DLMS meters, and everything it was told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.task import Clock

from hesd.collect.cosem_models import ModelsInMemory
from hesd.collect.dialled_in import DialIn
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_poller import DLMSPoller
from hesd.collect.dlms_spec import DLMSMeterSpec, MeterAddress
from hesd.collect.meter import MeterState
from hesd.config import Line, Listener
from hesd.dialin.event import Family
from hesd.driver.cosem import DLMSDriver
from hesd.links.dial_in import ListenerCounters
from hesd.model.event import MeterEvent
from hesd.model.reading import Reading
from hesd.model.stranger import Stranger
from tests.collect.memory_dlms_line import DRIVER, MemoryDialledIn, MemoryDLMSLine, meter
from tests.collect.memory_meter import MemoryKeyring, MemoryMeter

START = 1_790_000_000.0
SERIAL = "46000755036"
OTHER = "46000777832"


class DLMSPlant:
    """What every test of polling DLMS meters begins with."""

    def __init__(self, models: ModelsInMemory | None = None) -> None:
        self.clock = Clock()
        self.clock.rightNow = START
        self.readings: list[Reading] = []
        self.told: list[MeterState] = []
        self.events: list[MeterEvent] = []
        self.strangers: list[Stranger] = []
        self.models = models or ModelsInMemory()
        self.keyring = MemoryKeyring()
        self.desk = DLMSDesk(
            clock=self.clock,
            keyring=self.keyring,
            on_readings=self.readings.extend,
            on_state=self.told.append,
            on_events=self.events.extend,
            on_stranger=self.strangers.append,
            models=self.models,
        )

    def run(self, seconds: float) -> None:
        """Let time pass from one thing that happens to the next."""
        end = self.clock.rightNow + seconds
        while (calls := self.clock.getDelayedCalls()) and (at := min(c.getTime() for c in calls)) <= end:
            self.clock.advance(max(0.0, at - self.clock.rightNow))
        self.clock.advance(max(0.0, end - self.clock.rightNow))

    def values(self, serial: str = SERIAL) -> dict[str, Any]:
        """The newest value of each quantity of a meter."""
        return {str(each.obis): each.value for each in self.readings if each.meter == serial}

    def times(self, serial: str = SERIAL) -> list[float]:
        """When readings of a meter came, in seconds since the start."""
        return sorted({round(each.at_ms / 1000 - START, 1) for each in self.readings if each.meter == serial})


def spec(serial: str = SERIAL, line: str = "l", driver: DLMSDriver = DRIVER, **more: Any) -> DLMSMeterSpec:
    made = DLMSMeterSpec(
        serial=serial,
        line=line,
        driver_name="memory",
        driver=driver,
        address=MeterAddress(driver.client_sap, driver.server_sap),
        authentication=driver.authentication,
        interval=60,
        slow_interval=60,
    )
    return replace(made, **more)


class LinePlant(DLMSPlant):
    """A dialled line with one meter at each logical address from 1."""

    def __init__(self, *serials: str, models: ModelsInMemory | None = None, **line: Any) -> None:
        super().__init__(models)
        self.link = MemoryDLMSLine(self.clock)
        self.poller = DLMSPoller(
            Line(name="l", endpoint="tcp:127.0.0.1:4059", protocol="dlms-wrapper", **line),
            self.link,
            self.desk,
        )
        self.specs = []
        for logical, serial in enumerate(serials or (SERIAL,), 1):
            self.link.meters[logical] = meter(serial)
            self.specs.append(spec(serial, address=MeterAddress(17, logical)))

    def start(self, **changes: Any) -> None:
        self.specs = [replace(each, **changes) for each in self.specs]
        self.poller.set_meters(self.specs)
        self.poller.start()


class DialInPlant(DLMSPlant):
    """A listener called gprs, whose meters are asked every 15 minutes."""

    def __init__(self, **dial_in: Any) -> None:
        super().__init__()
        self.dial_in = DialIn(self.desk, **dial_in)
        self.dial_in.add_listener(Listener(name="gprs", endpoint="tcp:0"), ListenerCounters())
        self.dial_in.start()

    def place(self, *serials: str, **changes: Any) -> None:
        intervals = {"interval": 900, "slow_interval": 900}
        self.dial_in.set_meters([spec(each, "gprs", **{**intervals, **changes}) for each in serials])

    def dial(self, serial: str | None = SERIAL, really: str | None = None, **more: Any) -> MemoryDialledIn:
        """A meter dials in: it claims to be `serial`, and is `really` another where that is given."""
        number = really or serial
        return self.call(serial, {} if number is None else {1: meter(number)}, **more)

    def call(
        self, serial: str | None, meters: dict[int, MemoryMeter], family: Family | None = None
    ) -> MemoryDialledIn:
        """The same with these meters, by logical address, behind the connection."""
        connection = MemoryDialledIn(self.clock, self.dial_in.reception, serial, family)
        connection.meters.update(meters)
        return connection.dial()
