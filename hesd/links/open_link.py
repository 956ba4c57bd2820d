"""From a Modbus line of the configuration to a link that keeps itself connected."""

from __future__ import annotations

from typing import Any, Final

from twisted.application.service import IService
from twisted.internet.interfaces import IStreamClientEndpoint

from hesd.config import Line
from hesd.links.fine_clock import fine_clock
from hesd.links.keep_connected import endpoint_of, keep_connected
from hesd.links.modbus_tcp import ModbusTCP
from hesd.links.rtu_line import RTULine
from hesd.links.serial_endpoint import SerialEndpoint
from hesd.modbus.read_plan import BusTiming

# Of the bus behind a gateway that carries RTU frames over TCP, unless the line says it.
_GATEWAY_BAUD: Final = 9600
_TURNAROUND: Final = 0.0125


def open_link(line: Line, reactor: Any) -> tuple[RTULine | ModbusTCP, IService]:
    """The link of a Modbus line, and the service that connects it while it runs.

    Raises `ConfigError` for an endpoint that cannot be one.
    """
    endpoint = endpoint_of(line, reactor)
    link: RTULine | ModbusTCP
    if line.protocol == "modbus-tcp":
        link = ModbusTCP(line.name, reactor, line.in_flight or 1)
    else:
        link = RTULine(line.name, _bus_timing(line, endpoint), fine_clock(reactor), echo=line.echo)
    return link, keep_connected(link, endpoint, line.endpoint, reactor)


def _bus_timing(line: Line, endpoint: IStreamClientEndpoint) -> BusTiming:
    turnaround = _TURNAROUND if line.turnaround is None else line.turnaround
    if isinstance(endpoint, SerialEndpoint):
        address = endpoint.address
        return BusTiming(address.baudrate, address.bits_per_character, turnaround)
    return BusTiming(line.baudrate or _GATEWAY_BAUD, turnaround=turnaround)
