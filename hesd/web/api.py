"""Calls endpoints: routes, checks who asks and what, encodes the answer, explains refusals."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from klein import Klein
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource
from werkzeug.exceptions import HTTPException

from hesd.collect.jobs import JobRefused
from hesd.collect.meter import NotOffered, UnknownMeter
from hesd.store.errors import Changed, Refused, StoreDown, Unknown
from hesd.web import problems, streaming
from hesd.web.authentication import Authentication
from hesd.web.endpoint import JSON, Call, Endpoint, Stream, Text
from hesd.web.limits import LimitedRequest
from hesd.web.problems import Problem, ProblemType
from hesd.web.security_headers import API_HEADERS
from hesd.web.session import Session
from hesd.web.wire import BodyDecoder, QueryDecoder, encode

T = TypeVar("T")


class API:
    """Klein with every endpoint mounted. `behind_proxy` believes what the proxy says of the client."""

    _log = Logger()

    def __init__(self, authentication: Authentication, clock: IReactorTime, *, behind_proxy: bool) -> None:
        self._authentication = authentication
        self._clock = clock
        self._behind_proxy = behind_proxy
        self._klein = Klein()
        self._klein.handle_errors(Exception)(self._failed)

    @property
    def resource(self) -> IResource:
        found: IResource = self._klein.resource()
        return found

    def mount(self, path: str, endpoint: Endpoint) -> None:
        """Serve an endpoint at `path` (werkzeug's notation)."""
        name = f"{endpoint.method} {path}"
        arguments = _Arguments(endpoint)

        def serve(request: LimitedRequest, **in_path: str) -> Deferred[bytes]:
            request.route = name
            answer = self._answer(endpoint, arguments, request, in_path)
            # Klein cancels this Deferred when the client leaves. A read may end there; an
            # edit that is half done may not.
            return Deferred.fromCoroutine(answer) if endpoint.method == "GET" else _shielded(answer)

        self._klein.route(path, methods=[endpoint.method], endpoint=name)(serve)

    async def _answer(
        self, endpoint: Endpoint, arguments: _Arguments, request: LimitedRequest, in_path: dict[str, str]
    ) -> bytes:
        token = _bearer(request)
        session = await self._session(endpoint, token)
        call = Call(self.address_of(request), request.requestHeaders, token, session, endpoint.status)
        answer = await endpoint.handler(**in_path, **arguments(call, request))
        return await self._write(request, call, answer)

    async def _session(self, endpoint: Endpoint, token: str | None) -> Session | None:
        if endpoint.permission is None:
            return None
        session = await self._authentication.session(token)
        if not session.may(endpoint.permission):
            raise Problem(ProblemType.FORBIDDEN, f"the role {session.role} may not {endpoint.permission}")
        return session

    async def _write(self, request: LimitedRequest, call: Call, answer: Any) -> bytes:
        for name, value in (*API_HEADERS, *call.answer_headers.items()):
            request.setHeader(name, value)
        if isinstance(answer, Stream):
            request.setResponseCode(call.status)
            await streaming.send(answer, request, self._clock)
            return b""
        if answer is None:
            request.setResponseCode(204)
            return b""
        content_type, body = (
            (answer.content_type, answer.body) if isinstance(answer, Text) else (JSON, encode(answer))
        )
        request.setResponseCode(call.status)
        request.setHeader("content-type", content_type)
        request.setHeader("content-length", str(len(body)))
        return body

    def address_of(self, request: LimitedRequest) -> str:
        """The client's IP address."""
        if self._behind_proxy:
            forwarded = request.requestHeaders.getRawHeaders("x-forwarded-for") or [""]
            # The last entry is the one our own proxy wrote; those before it anybody can invent.
            if address := forwarded[-1].split(",")[-1].strip():
                return address
        return getattr(request.getClientAddress(), "host", "")

    def _failed(self, request: LimitedRequest, failure: Failure) -> bytes:
        if request.startedWriting:
            # Too late to say anything: a cut connection is the only way to not look complete.
            self._log.failure("answering {route}", failure, route=request.route)
            request.abort()
            return b""
        problem = problem_of(failure.value)
        if problem is None:
            self._log.failure("answering {route}", failure, route=request.route)
            problem = Problem(ProblemType.INTERNAL, "the log says what; it is not the fault of the request")
        return problems.refuse(request, problem)


class _Arguments:
    """What a handler is called with beside what stands in the path. Raises `Problem`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._query = QueryDecoder(endpoint.query) if endpoint.query else None
        self._body = BodyDecoder(endpoint.body) if endpoint.body and endpoint.consumes == JSON else None

    def __call__(self, call: Call, request: LimitedRequest) -> dict[str, Any]:
        arguments: dict[str, Any] = {"call": call} if self._endpoint.takes_call else {}
        if self._query is not None:
            arguments["query"] = self._query(request.args)
        elif request.args:
            unknown = next(iter(request.args)).decode("utf-8", "replace")
            raise Problem(ProblemType.INVALID, "this address takes no such parameter", field=unknown)
        if self._endpoint.body is not None:
            _check_media_type(call, self._endpoint.consumes)
            content = request.content.read()  # type: ignore[union-attr]  # there is one once it is received
            arguments["body"] = content if self._body is None else self._body(content)
        return arguments


def problem_of(error: BaseException | None) -> Problem | None:
    """What the outside is told of an error; None where the error is a bug."""
    match error:
        case Problem():
            return error
        case HTTPException():
            return problems.of_http(error)
        case Refused():
            type = ProblemType.CONFLICT if error.conflict else ProblemType.INVALID
            return Problem(type, error.reason, field=error.field)
        case Unknown():
            return Problem(ProblemType.NOT_FOUND, str(error))
        case Changed():
            return Problem(ProblemType.CHANGED, str(error))
        case JobRefused() | NotOffered() | UnknownMeter():
            return Problem(ProblemType.CONFLICT, str(error))
        case StoreDown():
            return Problem(ProblemType.BUSY, str(error), headers={"Retry-After": "5"})
    return None


def _shielded(work: Coroutine[Deferred[Any], Any, T]) -> Deferred[T]:
    """A Deferred of `work` that can be cancelled without `work` noticing."""
    outside: Deferred[T] = Deferred()

    def done(result: T | Failure) -> None:
        if not outside.called:
            outside.callback(result)

    Deferred.fromCoroutine(work).addBoth(done)
    return outside


def _bearer(request: LimitedRequest) -> str | None:
    header = request.requestHeaders.getRawHeaders("authorization") or [""]
    scheme, _, token = header[-1].partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _check_media_type(call: Call, consumes: str) -> None:
    sent = (call.header("content-type") or consumes).split(";")[0].strip().lower()
    if sent != consumes:
        raise Problem(ProblemType.UNSUPPORTED_MEDIA, f"expected Content-Type {consumes}, got {sent}")
