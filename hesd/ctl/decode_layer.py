"""Which layer frames are of, among all that hesd speaks.

What proves itself by checksum, length or form comes first; a token proves little and an APDU
nothing but that it can be read, so these come last. Of damaged frames the likeliest is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from hesd.dialin.explain_layer import APDU, framed_layer, guessed_layer, is_apdu
from hesd.dlms.explain_request import explain_gmac
from hesd.modbus import explain as modbus

STS: Final = "sts"
# Ten octets of digits; one that is short of some, filled up.
_TOKEN: Final = re.compile(r"(?=.{20}\Z)[0-9]{16,20}f*")
_SHORTEST_TYPED_TOKEN: Final = 15


def layer_of(frames: Sequence[bytes]) -> str:
    """The layer; Modbus has two names and everything unknown is taken for one of them."""
    whole = b"".join(frames)
    for octets in (frames[0], whole):
        if found := _proven(octets):
            return found
    return guessed_layer(whole) or _modbus(frames[0])


def _proven(octets: bytes) -> str | None:
    framed = framed_layer(octets)
    if framed is not None:
        return framed
    tried = modbus.explain([octets])
    if tried.error is None:
        return tried.layer
    if _TOKEN.fullmatch(octets.hex()):
        return STS
    return APDU if is_apdu(octets) or explain_gmac(octets) else None


def _modbus(octets: bytes) -> str:
    return modbus.explain([octets]).layer


def is_typed_token(digits: str) -> bool:
    """Whether what was typed can only be meant as a token: an odd number of decimal digits."""
    return len(digits) % 2 == 1 and len(digits) >= _SHORTEST_TYPED_TOKEN and digits.isdecimal()
