"""The HTTP server with limits: body size, time to send a request, header size, no access log.

twisted.web takes a body of any size, and every byte buys a client another minute. Here a
request has a deadline, and a body that is too large is never kept. Requests are counted
where twisted.web would write an access log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.interfaces import IReactorTime
from twisted.web import http
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from hesd.web import problems
from hesd.web.problems import Problem, ProblemType

MAX_BODY = 1 << 20
MAX_CSV = 10 << 20
"""Bytes; a table of meters may be larger than anything else that is sent here."""

_MAX_SWALLOWED = 32 << 20
"""So much of a body that is too large is read and thrown away, so that its sender, who
listens only when he has done talking, hears why it is refused. More cuts the connection."""

KEEP_ALIVE = 75.0
HEADER_DEADLINE = 10.0
BODY_DEADLINE = 60.0


class LimitedRequest(Request):
    """A request whose body is bounded; `route` is what it is counted under."""

    route = "(none)"
    _length = 0
    _is_cut = False

    @property
    def _limit(self) -> int:
        kind = self.getHeader(b"content-type") or b""
        return MAX_CSV if kind.split(b";")[0].strip().lower() == b"text/csv" else MAX_BODY

    def gotLength(self, length: int | None) -> None:
        # Only decides whether the body is kept in memory or in a file.
        super().gotLength(None if length is None else min(length, MAX_CSV))
        if length is not None and length > _MAX_SWALLOWED:
            self._cut()

    def handleContentChunk(self, data: bytes) -> None:
        self._length += len(data)
        if self._length <= self._limit:
            super().handleContentChunk(data)
        elif self._length > _MAX_SWALLOWED:
            self._cut()

    def process(self) -> None:
        if self._is_cut:
            return
        if self._length <= self._limit:
            super().process()
            return
        self.write(problems.refuse(self, self._too_large()))
        self.finish()

    def abort(self) -> None:
        """Cut the connection, so that what was sent does not look complete."""
        if self.channel is not None:
            # A stream of HTTP/2 ends alone; of HTTP/1.1 the connection does.
            stream: Any = self.channel if hasattr(self.channel, "abortConnection") else self.transport
            stream.abortConnection()

    def _too_large(self) -> Problem:
        return Problem(ProblemType.TOO_LARGE, f"a request may have {self._limit} bytes")

    def _cut(self) -> None:
        """Answer in the middle of the body and hang up."""
        if self._is_cut:
            return
        self._is_cut = True
        if isinstance(self.channel, http.HTTPChannel):
            body = msgspec.json.encode(self._too_large().document)
            self.channel.write(_CUT % (problems.CONTENT_TYPE.encode(), len(body)) + body)
        self.channel.loseConnection()


_CUT = (
    b"HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n"
)


class DeadlineChannel(http.HTTPChannel):
    """HTTP/1.1 where bytes buy no time: a request is complete in its time, or cut."""

    _between_requests = True

    def resetTimeout(self) -> None:
        pass

    def dataReceived(self, data: bytes) -> None:
        if self._between_requests:
            self._between_requests = False
            self.setTimeout(HEADER_DEADLINE)
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        self.setTimeout(BODY_DEADLINE)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        self.setTimeout(KEEP_ALIVE)
        super().allContentReceived()

    def requestDone(self, request: http.Request) -> None:
        self._between_requests = True
        super().requestDone(request)


def _protocol(_: http.HTTPFactory) -> Any:
    # The wrapper that changes to HTTP/2 when TLS has agreed on it; it has no public name.
    return http._GenericHTTPChannelProtocol(DeadlineChannel())


class LimitedSite(Site):
    """A site of `LimitedRequest`s that calls `count(route, code)` for each one answered."""

    requestFactory = LimitedRequest
    protocol = _protocol

    def __init__(self, resource: IResource, reactor: IReactorTime, count: Callable[[str, int], None]) -> None:
        super().__init__(resource, parsePOSTFormSubmission=False, timeout=KEEP_ALIVE, reactor=reactor)
        self._count = count

    def getResourceFor(self, request: Request) -> IResource:
        request.setHeader(b"server", b"hesd")
        found: IResource = super().getResourceFor(request)
        return found

    def log(self, request: http.Request) -> None:
        self._count(getattr(request, "route", "(none)"), request.code)
