"""What every data link tells and takes, be it HDLC or the TCP wrapper."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Protocol

# The longest APDU a link puts together from segments: above any negotiated PDU size.
MAX_PDU = 0x10000


class Role(Enum):
    """Which end of the wire: the head end asks (client), the meter answers (server)."""

    CLIENT = "client"
    SERVER = "server"


class DiscardReason(StrEnum):
    """Why octets were thrown away."""

    NOISE = "noise between frames"
    FORMAT = "not a type 3 frame"
    LENGTH = "impossible frame length"
    ADDRESS = "impossible address field"
    HCS = "header checksum"
    FCS = "frame checksum"
    FLAG = "no closing flag where the length says"
    STRANGER = "other address"
    SEQUENCE = "sequence number"
    UNEXPECTED = "frame not expected in this state"
    LLC = "no LLC header"
    PARAMETERS = "bad link parameters"
    OVERSIZE = "longer than allowed"
    VERSION = "not wrapper version 1"


class ClosedReason(StrEnum):
    """Why a link is no more."""

    RELEASED = "released"
    REFUSED = "refused by the other end"
    LOST = "the other end has no link"
    REJECTED = "frame rejected by the other end"
    OVERSIZE = "APDU longer than allowed"
    BROKEN = "byte stream out of step"


@dataclass(frozen=True, slots=True)
class LinkParameters:
    """Sizes of information fields in octets and windows in frames, seen from one end.

    The defaults are those of IEC 62056-46, 6.4.4.4.3.2.
    """

    max_info_tx: int = 128
    max_info_rx: int = 128
    window_tx: int = 1
    window_rx: int = 1


DEFAULT_PARAMETERS: Final = LinkParameters()


@dataclass(frozen=True, slots=True)
class LinkOpened:
    """APDUs may flow now, within these negotiated limits."""

    parameters: LinkParameters


@dataclass(frozen=True, slots=True)
class LinkClosed:
    """No APDU can flow any more; a link that is wanted must be opened again."""

    reason: ClosedReason


@dataclass(frozen=True, slots=True)
class PDUReceived:
    """One complete APDU."""

    pdu: bytes


@dataclass(frozen=True, slots=True)
class PushReceived:
    """One complete APDU that belongs to no link; the addresses are as on the wire."""

    pdu: bytes
    source: bytes
    destination: bytes


@dataclass(frozen=True, slots=True)
class FrameDiscarded:
    """Octets that will not be looked at again, and why."""

    reason: DiscardReason
    octets: bytes


LinkEvent = LinkOpened | LinkClosed | PDUReceived | PushReceived | FrameDiscarded


class Link(Protocol):
    """Either end of a data link. No method blocks, and none knows the time."""

    @property
    def is_open(self) -> bool: ...

    def connect(self) -> None:
        """Open the link (client only); `LinkOpened` or `LinkClosed` follows."""

    def send(self, pdu: bytes) -> None:
        """Send one APDU. Raises `LinkError` when the link is not open."""

    def disconnect(self) -> None:
        """Close the link (client only); `LinkClosed` follows."""

    def timed_out(self) -> None:
        """Nothing came in time: send again what the standard allows to be sent again."""

    def receive(self, octets: bytes) -> list[LinkEvent]:
        """What newly arrived octets mean."""

    def data_to_send(self) -> bytes:
        """The octets to put on the wire now; each is given once."""
