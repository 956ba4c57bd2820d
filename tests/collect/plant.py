"""A poller on a line in memory, and everything it told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.task import Clock

from hesd.collect.meter import MeterSpec, MeterState
from hesd.collect.poller import Poller
from hesd.config import Line
from hesd.driver import ModbusDriver
from hesd.model.reading import Reading
from tests.collect.memory_line import DRIVER, MemoryLine, bank

START = 1_790_000_000.0


class Plant:
    """A poller, its line in memory, and what it told."""

    def __init__(
        self,
        meters: int,
        *,
        timing: Any = None,
        in_flight: int | None = None,
        driver: ModbusDriver = DRIVER,
        **line: Any,
    ) -> None:
        self.clock = Clock()
        self.clock.rightNow = START
        self.link = MemoryLine(self.clock, timing, in_flight or 1)
        protocol = line.pop("protocol", "modbus-rtu")
        self.readings: list[Reading] = []
        self.told: list[MeterState] = []
        self.poller = Poller(
            Line(name="bus-1", endpoint="serial:/dev/null", protocol=protocol, in_flight=in_flight, **line),
            self.link,
            self.clock,
            self.readings.extend,
            self.told.append,
        )
        self.specs = [
            MeterSpec(
                serial=f"m{unit}",
                line="bus-1",
                driver_name="em",
                driver=driver,
                unit_id=unit,
                interval=10,
                slow_interval=10,
            )
            for unit in range(1, meters + 1)
        ]
        for unit in range(1, meters + 1):
            self.link.banks[unit] = bank()

    def start(self, **changes: Any) -> None:
        """Begin to poll, the meters' specs changed like this."""
        self.specs = [replace(spec, **changes) for spec in self.specs]
        self.poller.set_meters(self.specs)
        self.poller.start()

    def run(self, seconds: float) -> None:
        """Let time pass from one thing that happens to the next."""
        end = self.clock.rightNow + seconds
        while (calls := self.clock.getDelayedCalls()) and (at := min(c.getTime() for c in calls)) <= end:
            self.clock.advance(max(0.0, at - self.clock.rightNow))
        self.clock.advance(end - self.clock.rightNow)

    def values(self, serial: str) -> dict[str, Any]:
        """The newest value of each quantity of a meter."""
        return {each.obis: each.value for each in self.readings if each.meter == serial}

    def times(self, serial: str) -> list[float]:
        """When readings of a meter came, in seconds since the start."""
        return sorted({each.at_ms / 1000 - START for each in self.readings if each.meter == serial})

    def units(self) -> list[int]:
        """The unit of each request, in their order."""
        return [unit for _, unit, _ in self.link.asked]
