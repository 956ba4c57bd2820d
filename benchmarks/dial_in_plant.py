"""Simulated meters that dial in and send heartbeats, in a process of their own.

Usage: python -m benchmarks.dial_in_plant PORT METERS HEARTBEAT; ends with its input.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure

from hesd.driver.loading import load_drivers, usable
from hesd.links.open_files import make_room_for
from hesd.sim.dlms_plant import DialIn, DLMSMeter
from hesd.sim.plant import Area, Plant
from hesd.sim.simulator import Simulator
from hesd.toml_file import Duration

DRIVER = "hexcell-ddsy1088"
PASSWORD = "00000000"
_AREA = Area(code="IKD", name="Ikorodu")


def serials(count: int) -> list[str]:
    """The numbers of the first meters."""
    return [f"46{number:09d}" for number in range(1, count + 1)]


def plant(port: int, meters: int, heartbeat: float) -> Plant:
    """So many meters of one type, which have been captured load profiles for two months."""
    places = tuple(
        DLMSMeter(
            serial=serial, driver=DRIVER, name=serial, area="IKD", load="flat", rated=6.0, phases=1,
            energy=1000.0, password=PASSWORD, family="hexcell",
        )
        for serial in serials(meters)
    )  # fmt: skip
    since = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=62)
    dialling = DialIn(
        name="gprs", endpoint=f"tcp:127.0.0.1:{port}", heartbeat=Duration(heartbeat), meters=places
    )
    return Plant(title="Ikorodu", since=since, area=(_AREA,), dialin=(dialling,))


class _Ending(Protocol):
    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002
        self._reactor.stop()


def main(port: int, meters: int, heartbeat: float) -> None:
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import reactor as installed

    reactor: Any = installed
    make_room_for(meters)
    with TemporaryDirectory() as directory:
        drivers = usable(load_drivers(None))
        simulator = Simulator(plant(port, meters, heartbeat), drivers, Path(directory), reactor)
        reactor.callWhenRunning(simulator.startService)
        StandardIO(_Ending(reactor))
        reactor.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
