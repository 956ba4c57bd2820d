"""From a line of the configuration to a link that keeps itself connected."""

from __future__ import annotations

from random import random
from typing import Any, Final

from twisted.application.internet import ClientService, backoffPolicy
from twisted.application.service import IService
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.logger import Logger, LogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from hesd.config import ConfigError, Line
from hesd.links.fine_clock import fine_clock
from hesd.links.link_protocol import LinkFactory
from hesd.links.modbus_tcp import ModbusTCP
from hesd.links.queued_link import QueuedLink
from hesd.links.rtu_line import RTULine
from hesd.links.serial_endpoint import SerialEndpoint
from hesd.modbus.read_plan import BusTiming

# Of the bus behind a gateway that carries RTU frames over TCP, unless the line says it.
_GATEWAY_BAUD: Final = 9600
_TURNAROUND: Final = 0.0125


def open_link(line: Line, reactor: Any) -> tuple[RTULine | ModbusTCP, IService]:
    """The link of a line, and the service that connects it while it runs.

    Raises `ConfigError` for an endpoint that cannot be one.
    """
    try:
        endpoint = clientFromString(reactor, line.endpoint)
    except Exception as error:  # parsers of endpoints raise whatever their fields raise
        raise ConfigError(f"line {line.name}: endpoint: {error}") from error
    link: RTULine | ModbusTCP
    if line.protocol == "modbus-tcp":
        link = ModbusTCP(line.name, reactor, line.in_flight or 1)
    else:
        link = RTULine(line.name, _bus_timing(line, endpoint), fine_clock(reactor), echo=line.echo)
    service = _Connecting(
        _WatchedEndpoint(endpoint, link, line.endpoint),
        LinkFactory(link),
        retryPolicy=backoffPolicy(initialDelay=0.2, maxDelay=9.0, factor=1.6, jitter=_jitter),
        clock=reactor,
    )
    return link, service


class _Connecting(ClientService):
    """Keeps its attempts to itself: the link says why it is down, once."""

    _log = Logger(observer=LogPublisher())  # to nobody


def _jitter() -> float:
    """So that the lines of a gateway that comes back do not all call at once; in seconds."""
    return 0.3 * random()  # noqa: S311  # nothing secret


def _bus_timing(line: Line, endpoint: IStreamClientEndpoint) -> BusTiming:
    turnaround = _TURNAROUND if line.turnaround is None else line.turnaround
    if isinstance(endpoint, SerialEndpoint):
        address = endpoint.address
        return BusTiming(address.baudrate, address.bits_per_character, turnaround)
    return BusTiming(line.baudrate or _GATEWAY_BAUD, turnaround=turnaround)


@implementer(IStreamClientEndpoint)
class _WatchedEndpoint:
    """Tells the link why it stays down: `ClientService` keeps that to itself."""

    def __init__(self, endpoint: IStreamClientEndpoint, link: QueuedLink, spelled: str) -> None:
        self._endpoint = endpoint
        self._link = link
        self._spelled = spelled

    def __repr__(self) -> str:
        return self._spelled

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        return self._endpoint.connect(protocolFactory).addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        self._link.connection_failed(failure)
        return failure
