"""HDLC frames in words, and the segments of an APDU put together (IEC 62056-46)."""

from __future__ import annotations

from typing import Any, Final

from hesd.dlms.errors import FrameError
from hesd.dlms.hdlc_address import ServerAddress, address_number
from hesd.dlms.hdlc_frame import FrameKind, HDLCFrame
from hesd.dlms.hdlc_parameters import decode_parameters
from hesd.dlms.hdlc_push import LLC_COMMAND, strip_llc
from hesd.dlms.link import MAX_PDU, DiscardReason

_BY_CLIENT: Final = (FrameKind.SNRM, FrameKind.DISC)
_BY_SERVER: Final = (FrameKind.UA, FrameKind.DM, FrameKind.FRMR, FrameKind.UI)
_WITH_PARAMETERS: Final = (FrameKind.SNRM, FrameKind.UA)
_CARRIERS: Final = (FrameKind.I, FrameKind.UI)
_LLC_LENGTH: Final = 3
_Way = tuple[FrameKind, bytes, bytes]  # what goes from whom to whom
_OVERHEAD: Final = 5  # format, control, HCS


def explain_hdlc(frame: HDLCFrame) -> dict[str, Any]:
    """Every field of a frame; addresses as octets, and whose they are where that can be told."""
    fields: dict[str, Any] = {
        "type": frame.kind.name,
        "length": frame_length(frame),
        "segmented": frame.segmented,
        "destination_address": frame.destination.hex(),
        "source_address": frame.source.hex(),
        "control": f"{frame.control:02x}",
        "poll_final": frame.final,
        **_sequence(frame),
        **_parties(frame),
        "information_length": len(frame.information),
    }
    if frame.kind in _WITH_PARAMETERS:
        fields |= _parameters(frame.information)
    elif frame.kind in _CARRIERS:
        if strip_llc(frame.information) is not None:
            fields["llc"] = frame.information[:_LLC_LENGTH].hex()
    elif frame.information:
        fields["information"] = frame.information.hex()
    return fields


def frame_length(frame: HDLCFrame) -> int:
    """What the format field says: the octets between the flags."""
    length = len(frame.destination) + len(frame.source) + _OVERHEAD
    return length + (len(frame.information) + 2 if frame.information else 0)


def _sequence(frame: HDLCFrame) -> dict[str, int]:
    """N(S) and N(R)."""
    if frame.kind is FrameKind.I:
        return {"ns": frame.send_sequence, "nr": frame.receive_sequence}
    return {"nr": frame.receive_sequence} if frame.kind in (FrameKind.RR, FrameKind.RNR) else {}


def _parties(frame: HDLCFrame) -> dict[str, Any]:
    """Client and server by their numbers; nothing where a frame does not tell which is which."""
    by_client = is_by_client(frame)
    if by_client is None:
        return {}
    client, server = (frame.source, frame.destination) if by_client else (frame.destination, frame.source)
    return {"client": address_number(client), "server": _server(server)}


def is_by_client(frame: HDLCFrame) -> bool | None:
    """Who sent a frame, by its type, its LLC header or the length of its addresses."""
    if frame.kind in _BY_CLIENT or frame.information.startswith(LLC_COMMAND):
        return True
    if frame.kind in _BY_SERVER or strip_llc(frame.information) is not None:
        return False
    if len(frame.source) == len(frame.destination):
        return None
    return len(frame.source) < len(frame.destination)


def _server(octets: bytes) -> Any:
    try:
        address = ServerAddress.from_octets(octets)
    except FrameError:
        return address_number(octets)
    if address.physical is None:
        return address.logical
    return {"logical": address.logical, "physical": address.physical}


def _parameters(information: bytes) -> dict[str, Any]:
    """What is negotiated; in a frame without the field, the defaults hold."""
    if not information:
        return {}
    found = decode_parameters(information)
    return {
        "max_info_tx": found.max_info_tx,
        "max_info_rx": found.max_info_rx,
        "window_tx": found.window_tx,
        "window_rx": found.window_rx,
    }


class SegmentJoiner:
    """Puts the APDUs of both directions together from frames in the order of the wire."""

    def __init__(self) -> None:
        self._segments: dict[_Way, bytearray] = {}
        self._expected: dict[_Way, int] = {}

    def join(self, frame: HDLCFrame) -> tuple[bytes | None, bool]:
        """The APDU this frame completes, and whether it came in segments.

        None where more must come, where there is none in it, or where its beginning is missing.
        Raises `FrameError` when a segment is missing, or for an endless APDU.
        """
        if frame.kind not in _CARRIERS or not frame.information:
            return None, False
        way = frame.kind, frame.source, frame.destination
        if self._is_repeated(frame, way):
            return None, False
        apdu = strip_llc(frame.information)
        if apdu is not None or way not in self._segments:
            # Pushes in blocks have the header in the first one only.
            if apdu is None and frame.kind is FrameKind.I:
                return None, False
            self._segments[way] = bytearray()
        pieces = self._segments[way]
        pieces += frame.information if apdu is None else apdu
        if len(pieces) > MAX_PDU:
            raise FrameError(f"segments that are {DiscardReason.OVERSIZE}")
        if frame.segmented:
            return None, False
        del self._segments[way]
        return bytes(pieces), len(pieces) > len(frame.information)

    def _is_repeated(self, frame: HDLCFrame, way: _Way) -> bool:
        """Whether N(S) is that of the frame before; while segments are joined it must count."""
        if frame.kind is not FrameKind.I:
            return False
        expected = self._expected.get(way)
        if way in self._segments and expected is not None and frame.send_sequence != expected:
            if frame.send_sequence == (expected - 1) & 7:
                return True
            raise FrameError(f"segment {frame.send_sequence} where {expected} is due")
        self._expected[way] = (frame.send_sequence + 1) & 7
        return False
