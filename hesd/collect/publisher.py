"""Turns answers into readings, in the time the line needs for its next exchange."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from hesd.collect.polled_meter import PolledMeter
from hesd.collect.read_meter import Outcome
from hesd.model.obis import OBIS
from hesd.model.reading import Reading, Source


class Publisher:
    """Decodes, judges and hands on what meters answered.

    `on_doubt` is called with a meter and the codes of values that contradict what it said
    before, to have them read again.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        on_readings: Callable[[Sequence[Reading]], None],
        on_doubt: Callable[[PolledMeter, list[OBIS]], None],
    ) -> None:
        self._clock = clock
        self._on_readings = on_readings
        self._on_doubt = on_doubt
        self._waiting: deque[tuple[PolledMeter, Outcome, int]] = deque()
        self._call: IDelayedCall | None = None

    def put(self, meter: PolledMeter, outcome: Outcome, at_ms: int) -> None:
        """Publish what a meter answered in its turn, soon."""
        self._waiting.append((meter, outcome, at_ms))
        if self._call is None:
            self._call = self._clock.callLater(0, self._soon)

    def flush(self) -> None:
        """Publish what waits now."""
        while self._waiting:
            meter, outcome, at_ms = self._waiting.popleft()
            try:
                self.publish(meter, outcome, at_ms, Source.POLL)
            except Exception:
                # A driver or a receiver that misbehaves must not stop the line.
                self.log.failure("readings of meter {serial} are lost", serial=meter.spec.serial)

    def publish(self, meter: PolledMeter, outcome: Outcome, at_ms: int, source: Source) -> list[Reading]:
        """Publish what a meter answered, and give it back. Raises what its driver raises."""
        judged, doubted = meter.check.judge(meter.readings(outcome, at_ms, source))
        if judged:
            self._on_readings(judged)
        if doubted:
            self._on_doubt(meter, doubted)
        return judged

    def _soon(self) -> None:
        self._call = None
        self.flush()
