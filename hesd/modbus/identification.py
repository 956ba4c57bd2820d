"""Function 43/14, Read Device Identification (the application protocol, section 6.21).

The one function whose reply has no length of its own: it ends where its last object ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from hesd.modbus.errors import ILLEGAL_ADDRESS, BadReply, BadRequest, MeterException

FUNCTION = 43
_MEI = 14
_HEADER = 7  # function, MEI type, category, conformity, more follows, next object, objects
_LONGEST = 253
_STREAMS = 0x80  # conformity: objects can also be read one by one


class Category(IntEnum):
    """Which objects are asked for."""

    BASIC = 1  # 0 vendor, 1 product code, 2 revision
    REGULAR = 2  # and 3 vendor URL, 4 product name, 5 model name, 6 application name
    EXTENDED = 3  # and 0x80 up, the maker's own
    INDIVIDUAL = 4  # the one that is named


_LAST_OBJECT = {Category.BASIC: 0x02, Category.REGULAR: 0x7F, Category.EXTENDED: 0xFF}


@dataclass(frozen=True, slots=True)
class IdentificationReply:
    """Objects by their id; where `more_follows`, go on with `object_id=next_object`."""

    objects: Mapping[int, bytes]
    more_follows: bool = False
    next_object: int = 0


@dataclass(frozen=True, slots=True)
class ReadIdentification:
    """Asks for the objects of a category, from `object_id` on."""

    function: ClassVar[int] = FUNCTION
    reply_length: ClassVar[None] = None

    category: int = Category.BASIC
    object_id: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.category <= 4:
            raise BadRequest(f"identification has categories 1 to 4, not {self.category}")
        if not 0 <= self.object_id <= 255:
            raise BadRequest(f"an object id is 0 to 255, not {self.object_id}", ILLEGAL_ADDRESS)

    def encode(self) -> bytes:
        return bytes((FUNCTION, _MEI, self.category, self.object_id))

    def decode_reply(self, pdu: bytes) -> IdentificationReply:
        """Raises `BadReply`, or `MeterException` where the meter refused."""
        if len(pdu) == 2 and pdu[0] == FUNCTION | 0x80:
            raise MeterException(pdu[1], FUNCTION)
        if pdu[:1] != bytes((FUNCTION,)):
            raise BadReply(f"function {FUNCTION} was asked, the reply is {pdu[:8].hex() or 'empty'}")
        if expected_length(pdu) != len(pdu):
            raise BadReply(f"{len(pdu)} bytes are not the objects they announce")
        if pdu[2] != self.category:
            raise BadReply(f"identification of category {pdu[2]} where {self.category} was asked for")
        objects = {pdu[at]: pdu[at + 2 : at + 2 + pdu[at + 1]] for at in _object_starts(pdu)}
        return IdentificationReply(objects, pdu[4] == 0xFF, pdu[5])

    def encode_reply(self, reply: IdentificationReply) -> bytes:
        more = 0xFF if reply.more_follows else 0
        conformity = min(self.category, Category.EXTENDED) | _STREAMS
        header = (FUNCTION, _MEI, self.category, conformity, more, reply.next_object, len(reply.objects))
        return bytes(header) + b"".join(
            bytes((number, len(text))) + text for number, text in reply.objects.items()
        )

    def select(self, objects: Mapping[int, bytes]) -> IdentificationReply:
        """What a meter with these objects answers: as many as fit, and where to go on.

        Raises `MeterException` 2 for an object it has not got.
        """
        if self.category == Category.INDIVIDUAL:
            if self.object_id not in objects:
                raise MeterException(ILLEGAL_ADDRESS, FUNCTION)
            return IdentificationReply({self.object_id: objects[self.object_id]})
        last = _LAST_OBJECT[Category(self.category)]
        numbers = sorted(number for number in objects if number <= last)
        # An object that is not there starts the stream from the beginning (section 6.21).
        first = self.object_id if self.object_id in numbers else 0
        chosen: dict[int, bytes] = {}
        room = _LONGEST - _HEADER
        for number in (number for number in numbers if number >= first):
            text = objects[number][: _LONGEST - _HEADER - 2]
            room -= 2 + len(text)
            if room < 0:
                return IdentificationReply(chosen, more_follows=True, next_object=number)
            chosen[number] = text
        return IdentificationReply(chosen)


def decode_request(pdu: bytes) -> ReadIdentification:
    """Raises `BadRequest`."""
    if len(pdu) != 4 or pdu[1] != _MEI:
        raise BadRequest("function 43 is served with MEI type 14 and two bytes only")
    return ReadIdentification(pdu[2], pdu[3])


def expected_length(pdu: bytes) -> int | None:
    """Length of the reply that starts so, None until its last object has begun.

    Raises `BadReply` where the bytes cannot become one.
    """
    if pdu[1:2] not in (b"", bytes((_MEI,))):
        raise BadReply(f"function 43 with MEI type {pdu[1]}")
    if len(pdu) < _HEADER:
        return None
    end = _HEADER
    for at in _object_starts(pdu):
        if at + 1 >= len(pdu):
            return None
        end = at + 2 + pdu[at + 1]
        if end > _LONGEST:
            raise BadReply("identification longer than a Modbus reply")
    return end


def _object_starts(pdu: bytes) -> Iterator[int]:
    at = _HEADER
    for _ in range(pdu[6]):
        yield at
        at += 2 + (pdu[at + 1] if at + 1 < len(pdu) else 0)
