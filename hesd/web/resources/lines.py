"""The lines meters hang on."""

from __future__ import annotations

from hesd.collect.line_status import LineStatus
from hesd.store.errors import Unknown
from hesd.web.app import App
from hesd.web.endpoint import Page, endpoint
from hesd.web.line_shown import LineShown
from hesd.web.permissions import Permission


class Lines:
    def __init__(self, app: App) -> None:
        self._head_end = app.head_end
        self._endpoints = {line.name: line.endpoint for line in app.config.line}

    @endpoint("GET", "/lines", Permission.SEE)
    async def list(self) -> Page[LineShown]:
        """All lines, and how they are doing."""
        return Page([self._shown(status) for status in self._head_end.lines()])

    @endpoint("GET", "/lines/<name>", Permission.SEE)
    async def get(self, name: str) -> LineShown:
        """One line."""
        for status in self._head_end.lines():
            if status.name == name:
                return self._shown(status)
        raise Unknown("line", name)

    def _shown(self, status: LineStatus) -> LineShown:
        return LineShown.of(status, self._endpoints.get(status.name, ""))
