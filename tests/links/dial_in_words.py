"""What meters say when they dial in."""

from __future__ import annotations

from hesd.dialin.family_w import FamilyWFrame, Message, decode_payload
from hesd.dlms.wrapper import WPDU, WPDUReader

SERIAL, OTHER = "46000755036", "46000777832"
NOTIFICATION = bytes.fromhex("0f0000000100") + b"\x12\x00\x01"
CLIENT_HELLO = bytes.fromhex("16030100c8010000c40303")


def login(serial: str = SERIAL, message: Message = Message.LOGIN) -> bytes:
    return FamilyWFrame(message, serial).encode()


def beat(serial: str = SERIAL) -> bytes:
    return login(serial, Message.HEARTBEAT)


def acknowledged(frame: bytes) -> bytes:
    (wpdu,) = WPDUReader().feed(frame)
    assert isinstance(wpdu, WPDU)
    return decode_payload(wpdu).acknowledgement().encode()
