"""Invoke-Id-And-Priority (IEC 62056-5-3, 8.3): which answer belongs to which request.

::

    bit 7 priority (1 high) | bit 6 service class (1 confirmed) | 5, 4 zero | 3..0 invoke id

Data notifications and the access service have the long form of four octets: the same
two bits on top, a number of 24 bits below.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Final

HIGH_PRIORITY: Final = 0x80
CONFIRMED: Final = 0x40
_ID: Final = 0x0F


def invoke_octets() -> Iterator[int]:
    """The octets of one association's confirmed requests: ids 1 to 15, over and over.

    0 is left out, so that an answer by a meter that never copies the id is noticed.
    """
    return cycle(range(HIGH_PRIORITY | CONFIRMED | 1, HIGH_PRIORITY | CONFIRMED | 16))


def answers(request: int, response: int) -> bool:
    """Whether a response is to that request. Only the id counts: meters change the other bits."""
    return (request ^ response) & _ID == 0
