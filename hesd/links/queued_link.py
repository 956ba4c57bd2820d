"""What all Modbus links do alike: a queue of exchanges."""

from __future__ import annotations

from abc import abstractmethod
from bisect import insort
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from hesd.links.lent_connection import LentConnection
from hesd.links.modbus_link import Priority, Reply
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
_log = Logger()


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


class QueuedLink(LentConnection):
    """Subclasses send what waits, and give back what was sent when the connection breaks."""

    def __init__(self, name: str, clock: IReactorTime) -> None:
        super().__init__(name, clock)
        self._waiting: list[tuple[Priority, int, Exchange]] = []
        self._arrivals = count()

    def turnaround(self, unit: int) -> float | None:  # noqa: ARG002
        """See `ModbusLink`; nobody can tell where the time of a network is in it."""
        return None

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

    def _give_back(self) -> None:
        sent, waiting = self._give_back_sent(), [exchange for *_, exchange in self._waiting]
        self._waiting.clear()
        for exchange in sent:
            exchange.fail(NoReply(f"{self.name}: the connection broke: {self.problem}"))
        for exchange in waiting:
            exchange.fail(LinkDown(f"{self.name}: {self.problem}"))

    @abstractmethod
    def _send_next(self) -> None:
        """Send of what is waiting as much as the line takes now."""

    @abstractmethod
    def _give_back_sent(self) -> list[Exchange]:
        """Forget and return what was sent and has no reply yet."""

    def _discard(self, reason: Reason, data: bytes) -> None:
        self.counters.discarded[reason] = self.counters.discarded.get(reason, 0) + 1
        _log.debug(
            "line {line}: discarded {size} bytes, {reason}: {explained}: {data}",
            line=self.name,
            size=len(data),
            reason=reason,
            explained=_EXPLAINED[reason],
            data=data[:_SHOWN_BYTES].hex(" "),
        )
