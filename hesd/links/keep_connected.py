"""The endpoint of a line, and a service that keeps the line connected to it."""

from __future__ import annotations

from random import random
from typing import Any

from twisted.application.internet import ClientService, backoffPolicy
from twisted.application.service import IService
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.logger import Logger, LogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from hesd.config import ConfigError, Line
from hesd.links.lent_connection import LentConnection
from hesd.links.link_protocol import UNACKNOWLEDGED_MS, LinkFactory


def endpoint_of(line: Line, reactor: Any) -> IStreamClientEndpoint:
    """Raises `ConfigError` for an endpoint that cannot be one."""
    try:
        endpoint: IStreamClientEndpoint = clientFromString(reactor, line.endpoint)
    except Exception as error:  # parsers of endpoints raise whatever their fields raise
        raise ConfigError(f"line {line.name}: endpoint: {error}") from error
    return endpoint


def keep_connected(
    line: LentConnection,
    endpoint: IStreamClientEndpoint,
    spelled: str,
    reactor: Any,
    unacknowledged_ms: int = UNACKNOWLEDGED_MS,
) -> IService:
    """The service that lends a line connections to its endpoint, while it runs."""
    return _Connecting(
        _WatchedEndpoint(endpoint, line, spelled),
        LinkFactory(line, unacknowledged_ms),
        retryPolicy=backoffPolicy(initialDelay=0.2, maxDelay=9.0, factor=1.6, jitter=_jitter),
        clock=reactor,
    )


class _Connecting(ClientService):
    """Keeps its attempts to itself: the line says why it is down, once."""

    _log = Logger(observer=LogPublisher())  # to nobody


def _jitter() -> float:
    """So that the lines of a gateway that comes back do not all call at once; in seconds."""
    return 0.3 * random()  # noqa: S311  # nothing secret


@implementer(IStreamClientEndpoint)
class _WatchedEndpoint:
    """Tells the line why it stays down: `ClientService` keeps that to itself."""

    def __init__(self, endpoint: IStreamClientEndpoint, line: LentConnection, spelled: str) -> None:
        self._endpoint = endpoint
        self._line = line
        self._spelled = spelled

    def __repr__(self) -> str:
        return self._spelled

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        return self._endpoint.connect(protocolFactory).addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        self._line.connection_failed(failure)
        return failure
