"""From a DLMS line of the configuration to one that keeps itself connected."""

from __future__ import annotations

from typing import Any

from twisted.application.service import IService

from hesd.config import Line
from hesd.dialin.event import Layer
from hesd.links.dlms_line import DLMSLine
from hesd.links.keep_connected import endpoint_of, keep_connected
from hesd.links.link_protocol import UNACKNOWLEDGED_BY_MODEM_MS
from hesd.links.serial_endpoint import SerialEndpoint


def open_dlms_line(line: Line, reactor: Any) -> tuple[DLMSLine, IService]:
    """The line for `dlms-hdlc` or `dlms-wrapper`, and the service that connects it while it runs.

    Raises `ConfigError` for an endpoint that cannot be one.
    """
    endpoint = endpoint_of(line, reactor)
    character = 0.0
    if isinstance(endpoint, SerialEndpoint):
        character = endpoint.address.bits_per_character / endpoint.address.baudrate
    layer = Layer.HDLC if line.protocol == "dlms-hdlc" else Layer.WRAPPER
    dlms = DLMSLine(line.name, reactor, layer, character=character, mode_e=line.mode_e)
    return dlms, keep_connected(dlms, endpoint, line.endpoint, reactor, UNACKNOWLEDGED_BY_MODEM_MS)
