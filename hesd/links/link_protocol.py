"""Lends a link each connection that is made for it."""

from __future__ import annotations

import socket
from typing import Any, Final

from twisted.internet.interfaces import IAddress, ISystemHandle, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from hesd.links.queued_link import QueuedLink

# How long sent bytes may stay unacknowledged before the kernel gives the connection up:
# without it the loss of a gateway's power takes a quarter of an hour to be noticed.
_UNACKNOWLEDGED_MS: Final = 10_000


class LinkProtocol(Protocol):
    """One connection of a link."""

    def __init__(self, link: QueuedLink) -> None:
        self._link = link
        self.dataReceived = link.data_received  # type: ignore[method-assign]  # spares a call for every lump

    def connectionMade(self) -> None:
        transport: Any = self.transport
        if ITCPTransport.providedBy(transport):
            transport.setTcpNoDelay(True)
            transport.setTcpKeepAlive(True)
        if ISystemHandle.providedBy(transport):
            _limit_unacknowledged(transport.getHandle())
        self._link.connection_made(transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._link.connection_lost(reason)


def _limit_unacknowledged(handle: object) -> None:
    if isinstance(handle, socket.socket) and handle.family in (socket.AF_INET, socket.AF_INET6):
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)


class LinkFactory(Factory):
    """Makes them, one at a time."""

    noisy = False

    def __init__(self, link: QueuedLink) -> None:
        self._link = link

    def buildProtocol(self, addr: IAddress | None) -> LinkProtocol:  # noqa: ARG002
        return LinkProtocol(self._link)
