"""Drives one dialled line of DLMS meters: one turn at a time, and what somebody waits for in between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from hesd.collect.cycle import CycleWatch
from hesd.collect.dlms_crew import DLMSCrew
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_home import DLMSHome
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_roster import DLMSRoster, Placed
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.line_status import LineStatus, dlms_line_status
from hesd.collect.meter import MeterState
from hesd.collect.push_desk import PushDesk
from hesd.collect.utilisation import Utilisation
from hesd.config import Line
from hesd.links.apdu_line import APDULine, Push
from hesd.links.flight_recorder import RecordedFrame
from hesd.model.errors import LinkDown

# How long a link may be down before its meters are told to be cut off (seconds).
_GRACE: Final = 1.0


class DLMSPoller(DLMSHome):
    """The counterpart of `Poller` for DLMS meters; `desk` is told what is read."""

    log = Logger()

    def __init__(self, line: Line, link: APDULine, desk: DLMSDesk) -> None:
        self.line = line
        self._link = link
        self._desk = desk
        self._cycle = CycleWatch()
        self._roster = DLMSRoster(desk.tell, desk.tiers_of)
        self._crew = DLMSCrew(
            desk, self._roster, self._meter, limit=1, may_begin=self._may_begin, cycle=self._cycle
        )
        self._utilisation = Utilisation(desk.clock.seconds())
        self._cutting_off: IDelayedCall | None = None
        self._pushes = PushDesk(desk, self._roster)
        link.on_up(self._came_up)
        link.on_push(self._pushed)

    def set_meters(self, specs: Iterable[DLMSMeterSpec]) -> None:
        """Make these the meters of the line; those that stay as they are notice nothing."""
        self._crew.place(specs)

    def start(self) -> None:
        """Begin to poll, now or as soon as the link is up."""
        self._crew.start()

    def stop(self) -> Deferred[None]:
        """Poll no more; done when what was asked for on demand has come to its end."""
        if self._cutting_off is not None and self._cutting_off.active():
            self._cutting_off.cancel()
        return Deferred.fromCoroutine(self._crew.stop())

    def state(self, serial: str) -> MeterState:
        """How a meter is doing. Raises `UnknownMeter`."""
        return self._roster[serial].state

    def states(self) -> list[MeterState]:
        """How all of them are doing."""
        return [placed.state for placed in self._roster]

    def status(self) -> LineStatus:
        """How the line is doing."""
        now, busy = self._desk.clock.seconds(), self._link.counters.busy_seconds
        self._utilisation.sample(busy, now)
        return dlms_line_status(
            self.line, self._link, self._roster.counts(), self._utilisation.share(busy, now), self._cycle.last
        )

    def trace(self, serial: str) -> list[RecordedFrame]:
        """The last frames of the line a meter is on. Raises `UnknownMeter`."""
        self._roster[serial]
        return list(self._link.recorder)

    def _meter(self, placed: Placed) -> DLMSMeter:
        if not self._link.up:
            raise LinkDown(f"{self.line.name}: {self._link.problem}")
        # One that was silent is asked once: it costs those that answer enough.
        retries = 0 if placed.state.consecutive_failures else self.line.retries
        return self._desk.meter(placed.spec, self._link, timeout=self.line.timeout, retries=retries)

    def _may_begin(self) -> bool:
        if not self._link.up and self._cutting_off is None:
            self._cutting_off = self._desk.clock.callLater(_GRACE, self._cut_off)
        return self._link.up

    def _cut_off(self) -> None:
        """Say that meters are cut off only where the link has not come (back) soon."""
        if not self._link.up:
            for placed in self._roster:
                self._roster.cut_off(placed, f"link down: {self._link.problem}", self._desk.clock.seconds())

    def _pushed(self, push: Push) -> None:
        taken = Deferred.fromCoroutine(self._pushes.take(push, [placed.spec for placed in self._roster]))
        taken.addErrback(lambda failure: self.log.failure("a push is lost", failure))

    def _came_up(self) -> None:
        if self._cutting_off is not None and self._cutting_off.active():
            self._cutting_off.cancel()
        self._cutting_off = None
        for placed in self._roster:
            self._crew.sessions.release(placed)
            self._roster.restored(placed, self._desk.clock.seconds())
        self._crew.pump()
