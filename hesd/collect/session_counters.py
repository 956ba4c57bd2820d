"""Invocation counters of one meter, ours and its own: on record before use, and only upwards.

A counter that is used twice under one key gives away what both messages say. So ours come
from the keyring in slices, which has them on disk before the first of a slice is used; a
process that dies leaves the rest of its slice unused. The meter's counters are kept when
some have come together and when the session ends: up to then a replay is known from memory.
"""

from __future__ import annotations

from typing import Final

from hesd.collect.dlms_spec import Keyring
from hesd.collect.session_errors import AssociationFailed
from hesd.dlms.security import CounterReserve, ReceivedCounter

_SLICE: Final = 200
# How many of the meter's counters may have come without one being kept.
_UNKEPT: Final = 64
# No meter is believed to have seen more: whoever forged that would have used up our key.
_HIGHEST_BELIEVED: Final = 0xF000_0000


class Counters:
    """The counters under the encryption key that is in use."""

    def __init__(self, serial: str, keyring: Keyring) -> None:
        self.own = CounterReserve(0, 0)
        self.received = ReceivedCounter()
        self._serial = serial
        self._keyring = keyring
        self._key = b""
        self._kept = -1

    @property
    def is_new(self) -> bool:
        """Whether nothing has ever come from the meter under this key."""
        return self.received.last < 0

    async def begin(self, key: bytes) -> None:
        """Count under a key; where it is the same as before, go on."""
        if key == self._key:
            return
        last = await self._keyring.received(self._serial)
        self.own, self.received = CounterReserve(0, 0), ReceivedCounter(last)
        self._key, self._kept = key, last

    async def ensure(self, count: int) -> None:
        """Have at least so many of ours left. Raises what the keyring raises where there are none."""
        if self.own.left < count:
            await self._reserve(0)

    async def go_past(self, seen: int) -> bool:
        """Go on behind a counter the meter says it has seen; whether that changed anything.

        Raises `AssociationFailed` for a counter that leaves hardly any.
        """
        if seen < self.own.next:
            return False
        if seen > _HIGHEST_BELIEVED:
            raise AssociationFailed(
                f"the meter says that it has seen invocation counter {seen}: it needs another key"
            )
        await self._reserve(seen + 1)
        return True

    @property
    def many_unkept(self) -> bool:
        """Whether so many of the meter's have come that the last should be put on record."""
        return self.received.last > self._kept + _UNKEPT

    async def keep_received(self) -> None:
        """Put the meter's counter on record."""
        last = self.received.last
        if last > self._kept:
            await self._keyring.set_received(self._serial, last)
            self._kept = last

    async def _reserve(self, at_least: int) -> None:
        first, limit = await self._keyring.reserve(self._serial, _SLICE, at_least)
        if first == self.own.limit and self.own.left:
            self.own.extend(limit)
        else:
            self.own.skip_to(first, limit)
