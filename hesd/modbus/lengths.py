"""How long a PDU is, told by its first bytes: what frames a stream that has no silences."""

from __future__ import annotations

from hesd.modbus import identification
from hesd.modbus.errors import ILLEGAL_FUNCTION, BadReply, BadRequest

# Most of each that a read may name (the application protocol, sections 6.1 to 6.4).
REGISTERS_LIMIT = 125
BITS_LIMIT = 2000
WRITE_REPLY = 5  # a write is answered by the first five bytes of its request
_READ_REQUEST = 5


def expected_length(pdu_so_far: bytes) -> int | None:
    """Length of the reply PDU that starts so, None where that cannot be told yet.

    Raises `BadReply` where no reply to a function of this module starts so.
    """
    if not pdu_so_far:
        return None
    function = pdu_so_far[0]
    if function & 0x7F in _REPLY_LENGTHS:
        return 2 if function & 0x80 else _REPLY_LENGTHS[function](pdu_so_far)
    raise BadReply(f"no reply of function {function} was asked for")


def request_length(pdu_so_far: bytes) -> int | None:
    """Length of the request PDU that starts so; None where it cannot be told yet.

    Raises `BadRequest` for a function whose requests have no length this module knows.
    """
    if not pdu_so_far:
        return None
    match pdu_so_far[0]:
        case 1 | 2 | 3 | 4 | 5 | 6:
            return _READ_REQUEST
        case 15 | 16:
            return 6 + pdu_so_far[5] if len(pdu_so_far) > 5 else None
        case identification.FUNCTION:
            return 4
    raise BadRequest(f"requests of function {pdu_so_far[0]} are of unknown length", ILLEGAL_FUNCTION)


def _counted_registers(pdu: bytes) -> int | None:
    return _counted(pdu, 2 * REGISTERS_LIMIT, even=True)


def _counted_bits(pdu: bytes) -> int | None:
    return _counted(pdu, BITS_LIMIT // 8, even=False)


def _counted(pdu: bytes, limit: int, *, even: bool) -> int | None:
    if len(pdu) < 2:
        return None
    if not 1 <= pdu[1] <= limit or (even and pdu[1] % 2):
        raise BadReply(f"a reply of function {pdu[0]} cannot have {pdu[1]} bytes")
    return 2 + pdu[1]


def _repeated(_pdu: bytes) -> int:
    return WRITE_REPLY


_REPLY_LENGTHS = {
    1: _counted_bits,
    2: _counted_bits,
    3: _counted_registers,
    4: _counted_registers,
    **dict.fromkeys((5, 6, 15, 16), _repeated),
    identification.FUNCTION: identification.expected_length,
}
