"""What a meter says unasked: DataNotification and EventNotification (IEC 62056-5-3, 6.13).

The date-time in front is an octet string of the length 0 or 12. Meters in the field put
the tag of an octet-string before its length (`09 0C`), and some leave the presence flag
of EventNotification away; both are understood, and `tagged_time` keeps the first so that
a message goes out as it came in.
"""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct

from hesd.dlms.data import Data
from hesd.dlms.descriptor import SIZE, AttributeDescriptor, attribute_descriptor
from hesd.dlms.errors import APDUError
from hesd.dlms.octet_reader import OctetReader

DATA_NOTIFICATION: Final = 0x0F
EVENT_NOTIFICATION: Final = 0xC2
_OCTET_STRING: Final = 0x09
_DATE_TIME_LENGTH: Final = 12


class DataNotification(Struct, frozen=True):
    """A push. `long_invoke` is Long-Invoke-Id-And-Priority; `date_time` is 12 octets or None."""

    tag: ClassVar[int] = DATA_NOTIFICATION
    long_invoke: int
    date_time: bytes | None
    body: Data
    tagged_time: bool = False

    def encode(self) -> bytes:
        """Raises `APDUError`."""
        head = bytes((self.tag,)) + self.long_invoke.to_bytes(4, "big")
        return head + _encode_time(self.date_time, self.tagged_time) + self.body.octets


class EventNotification(Struct, frozen=True):
    """One attribute whose value is an event."""

    tag: ClassVar[int] = EVENT_NOTIFICATION
    date_time: bytes | None
    attribute: AttributeDescriptor
    value: Data
    tagged_time: bool = False

    def encode(self) -> bytes:
        """Raises `APDUError`."""
        time = b"\x00"
        if self.date_time is not None:
            time = b"\x01" + _encode_time(self.date_time, self.tagged_time)
        return bytes((self.tag,)) + time + self.attribute.octets + self.value.octets


def _encode_time(date_time: bytes | None, tagged: bool) -> bytes:
    if date_time is None:
        return b"\x00"
    if len(date_time) != _DATE_TIME_LENGTH:
        raise APDUError(f"a date-time of {len(date_time)} octets")
    return (b"\x09\x0c" if tagged else b"\x0c") + date_time


def _read_time(reader: OctetReader) -> tuple[bytes | None, bool]:
    """The date-time and whether a tag stood before it."""
    first = reader.octet()
    if first == 0:
        return None, False
    tagged = first == _OCTET_STRING
    length = reader.octet() if tagged else first
    if length != _DATE_TIME_LENGTH:
        raise APDUError(f"a date-time of {length} octets")
    return reader.take(length), tagged


def decode_data_notification(octets: bytes) -> DataNotification:
    """Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets, 1)
    long_invoke = reader.number(4)
    date_time, tagged = _read_time(reader)
    notification = DataNotification(long_invoke, date_time, reader.data(), tagged)
    reader.end()
    return notification


def decode_event_notification(octets: bytes) -> EventNotification:
    """Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets, 1)
    if octets[1:2] == b"\x01":
        reader.at += 1
    date_time, tagged = _read_time(reader)
    attribute = attribute_descriptor(reader.take(SIZE))
    notification = EventNotification(date_time, attribute, reader.data(), tagged)
    reader.end()
    return notification
