"""DLMS meters that take turns: when each is due, and how each is doing.

A meter costs little while nobody speaks with it: its spec, its state and its place in the
schedule. One that fails is tried again after pauses that double, and that are long enough
for its time-outs to be a small share of the time of those who wait behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from hesd.collect.dead import LONGEST_PAUSE, SHARE
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.meter import MeterState, MeterStatus, UnknownMeter
from hesd.collect.schedule import Schedule
from hesd.driver.register import Tier
from hesd.model.errors import HesdError

_FIRST_PAUSE: Final = 5.0
_LONGEST_FAIR_PAUSE: Final = 900.0


@dataclass(slots=True, eq=False)
class Placed:
    """A meter of the roster.

    `meter` is there while there is a session, `busy` how much goes on in it, `used_at` when
    something last did. `introduced` says that what is read once per connection has been.
    """

    spec: DLMSMeterSpec
    state: MeterState
    meter: DLMSMeter | None = None
    busy: int = 0
    used_at: float = 0.0
    introduced: bool = False


class DLMSRoster:
    """Turns of meters; times are seconds of the caller's clock.

    `tiers_of` says which tiers a meter has, `is_here` whether it can be asked; one that cannot
    has no turn until it is `restored`. With `by_silence` a failure does not put a meter
    offline: whoever hears it between the turns does, once it is silent for long.
    """

    def __init__(
        self,
        on_state: Callable[[MeterState], None],
        tiers_of: Callable[[DLMSMeterSpec], frozenset[Tier]],
        *,
        is_here: Callable[[str], bool] = lambda _serial: True,
        by_silence: bool = False,
    ) -> None:
        self.schedule = Schedule()
        self._on_state = on_state
        self._tiers_of = tiers_of
        self._is_here = is_here
        self._by_silence = by_silence
        self._placed: dict[str, Placed] = {}
        self._shared: dict[tuple[frozenset[Tier], float, float], dict[Tier, float]] = {}

    def __getitem__(self, serial: str) -> Placed:
        """Raises `UnknownMeter`."""
        try:
            return self._placed[serial]
        except KeyError:
            raise UnknownMeter(f"no meter {serial} here") from None

    def __iter__(self) -> Iterator[Placed]:
        return iter(self._placed.values())

    def __len__(self) -> int:
        return len(self._placed)

    def get(self, serial: str) -> Placed | None:
        return self._placed.get(serial)

    def place(self, specs: Iterable[DLMSMeterSpec], now: float) -> list[Placed]:
        """Make these the meters. What was placed otherwise, or is no longer, is given back."""
        wanted = {spec.serial: spec for spec in specs}
        gone = [placed for serial, placed in self._placed.items() if wanted.get(serial) != placed.spec]
        for placed in gone:
            if placed.spec.serial not in wanted:
                self.schedule.drop(placed.spec.serial)
                del self._placed[placed.spec.serial]
        for spec in wanted.values():
            old = self._placed.get(spec.serial)
            if old is None or old.spec != spec:
                self._put(spec, old, now)
        return gone

    def _put(self, spec: DLMSMeterSpec, old: Placed | None, now: float) -> None:
        state = MeterState(serial=spec.serial, since_ms=_ms(now))
        if old is not None and (old.spec.line, old.spec.address) == (spec.line, spec.address):
            state = old.state
        elif old is not None:
            self.schedule.drop(spec.serial)
        self._placed[spec.serial] = Placed(spec, state)
        self.schedule.place(spec.serial, self._intervals(spec), now)
        if not self._is_here(spec.serial):
            self.schedule.suspend(spec.serial)

    def _intervals(self, spec: DLMSMeterSpec) -> dict[Tier, float]:
        """Meters that are asked alike share theirs: there may be many."""
        asked = self._tiers_of(spec), spec.interval, spec.slow_interval
        if asked not in self._shared:
            tiers, fast, slow = asked
            wanted = {Tier.FAST: fast, Tier.SLOW: slow}
            self._shared[asked] = {tier: wanted[tier] for tier in wanted if tier in tiers} or {
                Tier.ONCE: slow
            }
        return self._shared[asked]

    # -- how they are doing -------------------------------------------------------------

    def answered(self, placed: Placed, now: float) -> None:
        """All that was asked of a meter in its turn has come."""
        warning = placed.meter.warning if placed.meter is not None else ""
        self.tell(placed, replace(placed.state.answered(_ms(now)), warning=warning))

    def answered_out_of_turn(self, placed: Placed, now: float) -> None:
        """The same of what somebody wanted meanwhile: a meter that was paused has its turn at once."""
        was_paused = placed.state.paused_until_ms is not None
        self.answered(placed, now)
        if was_paused and not placed.busy:
            self.schedule.resume(placed.spec.serial, now)

    def failed(self, placed: Placed, problem: HesdError, now: float, *, heard: bool, cost: float) -> None:
        """A turn came to nothing: the next one comes after a pause.

        `heard` says that the meter said something, `cost` is how long the others had to wait
        in seconds.
        """
        state = placed.state
        if heard:
            state = state.answered_in_part(str(problem), _ms(now))
        else:
            state = state.failed(str(problem), _ms(now), retries=1 << 30 if self._by_silence else 0)
        due = now + max(_pause(state.consecutive_failures), min(_LONGEST_FAIR_PAUSE, cost * (1 / SHARE - 1)))
        self.schedule.resume(placed.spec.serial, due)
        self.tell(placed, replace(state, paused_until_ms=_ms(due)))

    def cut_off(self, placed: Placed, reason: str, now: float) -> None:
        """A meter cannot be asked until `restored`."""
        placed.introduced = False
        self.tell(placed, placed.state.cut_off(reason, _ms(now)))

    def restored(self, placed: Placed, now: float) -> None:
        """A meter can be asked again: at once, whatever was before."""
        placed.introduced = False
        if placed.state.paused_until_ms is not None:
            placed.state = replace(placed.state, paused_until_ms=None)
        self.schedule.resume(placed.spec.serial, now)

    def tell(self, placed: Placed, state: MeterState) -> None:
        """Keep a state, and tell of it where the difference is worth it."""
        before, placed.state = placed.state, state
        is_here = self._placed.get(placed.spec.serial) is placed
        if is_here and state.told_apart_from(before):
            self._on_state(state)

    def counts(self) -> tuple[int, int]:
        """How many meters there are, and how many of them are online."""
        return len(self._placed), sum(each.state.status is MeterStatus.ONLINE for each in self)


def _pause(failures: int) -> float:
    return min(LONGEST_PAUSE, _FIRST_PAUSE * math.ldexp(1, min(max(failures - 1, 0), 10)))


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
