"""The head end on real sockets: simulated DLMS meters that it dials, and that dial in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_spec import DLMSMeterSpec, MeterAddress, Secrets
from hesd.collect.head_end import DLMSDoors, HeadEnd
from hesd.collect.meter import MeterStatus
from hesd.config import Line, Listener
from hesd.driver.cosem import Authentication, Ciphering, DLMSDriver
from hesd.driver.loading import load_drivers, usable
from hesd.links.dial_in import DialInObserver
from hesd.links.dial_in_listener import DialInListener
from hesd.links.open_dlms_line import open_dlms_line
from hesd.links.open_link import open_link
from hesd.model.obis import OBIS
from hesd.model.reading import Quality
from hesd.model.stranger import Stranger
from hesd.sim.dlms_plant import DialIn, DLMSPort
from hesd.sim.dlms_plant import DLMSMeter as Simulated
from hesd.sim.faults import FaultKind
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


class RealDLMSTests(WatchingCase):
    def setUp(self) -> None:
        super().setUp()
        self.strangers: list[Stranger] = []
        keyring = MemoryKeyring(
            Secrets(password=PASSWORD, encryption_key=EK, authentication_key=AK, own_title=OURS)
        )
        desk = DLMSDesk(
            clock=reactor, keyring=keyring, on_readings=self.collected, on_state=self.changed,
            on_stranger=self.met,
        )  # fmt: skip
        doors = DLMSDoors(desk, partial(open_dlms_line, reactor=reactor), self.open_listener)
        self.head_end = HeadEnd(
            partial(open_link, reactor=reactor), reactor, self.collected, self.changed, dlms=doors
        )
        self.addCleanup(lambda: Deferred.fromCoroutine(self.head_end.stop()))

    def open_listener(self, listener: Listener, observer: DialInObserver) -> DialInListener:
        self.listener = DialInListener(listener, observer, reactor)
        return self.listener

    def simulate(self, plant: Plant) -> None:
        self.simulator = Simulator(plant, DRIVERS, Path(self.mktemp()), reactor)
        self.simulator.startService()
        self.addCleanup(self.simulator.stopService)

    async def listen(self, *specs: DLMSMeterSpec) -> str:
        """Let meters dial in; where to."""
        self.head_end.place(specs)
        await self.head_end.add_listener(Listener(name="gprs", endpoint="tcp:0:interface=127.0.0.1"))
        return f"tcp:127.0.0.1:{self.listener.address.port}"

    def met(self, stranger: Stranger) -> None:
        self.strangers.append(stranger)
        self.look()

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

    async def test_a_meter_that_is_dialled(self) -> None:
        await self.dialled("wrapper", simulated(SERIALS[0]), specs=[spec(SERIALS[0], "line")])
        self.assertEqual(self.head_end.lines()[0].online, 1)
        self.assertNotEqual(self.head_end.trace(SERIALS[0]), [])

    async def test_two_meters_of_two_makes_on_one_hdlc_line(self) -> None:
        await self.dialled(
            "hdlc",
            simulated(SERIALS[0], address=16),
            simulated("54170000011", MOMAS, address=17),
            specs=[
                spec(SERIALS[0], "line", address=MeterAddress(17, 1, 16)),
                spec("54170000011", "line", MOMAS, address=MeterAddress(1, 1, 17)),
            ],
        )

    async def test_one_that_is_ciphered(self) -> None:
        keys = {"encryption_key": EK.hex(), "authentication_key": AK.hex()}
        ways = {"authentication": Authentication.HLS_GMAC, "ciphering": Ciphering.BOTH}
        await self.dialled(
            "wrapper", simulated(SERIALS[0], **keys, **ways), specs=[spec(SERIALS[0], "line", **ways)]
        )
        self.simulator.board.switch(SERIALS[0], FaultKind.FORGED)
        await self.until(lambda: "tag" in getattr(self.head_end.state(SERIALS[0]), "reason", ""))

    async def test_meters_that_dial_in_are_read_and_answer_commands(self) -> None:
        endpoint = await self.listen(*(spec(serial, "gprs") for serial in SERIALS))
        self.simulate(
            Plant(
                title="Ikorodu", area=AREAS,
                dialin=(
                    DialIn(
                        name="gprs", endpoint=endpoint, heartbeat=Duration(0.5),
                        meters=(simulated(SERIALS[0]), simulated(SERIALS[1], family="hexcell")),
                    ),
                ),
            )
        )  # fmt: skip
        await self.check(*SERIALS)
        (status,) = self.head_end.listeners()
        self.assertEqual((status.connections, status.strangers, status.online), (2, 0, 2))
        self.assertEqual(status.counters.identified, {"wrapper": 1, "hexcell": 1})

        async def proved(meter: DLMSMeter) -> str:
            return meter.spec.serial

        self.assertEqual(await self.head_end.with_meter(SERIALS[0], proved, command=True), SERIALS[0])
        self.assertNotEqual(self.head_end.trace(SERIALS[1]), [])

    async def test_a_stranger_is_quarantined_and_read_once_it_is_adopted(self) -> None:
        endpoint = await self.listen()
        place = DialIn(name="gprs", endpoint=endpoint, meters=(simulated(SERIALS[0]),))
        self.simulate(Plant(title="Ikorodu", area=AREAS, dialin=(place,)))
        await self.until(lambda: bool(self.strangers))
        self.assertEqual(self.strangers[0].serial.lstrip("0"), SERIALS[0])
        self.assertEqual(self.readings, [])
        self.head_end.place([spec(SERIALS[0], "gprs")])
        await self.check(SERIALS[0])

    async def test_several_behind_one_concentrator(self) -> None:
        dcu = "700000000001"
        endpoint = await self.listen(
            *(
                spec(serial, "gprs", via=dcu, address=MeterAddress(17, port))
                for port, serial in enumerate(SERIALS, 1)
            )
        )
        meters = tuple(simulated(serial, via=dcu, address=port) for port, serial in enumerate(SERIALS, 1))
        place = DialIn(name="gprs", endpoint=endpoint, meters=meters)
        self.simulate(Plant(title="Ikorodu", area=AREAS, dialin=(place,)))
        await self.check(*SERIALS)
        self.assertEqual(self.head_end.listeners()[0].connections, 1)

    async def test_a_name_is_given_to_one_line_or_listener_only(self) -> None:
        await self.listen()
        taken = Line(name="gprs", endpoint="tcp:127.0.0.1:1", protocol="modbus-tcp")
        self.assertRaises(ValueError, self.head_end.add_line, taken)
