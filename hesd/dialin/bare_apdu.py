"""APDUs without a wrapper header, as some family W meters send them after a heartbeat.

Nothing says where one ends but itself, so the octets that are there are tried whole, and
up to every place where a wrapper header may begin.
"""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import Final

from hesd.dialin.errors import LoginError
from hesd.dlms.apdu import decode
from hesd.dlms.errors import DLMSError

# Meters of this family take and give at most 200 octets in one APDU.
MAX_APDU: Final = 512
_MAX_TRIES: Final = 4
# What a meter says: responses and notifications, in clear or ciphered, refusals, blocks.
# AARE and RLRE are told from text by what follows their length.
_HEAD: Final = re.compile(
    rb"[\x0f\xc2\xc4\xc5\xc7\xca\xcc\xcd\xcf\xd4\xd5\xd7\xd8\xdb\xdc\xdd\xdf\xe0]"
    rb"|\x61.\xa1|\x63(?:\x00|.[\x80\xbe])|[\x61\x63].?\Z",
    re.DOTALL,
)
_HEADER: Final = re.compile(rb"\x00\x01\x00")


def begins_apdu(octets: bytes, start: int) -> bool:
    """Whether what begins at `start` may be an APDU from a meter."""
    return _HEAD.match(octets, start) is not None


def apdu_size(octets: bytes) -> int:
    """How long the APDU is that these octets begin with; 0 while more must come.

    Raises `LoginError` when so much came that none can be.
    """
    headers = (match.start() for match in _HEADER.finditer(octets))
    for end in islice(chain(headers, [len(octets)]), _MAX_TRIES):
        try:
            decode(octets[:end])
        except DLMSError:
            continue
        return end
    if len(octets) >= MAX_APDU:
        raise LoginError(f"no APDU: {octets[:16].hex()}")
    return 0
