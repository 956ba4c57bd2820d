"""Sends an answer of any length no faster than its client takes it."""

from __future__ import annotations

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IPushProducer, IReactorTime
from zope.interface import implementer

from hesd.web.endpoint import Stream
from hesd.web.limits import LimitedRequest

STALLED = 60.0
"""Seconds after which a client that takes nothing is cut off."""


@implementer(IPushProducer)
class _Valve:
    def __init__(self) -> None:
        self._shut: Deferred[None] | None = None

    def pauseProducing(self) -> None:
        if self._shut is None:
            self._shut = Deferred()

    def resumeProducing(self) -> None:
        shut, self._shut = self._shut, None
        if shut is not None:
            shut.callback(None)

    def stopProducing(self) -> None:
        """The client has gone; Klein cancels whoever sends."""

    async def open(self, clock: IReactorTime) -> None:
        if self._shut is not None:
            await self._shut.addTimeout(STALLED, clock)


async def send(stream: Stream, request: LimitedRequest, clock: IReactorTime) -> None:
    """Write the whole of `stream`; the connection of a client that stalls is aborted."""
    request.setHeader(b"content-type", stream.content_type.encode())
    valve = _Valve()
    request.registerProducer(valve, True)
    try:
        async for chunk in stream.chunks:
            await valve.open(clock)
            request.write(chunk)
    except TimeoutError:
        request.abort()
    finally:
        if request.channel is not None:
            request.unregisterProducer()
