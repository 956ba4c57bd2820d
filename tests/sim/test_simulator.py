"""Independent masters read the simulated plant over real ptys and sockets."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import minimalmodbus
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from hesd.driver.loading import load_drivers, usable
from hesd.model.errors import HesdError
from hesd.sim.plant import TCP, Area, Bus, Meter, Plant
from hesd.sim.simulator import Simulator

DRIVERS = usable(load_drivers(None))


def meter(unit_id: int, driver: str, serial: str) -> Meter:
    return Meter(
        unit_id=unit_id, serial=serial, driver=driver, name="Lathe", area="A", load="machine", rated=20.0,
        energy=1000.0, turnaround=0.002,
    )  # fmt: skip


def plant(*, tcp: tuple[TCP, ...] = ()) -> Plant:
    bus = Bus(
        name="bus-1",
        baud=115200,
        parity="N",
        strict=False,  # pymodbus does not always wait for silence
        meters=(meter(1, "schneider-em", "s1"), meter(2, "eastron-sdm630", "s2")),
    )
    return Plant(title="Test", area=(Area(code="A", name="Area"),), bus=(bus,), tcp=tcp)


class SimulatorCase(TestCase):
    def run_plant(self, what: Plant, stale: str = "") -> Simulator:
        self.directory = Path(self.mktemp())
        if stale:
            self.directory.mkdir()
            (self.directory / "bus-1").symlink_to(stale)
        simulator = Simulator(what, DRIVERS, self.directory, reactor)
        simulator.startService()
        self.addCleanup(simulator.stopService)
        return simulator

    @property
    def path(self) -> str:
        return str(self.directory / "bus-1")

    def is_there(self) -> bool:
        return os.path.lexists(self.path)


class SerialTests(SimulatorCase):
    def serial_client(self) -> ModbusSerialClient:
        client = ModbusSerialClient(self.path, baudrate=115200, timeout=0.3, retries=0)
        assert client.connect()
        return client

    async def read(self, unit_id: int, address: int, *, count: int = 2, function: int = 3) -> Any:
        def work() -> Any:
            client = self.serial_client()
            ask = client.read_holding_registers if function == 3 else client.read_input_registers
            try:
                return ask(address, count=count, device_id=unit_id)
            except Exception as error:
                return error
            finally:
                client.close()

        return await deferToThread(work)

    async def test_pymodbus_reads_both_meters(self) -> None:
        self.run_plant(plant())
        volts = await self.read(1, 3028)
        self.assertTrue(215 < struct.unpack(">f", struct.pack(">2H", *volts.registers))[0] < 245)
        hertz = await self.read(2, 0x46, function=4)
        self.assertTrue(49 < struct.unpack(">f", struct.pack(">2H", *hertz.registers))[0] < 51)

    async def test_minimalmodbus_reads_without_a_violation(self) -> None:
        simulator = self.run_plant(plant())

        def work() -> list[float]:
            instrument = minimalmodbus.Instrument(self.path, 1)
            instrument.serial.baudrate = 115200
            instrument.serial.timeout = 0.3
            try:
                return [instrument.read_float(address) for address in (3028, 3030, 3032, 3110)]
            finally:
                instrument.serial.close()

        values = await deferToThread(work)
        self.assertTrue(all(215 < volts < 245 for volts in values[:3]))
        report = simulator.report()["bus-1"]
        self.assertEqual((report["requests"], report["answers"], report["violations"]), (4, 4, 0))

    async def test_exception_is_one_for_pymodbus(self) -> None:
        self.run_plant(plant())
        reply = await self.read(1, 9000)
        self.assertTrue(reply.isError())
        self.assertEqual(reply.exception_code, 2)

    async def test_dead_meter_does_not_disturb_the_other(self) -> None:
        simulator = self.run_plant(plant())
        simulator.board.obey("s1 dead on")
        dead = await self.read(1, 3028)
        self.assertTrue(isinstance(dead, Exception) or dead.isError())
        alive = await self.read(2, 0x46, function=4)
        self.assertFalse(alive.isError())
        simulator.board.obey("s1 dead off")
        self.assertFalse((await self.read(1, 3028)).isError())

    async def test_unplugged_the_path_is_gone_and_comes_back(self) -> None:
        simulator = self.run_plant(plant())
        opened = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, opened)
        simulator.board.obey("bus-1 unplug on")
        self.assertFalse(self.is_there())
        with self.assertRaises(OSError):  # the line hung up
            os.write(opened, b"x")
        simulator.board.obey("bus-1 unplug off")
        self.assertFalse((await self.read(1, 3028)).isError())

    async def test_unplugged_for_a_while(self) -> None:
        simulator = self.run_plant(plant())
        simulator.board.obey("bus-1 unplug 20ms")
        while not self.is_there():
            await later(0.01)
        self.assertFalse((await self.read(1, 3028)).isError())

    async def test_stopped_the_path_is_gone(self) -> None:
        simulator = self.run_plant(plant())
        await simulator.stopService()
        self.assertFalse(self.is_there())

    def test_a_file_in_the_way_is_left_alone(self) -> None:
        simulator = Simulator(plant(), DRIVERS, Path(self.mktemp()), reactor)
        in_the_way = simulator._directory / "bus-1"
        in_the_way.parent.mkdir()
        in_the_way.write_text("mine")
        self.assertRaises(HesdError, simulator.startService)
        self.assertEqual(in_the_way.read_text(), "mine")

    async def test_a_stale_link_is_replaced(self) -> None:
        self.run_plant(plant(), stale="/dev/pts/no-such")
        self.assertFalse((await self.read(1, 3028)).isError())


class TCPTests(SimulatorCase):
    def start(self, *, gateway: bool = False) -> Simulator:
        meters = (meter(1, "eastron-sdm630", "s3"), meter(7, "schneider-em6400ng", "s4"))
        house = TCP(name="house", gateway=gateway, meters=meters)
        simulator = self.run_plant(plant(tcp=(house,)))
        self.port = int(simulator.endpoints["house"].rpartition(":")[2])
        return simulator

    async def read(self, unit_id: int, address: int, *, function: int = 3) -> Any:
        def work() -> Any:
            client = ModbusTcpClient("127.0.0.1", port=self.port, timeout=0.3, retries=0)
            if not client.connect():
                return None
            ask = client.read_holding_registers if function == 3 else client.read_input_registers
            try:
                return ask(address, count=2, device_id=unit_id)
            except Exception as error:
                return error
            finally:
                client.close()

        return await deferToThread(work)

    async def test_several_units_behind_one_port(self) -> None:
        self.start()
        self.assertFalse((await self.read(1, 0x46, function=4)).isError())
        self.assertFalse((await self.read(7, 3059)).isError())

    async def test_gateway_says_that_a_meter_does_not_answer(self) -> None:
        simulator = self.start(gateway=True)
        simulator.board.obey("s4 dead on")
        for unit_id in (7, 9):
            self.assertEqual((await self.read(unit_id, 3059)).exception_code, 0x0B)

    async def test_meter_that_is_dead_is_silent(self) -> None:
        simulator = self.start()
        simulator.board.obey("s4 dead on")
        reply = await self.read(7, 3059)
        self.assertTrue(isinstance(reply, Exception) or not hasattr(reply, "exception_code"))

    async def test_corrupt_answers_are_refused_by_the_other_side(self) -> None:
        simulator = self.start()
        simulator.board.obey("s4 corrupt 1")
        reply = await self.read(7, 3059)
        self.assertTrue(isinstance(reply, Exception) or reply.isError(), reply)

    async def test_unplugged_it_refuses_and_comes_back_on_its_port(self) -> None:
        simulator = self.start()
        simulator.board.obey("house unplug on")
        await later(0.01)
        self.assertIsNone(await self.read(7, 3059))
        simulator.board.obey("house unplug off")
        self.assertFalse((await self.read(7, 3059)).isError())


def later(seconds: float) -> Deferred[None]:
    return deferLater(reactor, seconds)  # type: ignore[arg-type]
