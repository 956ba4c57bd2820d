"""Speaks with DLMS meters: gives them their turns, and lets what somebody waits for overtake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from hesd.collect.cycle import CycleWatch
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_meter import DLMSMeter, NotProven
from hesd.collect.dlms_roster import DLMSRoster, Placed
from hesd.collect.dlms_sessions import DLMSSessions
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.schedule import Turn
from hesd.collect.session_errors import AssociationFailed, AssociationGone, ServiceRejected
from hesd.collect.under_way import UnderWay
from hesd.driver.register import Tier
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, LinkDown
from hesd.model.obis import OBIS
from hesd.model.reading import Reading, Source

T = TypeVar("T")

# What answers is there, though it does not do what it is asked.
_HEARD: Final = (AssociationFailed, AssociationGone, ServiceRejected, NotProven)
# Turns that are begun before others have a say: each takes the reactor for some tenths of a millisecond.
_AT_A_TIME: Final = 8


class DLMSCrew:
    """Turns and errands of the meters of a roster, at most `limit` turns at once.

    `meter_of` is as for `DLMSSessions`. No turn begins unless `may_begin`, `on_problem` is told of
    one that failed, `cycle` measures rounds.
    """

    log = Logger()

    def __init__(
        self,
        desk: DLMSDesk,
        roster: DLMSRoster,
        meter_of: Callable[[Placed], DLMSMeter],
        *,
        limit: int,
        may_begin: Callable[[], bool] = lambda: True,
        on_problem: Callable[[Placed, HesdError], None] = lambda _placed, _problem: None,
        cycle: CycleWatch | None = None,
    ) -> None:
        self._desk = desk
        self._roster = roster
        self.sessions = DLMSSessions(desk.clock, meter_of)
        self._limit = limit
        self._may_begin = may_begin
        self._on_problem = on_problem
        self._cycle = cycle
        self._turns: set[Deferred[None]] = set()
        self._errands = UnderWay(self.pump)
        self._timer: IDelayedCall | None = None
        self._running = self._pumping = False

    def start(self) -> None:
        """Begin with the turns."""
        self._running = True
        self.pump()

    async def stop(self) -> None:
        """No more turns; done when what was asked for has come to its end, and all is released."""
        self._running = False
        self._disarm()
        for turn in tuple(self._turns):
            turn.cancel()
        await self._errands.settled()
        await self.sessions.close()

    def place(self, specs: Iterable[DLMSMeterSpec]) -> None:
        """Make these the meters; those that stay as they are notice nothing."""
        for placed in self._roster.place(specs, self._now):
            self.sessions.release(placed)
        self.pump()

    # -- turns --------------------------------------------------------------------------

    def pump(self) -> None:
        """Begin as many turns as are due and fit."""
        if self._pumping or not self._running:
            return
        self._pumping = True
        self._disarm()
        schedule = self._roster.schedule
        try:
            begun = 0
            while len(self._turns) < self._limit and self._may_begin():
                turn = schedule.take(self._now) if begun < _AT_A_TIME else None
                if turn is None:
                    self._wait(schedule.next_due())
                    break
                self._begin(turn)
                begun += 1
        finally:
            self._pumping = False

    def _wait(self, due: float) -> None:
        if due < float("inf"):
            self._timer = self._desk.clock.callLater(max(0.0, due - self._now), self._due)
        if self._cycle is not None and not self._turns:
            self._cycle.idle(self._now)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        self.pump()

    def _begin(self, turn: Turn) -> None:
        if self._cycle is not None:
            self._cycle.began(self._roster.schedule.serials, self._now)
        begun = Deferred.fromCoroutine(self._turn(turn))
        self._turns.add(begun)
        begun.addErrback(self._given_up, turn)

        def over(_: None) -> None:
            self._turns.discard(begun)
            if self._cycle is not None:
                self._cycle.ended(turn.serial, self._now)
            self.pump()

        begun.addCallback(over)

    def _given_up(self, failure: Failure, turn: Turn) -> None:
        self._roster.schedule.done(turn.serial)
        if not failure.check(CancelledError):
            self.log.failure("no turn for meter {serial}", failure, serial=turn.serial)

    async def _turn(self, turn: Turn) -> None:
        placed, began = self._roster[turn.serial], self._now
        tiers = turn.tiers if placed.introduced else turn.tiers | {Tier.ONCE}
        problem: HesdError | None = None
        meter: DLMSMeter | None = None
        try:
            meter = self.sessions.meter(placed)
            await self.sessions.use(placed, self._poll(meter, tiers))
        except HesdError as failure:
            problem = failure
        self._roster.schedule.done(turn.serial)
        if placed.meter is meter:  # else it is met elsewhere by now, or is gone
            self._concluded(placed, problem, began)

    def _concluded(self, placed: Placed, problem: HesdError | None, began: float) -> None:
        now = self._now
        if problem is None:
            placed.introduced = True
            self._roster.answered(placed, now)
            self.sessions.rest(placed)
            return
        self.sessions.release(placed)
        if not isinstance(problem, LinkDown):
            # Only meters that have to wait behind this one mind how long it took.
            cost = now - began if len(self._roster) > self._limit else 0.0
            self._roster.failed(placed, problem, now, heard=isinstance(problem, _HEARD), cost=cost)
        self._on_problem(placed, problem)

    async def _poll(self, meter: DLMSMeter, tiers: frozenset[Tier]) -> None:
        doubted = self._publish(meter, await meter.poll(tiers))[1]
        if doubted:
            again = await meter.read(doubted, source=Source.POLL, priority=Priority.POLL)
            self._publish(meter, again)

    def _publish(self, meter: DLMSMeter, readings: list[Reading]) -> tuple[list[Reading], list[OBIS]]:
        judged, doubted = meter.check.judge(readings)
        if judged:
            self._desk.on_readings(judged)
        return judged, doubted

    def release(self, serial: str) -> Deferred[None]:
        """End the session with a meter, if there is one. Raises `UnknownMeter`."""
        return self.sessions.release(self._roster[serial])

    # -- errands ------------------------------------------------------------------------

    def with_meter(
        self, serial: str, work: Callable[[DLMSMeter], Awaitable[T]], *, command: bool = False
    ) -> Deferred[T]:
        """Do some work with a meter before its turn; a `command` only once it is proved.

        Fails with `UnknownMeter`, `LinkDown`, `NotProven`, and as `work` does.
        """
        return self._errands.begin(self._errand(serial, work, command))

    def read_now(self, serial: str, codes: Sequence[OBIS]) -> Deferred[list[Reading]]:
        """Read these quantities of a meter, all it is polled for where none is named."""

        async def read(meter: DLMSMeter) -> list[Reading]:
            return self._publish(meter, await meter.read(codes))[0]

        return self.with_meter(serial, read)

    async def _errand(self, serial: str, work: Callable[[DLMSMeter], Awaitable[T]], command: bool) -> T:
        placed = self._roster[serial]
        meter = self.sessions.meter(placed)
        result = await self.sessions.use(placed, self._proved(meter, work, command))
        if placed.meter is meter:
            self._roster.answered_out_of_turn(placed, self._now)
        return result

    async def _proved(self, meter: DLMSMeter, work: Callable[[DLMSMeter], Awaitable[T]], command: bool) -> T:
        if command:
            await meter.prove()
        return await work(meter)

    @property
    def _now(self) -> float:
        return self._desk.clock.seconds()
