"""Which connection is which meter's: claims looked up, one live connection to a meter.

A claim in clear is enough to be the meter's connection while it has none. Where it has one,
another stays beside it until it has proved itself; only then the old one has to go. So
nobody throws a meter off its line by naming it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.dialin.identity import Claim
from hesd.links.dial_in import DialledIn
from hesd.model.meter_number import canonical_number

_MOST_BESIDE: Final = 3


class DialInRegister:
    """Meters by the numbers they are known under, and the connections they have."""

    def __init__(self) -> None:
        self._by_number: dict[str, str] = {}
        self._behind: dict[str, list[str]] = {}
        self._live: dict[str, DialledIn] = {}
        self._served: dict[DialledIn, tuple[str, ...]] = {}
        self._beside: dict[str, list[DialledIn]] = {}

    def place(self, specs: Iterable[DLMSMeterSpec]) -> None:
        """Make these the meters that are known."""
        self._by_number.clear()
        self._behind.clear()
        for spec in specs:
            self._by_number[canonical_number(spec.serial)] = spec.serial
            if spec.via:
                self._behind.setdefault(canonical_number(spec.via), []).append(spec.serial)

    def named(self, claim: Claim) -> list[str]:
        """The meters a claim names: the one of that number, and those behind a concentrator of it."""
        own = self._by_number.get(claim.key)
        return ([] if own is None else [own]) + self._behind.get(claim.key, [])

    def live(self, serial: str) -> DialledIn | None:
        """The connection a meter is spoken to on."""
        return self._live.get(serial)

    def served(self, connection: DialledIn) -> tuple[str, ...]:
        """The meters that are spoken to on this connection."""
        return self._served.get(connection, ())

    def bind(self, serial: str, connection: DialledIn) -> DialledIn | None:
        """Speak to a meter on this connection; the one it had before, if another."""
        before = self._live.get(serial)
        if before is connection:
            return None
        if before is not None:
            self.unbind(serial)
        self._leave(serial, connection)
        self._live[serial] = connection
        self._served[connection] = (*self.served(connection), serial)
        return before

    def unbind(self, serial: str) -> None:
        """The meter has no connection any more."""
        connection = self._live.pop(serial, None)
        if connection is None:
            return
        others = tuple(each for each in self.served(connection) if each != serial)
        if others:
            self._served[connection] = others
        else:
            self._served.pop(connection, None)

    def stand_beside(self, serial: str, connection: DialledIn) -> DialledIn | None:
        """This connection claims a meter that has one; the oldest, where too many do so."""
        waiting = self._beside.setdefault(serial, [])
        if connection not in waiting:
            waiting.append(connection)
        return waiting[0] if len(waiting) > _MOST_BESIDE else None

    def beside(self, serial: str) -> tuple[DialledIn, ...]:
        """The connections that claim a meter beside the one it has, the oldest first."""
        return tuple(self._beside.get(serial, ()))

    def claimants(self, connection: DialledIn) -> Iterator[str]:
        """The meters this connection stands beside another for."""
        return (serial for serial, waiting in tuple(self._beside.items()) if connection in waiting)

    def lost(self, connection: DialledIn) -> tuple[str, ...]:
        """A connection is gone; the meters that have none now."""
        for serial in tuple(self.claimants(connection)):
            self._leave(serial, connection)
        served = self.served(connection)
        for serial in served:
            self.unbind(serial)
        return served

    def _leave(self, serial: str, connection: DialledIn) -> None:
        waiting = self._beside.get(serial)
        if waiting is not None and connection in waiting:
            waiting.remove(connection)
            if not waiting:
                del self._beside[serial]
