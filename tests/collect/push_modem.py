"""Simulated meters whose modem dials, delivers one push and hangs up at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol

from hesd.dlms.wrapper import encode_wpdu
from hesd.driver.cosem import DLMSDriver
from hesd.driver.loading import Driver, of_kind
from hesd.sim.dlms_meter import SimulatedDLMSMeter
from hesd.sim.dlms_plant import DialIn
from hesd.sim.dlms_plant import DLMSMeter as Simulated
from hesd.sim.dlms_push import push_of
from hesd.sim.dlms_site import DLMSSite
from hesd.sim.dlms_stream import PUSH_CLIENT
from hesd.sim.faults import FaultBoard
from hesd.sim.plant import Area, Plant
from hesd.sim.point import Supply


class PushModem:
    """`board` switches the faults of its meters."""

    def __init__(self, drivers: Mapping[str, Driver], *entries: Simulated) -> None:
        place = DialIn(name="gprs", endpoint="tcp:127.0.0.1:1", family="push", meters=entries)
        plant = Plant(title="Ikorodu", area=(Area(code="IKD", name="Ikorodu"),), dialin=(place,))
        serials = [each.serial for each in entries]
        self.board = FaultBoard(reactor, (), (), (), serials)  # type: ignore[arg-type]
        site = DLMSSite(
            plant, of_kind(drivers, DLMSDriver), Supply(plant.seed), self.board, reactor, Path("unused")
        )
        self._meters = {each.serial: site.meter(place, each) for each in entries}

    def __getitem__(self, serial: str) -> SimulatedDLMSMeter:
        return self._meters[serial]

    def frame(self, serial: str) -> bytes:
        """What the meter pushes now, framed."""
        return encode_wpdu(self[serial].server_sap, PUSH_CLIENT, push_of(self[serial]))


async def deliver(port: int, frame: bytes, *, hang_up: bool = True) -> Protocol:
    """Dial, say this and hang up; or stay, and never answer."""
    call = await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port), Protocol())
    call.transport.write(frame)
    if hang_up:
        call.transport.loseConnection()
    return call
