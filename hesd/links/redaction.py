"""Blanks passwords, keys and tokens in a frame before it is kept.

Every octet that is blanked becomes 2A, so lengths stay and the rest of the frame can still
be decoded; HDLC frames get checksums that fit. What is blanked, in clear or authenticated
only (what is encrypted needs nothing):

* the password or challenge in AARQ, and a dedicated key;
* what SET writes and ACTION passes on, but for classes that hold no secrets;
* what is answered when a token, or a log of tokens, was read, or such a SET or ACTION sent;
* all that Write carries, for its short names do not tell.

What cannot be read as what it seems to be is blanked too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hesd.dlms import acse, action, ciphered, exception, get, initiate, notification, set, short_name
from hesd.dlms.axdr_length import decode_length
from hesd.dlms.block_transfer import GENERAL_BLOCK_TRANSFER
from hesd.dlms.descriptor import SIZE
from hesd.dlms.errors import DLMSError
from hesd.dlms.explain_redacted import BLANK
from hesd.dlms.hdlc_frame import FLAG, decode_frame
from hesd.dlms.hdlc_push import strip_llc
from hesd.dlms.security import SecurityControl
from hesd.dlms.wrapper import HEADER_LENGTH

# Logical names of what holds tokens: Data 1.0.129.129.2, the logs 1.0.99.98.84 and .86, token
# gateways 0.b.19.40.e.
_TOKENS: Final = re.compile(
    rb"\x01\x00\x81\x81\x02\xff|\x01\x00\x63\x62[\x54\x56]\xff|\x00.\x13\x28.\xff", re.DOTALL
)
# Registers, profiles, clocks, scripts, schedules, calendars, relays, limiters.
_PLAIN_CLASSES: Final = (3, 4, 5, 6, 7, 8, 9, 10, 20, 22, 70, 71)
_NORMAL: Final = 1
_NEXT: Final = 2
_FIRST_BLOCKS: Final = (2, 4)  # of SET and of ACTION: a descriptor, then a block
_HEAD: Final = 3  # tag, kind, invoke id
_DESCRIBED: Final = _HEAD + SIZE
_WRITES: Final = (short_name.WRITE_REQUEST, short_name.UNCONFIRMED_WRITE_REQUEST, GENERAL_BLOCK_TRANSFER)
_PARAMETERISED: Final = 4
_ANSWERS: Final = {
    get.RESPONSE: _HEAD,
    action.RESPONSE: _HEAD + 1,
    short_name.READ_RESPONSE: 1,
}
# Of an HDLC frame, flags included.
_ADDRESSES_AT: Final = 3
_CONTROL_AND_HCS: Final = 3
_TRAILER: Final = 3
# What holds no secret and is known, so that it need not be hidden as a piece of one.
_OPEN: Final = (
    acse.AARE_TAG,
    acse.RLRQ_TAG,
    acse.RLRE_TAG,
    exception.EXCEPTION_RESPONSE,
    set.RESPONSE,
    notification.DATA_NOTIFICATION,
    notification.EVENT_NOTIFICATION,
)
# As it is, where nothing was asked that is secret.
_HARMLESS: Final = frozenset((*_ANSWERS, *_OPEN))
_SEALED: Final = frozenset((*ciphered.GLOBAL_TAGS, *ciphered.DEDICATED_TAGS))
# Of a wrapper frame with such an APDU: the security control, behind a length of one octet.
_CONTROL_AT: Final = HEADER_LENGTH + 2
_AUTHENTICATION: Final = 0xAC
_USER_INFORMATION: Final = 0xBE
_GENERAL: Final = (ciphered.GENERAL_GLO_CIPHERING, ciphered.GENERAL_DED_CIPHERING)
_SECURITY_HEADER: Final = 5
_ENCRYPTED: Final = int(SecurityControl.ENCRYPTED)


def redacted(octets: bytes, hiding: bool) -> tuple[bytes, bool]:
    """A frame as it may be kept, and whether what belongs to it later has to be hidden.

    `hiding` is what the frame before it, in either direction, gave. Frames are taken one at a
    time, on HDLC with their flags.
    """
    first = octets[0] if octets else None
    if first == 0:
        if len(octets) > _CONTROL_AT:
            # Most frames are one of these, and it is enough to look at two octets.
            tag = octets[HEADER_LENGTH]
            if tag in _SEALED:
                if octets[_CONTROL_AT - 1] < 0x80 and octets[_CONTROL_AT] & _ENCRYPTED:
                    return octets, hiding
            elif tag in _HARMLESS and not hiding:
                return octets, False
        apdu = octets[HEADER_LENGTH:]
        kept, hiding = _redacted_apdu(apdu, hiding)
        return octets if kept is apdu else octets[:HEADER_LENGTH] + kept, hiding
    if first == FLAG:
        return _redacted_hdlc(octets, hiding)
    return _redacted_apdu(octets, hiding)


def _redacted_hdlc(octets: bytes, hiding: bool) -> tuple[bytes, bool]:
    try:
        start = _information_of(octets)
        if start is None:
            return octets, hiding
        end = len(octets) - _TRAILER
        pdu = strip_llc(octets[start:end])
        if pdu is None:  # a further segment
            kept = _blanked(octets[start:end], 0) if hiding else octets[start:end]
        else:
            apdu, hiding = _redacted_apdu(pdu, hiding)
            kept = octets[start : end - len(apdu)] + apdu
        if kept != octets[start:end]:
            octets = replace(decode_frame(octets[1:-1]), information=kept).encode()
    except (IndexError, DLMSError):
        return _blanked(octets, 1), hiding
    return octets, hiding


def _information_of(octets: bytes) -> int | None:
    """Where the information of an I frame begins; None for frames of other kinds."""
    at = _ADDRESSES_AT
    for _ in range(2):
        while not octets[at] & 1:
            at += 1
        at += 1
    return None if octets[at] & 1 else at + _CONTROL_AND_HCS


def _redacted_apdu(apdu: bytes, hiding: bool) -> tuple[bytes, bool]:
    try:
        by_tag = _BY_TAG.get(apdu[0], _redacted_unknown) if apdu else _redacted_unknown
        return by_tag(apdu, hiding)
    except (IndexError, DLMSError):
        return _blanked(apdu, 1), True


def _redacted_get(apdu: bytes, hiding: bool) -> tuple[bytes, bool]:
    return apdu, hiding if apdu[1] == _NEXT else _TOKENS.search(apdu) is not None


def _redacted_answer(apdu: bytes, hiding: bool) -> tuple[bytes, bool]:
    return (_blanked(apdu, _ANSWERS[apdu[0]]) if hiding else apdu), hiding


def _redacted_read(apdu: bytes, _hiding: bool) -> tuple[bytes, bool]:
    calls = apdu[2] == _PARAMETERISED
    return (_blanked(apdu, 3) if calls else apdu), calls


def _redacted_write(apdu: bytes, _hiding: bool) -> tuple[bytes, bool]:
    return _blanked(apdu, 1), True


def _left_open(apdu: bytes, hiding: bool) -> tuple[bytes, bool]:
    return apdu, hiding


def _redacted_unknown(apdu: bytes, hiding: bool) -> tuple[bytes, bool]:
    return (_blanked(apdu, 1) if hiding else apdu), hiding


def _redacted_change(apdu: bytes, hiding: bool) -> tuple[bytes, bool]:
    """A SET or an ACTION."""
    kind = apdu[1]
    if apdu[0] == action.REQUEST and kind == _NEXT:
        return apdu, hiding
    if kind != _NORMAL and kind not in _FIRST_BLOCKS:
        return _blanked(apdu, _HEAD), True
    class_id = int.from_bytes(apdu[_HEAD : _HEAD + 2], "big")
    if kind == _NORMAL and class_id in _PLAIN_CLASSES and not _TOKENS.search(apdu):
        return apdu, False
    return _blanked(apdu, _DESCRIBED), True


def _redacted_aarq(apdu: bytes, _hiding: bool) -> tuple[bytes, bool]:
    """It may go on in a further segment, with the rest of what has to be hidden."""
    length, at = decode_length(apdu, 1)
    kept, cut = apdu, at + length > len(apdu)
    while at < len(apdu):
        tag = apdu[at]
        length, start = decode_length(apdu, at + 1)
        at = start + length
        if tag == _AUTHENTICATION:
            kept = kept[: start + 2] + _blanked(apdu[start + 2 : at], 0) + kept[at:]
        elif tag == _USER_INFORMATION:
            kept = kept[:start] + _redacted_information(apdu[start:at])
    return kept, cut


def _redacted_information(element: bytes) -> bytes:
    """An octet-string with an InitiateRequest in it; that one may bear a dedicated key."""
    _, start = decode_length(element, 1)
    inside = element[start:]
    if inside[:2] == bytes((initiate.INITIATE_REQUEST, 1)):
        return _blanked(element, start + 2)
    encrypted = inside[:1] == b"\x21" and inside[2:3] and inside[2] & _ENCRYPTED
    return element if encrypted or inside[:1] != b"\x21" else _blanked(element, start + 1)


def _redacted_ciphered(apdu: bytes, hiding: bool) -> tuple[bytes, bool]:
    """Nothing can be seen in it, unless it is authenticated only."""
    at = 2 + apdu[1] if apdu[0] in _GENERAL else 1
    _, at = decode_length(apdu, at)
    if apdu[at] & _ENCRYPTED:
        return apdu, hiding
    inside, hiding = _redacted_apdu(apdu[at + _SECURITY_HEADER :], hiding)
    return apdu[: at + _SECURITY_HEADER] + inside, hiding


def _blanked(octets: bytes, start: int) -> bytes:
    return octets[:start] + BLANK * (len(octets) - start)


_BY_TAG: Final[dict[int, Callable[[bytes, bool], tuple[bytes, bool]]]] = {
    get.REQUEST: _redacted_get,
    set.REQUEST: _redacted_change,
    action.REQUEST: _redacted_change,
    acse.AARQ_TAG: _redacted_aarq,
    short_name.READ_REQUEST: _redacted_read,
    **dict.fromkeys(_ANSWERS, _redacted_answer),
    **dict.fromkeys(_WRITES, _redacted_write),
    **dict.fromkeys((*_SEALED, *_GENERAL), _redacted_ciphered),
    **dict.fromkeys(_OPEN, _left_open),
}
