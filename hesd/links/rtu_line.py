"""One RS-485 line: one conversation at a time, with the silences it needs.

Requests wait for 3.5 characters of silence (the serial line specification, 2.5.1.1),
counted from the last byte that came in or from the end of our own characters, which are
on the wire for longer than it takes to hand them over. Replies are framed by their length
and CRC. What a silent meter may still say later must not be taken for the next reply: the
line has to fall silent first, and the meter is not asked anything that its late reply
would fit until it has come or has become very unlikely.
"""

from __future__ import annotations

from math import inf
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime, ITransport

from hesd.links.queued_link import Exchange, QueuedLink
from hesd.links.write_now import write_now
from hesd.modbus.errors import BadRequest
from hesd.modbus.read_plan import BusTiming
from hesd.modbus.rtu import (
    LONGEST_FRAME,
    OVERHEAD,
    Event,
    ReplyReader,
    ReplyReceived,
    encode_frame,
    is_intact,
)
from hesd.model.errors import NoReply

BROADCAST: Final = 0
_WRITES: Final = (5, 6, 15, 16)
# Time for the meters to do what all were told (the serial line specification, 2.4.1).
_BROADCAST_TURNAROUND: Final = 0.15
# After a failure. Adapters hand characters on in lumps up to 16 ms apart, so a frame is not
# over before it has been quiet for longer.
_DRAIN: Final = 0.03
# On a line that never falls silent requests are sent all the same, to fail by their time-out.
_PATIENCE: Final = 1.0
# A turnaround is the mean of about so many exchanges: meters do not think equally long each time.
_SMOOTHING: Final = 8
# How long at least a meter that did not answer is suspected of doing so later.
_SUSPICION: Final = 1.0


class RTULine(QueuedLink):
    """An RTU line on a serial port, or behind a TCP gateway that carries RTU frames."""

    in_flight = 1

    def __init__(self, name: str, timing: BusTiming, clock: IReactorTime, *, echo: bool = False) -> None:
        super().__init__(name, clock)
        self.timing = timing
        self._echo = echo
        self._reader = ReplyReader()
        self._current: Exchange | None = None
        self._deadline: IDelayedCall | None = None
        self._start: IDelayedCall | None = None
        self._drain = max(_DRAIN, timing.silence)
        self._rest = self._drain  # the silence that is asked for
        self._silent_at = 0.0  # when the line will have had it
        self._heard_at = -inf
        self._cut_off_at = 0.0
        self._blocked_since: float | None = None
        self._suspects: dict[tuple[int, int], float] = {}  # unit and function: until when
        self._spoken_at = 0.0  # when the request is off the wire
        self._turnarounds: dict[int, float] = {}

    def connection_made(self, transport: ITransport) -> None:
        self._rest = self._drain
        self._silent_at = self._clock.seconds() + self._rest
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        now = self._clock.seconds()
        self.counters.bytes_in += len(data)
        self._heard_at = now
        self._silent_at = max(self._silent_at, now + self._rest)
        pdu = self._sift(self._reader.feed(data))
        if pdu is not None:
            self._finish(pdu)
        elif self._current is None:
            self._send_next()  # perhaps a suspect has spoken
        elif self._reader.damaged and self._deadline is not None:
            # The reply is spoilt, and no other will come: wait for the rest of it only.
            self._deadline.reset(max(0.0, min(self._drain, self._deadline.getTime() - now)))

    def _send_next(self) -> None:
        if self._current is not None or self._transport is None:
            return
        now = self._clock.seconds()
        if now < self._silent_at and not self._is_out_of_patience(now):
            if self._waiting:
                self._come_back(self._silent_at - now)
            return
        self._blocked_since = None
        exchange, free_at = self._choose(now)
        if exchange is not None:
            self._send(exchange, self._transport, now)
        elif free_at < inf:
            self._come_back(free_at - now)

    def _is_out_of_patience(self, now: float) -> bool:
        """Whether something has been waiting too long for a line that never falls silent."""
        if self._blocked_since is None:
            self._blocked_since = now if self._waiting else None
            return False
        return now - self._blocked_since >= _PATIENCE

    def _choose(self, now: float) -> tuple[Exchange | None, float]:
        """The exchange whose turn it is; or None, and when the first one will be free to go."""
        self._waiting = [entry for entry in self._waiting if not entry[2].done.called]
        earliest = inf
        for index, (_, _, exchange) in enumerate(self._waiting):
            suspected_until = self._suspects.get((exchange.unit, exchange.request.function), 0.0)
            if suspected_until <= now:
                del self._waiting[index]
                return exchange, now
            earliest = min(earliest, suspected_until)
        return None, earliest

    def _come_back(self, delay: float) -> None:
        if self._start is not None and self._start.active():
            self._start.cancel()
        self._start = self._clock.callLater(delay, self._send_next)

    def _send(self, exchange: Exchange, transport: ITransport, now: float) -> None:
        request, timing = exchange.request, self.timing
        if exchange.unit == BROADCAST and request.function not in _WRITES:
            exchange.fail(BadRequest("only writes can be broadcast"))
            self._send_next()
            return
        self._sift(self._reader.end())
        frame = encode_frame(exchange.unit, request.encode())
        write_now(transport, frame)
        self._current, exchange.sent_at = exchange, now
        spoken = len(frame) * timing.character
        self._rest = timing.silence
        self._spoken_at = now + spoken
        self._silent_at = self._spoken_at + self._rest
        self.counters.requests += 1
        self.counters.bytes_out += len(frame)
        if exchange.unit == BROADCAST:
            self._deadline = self._clock.callLater(spoken + _BROADCAST_TURNAROUND, self._finish, None)
            return
        self._reader.expect(exchange.unit, request, echo=self._echo)
        answer = ((request.reply_length or LONGEST_FRAME - OVERHEAD) + OVERHEAD) * timing.character
        self._deadline = self._clock.callLater(spoken + exchange.timeout + answer, self._timed_out)
        self._cut_off_at = now + spoken + exchange.timeout + 2 * answer + self._drain

    def _timed_out(self) -> None:
        assert self._current is not None
        now = self._clock.seconds()
        quiet_at = self._heard_at + self._drain
        if self._reader.pending and now < min(quiet_at, self._cut_off_at):
            # It is answering after all: nobody is helped by interrupting.
            self._deadline = self._clock.callLater(quiet_at - now, self._timed_out)
            return
        exchange, damaged = self._current, self._reader.damaged
        pdu = self._sift(self._reader.end())
        if pdu is not None:
            self._finish(pdu)
            return
        self.counters.timeouts += 1
        self._rest = self._drain
        self._silent_at = max(self._silent_at, quiet_at)
        if damaged:
            problem = "its reply was damaged on the way"
        else:
            problem = f"no answer within {exchange.timeout:.3g} s"
            self._suspect(exchange, now)
        self._conclude(now)
        exchange.fail(NoReply(f"{self.name}, unit {exchange.unit}: {problem}"))
        self._send_next()

    def _finish(self, pdu: bytes | None) -> None:
        assert self._current is not None
        exchange = self._current
        now = self._clock.seconds()
        if pdu is not None:
            self.counters.replies += 1
            self._note_turnaround(exchange.unit, now - self._spoken_at, len(pdu) + OVERHEAD)
        self._conclude(now)
        exchange.succeed(pdu)
        self._send_next()

    def turnaround(self, unit: int) -> float | None:
        return self._turnarounds.get(unit)

    def _note_turnaround(self, unit: int, seconds: float, characters: int) -> None:
        """What the answer took beyond its characters: the meter's time, and the adapter's."""
        thought = max(0.0, seconds - characters * self.timing.character)
        before = self._turnarounds.get(unit, thought)
        self._turnarounds[unit] = before + (thought - before) / _SMOOTHING

    def _conclude(self, now: float) -> None:
        """The exchange is over, but the line is taken until it has been silent."""
        if self._current is not None:
            self.counters.busy_seconds += max(now, self._silent_at) - self._current.sent_at
        self._current = None
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None

    def _suspect(self, exchange: Exchange, now: float) -> None:
        until = now + max(_SUSPICION, exchange.timeout)
        self._suspects[exchange.unit, exchange.request.function] = until

    def _give_back_sent(self) -> list[Exchange]:
        sent = [] if self._current is None else [self._current]
        now = self._clock.seconds()
        for exchange in sent:
            self._suspect(exchange, now)
        self._conclude(now)
        self._sift(self._reader.end())
        if self._start is not None and self._start.active():
            self._start.cancel()
        return sent

    def _sift(self, events: list[Event]) -> bytes | None:
        """The PDU of the reply, if it is among the events; the rest is counted."""
        pdu = None
        for event in events:
            if isinstance(event, ReplyReceived):
                pdu = event.pdu
                continue
            self._discard(event.reason, event.data)
            if is_intact(event.data):  # perhaps what a suspect still had to say
                self._suspects.pop((event.data[0], event.data[1] & 0x7F), None)
        return pdu
