"""Connections of meters nobody has registered: kept in small number, told of now and then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

from twisted.internet.interfaces import IReactorTime

from hesd.dialin.identity import Claim
from hesd.links.dial_in import DialledIn
from hesd.model.stranger import Stranger

# The same stranger is told of once in so many seconds, and of all together so many a second.
_TELL_AGAIN: Final = 60.0
_MOST_TOLD: Final = 20
_REMEMBERED: Final = 4096


class Strangers:
    """At most `most` connections are kept, so that a meter that is adopted is there at once.

    `tell` is called with what goes into quarantine.
    """

    def __init__(self, clock: IReactorTime, tell: Callable[[Stranger], None], most: int) -> None:
        self._clock = clock
        self._tell = tell
        self._most = most
        self._kept: dict[DialledIn, Claim | None] = {}
        self._told: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._second, self._this_second = 0, 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, connection: DialledIn) -> bool:
        return connection in self._kept

    def __iter__(self) -> Iterator[tuple[DialledIn, Claim | None]]:
        return iter(tuple(self._kept.items()))

    def add(self, connection: DialledIn, claim: Claim | None) -> None:
        """Nobody knows who this is; with too many of them already it has to go."""
        serial = "" if claim is None else claim.serial
        is_superfluous = connection not in self._kept and len(self._kept) >= self._most
        if not is_superfluous:
            self._kept[connection] = claim
        if self._is_news((connection.listener, serial, "" if serial else connection.address)):
            self._tell(_stranger(connection, serial, int(self._clock.seconds() * 1000)))
        if is_superfluous:
            connection.close("too many strangers are here already")

    def discard(self, connection: DialledIn) -> None:
        """It is known by now, or gone."""
        self._kept.pop(connection, None)

    def _is_news(self, who: tuple[str, str, str]) -> bool:
        now = self._clock.seconds()
        if now < self._told.get(who, float("-inf")) + _TELL_AGAIN:
            return False
        if int(now) != self._second:
            self._second, self._this_second = int(now), 0
        self._this_second += 1
        if self._this_second > _MOST_TOLD:
            return False
        self._told[who] = now
        self._told.move_to_end(who)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return True


def _stranger(connection: DialledIn, serial: str, at_ms: int) -> Stranger:
    return Stranger(
        family="" if connection.family is None else str(connection.family),
        serial=serial,
        address=connection.address,
        listener=connection.listener,
        framing=str(connection.framing),
        at_ms=at_ms,
    )
