"""How an optical probe gets from ASCII at 300 baud to HDLC (IEC 62056-21, mode E).

::

    head end                                     meter
    /?[address]! CR LF                 300 7E1 ->
                                    <- 300 7E1   /XXXZ[\\2]identification CR LF
    06 32 Z 32 CR LF                   300 7E1 ->
    (both switch to baud rate Z, 8N1)
    SNRM ...                                   ->

XXX is the manufacturer, Z the baud rate it offers. A meter echoes the acknowledgement in
some models before it switches; the caller waits and drops what comes in between.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hesd.dlms.errors import OpeningError

INITIAL_BAUD: Final = 300
BAUDS: Final = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}
_ZS: Final = {baud: z for z, baud in BAUDS.items()}
_MAX_MESSAGE: Final = 128
# What either side says, each a whole message.
SIGN_ON: Final = re.compile(rb"/\?(?P<address>[0-9A-Za-z ]{0,32})!\r\n")
IDENTIFICATION: Final = re.compile(
    rb"/(?P<manufacturer>[A-Za-z]{3})(?P<z>[0-9])(?P<escapes>(?:\\[^\\/!\r\n])*)(?P<text>[^/!\r\n]{0,64})\r\n"
)
ACKNOWLEDGEMENT: Final = re.compile(rb"\x06(?P<v>[0-9])(?P<z>[0-9])(?P<y>[0-9])\r\n")


@dataclass(frozen=True, slots=True)
class IdentificationReceived:
    """Who answered: `manufacturer` as the FLAG code, the `baud` it offers."""

    manufacturer: str
    baud: int
    identification: str
    announces_mode_e: bool


@dataclass(frozen=True, slots=True)
class BaudSwitched:
    """The acknowledgement is on its way: after its last bit the line runs at `baud`, 8N1."""

    baud: int


@dataclass(frozen=True, slots=True)
class SignOnReceived:
    """The meter's side: a head end asked for us, or for the meter of that address."""

    address: str


def seven_bits(octets: bytes) -> bytes:
    """Without parity: 7E1 read through an 8N1 port leaves the parity in the top bit."""
    return bytes(octet & 0x7F for octet in octets)


class ModeEOpening:
    """The head end's side. `max_baud` limits the offer, for probes that are slower than meters."""

    def __init__(self, address: str = "", max_baud: int = 19200) -> None:
        if not re.fullmatch(r"[0-9A-Za-z ]{0,32}", address):
            raise OpeningError(f"no device address: {address!r}")
        self._address = address
        self._max_baud = max_baud
        self._buffer = b""

    def request(self) -> bytes:
        """The sign-on, to be sent at 300 baud 7E1."""
        self._buffer = b""
        return b"/?%b!\r\n" % self._address.encode("ascii")

    def receive(self, octets: bytes) -> list[IdentificationReceived]:
        """The identification once it is complete; an echo of our own request is skipped.

        Raises `OpeningError` when more came than an identification message can be.
        """
        self._buffer += seven_bits(octets)
        match = IDENTIFICATION.search(self._buffer)
        if match is None:
            if len(self._buffer) > 2 * _MAX_MESSAGE:
                self._buffer = b""
                raise OpeningError("no identification message in what the probe hears")
            return []
        self._buffer = b""
        return [_identification(match)]

    def acknowledge(self, identification: IdentificationReceived) -> tuple[bytes, BaudSwitched]:
        """The acknowledgement that selects HDLC, and the baud rate that holds after it."""
        baud = max((rate for rate in _ZS if rate <= min(identification.baud, self._max_baud)), default=300)
        return b"\x062%b2\r\n" % _ZS[baud].encode("ascii"), BaudSwitched(baud)


def _identification(match: re.Match[bytes]) -> IdentificationReceived:
    z = match["z"].decode("ascii")
    if z not in BAUDS:
        raise OpeningError(f"baud rate character {z} is reserved")
    return IdentificationReceived(
        match["manufacturer"].decode("ascii"),
        BAUDS[z],
        match["text"].decode("latin-1").strip(),
        b"\\2" in match["escapes"],
    )


class ModeEAnswer:
    """The meter's side: it identifies itself and takes the acknowledgement."""

    def __init__(self, manufacturer: str, identification: str, baud: int, address: str = "") -> None:
        if baud not in _ZS or not re.fullmatch("[A-Za-z]{3}", manufacturer):
            raise OpeningError(f"cannot identify as {manufacturer!r} at {baud} baud")
        self._message = f"/{manufacturer}{_ZS[baud]}\\2{identification}\r\n".encode("ascii")
        self._baud = baud
        self._address = address
        self._buffer = b""
        self._out = b""

    def receive(self, octets: bytes) -> list[SignOnReceived | BaudSwitched]:
        """A sign-on for us makes `data_to_send` the identification; an acknowledgement switches."""
        self._buffer = (self._buffer + seven_bits(octets))[-_MAX_MESSAGE:]
        if match := SIGN_ON.search(self._buffer):
            self._buffer = self._buffer[match.end() :]
            address = match["address"].decode("ascii")
            if address.lstrip("0") not in ("", self._address.lstrip("0")):
                return []
            self._out = self._message
            return [SignOnReceived(address)]
        if match := ACKNOWLEDGEMENT.search(self._buffer):
            self._buffer = b""
            z = match["z"].decode("ascii")
            if match["v"] == b"2" and match["y"] == b"2" and BAUDS.get(z, self._baud + 1) <= self._baud:
                return [BaudSwitched(BAUDS[z])]
        return []

    def data_to_send(self) -> bytes:
        octets, self._out = self._out, b""
        return octets
