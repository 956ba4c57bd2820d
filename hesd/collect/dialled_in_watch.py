"""Silence of those who dialled in: half-open connections, and meters that are offline.

A modem that lost the network says nothing, and its connection stays. So one without any
octet for a minute is asked something, and closed where that brings none either. A closed
connection alone says nothing of the meter: most dial again at once. It is offline when it
has been silent for long, on whichever connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hesd.collect.deadlines import Deadlines
from hesd.collect.dialled_in_register import DialInRegister
from hesd.collect.dlms_crew import DLMSCrew
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_roster import DLMSRoster, Placed
from hesd.collect.meter import MeterStatus
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.links.dial_in import DialledIn
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError

_QUIET: Final = 60.0
_HALF_OPEN: Final = 74.0  # with the coarseness of `Deadlines`, found within 75 s
_CLOCK: Final = (8, 2)  # class and attribute


class SilenceWatch:
    """`offline_after` says for how long a meter may be silent, in seconds."""

    def __init__(
        self,
        desk: DLMSDesk,
        roster: DLMSRoster,
        register: DialInRegister,
        crew: DLMSCrew,
        offline_after: Callable[[Placed], float],
    ) -> None:
        self._desk = desk
        self._roster = roster
        self._register = register
        self._crew = crew
        self._offline_after = offline_after
        self._connections: Deadlines[DialledIn] = Deadlines(desk.clock, self._look_at_connection)
        self._meters: Deadlines[Placed] = Deadlines(desk.clock, self._look_at_meter)

    def connection(self, connection: DialledIn) -> None:
        """Watch a connection until it is gone."""
        self._connections.watch(connection, self._desk.clock.seconds() + _QUIET)

    def meter(self, placed: Placed) -> None:
        """Watch a meter as long as it is placed like this."""
        self._meters.watch(placed, self._silent_from(placed))

    def stop(self) -> None:
        self._connections.stop()
        self._meters.stop()

    def last_seen_ms(self, placed: Placed) -> int | None:
        """When anything last came from a meter (UTC, ms since 1970)."""
        connection = self._register.live(placed.spec.serial)
        seen = placed.state.last_seen_ms
        if connection is None:
            return seen
        return connection.last_seen_ms if seen is None else max(seen, connection.last_seen_ms)

    def _look_at_connection(self, connection: DialledIn) -> float | None:
        if not connection.up:
            return None
        now, heard = self._desk.clock.seconds(), connection.last_seen_ms / 1000
        if now < heard + _QUIET:
            return heard + _QUIET
        if now >= heard + _HALF_OPEN:
            connection.close(f"no octet for {now - heard:.0f} s")
            return None
        for serial in self._register.served(connection)[:1]:
            if not self._roster[serial].busy:
                asking = self._crew.with_meter(serial, _say_anything)
                asking.addErrback(lambda failure: failure.trap(HesdError))
        return heard + _HALF_OPEN

    def _look_at_meter(self, placed: Placed) -> float | None:
        if self._roster.get(placed.spec.serial) is not placed:
            return None
        now, due = self._desk.clock.seconds(), self._silent_from(placed)
        if now < due:
            return due
        if placed.state.status is not MeterStatus.OFFLINE:
            is_here = self._register.live(placed.spec.serial) is not None
            why = "nothing heard" if is_here else "has not dialled in"
            self._roster.cut_off(placed, f"{why} for {self._offline_after(placed):g} s", now)
        return now + self._offline_after(placed)

    def _silent_from(self, placed: Placed) -> float:
        seen = self.last_seen_ms(placed)
        return (placed.state.since_ms if seen is None else seen) / 1000 + self._offline_after(placed)


async def _say_anything(meter: DLMSMeter) -> None:
    """One exchange at least, whatever comes of it: octets are heard on the connection."""
    class_id, attribute = _CLOCK
    clock = AttributeDescriptor(class_id, meter.spec.driver.clock, attribute)
    await meter.session.get([(clock, None)], priority=Priority.PROBE)
