"""What takes hostile bytes in every layer of DLMS, see `tests.hostile`."""

from __future__ import annotations

from hesd.dlms import apdu, axdr
from hesd.dlms.ciphered import SERVICE_TAGS
from hesd.dlms.exception import ExceptionResponse
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.hdlc_push import PushReader
from hesd.dlms.link import Role
from hesd.dlms.protection import Protection
from hesd.dlms.security import CounterReserve, Key
from hesd.dlms.wrapper import WPDUReader, WrapperLink
from tests.dlms.vectors import VECTORS, octets
from tests.hostile import Target


def _of(*layers: str) -> tuple[bytes, ...]:
    return tuple(octets(name) for name, vector in VECTORS.items() if vector["layer"] in layers)


def _apdus(first: bytes) -> tuple[bytes, ...]:
    """The APDUs in the vectors whose tag is one of `first`."""
    whole = [*_of("xdlms", "xdlms-ciphered", "acse"), *(data[8:] for data in _of("wrapper"))]
    return tuple(data for data in whole if data[0] in first)


def _rows() -> bytes:
    row = bytes.fromhex("0204 090c07ea0101040c0000ff800000 1105 0600012345 1200e6")
    return b"\x01\x28" + row * 20 + row.replace(bytes.fromhex("090c07ea0101040c0000ff800000"), b"\x00") * 20


def _take_hdlc(data: bytes) -> None:
    link, half = HDLCLink(Role.CLIENT, b"\x21", b"\x03"), len(data) // 2
    link.connect()
    meter = HDLCLink(Role.SERVER, b"\x03", None)
    reader = PushReader()
    for part in (data[:half], data[half:]):
        link.receive(part)
        meter.receive(part)
        reader.feed(part)


def _take_wrapper(data: bytes) -> None:
    link, half = WrapperLink(Role.CLIENT, 17, 1), len(data) // 2
    for part in (data[:half], data[half:]):
        link.receive(part)
    WPDUReader().feed(data)


def _take_axdr(data: bytes) -> None:
    axdr.decode(data)


def _take_apdu(data: bytes) -> None:
    found = apdu.decode(data)
    if apdu.decode(found.encode()) != found:
        raise AssertionError(found)


def _take_ciphered(data: bytes) -> None:
    protection = Protection(_METER, _TITLE, _KEY, CounterReserve(0, 10))
    opened = protection.open(data)
    if opened not in _PLAIN and not isinstance(apdu.decode(opened), ExceptionResponse):
        raise AssertionError("a forgery was let in")


_TITLE, _METER = bytes.fromhex("4d4d4d0000bc614e"), b"MTR\x00\x00\x00\x00\x02"
_KEY = Key(bytes(range(16)), bytes(range(0xD0, 0xE0)))
_PLAIN = frozenset(data for data in _apdus(bytes(range(256))) if data[0] in SERVICE_TAGS or data[0] == 0x0F)
_CLOSED = tuple(
    Protection(_TITLE, _METER, _KEY, CounterReserve(number, number + 1), general=general).protect(data)
    for number, data in enumerate(sorted(_PLAIN), 1)
    for general in (False, True)
)
_DATA = (
    _rows(),
    *(data[4:] for data in _apdus(b"\xc4") if data[1] == 1 and data[3] == 0),
    bytes.fromhex("13 02021209 0a 0001 024142 0002 024344"),
    bytes.fromhex("0203 0410a5a5 1701020304 1000ff"),
    bytes.fromhex("0202 0c02c3a4 0102 0101 0100 0100"),
)
TARGETS = {
    "hdlc": Target(_of("hdlc", "stream"), _take_hdlc),
    "wrapper": Target(_of("wrapper", "login", "stream"), _take_wrapper),
    "axdr": Target(_DATA, _take_axdr),
    "apdu": Target((*_apdus(bytes(range(192, 225)) + b"\x0f"), b"\xc4\x01\xc1\x00" + _rows()), _take_apdu),
    "ciphered": Target(_CLOSED, _take_ciphered),
    "acse": Target(_apdus(b"\x60\x61\x62\x63"), _take_apdu),
}
