"""What a claimed number is worth, and how it relates to the number a meter has.

Whoever can open a connection can send any login. So a number that came in clear is a
claim: enough to look the meter up and to speak to it with its keys, not enough to
command it. It is proved when the number is read back from the meter itself within an
association that our own secret opened on the same connection. A system title in a push is
proved by the tag, under the meter's key and a new counter. That shows who made the push, not
who sent it: on that connection too the meter proves itself before it takes another's place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from hesd.dialin.event import AlarmReceived, Event, HeartbeatReceived, LoginReceived, RegistrationReceived
from hesd.model.meter_number import (
    MeterNumberError,
    NumberEncoding,
    canonical_number,
    decode_number,
    guess_encoding,
)

_MANUFACTURER_LENGTH = 3
_DEVICE_NAME_LENGTH = 16


class ClaimSource(StrEnum):
    """Where a number was seen, best source first (the order in which to believe them)."""

    LOGIN = "login"
    HEARTBEAT = "heartbeat"
    REGISTRATION = "registration"
    ALARM = "alarm"
    PUSH = "push"
    SYSTEM_TITLE = "system title"
    READ = "read"  # by us, but without an association that proves anything


@dataclass(frozen=True, slots=True)
class Claim:
    """A connection says it is this meter. `serial` is as it was sent, or as it was read."""

    serial: str
    source: ClaimSource
    proven: bool = False

    @property
    def key(self) -> str:
        """What a meter is looked up by; empty when the serial names no meter."""
        return canonical_number(self.serial)

    def names(self, serial: str) -> bool:
        """Whether this and `serial` are the same meter, however each of them is written."""
        return self.key != "" and self.key == canonical_number(serial)

    def prove(self, serial: str) -> Claim:
        """The claim after `serial` was read back under our own association.

        Another serial does not prove it: what comes back is a proven claim to that one, and
        `names` says that it is not the meter that was claimed.
        """
        if self.names(serial):
            return replace(self, proven=True)
        return Claim(serial, ClaimSource.READ, proven=canonical_number(serial) != "")


_SOURCES = {
    LoginReceived: ClaimSource.LOGIN,
    HeartbeatReceived: ClaimSource.HEARTBEAT,
    RegistrationReceived: ClaimSource.REGISTRATION,
}


def claim_of(event: Event) -> Claim | None:
    """What an event claims; None when it names no meter. Pushes name one in their body."""
    if isinstance(event, AlarmReceived):
        return Claim(event.equipment_id, ClaimSource.ALARM)
    if not isinstance(event, LoginReceived | HeartbeatReceived | RegistrationReceived):
        return None
    return None if event.meter_id is None else Claim(event.meter_id, _SOURCES[type(event)])


@dataclass(frozen=True, slots=True)
class SerialForm:
    """How the meters of one driver keep their serial number in COSEM data.

    Without an `encoding` the likeliest is taken. `digits` is the width the number is
    printed with; numbers that are shorter are filled up with zeros.
    """

    encoding: NumberEncoding | None = None
    digits: int = 0

    def serial(self, value: bytes | str | int) -> str:
        """The serial number in a value as read: octets, text or number. Raises `MeterNumberError`."""
        if isinstance(value, bytes):
            text = decode_number(value, self.encoding or guess_encoding(value))
        else:
            text = str(value).strip("\0 ")
        significant = canonical_number(text)
        if not (significant.isascii() and significant.isalnum()):
            raise MeterNumberError(f"no serial number: {text[:40]!r}")
        return significant.zfill(self.digits) if self.digits else text


def serial_of_device_name(name: bytes) -> str:
    """The serial number in a COSEM logical device name (0-0:42.0.0, attribute 2).

    Three letters of manufacturer, then what the manufacturer likes (IEC 62056-6-2, 6.2.29).
    Raises `MeterNumberError`.
    """
    rest = name[_MANUFACTURER_LENGTH:]
    if not (manufacturer_of_device_name(name) and rest and len(name) <= _DEVICE_NAME_LENGTH):
        raise MeterNumberError(f"no logical device name: {name[:32].hex()}")
    return SerialForm().serial(rest)


def manufacturer_of_device_name(name: bytes) -> str:
    """The three letters that a COSEM logical device name begins with; "" where it does not.

    The FLAG association gives them out (IEC 62056-21, 6.3.2, item 12).
    """
    letters = name[:_MANUFACTURER_LENGTH]
    return letters.decode("ascii") if len(letters) == _MANUFACTURER_LENGTH and letters.isalpha() else ""
