"""The lines meters hang on."""

from __future__ import annotations

from msgspec import structs

from hesd.collect.line_status import LineStatus
from hesd.store.errors import Unknown
from hesd.web.app import App
from hesd.web.endpoint import Page, endpoint
from hesd.web.line_shown import LineShown
from hesd.web.permissions import Permission


class LineEntry(LineShown, kw_only=True):
    """A line, and where it is connected."""

    endpoint: str


class Lines:
    def __init__(self, app: App) -> None:
        self._head_end = app.head_end
        self._placement = app.placement

    @endpoint("GET", "/lines", Permission.SEE)
    async def list(self) -> Page[LineEntry]:
        """All lines, and how they are doing."""
        return Page([self._shown(status) for status in self._head_end.lines()])

    @endpoint("GET", "/lines/<name>", Permission.SEE)
    async def get(self, name: str) -> LineEntry:
        """One line."""
        for status in self._head_end.lines():
            if status.name == name:
                return self._shown(status)
        raise Unknown("line", name)

    def _shown(self, status: LineStatus) -> LineEntry:
        line = self._placement.lines.get(status.name)
        shown = structs.asdict(LineShown.of(status))
        return LineEntry(**shown, endpoint=line.endpoint if line else "")
