"""Alarms of DSMR 4 meters: an equipment id, a comma, and what happened, outside of DLMS.

::

    equipment id 16..17 (ASCII) | 2C | alarm register 4, or logical name 6

(As GXF's DSMR 4 alarm decoder takes them.) There is no length in it, so four octets may
be a register or the beginning of a name; group F of a name is 255.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hesd.dialin.errors import LoginError
from hesd.model.obis import OBIS

_SEPARATOR: Final = b","
_REGISTER_LENGTH: Final = 4
_NAME_LENGTH: Final = 6
_ID: Final = re.compile(rb"[0-9A-Za-z]{16,17}")
_HEAD: Final = re.compile(_ID.pattern + _SEPARATOR)


@dataclass(frozen=True, slots=True)
class DSMR4Alarm:
    """`register` is the alarm register as a number; or `obis` names what raised the alarm."""

    equipment_id: str
    register: int | None = None
    obis: OBIS | None = None

    def encode(self) -> bytes:
        """The octets. Raises `LoginError` unless there is exactly one cause, and it fits."""
        equipment = self.equipment_id.encode("ascii", "replace")
        if not _ID.fullmatch(equipment) or (self.register is None) == (self.obis is None):
            raise LoginError(f"no DSMR 4 alarm: {self}")
        if self.obis is not None:
            return equipment + _SEPARATOR + self.obis.octets
        try:
            return equipment + _SEPARATOR + (self.register or 0).to_bytes(_REGISTER_LENGTH, "big")
        except OverflowError:
            raise LoginError(f"no DSMR 4 alarm: {self}") from None


def decode_alarm(octets: bytes) -> DSMR4Alarm:
    """The alarm these octets are. Raises `LoginError`."""
    head = _HEAD.match(octets)
    cause = octets[head.end() :] if head else b""
    if head is None or len(cause) not in (_REGISTER_LENGTH, _NAME_LENGTH):
        raise LoginError(f"no DSMR 4 alarm: {octets[:40].hex()}")
    equipment = head[0][:-1].decode("ascii")
    if len(cause) == _NAME_LENGTH:
        return DSMR4Alarm(equipment, obis=OBIS.from_octets(cause))
    return DSMR4Alarm(equipment, register=int.from_bytes(cause, "big"))


def alarm_size(octets: bytes, start: int = 0, settled: bool = False) -> int | None:
    """How long the alarm at `start` is; 0 while more must come, None where none begins.

    `settled` says that nothing more comes for now, so that four octets are a register.
    """
    head = _HEAD.match(octets, start)
    if head is None:
        return None
    cause = octets[head.end() : head.end() + _NAME_LENGTH]
    if len(cause) == _NAME_LENGTH:
        return head.end() - start + (_NAME_LENGTH if cause[-1] == 0xFF else _REGISTER_LENGTH)
    if not settled or len(cause) < _REGISTER_LENGTH:
        return 0
    return head.end() - start + _REGISTER_LENGTH
