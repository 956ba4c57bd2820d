"""Drives one line: gives turns to its meters, and lets reads on demand overtake them.

Between two exchanges a line rests for a few milliseconds at most, so nothing happens there
but the choice of the next request; what an answer holds is decoded, judged and published
while the next request is already on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from hesd.collect.dead import Probe
from hesd.collect.errands import Errands
from hesd.collect.line_status import LineGauge, LineStatus
from hesd.collect.meter import MeterSpec, MeterState
from hesd.collect.plans import PlanBook
from hesd.collect.polled_meter import PolledMeter
from hesd.collect.publisher import Publisher
from hesd.collect.read_meter import Ask, Outcome, is_from_gateway
from hesd.collect.roster import Roster
from hesd.collect.schedule import Turn
from hesd.collect.setting import SettingOutcome
from hesd.config import Line
from hesd.links.modbus_link import ModbusLink, Priority
from hesd.modbus.errors import MeterException
from hesd.model.errors import HesdError, LinkDown
from hesd.model.obis import OBIS
from hesd.model.reading import Reading, Source

# How long a link may be down before its meters are told to be cut off (seconds).
_GRACE: Final = 1.0


class Poller:
    """Polls the meters of one line, and reads or writes on demand in between.

    `on_readings` gets the values of each turn, `on_state` every change in how a meter is
    doing; `known` gives the newest readings of a meter, by its serial, from before.
    """

    log = Logger()

    def __init__(
        self,
        line: Line,
        link: ModbusLink,
        clock: IReactorTime,
        on_readings: Callable[[Sequence[Reading]], None],
        on_state: Callable[[MeterState], None],
        known: Callable[[str], Iterable[Reading]] = lambda _serial: (),
    ) -> None:
        self.line = line
        self._link = link
        self._clock = clock
        self._on_state = on_state
        self._book = PlanBook(link.timing, line.turnaround)
        self._roster = Roster(self._book, self._tell, known, retries=line.retries, timeout=line.timeout)
        self._publisher = Publisher(clock, on_readings, self._read_again)
        self._errands = Errands(self._roster, self._publisher, clock, self._ask, self._pump)
        self._gauge = LineGauge(line, link, self._roster, self._book, clock)
        self._turns: set[Deferred[None]] = set()
        self._timer: IDelayedCall | None = None
        self._down_since: float | None = None
        self._running = self._pumping = False
        link.on_up(self._came_up)

    def set_meters(self, specs: Iterable[MeterSpec]) -> None:
        """Make these the meters of the line; those that stay as they are notice nothing."""
        self._roster.place(specs, self._clock.seconds())
        if self.line.protocol == "modbus-tcp" and self.line.in_flight is None:
            allowed = [spec.driver.in_flight for spec in self._roster.specs]
            self._link.in_flight = min(allowed, default=1)
        for advice in self._gauge.weigh():
            self.log.warn("line {line}: {advice}", line=self.line.name, advice=advice)
        self._pump()

    def start(self) -> None:
        """Begin to poll, now or as soon as the link is up."""
        self._running = True
        self._pump()

    def stop(self) -> Deferred[None]:
        """Poll no more; done when what was asked for on demand has come to its end."""
        self._running = False
        self._disarm()
        for turn in tuple(self._turns):
            turn.cancel()
        self._publisher.flush()
        return self._errands.settled()

    def state(self, serial: str) -> MeterState:
        """How a meter is doing. Raises `UnknownMeter`."""
        return self._roster[serial].state

    def states(self) -> list[MeterState]:
        """How all of them are doing."""
        return self._roster.states

    def status(self) -> LineStatus:
        """How the line is doing."""
        return self._gauge.status()

    def read_now(self, serial: str, codes: Sequence[OBIS]) -> Deferred[list[Reading]]:
        """Read some quantities of a meter (all it is polled for where none is named), before its turn.

        Fails with `UnknownMeter`, `NotMeasured`, `NoReply`, `LinkDown` or `ProtocolError`;
        what came before that is published all the same.
        """
        return self._errands.read(serial, codes, Source.READ)

    def write_setting(
        self, serial: str, name: str, value: float, password: str | None = None
    ) -> Deferred[SettingOutcome]:
        """Write one setting of a meter and read it back; see `hesd.collect.setting`."""
        return self._errands.write(serial, name, value, password)

    def _read_again(self, meter: PolledMeter, codes: list[OBIS]) -> None:
        if self._running:
            again = self._errands.read(meter.spec.serial, codes, Source.POLL)
            again.addErrback(self._not_read_again, meter)

    def _not_read_again(self, failure: Failure, meter: PolledMeter) -> None:
        """The doubted value stays marked, and the next turn says more."""
        self.log.debug("{serial}: {why}", serial=meter.spec.serial, why=failure.getErrorMessage())

    def _ask(self, meter: PolledMeter, priority: Priority, timeout: float | None = None) -> Ask:
        return partial(
            self._link.exchange,
            meter.spec.unit_id,
            timeout=self.line.timeout if timeout is None else timeout,
            priority=priority,
        )

    def _pump(self) -> None:
        """Put as much on the line as it takes."""
        if self._pumping or not self._running:
            return
        self._pumping = True
        self._disarm()
        try:
            while len(self._turns) < self._link.in_flight and (work := self._next()) is not None:
                self._begin(work)
        finally:
            self._pumping = False

    def _next(self) -> Turn | Probe | None:
        now = self._clock.seconds()
        self._gauge.sample(now)
        if not self._link.up:
            self._wait_for_link(now)
            return None
        work = self._roster.take(now, self._gauge.cycle)
        if work is None:
            self._arm(self._roster.next_due(now), now)
            if not self._turns:
                self._roster.cycle.idle(now)
        return work

    def _wait_for_link(self, now: float) -> None:
        """Say that meters are cut off only when the link does not come (back) soon."""
        if self._down_since is None:
            self._down_since = now
        if now < self._down_since + _GRACE:
            self._arm(self._down_since + _GRACE, now)
        else:
            self._roster.cut_off(f"link down: {self._link.problem}", now)

    def _begin(self, work: Turn | Probe) -> None:
        make = self._probe(work) if isinstance(work, Probe) else self._turn(work)
        turn = Deferred.fromCoroutine(make)
        self._turns.add(turn)
        turn.addErrback(self._given_up, work)

        def over(_: None) -> None:
            self._turns.discard(turn)
            self._pump()

        turn.addCallback(over)

    def _given_up(self, failure: Failure, work: Turn | Probe) -> None:
        self._roster.not_made(work)
        if not failure.check(CancelledError):
            self.log.failure("line {line} could not make {work}", failure, line=self.line.name, work=work)

    async def _turn(self, turn: Turn) -> None:
        meter, began = self._roster[turn.serial], self._clock.seconds()
        try:
            outcome = await meter.read(partial(meter.plan, turn.tiers), self._ask(meter, Priority.POLL))
        except HesdError as problem:
            outcome = Outcome(failure=problem)
        now = self._clock.seconds()
        if outcome.answers or outcome.opening:
            self._publisher.put(meter, outcome, int(now * 1000))
        if self._is_cut_off(outcome.problem):
            self._roster.not_made(turn)
        else:
            self._roster.concluded(meter, outcome, began, now)
            meter.keep_pace(self._link.turnaround(meter.spec.unit_id))

    async def _probe(self, probe: Probe) -> None:
        meter, began = self._roster[probe.serial], self._clock.seconds()
        problem: HesdError | None = None
        try:
            if (block := meter.probe()) is not None:
                await self._ask(meter, Priority.PROBE, probe.timeout)(block.request)
        except MeterException as refusal:
            problem = refusal if is_from_gateway(refusal) else None
        except HesdError as failure:
            problem = failure
        if self._is_cut_off(problem):
            self._roster.not_made(probe)
        else:
            self._roster.probed(meter, probe, problem, began, self._clock.seconds())

    def _is_cut_off(self, problem: HesdError | None) -> bool:
        """Whether it was the link that failed and not the meter."""
        return isinstance(problem, LinkDown) or (problem is not None and not self._link.up)

    def _came_up(self) -> None:
        self._down_since = None
        self._roster.restored(self._clock.seconds())
        self._pump()

    def _arm(self, due: float, now: float) -> None:
        if due < float("inf"):
            self._timer = self._clock.callLater(max(0.0, due - now), self._due)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _due(self) -> None:
        self._timer = None
        self._pump()

    def _tell(self, state: MeterState) -> None:
        try:
            self._on_state(state)
        except Exception:
            self.log.failure(
                "nobody learned that meter {serial} is {status}", serial=state.serial, status=state.status
            )
