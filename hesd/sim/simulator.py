"""A plant that runs: its lines opened, its meters on them, its faults switchable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults

from hesd.driver import DLMSDriver, ModbusDriver
from hesd.driver.loading import Driver, of_kind
from hesd.sim.bus import BusMeter
from hesd.sim.dlms_site import DLMSLine, DLMSSite
from hesd.sim.faults import FaultBoard, FaultKind
from hesd.sim.line import PTYLine, SimulatedLine, TCPLine
from hesd.sim.load import LoadCurve, noise
from hesd.sim.meter import SimulatedMeter
from hesd.sim.plant import TCP, Bus, Meter, Plant
from hesd.sim.point import MeteringPoint, Supply
from hesd.sim.register_map import RegisterMap

# Of a meter whose entry does not say: shortest and longest, in seconds.
_TURNAROUND = (0.005, 0.020)


class Simulator(Service):
    """The service behind ``hesctl sim``; ptys appear in `directory`.

    `drivers` are the tables by name; the plant has been checked against them.
    """

    def __init__(
        self,
        plant: Plant,
        drivers: Mapping[str, Driver],
        directory: Path,
        reactor: Any,
        *,
        precise: bool = False,
    ) -> None:
        self._plant = plant
        self._drivers = of_kind(drivers, ModbusDriver)
        self._maps = {name: RegisterMap(driver) for name, driver in self._drivers.items()}
        self._reactor = reactor
        self._directory = directory
        self._supply = Supply(plant.seed)
        self.board = FaultBoard(
            reactor,
            buses=[bus.name for bus in plant.bus],
            tcp=[place.name for place in (*plant.tcp, *(each for _, each in plant.dlms_places()))],
            serials=[meter.serial for _, meter in plant.meters()],
            dlms_serials=[meter.serial for _, meter in plant.dlms_meters()],
        )
        self._lines: dict[str, SimulatedLine] = {
            line.name: self._line(line, precise) for _, line in plant.lines()
        }
        self._lines |= self._dlms_lines(plant, of_kind(drivers, DLMSDriver))
        for fault in plant.fault:
            self.board.switch(fault.target, fault.kind, fault.value)
        self.board.switched = self._switched

    @property
    def endpoints(self) -> dict[str, str]:
        """How each line is reached, by its name."""
        return {name: line.endpoint for name, line in self._lines.items()}

    def report(self) -> dict[str, dict[str, float]]:
        """What each line has counted."""
        return {name: line.report() for name, line in self._lines.items()}

    def startService(self) -> None:
        super().startService()
        self._directory.mkdir(parents=True, exist_ok=True)
        for name, line in self._lines.items():
            if FaultKind.UNPLUG not in self.board.of_line(name):
                line.plug()

    def stopService(self) -> Deferred[Any]:
        super().stopService()
        self.board.forget_ends()
        return gatherResults([line.unplug() for line in self._lines.values()])

    def _dlms_lines(self, plant: Plant, drivers: Mapping[str, DLMSDriver]) -> dict[str, SimulatedLine]:
        site = DLMSSite(plant, drivers, self._supply, self.board, self._reactor, self._directory)
        self._dlms_line_of: dict[str, DLMSLine] = {}
        lines: dict[str, SimulatedLine] = {}
        for _, place in plant.dlms_places():
            line = lines[place.name] = site.line(place)
            self._dlms_line_of |= {meter.serial: line for meter in place.meters}
        return lines

    def _switched(self, target: str, kind: FaultKind, value: float | None) -> None:
        if kind is FaultKind.NAT and value is not None:
            self._dlms_line_of[target].cut(target)
        elif kind is FaultKind.NAT:
            self._dlms_line_of[target].mend(target)
        if kind is FaultKind.UNPLUG and self.running:
            line = self._lines[target]
            line.unplug()
            if value is None:
                line.plug()

    def _line(self, line: Bus | TCP, precise: bool) -> SimulatedLine:
        meters: dict[int, BusMeter] = {meter.unit_id: self._meter(line, meter) for meter in line.meters}
        faults = self.board.of_line(line.name)
        random = Random(f"{self._plant.seed}/{line.name}")  # noqa: S311
        if isinstance(line, Bus):
            return PTYLine(
                line, meters, faults, self._reactor, self._directory, random=random, precise=precise
            )
        return TCPLine(line, meters, faults, self._reactor, random=random)

    def _meter(self, line: Bus | TCP, meter: Meter) -> SimulatedMeter:
        plant, seed = self._plant, crc32(meter.serial.encode()) + self._plant.seed
        curve = LoadCurve(
            meter.load,
            meter.rated * 1000,
            meter.pv * 1000,
            seed=seed,
            since=plant.since_seconds,
            utc_offset_s=plant.utc_offset * 3600,
        )
        point = MeteringPoint(curve, self._supply, seed, meter.phases, meter.energy * 1000)
        least, most = _TURNAROUND
        usual = least + (most - least) * noise(seed, 0)
        return SimulatedMeter(
            self._drivers[meter.driver],
            self._maps[meter.driver],
            point,
            self.board.of_meter(meter.serial),
            self._reactor,
            serial=meter.serial,
            installed=_installed(line, meter),
            turnaround=usual if meter.turnaround is None else meter.turnaround,
        )


def _installed(line: Bus | TCP, meter: Meter) -> dict[str, str]:
    settings = {"unit id": str(meter.unit_id), "system type": "3p4w" if meter.phases == 3 else "1p2w"}
    if isinstance(line, Bus):
        settings |= {"baud rate": str(line.baud), "parity and stop bits": f"{line.parity}{line.stopbits}"}
    return settings
