"""What all lines do alike: a connection is lent to them, breaks, and is lent again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime, ITransport
from twisted.logger import Logger
from twisted.python.failure import Failure

from hesd.links.modbus_link import LinkCounters

# Not an attribute: found on an instance, it would be made anew each time.
_log = Logger()


class LentConnection(ABC):
    """A line that has a connection as long as that lasts. `problem` says why it has none."""

    __slots__ = ("_clock", "_transport", "_up_callbacks", "_was_up", "counters", "name", "problem")

    def __init__(self, name: str, clock: IReactorTime) -> None:
        self.name = name
        self.counters = LinkCounters()
        self.problem = "not connected yet"
        self._clock = clock
        self._transport: ITransport | None = None
        self._up_callbacks: tuple[Callable[[], None], ...] = ()
        self._was_up = False

    @property
    def up(self) -> bool:
        return self._transport is not None

    def on_up(self, callback: Callable[[], None]) -> None:
        self._up_callbacks += (callback,)

    def connection_made(self, transport: ITransport) -> None:
        self._transport = transport
        self.problem = ""
        self.counters.reconnects += self._was_up
        self._was_up = True
        _log.info("line {line} is up", line=self.name)
        for callback in self._up_callbacks:
            try:
                callback()
            except Exception:
                _log.failure("line {line}: coming up was not welcome", line=self.name)

    def connection_failed(self, reason: Failure) -> None:
        """There was no connection to be had, again; said once for each reason."""
        problem = reason.getErrorMessage()
        if problem != self.problem:
            _log.warn("line {line} cannot be opened: {problem}", line=self.name, problem=problem)
        self.problem = problem

    def connection_lost(self, reason: Failure) -> None:
        self._transport = None
        self.problem = reason.getErrorMessage()
        _log.warn("line {line} is down: {problem}", line=self.name, problem=self.problem)
        self._give_back()

    @abstractmethod
    def data_received(self, data: bytes) -> None: ...

    @abstractmethod
    def _give_back(self) -> None:
        """The connection is gone: fail what was sent with `NoReply`, what was waiting with `LinkDown`."""
