"""Frames in words, for `hesctl decode`: every field under the name the specifications give it.

Frames that belong together come in order: a reply is read as the answer to the request
before it, so its registers get their addresses, and a reply of another unit is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastcrc import crc16

from hesd.modbus import mbap
from hesd.modbus.errors import BadReply, BadRequest, MeterException
from hesd.modbus.explain_pdu import explain_reply, explain_request, function_name
from hesd.modbus.mbap import MBAPReader
from hesd.modbus.pdu import AnyRequest, decode_request, expected_length, request_length
from hesd.modbus.rtu import OVERHEAD, is_intact
from hesd.model.errors import ProtocolError

RTU: Final = "modbus-rtu"
TCP: Final = "modbus-tcp"

_CARRIED: Final = ("registers", "coil_status", "input_status", "outputs")
_BROADCAST: Final = 0
_EXCEPTION: Final = 0x80


@dataclass(slots=True)
class Explanation:
    """What frames say. `registers` are those that were read or written, in order.

    With an `error` the frames before the refused one are still explained.
    """

    layer: str
    frames: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None

    @property
    def registers(self) -> list[int]:
        return [number for frame in self.frames for number in frame.get("registers", ())]

    @property
    def values(self) -> list[int]:
        """Everything that was read or written, registers and bits, in order."""
        return [number for frame in self.frames for name in _CARRIED for number in frame.get(name, ())]


@dataclass(frozen=True, slots=True)
class _ADU:
    """What a frame carries: unit and PDU; `transaction` is None on a serial line."""

    transaction: int | None
    unit: int
    pdu: bytes

    @property
    def heading(self) -> dict[str, Any]:
        heading: dict[str, Any] = (
            {} if self.transaction is None else {"transaction_id": self.transaction, "protocol_id": 0}
        )
        function = self.pdu[0] & ~_EXCEPTION
        heading |= {"unit_id": self.unit, "function_code": function, "function": function_name(function)}
        return heading


def explain(frames: Sequence[bytes], layer: str | None = None) -> Explanation:
    """The frames in words; which `layer` they are of is found out where it is not said."""
    found = Explanation(layer or _layer_of(frames))
    pending: tuple[_ADU, AnyRequest] | None = None
    try:
        for each in _adus(frames, found.layer):
            explained, pending = _explain(each, pending)
            found.frames.append(explained)
    except ProtocolError as refusal:
        found.error = str(refusal)
    return found


def _layer_of(frames: Sequence[bytes]) -> str:
    first = frames[0] if frames else b""
    try:
        list(_rtu_adus(first))
    except BadReply:
        return TCP if _looks_like_tcp(first) else RTU
    return RTU


def _looks_like_tcp(data: bytes) -> bool:
    """Whether a header is there: zeros for the protocol, then the length.

    A damaged RTU request that reads from address 0 has those too. It is as long as such
    a request is, and the length in it is not its own.
    """
    if len(data) <= mbap.OVERHEAD or data[2:5] != bytes(3):
        return False
    # Nothing is asked by a function code alone, except on serial lines.
    is_whole = data[5] + mbap.OVERHEAD - 1 == len(data) > mbap.OVERHEAD + 1
    return is_whole or len(data) not in _rtu_sizes(data, known=True)


def _adus(frames: Sequence[bytes], layer: str) -> Iterator[_ADU]:
    for frame in frames:
        if not frame:
            raise BadReply("there is no frame in it")
        yield from _rtu_adus(frame) if layer == RTU else _tcp_adus(frame)


def _rtu_adus(data: bytes) -> Iterator[_ADU]:
    """The frames that `data` is made of, which may be several. Raises `BadReply`."""
    while data:
        size = next((size for size in _rtu_sizes(data) if is_intact(data[:size])), None)
        if size is None:
            raise BadReply(_no_rtu_frame(data))
        yield _ADU(None, data[0], data[1 : size - 2])
        data = data[size:]


def _rtu_sizes(data: bytes, *, known: bool = False) -> Iterator[int]:
    for length_of in (request_length, expected_length):
        try:
            length = length_of(data[1:])
        except (BadReply, BadRequest):
            continue
        if length is not None and length + OVERHEAD <= len(data):
            yield length + OVERHEAD
    if not known:
        yield len(data)  # a function whose length nobody knows


def _no_rtu_frame(data: bytes) -> str:
    if len(data) < OVERHEAD + 1:
        return f"{data.hex()} has too few bytes for a frame of unit, function and CRC"
    computed = crc16.modbus(data[:-2]).to_bytes(2, "little")
    return f"the CRC is {data[-2:].hex()}, computed over the frame it is {computed.hex()}"


def _tcp_adus(data: bytes) -> Iterator[_ADU]:
    reader, used = MBAPReader(), 0
    for frame in reader.feed(data):
        used += mbap.OVERHEAD + len(frame.pdu)
        yield _ADU(frame.transaction, frame.unit, frame.pdu)
    if used < len(data):
        reader.feed(b"")
        rest = data[used:]
        announced = int.from_bytes(rest[4:6]) + 6 if len(rest) >= 6 else mbap.OVERHEAD
        raise BadReply(f"the header announces {announced} bytes, {len(rest)} are there")


def _explain(
    each: _ADU, pending: tuple[_ADU, AnyRequest] | None
) -> tuple[dict[str, Any], tuple[_ADU, AnyRequest] | None]:
    """The frame in words, and the request that now waits for its reply."""
    request = _request(each)
    if pending is not None and (request is None or _answers(each, *pending)):
        asked, awaited = pending
        _check_pair(each, asked, awaited)
        return each.heading | explain_reply(each.pdu, awaited), None
    if request is None:
        return each.heading | explain_reply(each.pdu, None), None
    explained = each.heading | explain_request(request)
    if each.unit == _BROADCAST and each.transaction is None:
        return explained | {"reply": "none: a broadcast is not answered"}, None
    return explained, (each, request)


def _request(each: _ADU) -> AnyRequest | None:
    try:
        return decode_request(each.pdu)
    except BadRequest:
        return None


def _answers(each: _ADU, asked: _ADU, awaited: AnyRequest) -> bool:
    """Whether a frame that could be a request too is the reply that is due."""
    if (each.unit, each.transaction) != (asked.unit, asked.transaction):
        return False
    try:
        awaited.decode_reply(each.pdu)
    except MeterException:
        return True
    except BadReply:
        return False
    return True


def _check_pair(each: _ADU, asked: _ADU, awaited: AnyRequest) -> None:
    if each.unit != asked.unit:
        raise BadReply(f"a reply of unit {each.unit}, unit {asked.unit} was asked")
    if each.transaction != asked.transaction:
        raise BadReply(f"transaction {each.transaction} replies to nothing, {asked.transaction} was asked")
    if each.pdu[0] & ~_EXCEPTION != awaited.function:
        raise BadReply(f"a reply of function {each.pdu[0]}, function {awaited.function} was asked")
