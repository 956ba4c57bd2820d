"""Family H: what Hexcell's GPRS meters say in front of DLMS.

::

    8E | control 1 | body | CS 1 | 17
    body of a heartbeat: meter id 6 | signal 1 | SIM id 12

CS is the sum of all octets before it, modulo 256. A heartbeat has control A1; the head
end answers everything with `ACKNOWLEDGEMENT`. (Hexcell AMI System Unified OBIS List, frame
table.) The list says that a login comes first and does not show it, so any other frame of
this form is one. It has no length field: such a login ends at the first 17 behind a sum
that fits. Nor does the list say how the id is encoded; BCD is what the meter's own serial
number object suggests, and a setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hesd.dialin.errors import LoginError
from hesd.model.meter_number import MeterNumberError, NumberEncoding, decode_number, encode_number

START: Final = 0x8E
END: Final = 0x17
HEARTBEAT: Final = 0xA1
ANSWER: Final = 0x31
ACKNOWLEDGEMENT: Final = bytes.fromhex("8e310101c117")
MAX_FRAME: Final = 64
ID_LENGTH: Final = 6
SIM_LENGTH: Final = 12
_SIGNAL_AT: Final = ID_LENGTH
_SIM_AT: Final = ID_LENGTH + 1
_HEARTBEAT_BODY: Final = _SIM_AT + SIM_LENGTH
_OVERHEAD: Final = 4
_HEARTBEAT_LENGTH: Final = _HEARTBEAT_BODY + _OVERHEAD
_SHORTEST: Final = len(ACKNOWLEDGEMENT)


@dataclass(frozen=True, slots=True)
class FamilyHFrame:
    """Any frame of this family; where the body has no room for a field, the field is None."""

    control: int
    body: bytes

    @property
    def is_heartbeat(self) -> bool:
        return self.control == HEARTBEAT and len(self.body) == _HEARTBEAT_BODY

    @property
    def is_answer(self) -> bool:
        """What a head end sends; from a meter it is an echo."""
        return self.control == ANSWER

    def meter_id(self, encoding: NumberEncoding = NumberEncoding.BCD) -> str | None:
        """The id, leading zeros kept; None when these octets are none in that encoding."""
        try:
            number = decode_number(self.body[:ID_LENGTH], encoding)
        except MeterNumberError:
            return None
        return number if len(self.body) >= ID_LENGTH else None

    @property
    def signal(self) -> int | None:
        """As the modem counts it, 0..31 and 99 for unknown (3GPP TS 27.007, +CSQ)."""
        return self.body[_SIGNAL_AT] if len(self.body) >= _HEARTBEAT_BODY else None

    @property
    def sim(self) -> str | None:
        text = self.body[_SIM_AT:_HEARTBEAT_BODY].strip(b"\x00 ")
        return text.decode("ascii") if len(self.body) >= _HEARTBEAT_BODY and text.isalnum() else None

    def encode(self) -> bytes:
        """The octets. Raises `LoginError` beyond `MAX_FRAME`."""
        octets = bytes((START, self.control)) + self.body
        if len(octets) + 2 > MAX_FRAME:
            raise LoginError(f"a family H frame of {len(octets) + 2} octets")
        return octets + bytes((sum(octets) & 0xFF, END))


def heartbeat(
    meter_id: str, signal: int, sim: str, encoding: NumberEncoding = NumberEncoding.BCD
) -> FamilyHFrame:
    """What a meter sends. Raises `LoginError` for what does not fit."""
    chip = sim.encode("ascii", "replace")
    try:
        number = encode_number(meter_id, encoding, ID_LENGTH)
    except MeterNumberError as error:
        raise LoginError(str(error)) from None
    if len(chip) != SIM_LENGTH or not 0 <= signal <= 0xFF:
        raise LoginError(f"no {SIM_LENGTH}-digit SIM id {sim[:40]!r}, or no signal {signal}")
    return FamilyHFrame(HEARTBEAT, number + bytes((signal,)) + chip)


def decode_frame(octets: bytes) -> FamilyHFrame:
    """The frame these octets are, of either direction. Raises `LoginError`."""
    if not _SHORTEST <= len(octets) <= MAX_FRAME or octets[0] != START:
        raise LoginError(f"no family H frame: {octets[:MAX_FRAME].hex()}")
    if not _ends_at(octets, len(octets)):
        raise LoginError(f"the checksum or the end of a family H frame is wrong: {octets.hex()}")
    return FamilyHFrame(octets[1], octets[2:-2])


def frame_size(octets: bytes, settled: bool = False) -> int:
    """How long the frame at the start of these octets is; 0 while more must come.

    `settled` says that nothing more comes for now, so that a short frame is not taken for
    the beginning of a heartbeat; half a frame stays one. Raises `LoginError` where no frame
    can end any more.
    """
    if octets[1:2] == bytes((HEARTBEAT,)):
        if _ends_at(octets, _HEARTBEAT_LENGTH):
            return _HEARTBEAT_LENGTH
        if len(octets) < _HEARTBEAT_LENGTH and not settled:
            return 0
    for size in range(_SHORTEST, min(len(octets), MAX_FRAME) + 1):
        if octets[size - 1] == END and _ends_at(octets, size):
            return size
    if len(octets) >= MAX_FRAME:
        raise LoginError(f"no family H frame: {octets[:MAX_FRAME].hex()}")
    return 0


def _ends_at(octets: bytes, size: int) -> bool:
    if len(octets) < size or octets[size - 1] != END:
        return False
    return octets[size - 2] == sum(octets[: size - 2]) & 0xFF
