"""Where meters dial in."""

from __future__ import annotations

from hesd.store.errors import Unknown
from hesd.web.app import App
from hesd.web.endpoint import Page, endpoint
from hesd.web.listener_shown import ListenerShown
from hesd.web.permissions import Permission


class Listeners:
    def __init__(self, app: App) -> None:
        self._head_end = app.head_end

    @endpoint("GET", "/listeners", Permission.SEE)
    async def list(self) -> Page[ListenerShown]:
        """All listeners, and how they are doing."""
        return Page([ListenerShown.of(status) for status in self._head_end.listeners()])

    @endpoint("GET", "/listeners/<name>", Permission.SEE)
    async def get(self, name: str) -> ListenerShown:
        """One listener."""
        for status in self._head_end.listeners():
            if status.name == name:
                return ListenerShown.of(status)
        raise Unknown("listener", name)
