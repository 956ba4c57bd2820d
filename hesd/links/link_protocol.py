"""Lends a line each connection that is made for it."""

from __future__ import annotations

import socket
from typing import Any, Final

from twisted.internet.interfaces import IAddress, ISystemHandle, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from hesd.links.lent_connection import LentConnection

# How long sent bytes may stay unacknowledged before the kernel gives the connection up:
# without it the loss of a gateway's power takes a quarter of an hour to be noticed.
UNACKNOWLEDGED_MS: Final = 10_000
# The same for meters behind modems, whose network may hold back a packet for long.
UNACKNOWLEDGED_BY_MODEM_MS: Final = 60_000
# An idle connection is probed after so many seconds, then again and again: a peer that is
# gone is found within 75.
_IDLE: Final = 30
_INTERVAL: Final = 15
_PROBES: Final = 3


class LinkProtocol(Protocol):
    """One connection of a line."""

    def __init__(self, line: LentConnection, unacknowledged_ms: int) -> None:
        self._line = line
        self._unacknowledged_ms = unacknowledged_ms
        self.dataReceived = line.data_received  # type: ignore[method-assign]  # spares a call for every lump

    def connectionMade(self) -> None:
        transport: Any = self.transport
        watch_peer(transport, self._unacknowledged_ms)
        self._line.connection_made(transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._line.connection_lost(reason)


def watch_peer(transport: Any, unacknowledged_ms: int) -> None:
    """Let the kernel find out when the other end of a TCP connection is gone; and send at once."""
    if ITCPTransport.providedBy(transport):
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)
    handle = transport.getHandle() if ISystemHandle.providedBy(transport) else None
    if isinstance(handle, socket.socket) and handle.family in (socket.AF_INET, socket.AF_INET6):
        for option, value in (
            (socket.TCP_USER_TIMEOUT, unacknowledged_ms),
            (socket.TCP_KEEPIDLE, _IDLE),
            (socket.TCP_KEEPINTVL, _INTERVAL),
            (socket.TCP_KEEPCNT, _PROBES),
        ):
            handle.setsockopt(socket.IPPROTO_TCP, option, value)


class LinkFactory(Factory):
    """Makes them, one at a time."""

    noisy = False

    def __init__(self, line: LentConnection, unacknowledged_ms: int = UNACKNOWLEDGED_MS) -> None:
        self._line = line
        self._unacknowledged_ms = unacknowledged_ms

    def buildProtocol(self, addr: IAddress | None) -> LinkProtocol:  # noqa: ARG002
        return LinkProtocol(self._line, self._unacknowledged_ms)
