"""Family W: login and heartbeat in a wrapper frame (Momas, IVY, Holley and relatives).

::

    wrapper header 8 | type 1 | command 1 | n 1 | meter number n | reserve 0/1 | CRC 2

Type 0A is a login and 0C a heartbeat, both with command 02; the head end answers with
type AA or CC, command 03 and the rest unchanged. The meter number has 11 or 12 ASCII
digits, all zeros in a meter nobody configured. The reserve is 00, 0D or left out. The CRC
is CRC-16/X.25, low octet first, from the command to the octet before it: the type is
not covered. (Layout as read by two independent head ends, memmcol and ivy-4g-gateway.)

None of these payloads can be an APDU: 0A is no tag, and behind 0C, a ReadResponse, a
choice of 11 or 12 does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from fastcrc import crc16

from hesd.dialin.errors import LoginError
from hesd.dlms.wrapper import WPDU, encode_wpdu

ID_LENGTHS: Final = (11, 12)
RESERVES: Final = (b"", b"\x00", b"\x0d")
MAX_FRAME: Final = 8 + 3 + max(ID_LENGTHS) + 1 + 2
_CRC_LENGTH: Final = 2
_ID_AT: Final = 3
_checksum = crc16.ibm_sdlc


class Message(IntEnum):
    """The type octet."""

    LOGIN = 0x0A
    HEARTBEAT = 0x0C
    LOGIN_ACKNOWLEDGED = 0xAA
    HEARTBEAT_ACKNOWLEDGED = 0xCC


_COMMANDS: Final = {
    Message.LOGIN: 0x02,
    Message.HEARTBEAT: 0x02,
    Message.LOGIN_ACKNOWLEDGED: 0x03,
    Message.HEARTBEAT_ACKNOWLEDGED: 0x03,
}
_ANSWERS: Final = {
    Message.LOGIN: Message.LOGIN_ACKNOWLEDGED,
    Message.HEARTBEAT: Message.HEARTBEAT_ACKNOWLEDGED,
}


@dataclass(frozen=True, slots=True)
class FamilyWFrame:
    """A login, a heartbeat, or the answer to one, with the wrapper ports it came between."""

    message: Message
    meter_id: str
    reserve: bytes = b"\x00"
    source: int = 1
    destination: int = 1

    @property
    def is_configured(self) -> bool:
        """Whether the meter has a number of its own."""
        return self.meter_id.strip("0") != ""

    def encode(self) -> bytes:
        """The whole frame. Raises `LoginError` for an id or a reserve no meter sends."""
        number = self.meter_id.encode("ascii", "replace")
        if len(number) not in ID_LENGTHS or not number.isdigit() or self.reserve not in RESERVES:
            raise LoginError(f"no family W id: {self.meter_id[:40]!r}, reserve {self.reserve[:4].hex()!r}")
        covered = bytes((_COMMANDS[self.message], len(number))) + number + self.reserve
        payload = bytes((self.message,)) + covered + _checksum(covered).to_bytes(_CRC_LENGTH, "little")
        return encode_wpdu(self.source, self.destination, payload)

    def acknowledgement(self) -> FamilyWFrame:
        """The head end's answer. Raises `LoginError` for what is an answer itself."""
        if self.message not in _ANSWERS:
            raise LoginError(f"{self.message.name} is not answered")
        # The ports do not change places: the answer is the frame itself with another type.
        return replace(self, message=_ANSWERS[self.message])


def is_family_w(payload: bytes) -> bool:
    """Whether a wrapper payload from a meter is meant as a login or heartbeat, intact or not."""
    if payload[:2] == b"\x0a\x02":
        return True
    return payload[:2] == b"\x0c\x02" and len(payload) > 2 and payload[2] in ID_LENGTHS


def decode_payload(wpdu: WPDU) -> FamilyWFrame:
    """The frame in a wrapper PDU, of either direction. Raises `LoginError`."""
    payload = wpdu.apdu
    if len(payload) <= _ID_AT:
        raise LoginError(f"a family W frame of {len(payload)} octets")
    command, length = payload[1], payload[2]
    message = _message(payload[0], command)
    number, reserve = payload[_ID_AT : _ID_AT + length], payload[_ID_AT + length : -_CRC_LENGTH]
    if length not in ID_LENGTHS or not number.isdigit() or reserve not in RESERVES:
        raise LoginError(f"no family W frame: {payload[:MAX_FRAME].hex()}")
    if _checksum(payload[1:-_CRC_LENGTH]).to_bytes(_CRC_LENGTH, "little") != payload[-_CRC_LENGTH:]:
        raise LoginError(f"the CRC of a family W frame is wrong: {payload.hex()}")
    return FamilyWFrame(message, number.decode("ascii"), reserve, wpdu.source, wpdu.destination)


def _message(first: int, command: int) -> Message:
    try:
        message = Message(first)
    except ValueError:
        raise LoginError(f"no family W frame has the type {first:02x}") from None
    if _COMMANDS[message] != command:
        raise LoginError(f"family W type {first:02x} with command {command:02x}")
    return message
