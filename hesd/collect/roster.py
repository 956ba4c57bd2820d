"""The meters of one line: whose turn it is, what came of it, and how each is doing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from hesd.collect.cycle import CycleWatch
from hesd.collect.dead import DeadMeters, Probe
from hesd.collect.meter import MeterSpec, MeterState, MeterStatus, UnknownMeter
from hesd.collect.plans import PlanBook
from hesd.collect.polled_meter import PolledMeter
from hesd.collect.read_meter import Outcome
from hesd.collect.schedule import Schedule, Turn
from hesd.model.errors import HesdError
from hesd.model.reading import Reading


class Roster:
    """Turns and probes of the meters of one line; times are seconds of the caller's clock.

    `on_state` is told of every change worth telling. `known` gives a meter's newest
    readings from before this process, by its serial.
    """

    def __init__(
        self,
        book: PlanBook,
        on_state: Callable[[MeterState], None],
        known: Callable[[str], Iterable[Reading]],
        *,
        retries: int,
        timeout: float,
    ) -> None:
        self.cycle = CycleWatch()
        self._book = book
        self._on_state = on_state
        self._known = known
        self._retries = retries
        self._meters: dict[str, PolledMeter] = {}
        self._schedule = Schedule()
        self._dead = DeadMeters(retries, timeout)

    def __getitem__(self, serial: str) -> PolledMeter:
        """Raises `UnknownMeter`."""
        try:
            return self._meters[serial]
        except KeyError:
            raise UnknownMeter(f"no meter {serial} on this line") from None

    @property
    def specs(self) -> list[MeterSpec]:
        return [meter.spec for meter in self._meters.values()]

    @property
    def states(self) -> list[MeterState]:
        return [meter.state for meter in self._meters.values()]

    def place(self, specs: Iterable[MeterSpec], now: float) -> None:
        """Make these the meters of the line. One that stays as it is keeps its place and its state."""
        wanted = {spec.serial: spec for spec in specs}
        for serial in self._meters.keys() - wanted.keys():
            self._drop(serial, now)
            del self._meters[serial]
        for serial, spec in wanted.items():
            old = self._meters.get(serial)
            if old is None or old.spec != spec:
                self._put(spec, old, now)

    def take(self, now: float, cycle: float) -> Turn | Probe | None:
        """What the line should do now; each has to end with `concluded` or `probed`.

        `cycle` is the line's usual one in seconds.
        """
        probe = self._dead.take(now, self._schedule.next_due(), cycle)
        work = probe or self._schedule.take(now)
        if work is not None and not (probe and probe.free):
            self.cycle.began(self._schedule.serials, now)
        return work

    def next_due(self, now: float) -> float:
        """When there may be something to do, after nothing was."""
        return min(self._schedule.next_due(), self._dead.next_chance(now))

    def concluded(self, meter: PolledMeter, outcome: Outcome, began: float, now: float) -> None:
        """The turn of a meter is over."""
        serial = meter.spec.serial
        self.cycle.ended(serial, now)
        if self._meters.get(serial) is not meter:
            self._schedule.done(serial)
        elif outcome.problem is None:
            if outcome.answers:
                self.answered(meter, now)
            self._schedule.done(serial)
        else:
            self._failed(meter, outcome.problem, now, partly=bool(outcome.answers))
            if meter.state.consecutive_failures > 1:
                self._dead.charge(now - began, now)

    def answered(self, meter: PolledMeter, now: float) -> None:
        """All that was asked of a meter has come, in its turn or out of it."""
        serial = meter.spec.serial
        if serial in self._dead:
            self._dead.drop(serial)
            self._schedule.resume(serial, now)
        self._tell(meter, replace(meter.state.answered(_ms(now)), warning=meter.warning))

    def probed(
        self, meter: PolledMeter, probe: Probe, problem: HesdError | None, began: float, now: float
    ) -> None:
        """A probe is over: without a `problem` the meter has its turn at once."""
        self._dead.release(probe.serial)
        if self._meters.get(probe.serial) is not meter:
            return
        if problem is None:
            self._dead.drop(probe.serial)
            self._schedule.resume(probe.serial, now)
            return
        self._failed(meter, problem, now, partly=False)
        if not probe.free:
            self._dead.charge(now - began, now)

    def not_made(self, work: Turn | Probe) -> None:
        """A turn or probe could not be made at all: it is put off."""
        if isinstance(work, Probe):
            self._dead.release(work.serial)
        else:
            self._schedule.done(work.serial)

    def cut_off(self, reason: str, now: float) -> None:
        """No meter can be asked until `restored`."""
        for meter in self._meters.values():
            self._tell(meter, meter.state.cut_off(reason, _ms(now)))

    def restored(self, now: float) -> None:
        """The line is back: every meter is met anew, and nobody is taken for dead."""
        for serial, meter in self._meters.items():
            meter.forget()
            self._dead.drop(serial)
            self._schedule.resume(serial, now)

    def warn(self, meter: PolledMeter, warning: str) -> None:
        """Something an operator should look at, although the meter answers."""
        self._tell(meter, replace(meter.state, warning=warning))

    def _failed(self, meter: PolledMeter, problem: HesdError, now: float, *, partly: bool) -> None:
        reason, serial = str(problem), meter.spec.serial
        state = meter.state
        if partly:
            state = state.answered_in_part(reason, _ms(now))
        else:
            state = state.failed(reason, _ms(now), retries=self._retries)
            if state.status is MeterStatus.OFFLINE:
                # Whoever answers after a long silence may be another meter.
                meter.forget()
        self._schedule.suspend(serial)
        due = self._dead.add(serial, state.consecutive_failures, now)
        paused = _ms(due) if due > now else None
        self._tell(meter, replace(state, paused_until_ms=paused, warning=meter.warning))

    def _put(self, spec: MeterSpec, old: PolledMeter | None, now: float) -> None:
        meter = PolledMeter(spec, self._book, _ms(now))
        meter.check.remember(self._known(spec.serial))
        if old is not None and (old.spec.driver, old.spec.unit_id) == (spec.driver, spec.unit_id):
            meter.state = old.state
        elif old is not None:
            self._drop(spec.serial, now)
        self._meters[spec.serial] = meter
        self._schedule.place(spec.serial, meter.intervals(), now)

    def _drop(self, serial: str, now: float) -> None:
        self._schedule.drop(serial)
        self._dead.drop(serial)
        self.cycle.ended(serial, now)

    def _tell(self, meter: PolledMeter, state: MeterState) -> None:
        before, meter.state = meter.state, state
        if state.told_apart_from(before):
            self._on_state(state)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
