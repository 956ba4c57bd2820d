"""hesd's own poller on its own line: how long cycles take. Runs as a process of its own.

Usage: python -m benchmarks.bus_hesd PATH BAUD DEAD CYCLES
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.meter_line import METERS, table
from hesd.collect.meter import MeterSpec
from hesd.collect.poller import Poller
from hesd.config import Line
from hesd.links.open_link import open_link
from hesd.model.reading import Reading

# Below what any line can do, so that it never rests; both tiers at once: all twelve values.
_INTERVAL = 0.5
_VALUES = 12


class Watch:
    """Notes when each living meter has brought all its values so and so often."""

    def __init__(self, living: int, cycles: int, done: Any) -> None:
        self.ends: list[float] = []
        self.cpu: list[float] = []
        self._living = living
        self._cycles = cycles
        self._done = done
        self._turns: dict[str, int] = {}

    def readings(self, readings: Sequence[Reading]) -> None:
        if len(readings) != _VALUES:
            return
        serial = readings[0].meter
        self._turns[serial] = self._turns.get(serial, 0) + 1
        if len(self._turns) == self._living and min(self._turns.values()) > len(self.ends):
            self.ends.append(time.perf_counter())
            self.cpu.append(time.process_time())
            if len(self.ends) == self._cycles + 1:
                self._done()


def main(path: str, baud: int, dead: int, cycles: int) -> None:
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import reactor as installed

    reactor: Any = installed
    line = Line(name="line", endpoint=f"serial:{path}:baudrate={baud}:parity=E", protocol="modbus-rtu")
    link, service = open_link(line, reactor)
    watch = Watch(METERS - dead, cycles, reactor.stop)
    poller = Poller(line, link, reactor, watch.readings, lambda _state: None)
    driver = table()
    poller.set_meters(
        MeterSpec(
            serial=f"{n:04d}", line="line", driver_name="schneider-em", driver=driver, unit_id=n,
            interval=_INTERVAL, slow_interval=_INTERVAL,
        )
        for n in range(1, METERS + 1)
    )  # fmt: skip
    reactor.callWhenRunning(service.startService)
    reactor.callWhenRunning(poller.start)
    reactor.run()
    spans = [after - before for before, after in zip(watch.ends, watch.ends[1:], strict=False)]
    cpu = (watch.cpu[-1] - watch.cpu[0]) / cycles
    print(json.dumps({"cycles": spans, "cpu": cpu, "bound": poller.status().bound_seconds}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
