"""How the head end gets at DLMS meters: what opens the lines they are dialled on, and the listeners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from twisted.application.service import IService

from hesd.collect.dlms_desk import DLMSDesk
from hesd.config import Line, Listener
from hesd.links.apdu_line import APDULine
from hesd.links.dial_in import DialInObserver, ListenerCounters


class OpenedListener(Protocol):
    """A listener: `listen` raises where it cannot, `stop` hangs up on everybody too."""

    counters: ListenerCounters

    async def listen(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True)
class DLMSDoors:
    """`desk` has what all DLMS meters need; opening raises `ConfigError`."""

    desk: DLMSDesk
    open_line: Callable[[Line], tuple[APDULine, IService]]
    open_listener: Callable[[Listener, DialInObserver], OpenedListener]
