"""The head end on a real pty and a real socket, against the simulated plant and its faults."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from hesd.collect.head_end import HeadEnd
from hesd.collect.meter import MeterSpec, MeterStatus
from hesd.config import Line
from hesd.driver.loading import load_drivers, usable
from hesd.links.open_link import open_link
from hesd.model.obis import OBIS
from hesd.model.reading import Quality
from hesd.sim.faults import FaultKind
from hesd.sim.plant import TCP, Area, Bus, Meter, Plant
from hesd.sim.simulator import Simulator
from hesd.toml_file import Duration
from tests.collect.watching import WatchingCase

DRIVERS = usable(load_drivers(None))
MODELS = {"s1": "schneider-em", "s2": "eastron-sdm630", "s3": "schneider-em6400ng"}
VOLTAGE = OBIS("1-0:32.7.0")


METERS = tuple(
    Meter(
        unit_id=unit, serial=serial, driver=driver, name="Lathe", area="A", load="machine", rated=20.0,
        energy=1000.0, turnaround=Duration(0.002),
    )
    for unit, (serial, driver) in enumerate(MODELS.items(), 1)
)  # fmt: skip
AREAS = (Area(code="A", name="Area"),)
BUS = Plant(
    title="Bus", area=AREAS, bus=(Bus(name="line", baud=115200, parity="N", strict=False, meters=METERS),)
)
SOCKET = Plant(title="Socket", area=AREAS, tcp=(TCP(name="line", meters=METERS),))


class RealLineTests(WatchingCase):
    def begin(self, what: Plant, protocol: Any) -> None:
        directory = Path(self.mktemp())
        self.simulator = Simulator(what, DRIVERS, directory, reactor)
        self.simulator.startService()
        self.addCleanup(self.simulator.stopService)
        self.head_end = HeadEnd(
            partial(open_link, reactor=reactor),
            reactor,
            self.collected,
            self.changed,
        )
        self.addCleanup(lambda: Deferred.fromCoroutine(self.head_end.stop()))
        self.head_end.place(
            MeterSpec(
                serial=serial, line="line", driver_name=driver, driver=DRIVERS[driver], unit_id=unit,
                interval=0.2, slow_interval=0.4,
            )
            for unit, (serial, driver) in enumerate(MODELS.items(), 1)
        )  # fmt: skip
        self.line = Line(
            name="line", endpoint=self.simulator.endpoints["line"], protocol=protocol,
            timeout=Duration(0.1), retries=1,
        )  # fmt: skip
        self.head_end.add_line(self.line)

    def status(self, serial: str) -> MeterStatus:
        state = self.head_end.state(serial)
        assert state is not None
        return state.status

    def all_are(self, status: MeterStatus) -> bool:
        return all(self.status(serial) is status for serial in MODELS)

    async def check_values(self) -> None:
        await self.until(lambda: {each.meter for each in self.readings} == set(MODELS))
        await self.until(lambda: self.all_are(MeterStatus.ONLINE))
        for serial in MODELS:
            (volts, *_) = [each for each in self.readings if (each.meter, each.obis) == (serial, VOLTAGE)]
            assert isinstance(volts.value, float)
            self.assertTrue(200 < volts.value < 260)
            self.assertEqual(volts.quality, Quality.GOOD)
        self.assertEqual({state.warning for state in self.head_end.states()}, {""})

    async def test_meters_of_three_models_on_one_bus(self) -> None:
        self.begin(BUS, "modbus-rtu")
        await self.check_values()
        read = await self.head_end.read_now("s2", [VOLTAGE])
        self.assertEqual([each.obis for each in read], [VOLTAGE])
        (line,) = self.head_end.lines()
        self.assertEqual((line.up, line.online, line.counters.discarded), (True, 3, {}))
        self.assertEqual(self.simulator.report()["line"]["collisions"], 0)

    async def test_meters_of_three_models_behind_one_socket(self) -> None:
        self.begin(SOCKET, "modbus-tcp")
        await self.check_values()

    async def test_a_dead_meter_goes_and_comes_back(self) -> None:
        self.begin(BUS, "modbus-rtu")
        await self.until(lambda: self.all_are(MeterStatus.ONLINE))
        self.simulator.board.switch("s2", FaultKind.DEAD)
        await self.until(lambda: self.status("s2") is MeterStatus.OFFLINE)
        self.readings.clear()
        await self.until(lambda: {each.meter for each in self.readings} == {"s1", "s3"})
        self.simulator.board.clear("s2", FaultKind.DEAD)
        await self.until(lambda: self.all_are(MeterStatus.ONLINE))

    async def test_a_pulled_adapter_cuts_its_meters_off_until_it_is_back(self) -> None:
        self.begin(BUS, "modbus-rtu")
        await self.check_outage()

    async def test_a_gateway_without_power_cuts_its_meters_off_until_it_is_back(self) -> None:
        self.begin(SOCKET, "modbus-tcp")
        await self.check_outage()

    async def check_outage(self) -> None:
        await self.until(lambda: self.all_are(MeterStatus.ONLINE))
        self.simulator.board.switch("line", FaultKind.UNPLUG)
        await self.until(lambda: self.all_are(MeterStatus.OFFLINE))
        for state in self.head_end.states():
            self.assertIn("link down: ", state.reason)
        self.simulator.board.clear("line", FaultKind.UNPLUG)
        await self.until(lambda: self.all_are(MeterStatus.ONLINE))

    async def test_noise_is_never_a_value(self) -> None:
        self.begin(BUS, "modbus-rtu")
        await self.until(lambda: self.all_are(MeterStatus.ONLINE))
        self.simulator.board.switch("line", FaultKind.NOISE, 0.4)
        self.readings.clear()
        await self.until(lambda: len(self.readings) > 500)
        for reading in self.readings:
            if reading.obis == VOLTAGE:
                assert isinstance(reading.value, float)
                self.assertTrue(200 < reading.value < 260)
        self.assertGreater(sum(self.head_end.lines()[0].counters.discarded.values()), 0)
