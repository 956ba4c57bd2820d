"""Sessions with DLMS meters: begun when needed, kept while useful, released before they are forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_roster import Placed

T = TypeVar("T")

# Somebody who has just asked a meter often asks once more (seconds).
_LINGER: Final = 15.0
# A meter counts its inactivity from when it last heard of us, which may be earlier than we think.
_SAFE: Final = 0.75
_TIDY_EVERY: Final = 5.0


class DLMSSessions:
    """`meter_of` makes a meter to speak with and raises `LinkDown` where it cannot be reached."""

    def __init__(self, clock: IReactorTime, meter_of: Callable[[Placed], DLMSMeter]) -> None:
        self._clock = clock
        self._meter_of = meter_of
        self._live: set[Placed] = set()
        self._tidying: IDelayedCall | None = None

    def meter(self, placed: Placed) -> DLMSMeter:
        """The meter to speak with; its session begins where there is none. Raises `LinkDown`."""
        return self.take_over(placed, self._meter_of(placed)) if placed.meter is None else placed.meter

    def take_over(self, placed: Placed, meter: DLMSMeter) -> DLMSMeter:
        """Go on with a session that somebody else has begun; there must be none yet."""
        placed.meter = meter
        placed.used_at = self._clock.seconds()
        self._live.add(placed)
        if self._tidying is None:
            self._tidying = self._clock.callLater(_TIDY_EVERY, self._tidy)
        return meter

    async def use(self, placed: Placed, work: Awaitable[T]) -> T:
        """Do this with a meter; its session is not idle meanwhile."""
        placed.busy += 1
        try:
            return await work
        finally:
            placed.busy -= 1
            placed.used_at = self._clock.seconds()

    def rest(self, placed: Placed) -> None:
        """A turn is over: release a session that could not be kept until the next one.

        The sessions of a crowd whose turns come one after the other would lie about otherwise.
        """
        if not placed.busy and not _lasts(placed):
            self.release(placed)

    def release(self, placed: Placed) -> Deferred[None]:
        """End the session with a meter, if there is one; what goes on in it ends by itself."""
        meter, placed.meter = placed.meter, None
        self._live.discard(placed)
        return succeed(None) if meter is None else Deferred.fromCoroutine(meter.session.close())

    async def close(self) -> None:
        """Release them all."""
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        releasing = [self.release(placed) for placed in tuple(self._live)]
        for each in releasing:
            await each

    def _tidy(self) -> None:
        """Release what has been idle for so long that the meter is about to."""
        self._tidying = None
        now = self._clock.seconds()
        for placed in [each for each in self._live if not each.busy and now >= each.used_at + _kept(each)]:
            self.release(placed)
        if self._live:
            self._tidying = self._clock.callLater(_TIDY_EVERY, self._tidy)


def _kept(placed: Placed) -> float:
    """How long an idle session is kept (seconds): until the next turn where the meter waits for it."""
    inactivity = _inactivity(placed)
    return inactivity if _lasts(placed) else min(_LINGER, inactivity)


def _lasts(placed: Placed) -> bool:
    return placed.spec.interval < _inactivity(placed)


def _inactivity(placed: Placed) -> float:
    return placed.spec.driver.inactivity * _SAFE
