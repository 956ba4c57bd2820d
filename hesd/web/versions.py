"""ETag and If-Match: an edit can say which version of a thing it was made from."""

from __future__ import annotations

from hesd.web.endpoint import Call
from hesd.web.problems import Problem, ProblemType


def etag(version: int) -> str:
    return f'"{version}"'


def expected_version(call: Call) -> int | None:
    """The version `If-Match` asks for, None where any will do. Raises `Problem`."""
    wanted = (call.header("if-match") or "*").strip()
    if wanted == "*":
        return None
    version = wanted.removeprefix("W/").strip('"')
    if not (version.isascii() and version.isdigit()) or len(version) > 18:
        raise Problem(ProblemType.CHANGED, f"If-Match: {wanted[:40]} is no ETag of this")
    return int(version)
