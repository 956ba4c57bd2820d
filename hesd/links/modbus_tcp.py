"""A Modbus TCP connection, with as many transactions in flight as the other side takes.

A reply belongs to a request if transaction id, unit and function are the same. Requests
that replies lead to leave together, and one timer, set to the first deadline, watches over
all of them.
"""

from __future__ import annotations

from math import inf
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime, ITCPTransport, ITransport

from hesd.links.queued_link import Exchange, QueuedLink
from hesd.links.write_now import write_now
from hesd.modbus.errors import BadReply
from hesd.modbus.mbap import MBAPFrame, MBAPReader, encode_frame
from hesd.modbus.read_plan import TCPTiming
from hesd.modbus.rtu import Reason
from hesd.model.errors import NoReply

_TRANSACTIONS: Final = 0x10000
# Ids of requests that were given up are not used again as long as a late reply may bear them.
_REMEMBERED: Final = 1024
_FIRST_GUESS: Final = 0.02  # of the round trip, in seconds
_SMOOTHING: Final = 0.05


class ModbusTCP(QueuedLink):
    """`in_flight` may be changed at any time."""

    def __init__(self, name: str, clock: IReactorTime, in_flight: int = 1) -> None:
        super().__init__(name, clock)
        self.in_flight = in_flight
        self._reader = MBAPReader()
        self._transaction = 0
        self._sent: dict[int, Exchange] = {}
        self._given_up: dict[int, None] = {}
        self._sweep: IDelayedCall | None = None
        self._sweep_at = inf
        self._round_trip = _FIRST_GUESS
        self._receiving = False

    @property
    def timing(self) -> TCPTiming:
        """By the round trips that were seen so far."""
        return TCPTiming(self._round_trip)

    def connection_made(self, transport: ITransport) -> None:
        self._reader = MBAPReader()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.counters.bytes_in += len(data)
        try:
            frames = self._reader.feed(data)
        except BadReply:
            self._discard(Reason.NOISE, data)
            self._abort()
            return
        now = self._clock.seconds()
        self._receiving = True  # what the replies lead to is sent together
        try:
            for frame in frames:
                self._receive(frame, now)
        finally:
            self._receiving = False
        self._send_next()

    def _receive(self, frame: MBAPFrame, now: float) -> None:
        transaction, unit, pdu = frame
        exchange = self._sent.get(transaction)
        if exchange is None:
            self._given_up.pop(transaction, None)
            self._discard(Reason.LATE, encode_frame(*frame))
        elif unit != exchange.unit:
            self._discard(Reason.WRONG_UNIT, encode_frame(*frame))
        elif pdu[0] & 0x7F != exchange.request.function:
            self._discard(Reason.WRONG_FUNCTION, encode_frame(*frame))
        else:
            del self._sent[transaction]
            took = now - exchange.sent_at
            self._round_trip += _SMOOTHING * (took - self._round_trip)
            self.counters.replies += 1
            self.counters.busy_seconds += took
            exchange.succeed(pdu)

    def _send_next(self) -> None:
        transport = self._transport
        if self._receiving or transport is None:
            return
        frames = []
        while self._waiting and len(self._sent) < self.in_flight:
            *_, exchange = self._waiting.pop(0)
            if not exchange.done.called:
                frames.append(self._send(exchange))
        if frames:
            write_now(transport, b"".join(frames))

    def _send(self, exchange: Exchange) -> bytes:
        transaction = self._next_transaction()
        frame = encode_frame(transaction, exchange.unit, exchange.request.encode())
        self._sent[transaction] = exchange
        self.counters.requests += 1
        self.counters.bytes_out += len(frame)
        exchange.sent_at = self._clock.seconds()
        self._watch(exchange.sent_at + exchange.timeout)
        return frame

    def _next_transaction(self) -> int:
        while True:
            self._transaction = transaction = (self._transaction + 1) % _TRANSACTIONS
            if transaction not in self._sent and transaction not in self._given_up:
                return transaction

    def _watch(self, deadline: float) -> None:
        if deadline < self._sweep_at:
            self._stop_watching()
            self._sweep_at = deadline
            self._sweep = self._clock.callLater(
                max(0.0, deadline - self._clock.seconds()), self._sweep_overdue
            )

    def _stop_watching(self) -> None:
        if self._sweep is not None and self._sweep.active():
            self._sweep.cancel()
        self._sweep, self._sweep_at = None, inf

    def _sweep_overdue(self) -> None:
        self._stop_watching()
        now = self._clock.seconds()
        overdue = [(number, e) for number, e in self._sent.items() if e.sent_at + e.timeout <= now]
        for transaction, exchange in overdue:
            del self._sent[transaction]
            self._give_up(transaction)
            self.counters.timeouts += 1
            self.counters.busy_seconds += now - exchange.sent_at
        if self._sent:
            self._watch(min(exchange.sent_at + exchange.timeout for exchange in self._sent.values()))
        for _, exchange in overdue:
            exchange.fail(
                NoReply(f"{self.name}, unit {exchange.unit}: no answer within {exchange.timeout:.3g} s")
            )
        self._send_next()

    def _give_up(self, transaction: int) -> None:
        self._given_up[transaction] = None
        if len(self._given_up) > _REMEMBERED:
            del self._given_up[next(iter(self._given_up))]

    def _give_back_sent(self) -> list[Exchange]:
        self._stop_watching()
        sent = list(self._sent.values())
        self._sent.clear()
        self._given_up.clear()
        return sent

    def _abort(self) -> None:
        """What comes is no Modbus TCP: only a new connection can help."""
        if ITCPTransport.providedBy(self._transport):
            self._transport.abortConnection()
        elif self._transport is not None:
            self._transport.loseConnection()
