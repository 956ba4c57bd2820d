"""What all Modbus links do alike: a queue of exchanges, a connection that comes and goes."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, ITransport
from twisted.logger import Logger
from twisted.python.failure import Failure

from hesd.links.modbus_link import LinkCounters, Priority, Reply
from hesd.modbus.errors import BadReply, MeterException
from hesd.modbus.pdu import Request
from hesd.modbus.rtu import Reason, misfit_of
from hesd.model.errors import LinkDown, NoReply

_EXPLAINED: Final = {
    Reason.CRC: "a reply that was damaged on the way",
    Reason.WRONG_UNIT: "a reply of a unit that was not asked",
    Reason.WRONG_FUNCTION: "a reply to another function",
    Reason.NOISE: "no frame",
    Reason.ECHO: "our own request: the adapter echoes, and the line's `echo` is not set",
    Reason.LATE: "a frame that nobody waits for, or no longer",
    Reason.SHORT: "fewer data than were asked for",
    Reason.LONG: "more data than were asked for",
}
_SHOWN_BYTES: Final = 300


@dataclass(slots=True, eq=False)
class Exchange:
    """A request on its way; `done` fires with the PDU of the reply, None for a broadcast."""

    unit: int
    request: Request[Any]
    timeout: float
    done: Deferred[bytes | None]
    sent_at: float = 0.0

    def succeed(self, pdu: bytes | None) -> None:
        if not self.done.called:  # who asked may have lost interest
            self.done.callback(pdu)

    def fail(self, error: Exception) -> None:
        if not self.done.called:
            self.done.errback(error)


class QueuedLink:
    """A link that a connection is lent to as long as it lasts.

    `problem` says why the link is down. Subclasses send what waits, and give back what
    was sent when the connection breaks.
    """

    _log = Logger()

    def __init__(self, name: str, clock: IReactorTime) -> None:
        self.name = name
        self.counters = LinkCounters()
        self.problem = "not connected yet"
        self._clock = clock
        self._transport: ITransport | None = None
        self._waiting: list[tuple[Priority, int, Exchange]] = []
        self._arrivals = count()
        self._up_callbacks: list[Callable[[], None]] = []
        self._was_up = False

    @property
    def up(self) -> bool:
        return self._transport is not None

    def turnaround(self, unit: int) -> float | None:  # noqa: ARG002
        """See `ModbusLink`; nobody can tell where the time of a network is in it."""
        return None

    def on_up(self, callback: Callable[[], None]) -> None:
        self._up_callbacks.append(callback)

    async def exchange(
        self,
        unit: int,
        request: Request[Reply],
        *,
        timeout: float,  # noqa: ASYNC109  # which is about asyncio
        priority: Priority = Priority.POLL,
    ) -> Reply:
        if self._transport is None:
            raise LinkDown(f"{self.name}: {self.problem}")
        exchange = Exchange(unit, request, timeout, Deferred())
        insort(self._waiting, (priority, next(self._arrivals), exchange))
        self._send_next()
        pdu = await exchange.done
        if pdu is None:
            return None  # type: ignore[return-value]  # only writes, whose reply is None, are broadcast
        try:
            return request.decode_reply(pdu)
        except MeterException:
            self.counters.exceptions += 1
            raise
        except BadReply:
            self._discard(misfit_of(request, pdu) or Reason.NOISE, pdu)
            raise

    def connection_made(self, transport: ITransport) -> None:
        self._transport = transport
        self.problem = ""
        self.counters.reconnects += self._was_up
        self._was_up = True
        self._log.info("line {line} is up", line=self.name)
        for callback in self._up_callbacks:
            try:
                callback()
            except Exception:
                self._log.failure("line {line}: coming up was not welcome", line=self.name)

    def connection_failed(self, reason: Failure) -> None:
        """There was no connection to be had, again; said once for each reason."""
        problem = reason.getErrorMessage()
        if problem != self.problem:
            self._log.warn("line {line} cannot be opened: {problem}", line=self.name, problem=problem)
        self.problem = problem

    def connection_lost(self, reason: Failure) -> None:
        self._transport = None
        self.problem = reason.getErrorMessage()
        self._log.warn("line {line} is down: {problem}", line=self.name, problem=self.problem)
        sent, waiting = self._give_back_sent(), [exchange for *_, exchange in self._waiting]
        self._waiting.clear()
        for exchange in sent:
            exchange.fail(NoReply(f"{self.name}: the connection broke: {self.problem}"))
        for exchange in waiting:
            exchange.fail(LinkDown(f"{self.name}: {self.problem}"))

    def data_received(self, data: bytes) -> None:
        raise NotImplementedError

    def _send_next(self) -> None:
        """Send of what is waiting as much as the line takes now."""
        raise NotImplementedError

    def _give_back_sent(self) -> list[Exchange]:
        """Forget and return what was sent and has no reply yet."""
        raise NotImplementedError

    def _discard(self, reason: Reason, data: bytes) -> None:
        self.counters.discarded[reason] = self.counters.discarded.get(reason, 0) + 1
        self._log.debug(
            "line {line}: discarded {size} bytes, {reason}: {explained}: {data}",
            line=self.name,
            size=len(data),
            reason=reason,
            explained=_EXPLAINED[reason],
            data=data[:_SHOWN_BYTES].hex(" "),
        )
