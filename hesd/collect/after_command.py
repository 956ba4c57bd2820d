"""What a command may have changed is read once more as soon as it is over.

A command's own look at the meter is for its job. Everybody else (pages, history, the feed)
sees readings, and the next turn of the slow tier may be a quarter of an hour away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from hesd.collect.command_meters import CommandMeters
from hesd.collect.dlms_meter import DLMSMeter
from hesd.driver.cosem import DLMSDriver
from hesd.model.errors import HesdError
from hesd.model.job import Job, JobState
from hesd.model.obis import OBIS
from hesd.model.reading import Reading

# States in which the meter may have done what it was told.
_REACHED: Final = (JobState.CONFIRMED, JobState.REJECTED, JobState.UNKNOWN)
_CHANGED: Final[dict[str, Callable[[DLMSDriver], OBIS | None]]] = {
    "relay": lambda driver: driver.relay,
    "token": lambda driver: driver.credit,
}


class AfterCommand:
    """Give `job` every step of every job; `on_readings` gets what meters say then."""

    _log = Logger()

    def __init__(self, meters: CommandMeters, on_readings: Callable[[Sequence[Reading]], None]) -> None:
        self._meters = meters
        self._on_readings = on_readings

    def job(self, job: Job) -> None:
        """Look at the meter where this was the end of a command."""
        changed = _CHANGED.get(job.kind)
        if changed is not None and job.state in _REACHED:
            looking = Deferred.fromCoroutine(self._look(job.meter, changed))
            looking.addErrback(lambda failure: self._log.failure("after job {job}", failure, job=job.id))

    async def _look(self, serial: str, changed: Callable[[DLMSDriver], OBIS | None]) -> None:
        async def read(meter: DLMSMeter) -> list[Reading]:
            code = changed(meter.spec.driver)
            return [] if code is None else await meter.read([code])

        try:
            readings = await self._meters.with_meter(serial, read)
        except HesdError as problem:
            self._log.debug("meter {serial} after a command: {problem}", serial=serial, problem=problem)
        else:
            self._on_readings(readings)
