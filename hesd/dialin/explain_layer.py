"""Of what layer octets are. Where several would fit, lengths and checksums decide."""

from __future__ import annotations

from typing import Final

from hesd.dialin import family_h
from hesd.dialin.ascii_registration import DEFAULT_PATTERN, registered_id
from hesd.dialin.dsmr4_alarm import decode_alarm
from hesd.dialin.errors import LoginError
from hesd.dialin.explain_login import explain_foreign, is_login
from hesd.dlms import apdu
from hesd.dlms.errors import DLMSError, FrameError
from hesd.dlms.explain_mode_e import explain_mode_e
from hesd.dlms.hdlc_frame import FrameReader, HDLCFrame, decode_frame
from hesd.dlms.hdlc_stuffing import StuffedFrameReader
from hesd.dlms.wrapper import MAX_APDU, StreamBroken, WPDUReader

HDLC: Final = "hdlc"
WRAPPER: Final = "wrapper"
APDU: Final = "apdu"
LOGIN: Final = "login"
MODE_E: Final = "iec62056-21"
FOREIGN: Final = "foreign"

_FLAG: Final = b"\x7e"


def framed_layer(octets: bytes) -> str | None:
    """The layer of frames that prove themselves; None where nothing does."""
    if explain_mode_e(octets):
        return MODE_E
    if octets[:1] == _FLAG or (octets[:1] and octets[0] & 0xF0 == 0xA0):
        return HDLC if hdlc_octets(octets) else None
    if wrapped := _wrapped(octets):
        return wrapped
    if explain_foreign(octets) is not None:
        return FOREIGN
    return LOGIN if _is_told_login(octets) else None


def guessed_layer(octets: bytes) -> str | None:
    """What broken octets were most likely meant as; None without any sign."""
    if octets[:1] == _FLAG:
        return HDLC
    if octets[:1] == bytes((family_h.START,)):
        return LOGIN
    # A wrapper header has small numbers only: the version, two ports.
    if len(octets) >= 6 and octets[0] == octets[2] == octets[4] == 0:
        return WRAPPER
    return APDU if octets[:1] >= b"\x60" and octets[0] in apdu.TAGS else None


def is_apdu(octets: bytes) -> bool:
    """Whether these octets are one APDU from end to end."""
    try:
        apdu.decode(octets)
    except DLMSError:
        return False
    return True


def hdlc_octets(octets: bytes) -> bytes | None:
    """The frames as IEC 62056-46 has them, from a log that cut their flags off, or unstuffed."""
    if octets[:1] != _FLAG:
        try:
            decode_frame(octets)
        except FrameError:
            return None
        return _FLAG + octets + _FLAG
    if any(isinstance(found, HDLCFrame) for found in FrameReader().feed(octets)):
        return octets
    frames = StuffedFrameReader().feed(octets)
    if frames and all(isinstance(found, HDLCFrame) for found in frames):
        return b"".join(frame.encode() for frame in frames if isinstance(frame, HDLCFrame))
    return None


def _wrapped(octets: bytes) -> str | None:
    """Whether whole wrapper frames are there and nothing else, and if all of them are logins."""
    reader = WPDUReader(MAX_APDU)
    found = reader.feed(octets)
    if not found or reader.pending:
        return None
    logins = 0
    for each in found:
        if isinstance(each, StreamBroken):
            return None
        logins += is_login(each)
    return LOGIN if logins == len(found) else WRAPPER


def _is_told_login(octets: bytes) -> bool:
    try:
        if octets[:1] == bytes((family_h.START,)):
            return family_h.frame_size(octets[: family_h.MAX_FRAME], settled=True) > 0
        decode_alarm(octets)
    except LoginError:
        return registered_id(octets.strip(b"\r\n"), DEFAULT_PATTERN) is not None
    return True
