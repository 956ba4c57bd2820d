"""RTU framing: unit, PDU, CRC (the serial line specification, section 2.5.1).

The specification frames by silence, which no program behind a USB adapter or an
operating system can see. So a frame is where a length that its own bytes announce ends
with the right CRC, and everything else is noise to be stepped over, byte by byte. What
comes out does not depend on how the bytes were cut on their way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastcrc import crc16

from hesd.modbus.errors import BadReply, BadRequest, MeterException
from hesd.modbus.pdu import Request, expected_length, request_length

LONGEST_FRAME = 256
OVERHEAD = 3  # unit and CRC
_SHORTEST_FRAME = 4
_LAST_UNIT = 247
# No honest line delivers this much at once; what is older has been overtaken anyway.
_LARGEST_GULP = 16 * LONGEST_FRAME


class Reason(StrEnum):
    """Why bytes did not count."""

    CRC = "crc"  # what was asked for, damaged
    WRONG_UNIT = "wrong_unit"
    WRONG_FUNCTION = "wrong_function"
    NOISE = "noise"  # no frame at all
    ECHO = "echo"  # our own request, on a line that was not said to echo
    LATE = "late"  # a frame nobody waits for
    SHORT = "short"  # fewer data than asked for, or a frame that broke off
    LONG = "long"


@dataclass(frozen=True, slots=True)
class RTUFrame:
    """A frame with a good CRC."""

    unit: int
    pdu: bytes


@dataclass(frozen=True, slots=True)
class ReplyReceived:
    """The reply to what was expected: unit, function, byte count and CRC fit."""

    unit: int
    pdu: bytes


@dataclass(frozen=True, slots=True)
class FrameDiscarded:
    """Bytes that did not count."""

    reason: Reason
    data: bytes


Event = ReplyReceived | FrameDiscarded


def encode_frame(unit: int, pdu: bytes) -> bytes:
    frame = bytes((unit,)) + pdu
    return frame + crc16.modbus(frame).to_bytes(2, "little")


def is_intact(frame: bytes) -> bool:
    """Whether unit, PDU and CRC belong together; the CRC over all of them is then zero."""
    return len(frame) >= _SHORTEST_FRAME and crc16.modbus(frame) == 0


class ReplyReader:
    """The head end's side: finds the one reply that is expected among whatever arrives.

    The leftmost frame that may still be coming has precedence, so bytes inside it are
    never taken for a frame of their own; `end` gives up on it and looks inside.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._noise = b""
        self._noise_reason = Reason.NOISE
        self._unit = 0
        self._request: Request[Any] | None = None
        self._sent = b""
        self._echo_due = False

    @property
    def damaged(self) -> bool:
        """Whether the expected reply seems to have come with a wrong CRC: no other will."""
        return self._noise_reason is Reason.CRC

    @property
    def pending(self) -> bool:
        """Whether a frame seems to have begun and not ended."""
        return bool(self._buffer)

    def expect(self, unit: int, request: Request[Any], *, echo: bool = False) -> None:
        """Wait for the reply to `request`; what came before cannot be part of it.

        With `echo` the adapter hears what it sends, and the first copy of it is stepped
        over in silence.
        """
        self._buffer = self._noise = b""
        self._noise_reason = Reason.NOISE
        self._unit, self._request = unit, request
        self._sent = encode_frame(unit, request.encode())
        self._echo_due = echo

    def feed(self, data: bytes) -> list[Event]:
        """What the bytes complete. At most one of the events is a `ReplyReceived`."""
        events: list[Event] = []
        if len(data) > _LARGEST_GULP:
            events.append(FrameDiscarded(Reason.NOISE, self._buffer + data[:-_LARGEST_GULP]))
            self._buffer, data = b"", data[-_LARGEST_GULP:]
        self._buffer += data
        events.extend(self._scan(final=False))
        return events

    def end(self) -> list[Event]:
        """Nothing more is expected: what is left, which may hide the reply behind a false start."""
        events = [*self._scan(final=True), *self._flush_noise()]
        self._request = None
        return events

    def _scan(self, *, final: bool) -> Iterator[Event]:
        start = 0
        while start < len(self._buffer):
            used, event = self._look_at(self._buffer[start : start + LONGEST_FRAME], final)
            if not used:
                break
            start += used
            if event:
                yield from self._flush_noise()
                yield event
            elif len(self._noise) >= LONGEST_FRAME:
                yield from self._flush_noise()
        self._buffer = self._buffer[start:]

    def _look_at(self, rest: bytes, final: bool) -> tuple[int, Event | None]:
        """The bytes used up and what they were; none are where only more can tell."""
        if self._is_echo(rest):
            announced, self._echo_due = self._echo_due, False
            return len(self._sent), None if announced else FrameDiscarded(Reason.ECHO, self._sent)
        size = self._size_of_reply(rest)
        if size and size <= len(rest) and is_intact(rest[:size]):
            return size, self._judge(rest[:size])
        coming = size is None or size > len(rest)
        if not final and (coming or self._sent.startswith(rest)):
            return 0, None
        if size != 0 and self._is_from_asked(rest) and self._noise_reason is Reason.NOISE:
            self._noise_reason = Reason.SHORT if coming else Reason.CRC
        self._noise += rest[:1]
        return 1, None

    def _is_echo(self, rest: bytes) -> bool:
        """Whether our request starts here. Functions 5 and 6 are also answered by it."""
        asked = self._request
        if asked is None or not rest.startswith(self._sent):
            return False
        return self._echo_due or asked.function not in (5, 6)

    def _size_of_reply(self, rest: bytes) -> int | None:
        """Of the frame that starts here: None where that cannot be told yet, 0 where none can."""
        if rest[0] != self._unit and not 1 <= rest[0] <= _LAST_UNIT:
            return 0
        try:
            length = expected_length(rest[1:])
        except BadReply:
            return 0
        return None if length is None else length + OVERHEAD

    def _is_from_asked(self, rest: bytes) -> bool:
        asked = self._request
        return (
            asked is not None and rest[0] == self._unit and len(rest) > 1 and rest[1] & 0x7F == asked.function
        )

    def _judge(self, frame: bytes) -> Event:
        unit, pdu, asked = frame[0], frame[1:-2], self._request
        if asked is None:
            return FrameDiscarded(Reason.LATE, frame)
        if unit != self._unit:
            return FrameDiscarded(Reason.WRONG_UNIT, frame)
        if pdu[0] & 0x7F != asked.function:
            return FrameDiscarded(Reason.WRONG_FUNCTION, frame)
        if misfit := misfit_of(asked, pdu):
            return FrameDiscarded(misfit, frame)
        self._request = None
        self._sent = b""
        self._echo_due = False
        return ReplyReceived(unit, pdu)

    def _flush_noise(self) -> Iterator[FrameDiscarded]:
        if self._noise:
            yield FrameDiscarded(self._noise_reason, self._noise)
        self._noise = b""
        self._noise_reason = Reason.NOISE


def misfit_of(request: Request[Any], pdu: bytes) -> Reason | None:
    """Why a reply of the right function does not answer `request`; None where it does."""
    try:
        request.decode_reply(pdu)
    except MeterException:
        return None
    except BadReply:
        length = request.reply_length or len(pdu)
        if len(pdu) == length:
            return Reason.LATE  # it answers another request of the same kind
        return Reason.SHORT if len(pdu) < length else Reason.LONG
    return None


class RequestReader:
    """The meter's side: requests to any unit."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[RTUFrame]:
        self._buffer += data[-_LARGEST_GULP:]
        frames, start = [], 0
        while start < len(self._buffer):
            rest = self._buffer[start : start + LONGEST_FRAME]
            size = self._size_of_request(rest)
            if size is None or size > len(rest):
                break
            if size and is_intact(rest[:size]):
                frames.append(RTUFrame(rest[0], rest[1 : size - 2]))
                start += size
            else:
                start += 1
        self._buffer = self._buffer[start:]
        return frames

    def end(self) -> list[RTUFrame]:
        """The line fell silent: the rest is a frame of unknown function, if its CRC says so."""
        rest, self._buffer = self._buffer, b""
        return [RTUFrame(rest[0], rest[1:-2])] if is_intact(rest) else []

    @staticmethod
    def _size_of_request(rest: bytes) -> int | None:
        if rest[0] > _LAST_UNIT:
            return 0
        try:
            length = request_length(rest[1:])
        except BadRequest:
            return 0
        return None if length is None else length + OVERHEAD
