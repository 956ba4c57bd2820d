"""Serves the dashboard as it was built, to browsers that trust nothing else on the page."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from twisted.web.resource import Resource
from twisted.web.static import File

from hesd.web.limits import LimitedRequest
from hesd.web.problems import ProblemType
from hesd.web.security_headers import PAGE_HEADERS

BUILT = Path(__file__).parent / "static"

_NOT_BUILT = b"""The dashboard has not been built, so there is no page to show here.
`make ui` builds it; an installed package carries it. The API under /api/v1 works without.
"""
_NOT_FOUND = b"There is no such file.\n"
_TYPES = {
    **mimetypes.types_map,
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class Dashboard(Resource):
    """Files below `root`; every other address is a page that `index.html` knows how to show."""

    isLeaf = True

    def __init__(self, root: Path = BUILT) -> None:
        super().__init__()
        self._root = root.resolve()

    def render_GET(self, request: LimitedRequest) -> int | bytes:
        request.route = "dashboard"
        for name, value in PAGE_HEADERS:
            request.setHeader(name, value)
        path = self._file(request)
        if path is not None:
            # What Vite puts below assets/ has its content's hash in its name.
            fresh = "assets" in path.relative_to(self._root).parts
            request.setHeader("cache-control", "public, max-age=31536000, immutable" if fresh else "no-cache")
            answer: int | bytes = _file(path).render_GET(request)
            return answer
        built = (self._root / "index.html").is_file()
        request.setResponseCode(404 if built else ProblemType.NOT_BUILT.status)
        request.setHeader("content-type", "text/plain; charset=utf-8")
        return _NOT_FOUND if built else _NOT_BUILT

    def _file(self, request: LimitedRequest) -> Path | None:
        names = [name.decode("utf-8", "replace") for name in request.postpath or [b""]]
        wanted = self._root.joinpath(*names) if _harmless(names) else self._root
        if not wanted.is_file() and "." not in names[-1]:
            wanted = self._root / "index.html"
        inside = wanted.resolve().is_relative_to(self._root)
        return wanted if inside and wanted.is_file() else None


def _harmless(names: list[str]) -> bool:
    """No name leads out of the directory or to a hidden file."""
    return not any(name.startswith(".") or "/" in name or "\x00" in name for name in names)


def _file(path: Path) -> File:
    file = File(str(path))
    file.contentTypes = _TYPES
    return file
