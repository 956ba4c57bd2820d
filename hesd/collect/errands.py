"""Reads and writes on demand: they overtake the turns of a line, and end by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from hesd.collect.polled_meter import PolledMeter
from hesd.collect.publisher import Publisher
from hesd.collect.read_meter import Ask
from hesd.collect.roster import Roster
from hesd.collect.setting import SettingOutcome, write_setting
from hesd.collect.under_way import UnderWay
from hesd.links.modbus_link import Priority
from hesd.model.obis import OBIS
from hesd.model.reading import Reading, Source


class Errands:
    """What is done for somebody who waits for it.

    `ask_of` makes what asks a meter at a priority, `on_end` is called after each errand.
    """

    def __init__(
        self,
        roster: Roster,
        publisher: Publisher,
        clock: IReactorTime,
        ask_of: Callable[[PolledMeter, Priority], Ask],
        on_end: Callable[[], None],
    ) -> None:
        self._roster = roster
        self._publisher = publisher
        self._clock = clock
        self._ask_of = ask_of
        self._under_way = UnderWay(on_end)

    def read(self, serial: str, codes: Sequence[OBIS], source: Source) -> Deferred[list[Reading]]:
        """Read these quantities of a meter; all it is polled for where none is named."""
        return self._under_way.begin(self._read(serial, codes, source))

    def write(self, serial: str, name: str, value: float, password: str | None) -> Deferred[SettingOutcome]:
        """Write one setting of a meter."""
        return self._under_way.begin(self._write(serial, name, value, password))

    def settled(self) -> Deferred[None]:
        """When none is under way any more."""
        return self._under_way.settled()

    async def _read(self, serial: str, codes: Sequence[OBIS], source: Source) -> list[Reading]:
        meter = self._roster[serial]
        meter.plan_of(codes)  # what cannot be read is said before anything is sent
        outcome = await meter.read(partial(meter.plan_of, codes), self._ask_of(meter, Priority.READ))
        now = self._clock.seconds()
        if outcome.problem is None:
            self._roster.answered(meter, now)
        readings = self._publisher.publish(meter, outcome, int(now * 1000), source)
        if outcome.problem is not None:
            raise outcome.problem
        return readings

    async def _write(self, serial: str, name: str, value: float, password: str | None) -> SettingOutcome:
        meter = self._roster[serial]
        return await write_setting(meter.spec, self._ask_of(meter, Priority.COMMAND), name, value, password)
