"""One address of the API as a value: what it takes, what it gives, who may call it.

A resource is a class whose methods are marked with `endpoint`. The annotations of such a
method are the whole description: parameters named in the path, `query` and `body` as
msgspec models, `call` where it wants to know who asks, the answer as what it returns. They
validate, and the OpenAPI document is made from them.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_type_hints

from msgspec import Struct
from twisted.web.http_headers import Headers

from hesd.web.permissions import Permission
from hesd.web.session import Session

T = TypeVar("T")
JSON = "application/json"


class Page(Struct, Generic[T]):
    """Some of a list; `next` is the `cursor` that goes on from here, null at the end."""

    items: list[T]
    next: str | None = None


@dataclass(slots=True)
class Call:
    """The request behind a call, as far as a handler has to know it, and what goes with the answer."""

    address: str
    headers: Headers
    token: str | None
    session: Session | None
    status: int
    answer_headers: dict[str, str] = field(default_factory=dict)

    @property
    def user(self) -> Session:
        """The session of whoever is signed in; only open endpoints are called without one."""
        assert self.session is not None
        return self.session

    def header(self, name: str) -> str | None:
        values = self.headers.getRawHeaders(name)
        return values[-1] if values else None


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer of any length, sent piece by piece as fast as the client takes it."""

    content_type: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Text:
    """An answer that is not JSON."""

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`permission` None is open to everybody; `consumes` is the media type of the body."""

    method: str
    path: str
    permission: Permission | None
    status: int
    consumes: str
    summary: str
    group: str
    handler: Callable[..., Awaitable[Any]]
    takes_call: bool
    body: Any
    query: Any
    answer: Any


_MARK = "_hesd_endpoint"
_Handler = TypeVar("_Handler", bound=Callable[..., Awaitable[Any]])


def endpoint(
    method: str, path: str, permission: Permission | None, *, status: int = 200, consumes: str = JSON
) -> Callable[[_Handler], _Handler]:
    """Mark an ``async def`` as what answers `method` at `path` (werkzeug's notation)."""

    def mark(function: _Handler) -> _Handler:
        setattr(function, _MARK, (method, path, permission, status, consumes))
        return function

    return mark


def endpoints_of(resource: object) -> Iterator[Endpoint]:
    """The endpoints of a resource, in the order they are written."""
    for name, function in vars(type(resource)).items():
        marked = getattr(function, _MARK, None)
        if marked is None:
            continue
        method, path, permission, status, consumes = marked
        hints = get_type_hints(function, include_extras=True)
        yield Endpoint(
            method=method,
            path=path,
            permission=permission,
            status=status,
            consumes=consumes,
            summary=(inspect.getdoc(function) or name).split("\n\n")[0].replace("\n", " "),
            group=type(resource).__name__,
            handler=getattr(resource, name),
            takes_call="call" in hints,
            body=hints.get("body"),
            query=hints.get("query"),
            answer=hints.get("return"),
        )
