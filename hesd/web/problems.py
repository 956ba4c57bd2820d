"""Errors as the outside sees them: `application/problem+json` (RFC 9457) with a stable `type`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus

import msgspec
from msgspec import Struct
from twisted.web.http import Request
from werkzeug.exceptions import HTTPException

from hesd.model.errors import HesdError
from hesd.web.security_headers import API_HEADERS

CONTENT_TYPE = "application/problem+json"


class ProblemType(Enum):
    """Everything that can be wrong with a request: (name at the end of `type`, status, title)."""

    MALFORMED = ("malformed", 400, "The request cannot be understood")
    NOT_SIGNED_IN = ("not-signed-in", 401, "Sign in first")
    BAD_CREDENTIALS = ("bad-credentials", 401, "User name or password is wrong")
    FORBIDDEN = ("forbidden", 403, "Your role does not allow this")
    NOT_FOUND = ("not-found", 404, "There is nothing at this address")
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405, "This address does not take that method")
    NOT_ACCEPTABLE = ("not-acceptable", 406, "The answer does not come in that form")
    CONFLICT = ("conflict", 409, "This contradicts what is there")
    CHANGED = ("changed", 412, "Somebody else changed it meanwhile")
    TOO_LARGE = ("too-large", 413, "The request is too large")
    UNSUPPORTED_MEDIA = ("unsupported-media-type", 415, "The request is not in a form that is taken here")
    INVALID = ("invalid", 422, "A value is not acceptable")
    UPGRADE_REQUIRED = ("upgrade-required", 426, "The feed is a WebSocket")
    TOO_MANY = ("too-many-attempts", 429, "Too many attempts")
    INTERNAL = ("internal", 500, "Something went wrong here")
    BUSY = ("busy", 503, "Too much to do at the moment")
    NOT_BUILT = ("dashboard-not-built", 503, "The dashboard has not been built")

    @property
    def reference(self) -> str:
        return f"/problems/{self.value[0]}"

    @property
    def status(self) -> int:
        return self.value[1]

    @property
    def title(self) -> str:
        return self.value[2]


class ProblemDocument(Struct, omit_defaults=True):
    """The body of every error answer; `field` names the value that was refused."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


class Problem(HesdError):
    """A request is refused. `detail` is for the person who sent it; `headers` go with the answer."""

    def __init__(
        self,
        type: ProblemType,
        detail: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.type = type
        self.detail = detail
        self.field = field
        self.headers = dict(headers or {})

    @property
    def document(self) -> ProblemDocument:
        return ProblemDocument(
            self.type.reference, self.type.title, self.type.status, self.detail, self.field
        )


def refuse(request: Request, problem: Problem) -> bytes:
    """Set status and headers of the answer that says so, and give its body."""
    body = msgspec.json.encode(problem.document)
    # Twisted has no words for the younger codes.
    request.setResponseCode(problem.type.status, HTTPStatus(problem.type.status).phrase.encode())
    for name, value in (*API_HEADERS, *problem.headers.items()):
        request.setHeader(name, value)
    request.setHeader("content-type", CONTENT_TYPE)
    request.setHeader("content-length", str(len(body)))
    return body


_FIELD_IN_TEXT = re.compile(r"(?:unknown|required) field `([^`]+)`")
_PLACE = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")


def of_validation(error: msgspec.ValidationError) -> Problem:
    """What msgspec found wrong, with the field's path apart from the reason.

    It writes "Expected `int`, got `str` - at `$.unit_id`"; for unknown and missing fields
    the name stands in the sentence and the place is the object around it.
    """
    text = str(error)
    place = _PLACE.search(text)
    path = place[1] if place else ""
    if named := _FIELD_IN_TEXT.search(text):
        path = f"{path}.{named[1]}" if path else named[1]
    return Problem(ProblemType.INVALID, _PLACE.sub("", text), field=path or None)


_BY_STATUS = {type.status: type for type in reversed(ProblemType)}


def of_http(error: HTTPException) -> Problem:
    """What the router refused: no such address, or not with this method."""
    type = _BY_STATUS.get(error.code or 500, ProblemType.MALFORMED)
    headers = {}
    if methods := getattr(error, "valid_methods", None):
        headers["Allow"] = ", ".join(sorted(methods))
    return Problem(type, type.title, headers=headers)
