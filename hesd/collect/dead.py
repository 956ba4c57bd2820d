"""Meters that stay silent: retried after the others, then paused and probed at a bounded cost.

A silent meter costs the line a whole time-out. So one silence takes a meter out of the
round; it comes back when it answers one short read, the probe. Its retries come after every
meter that is due, then after pauses that double. A probe that is answered costs next to
nothing; one that is not has its price bounded:

- while nobody else is due for as long as it may wait, it takes nobody's time;
- otherwise it may wait for a 40th of the last cycle, and the next one only comes when 39
  times what it cost has passed. So even a cycle that meets two of them is 5 % longer at
  most, however many meters are dead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
SHARE: Final = 1 / 40
# On a busy line every eighth probe waits the whole time-out, for meters that answer late.
_PATIENT: Final = 8
# A probe shorter than this would miss meters that are merely slow (seconds).
_SHORTEST: Final = 0.06


@dataclass(frozen=True, slots=True)
class Probe:
    """One short read of a silent meter, and how long it may wait for the answer (seconds).

    `free` says that nobody has to wait for it meanwhile.
    """

    serial: str
    timeout: float
    free: bool


@dataclass(slots=True)
class _Silent:
    attempts: int
    due: float


class DeadMeters:
    """The silent meters of one line; times are seconds of the caller's clock.

    `retries` is how often a silent meter is asked again before the pauses begin, `timeout`
    how long a probe waits for an answer to begin where there is time.
    """

    def __init__(self, retries: int, timeout: float) -> None:
        self._retries = retries
        self._timeout = timeout
        # Until then a late answer may come, and the link would hold an equal request back.
        self._shortest_pause = max(SHORTEST_PAUSE, 2 * timeout)
        self._silent: dict[str, _Silent] = {}
        self._probing: set[str] = set()
        self._affordable = -math.inf

    def __contains__(self, serial: str) -> bool:
        return serial in self._silent

    def add(self, serial: str, failures: int, now: float) -> float:
        """A meter was silent for the `failures`-th time in succession; when it is tried again."""
        due = now + self._pause(failures)
        self._silent[serial] = _Silent(failures, due)
        return due

    def drop(self, serial: str) -> None:
        """The meter answered, or is gone."""
        self._silent.pop(serial, None)

    def release(self, serial: str) -> None:
        """Its probe is over."""
        self._probing.discard(serial)

    def charge(self, seconds: float, now: float) -> None:
        """A silence has cost the others `seconds`: no more of that for a while."""
        self._affordable = now + seconds * (1 / SHARE - 1)

    def next_chance(self, now: float) -> float:
        """When `take` may give a probe, after it gave none; infinity where there is none.

        A probe that is wanted already waits until it can be paid for.
        """
        due = min((each.due for each in self._waiting().values()), default=math.inf)
        return due if due > now else max(due, self._affordable)

    def take(self, now: float, others_due: float, cycle: float) -> Probe | None:
        """The probe to make now, if there is one.

        `others_due` is when a living meter is next due, `cycle` how long the last cycle
        of the line took, in seconds.
        """
        waiting = self._waiting()
        serial = min(waiting, key=lambda each: waiting[each].due, default=None)
        if serial is None or waiting[serial].due > min(now, others_due):
            return None
        timeout = self._timeout
        free = others_due >= now + timeout
        if not free and now < self._affordable:
            return None
        if not free and waiting[serial].attempts % _PATIENT:
            timeout = min(timeout, max(_SHORTEST, cycle * SHARE))
        self._probing.add(serial)
        return Probe(serial, timeout, free)

    def _waiting(self) -> dict[str, _Silent]:
        return {serial: each for serial, each in self._silent.items() if serial not in self._probing}

    def _pause(self, failures: int) -> float:
        doublings = min(max(0, failures - self._retries), 10)
        return min(LONGEST_PAUSE, self._shortest_pause * 2.0**doublings)
