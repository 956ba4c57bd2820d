"""A head end on real sockets, and simulated DLMS meters that it dials or that dial in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_spec import DLMSMeterSpec, MeterAddress, Secrets
from hesd.collect.head_end import DLMSDoors, HeadEnd
from hesd.collect.meter import MeterStatus
from hesd.config import Line, Listener
from hesd.driver.cosem import DLMSDriver
from hesd.driver.loading import load_drivers, usable
from hesd.links.dial_in import DialInObserver
from hesd.links.dial_in_listener import DialInListener
from hesd.links.open_dlms_line import open_dlms_line
from hesd.links.open_link import open_link
from hesd.model.obis import OBIS
from hesd.model.reading import Quality
from hesd.model.stranger import Stranger
from hesd.sim.dlms_plant import DLMSMeter as Simulated
from hesd.sim.dlms_plant import DLMSPort
from hesd.sim.plant import Area, Plant
from hesd.sim.simulator import Simulator
from hesd.toml_file import Duration
from tests.collect.memory_meter import AK, EK, OURS, PASSWORD, MemoryKeyring
from tests.collect.watching import WatchingCase

DRIVERS = usable(load_drivers(None))
HEXCELL, MOMAS = "hexcell-ddsy1088", "momas"
SERIALS = ("46000755036", "46000777832")
VOLTAGE = OBIS("1-0:32.7.0")
AREAS = (Area(code="IKD", name="Ikorodu"),)


def simulated(serial: str, driver: str = HEXCELL, **more: Any) -> Simulated:
    return Simulated(
        serial=serial, driver=driver, name="Flat", area="IKD", load="flat", rated=6.0, phases=1,
        energy=1000.0, password=PASSWORD.decode(), **more,
    )  # fmt: skip


def spec(serial: str, line: str, name: str = HEXCELL, **more: Any) -> DLMSMeterSpec:
    driver = DRIVERS[name]
    assert isinstance(driver, DLMSDriver)
    made = DLMSMeterSpec(
        serial=serial, line=line, driver_name=name, driver=driver,
        address=MeterAddress(driver.client_sap, driver.server_sap),
        authentication=driver.authentication, interval=0.5, slow_interval=1.0,
    )  # fmt: skip
    return replace(made, **more)


class RealDLMSCase(WatchingCase):
    timeout = 60

    def setUp(self) -> None:
        super().setUp()
        self.strangers: list[Stranger] = []
        self.keyring = self.made_keyring()
        desk = DLMSDesk(
            clock=reactor, keyring=self.keyring, on_readings=self.collected, on_state=self.changed,
            on_stranger=self.met,
        )  # fmt: skip
        doors = DLMSDoors(desk, partial(open_dlms_line, reactor=reactor), self.open_listener)
        self.head_end = HeadEnd(
            partial(open_link, reactor=reactor), reactor, self.collected, self.changed, dlms=doors
        )
        self.addCleanup(lambda: Deferred.fromCoroutine(self.head_end.stop()))

    def made_keyring(self) -> Any:
        """Where all meters have the same secrets, unless a test wants another."""
        return MemoryKeyring(
            Secrets(password=PASSWORD, encryption_key=EK, authentication_key=AK, own_title=OURS)
        )

    def open_listener(self, listener: Listener, observer: DialInObserver) -> DialInListener:
        self.listener = DialInListener(listener, observer, reactor)
        return self.listener

    def simulate(self, plant: Plant) -> None:
        self.simulator = Simulator(plant, DRIVERS, Path(self.mktemp()), reactor)
        self.simulator.startService()
        self.addCleanup(self.simulator.stopService)

    async def listen(self, *specs: DLMSMeterSpec, **settings: Any) -> str:
        """Let meters dial in; where to."""
        self.head_end.place(specs)
        listener = Listener(name="gprs", endpoint="tcp:0:interface=127.0.0.1", **settings)
        await self.head_end.add_listener(listener)
        return f"tcp:127.0.0.1:{self.listener.address.port}"

    def met(self, stranger: Stranger) -> None:
        self.strangers.append(stranger)
        self.look()

    async def passing(self, holds: Callable[[], bool]) -> None:
        """Wait for what nobody tells of."""
        while not holds():
            await deferLater(reactor, 0.02)

    def is_online(self, serial: str) -> bool:
        state = self.head_end.state(serial)
        return state is not None and state.status is MeterStatus.ONLINE

    async def check(self, *serials: str) -> None:
        await self.until(lambda: all(map(self.is_online, serials)))
        for serial in serials:
            volts = [each for each in self.readings if (each.meter, each.obis) == (serial, VOLTAGE)]
            assert isinstance(volts[0].value, int | float)
            self.assertTrue(200 < volts[0].value < 260)
            self.assertEqual(volts[0].quality, Quality.GOOD)

    async def dialled(self, framing: Any, *meters: Simulated, specs: Sequence[DLMSMeterSpec]) -> None:
        self.simulate(
            Plant(title="Port", area=AREAS, dlms=(DLMSPort(name="line", framing=framing, meters=meters),))
        )
        self.head_end.place(specs)
        self.head_end.add_line(
            Line(
                name="line", endpoint=self.simulator.endpoints["line"], protocol=f"dlms-{framing}",
                timeout=Duration(1.0), retries=1,
            )
        )  # fmt: skip
        await self.check(*(each.serial for each in specs))
