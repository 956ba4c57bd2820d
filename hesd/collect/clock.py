"""The clock of a meter (class 8): how far it is off, and setting it within limits.

A clock that jumps far tears profiles and tariffs apart and may belong to a meter that is
not what it seems, so that takes a word more (`force`). One that is right is left alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from twisted.internet.interfaces import IReactorTime

from hesd.collect.command import CommandedMeter, CommandRefused, Sent, announce, ask
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.cosem_time import DAYLIGHT_SAVING_ACTIVE, DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import DataError
from hesd.driver.cosem import DLMSDriver
from hesd.model.errors import HesdError, NoReply
from hesd.model.job import JSON, JobState

_CLASS: Final = 8
_TIME: Final = 2
# Seconds. Answers are on their way for about as long, so closer than that nobody can tell.
_RIGHT: Final = 2.0
_SET: Final = 5.0
LARGEST_SHIFT: Final = 15 * 60.0


@dataclass(frozen=True, slots=True)
class ClockReading:
    """`offset` is how far the meter is ahead of us, in seconds; None where it tells no time.

    `type` is the data type the meter gives its time in.
    """

    time: DateTime
    type: DataType
    offset: float | None

    @property
    def shown(self) -> JSON:
        return {"time": str(self.time), "offset": self.offset}


@dataclass(frozen=True, slots=True)
class ClockOutcome:
    """`state` is confirmed, rejected or unknown; `after` is None where it was not read again."""

    state: JobState
    detail: str
    before: ClockReading
    after: ClockReading | None = None

    @property
    def shown(self) -> JSON:
        return {"before": self.before.shown, "after": None if self.after is None else self.after.shown}


async def read_clock(meter: CommandedMeter, clock: IReactorTime) -> ClockReading:
    """What time it is at the meter.

    Raises `CommandRefused` where the meter has no clock, and what `Session` and `prove` raise.
    """
    (result,) = await ask(meter, [_attribute(meter)])
    now = clock.seconds()
    if isinstance(result, DataAccessResult):
        raise CommandRefused(f"the meter does not tell its time: {result.text}")
    try:
        time = DateTime.from_octets(result.value if isinstance(result.value, bytes) else b"")
    except DataError as error:
        raise CommandRefused(f"the meter does not tell its time: {error}") from None
    driver = meter.spec.driver
    moment = time.moment(_zone(driver), reversed_sign=driver.reversed_deviation)
    offset = None if moment is None else round(moment.timestamp() - now, 2)
    return ClockReading(time, result.type, offset)


async def set_clock(
    meter: CommandedMeter, clock: IReactorTime, sent: Sent, *, force: bool = False
) -> ClockOutcome:
    """Set the meter's clock to ours, in the meter's own zone.

    By more than `LARGEST_SHIFT`, or where the meter tells no time, only with `force`. Raises
    what `read_clock` raises as long as nothing was sent.
    """
    before = await read_clock(meter, clock)
    if before.offset is not None and abs(before.offset) < _RIGHT:
        return ClockOutcome(JobState.CONFIRMED, f"it is right, off by {before.offset:g} s", before, before)
    if not force and (before.offset is None or abs(before.offset) > LARGEST_SHIFT):
        far = "it tells no time" if before.offset is None else f"it is off by {before.offset:g} s"
        detail = f"{far}, and further than {LARGEST_SHIFT:g} s it is set only when forced"
        return ClockOutcome(JobState.REJECTED, detail, before)
    within = await announce(meter, sent, f"set the clock, which is off by {before.offset} s")
    now = _now(meter.spec.driver, before.time, clock.seconds())
    try:
        result = await meter.session.set(_attribute(meter), Data.of(before.type, now.octets), within=within)
    except NoReply as failure:
        return await _looked(meter, clock, before, failure)
    if result != DataAccessResult.SUCCESS:
        return ClockOutcome(JobState.REJECTED, f"the meter refuses: {result.text}", before)
    return await _looked(meter, clock, before, None)


async def _looked(
    meter: CommandedMeter, clock: IReactorTime, before: ClockReading, failure: NoReply | None
) -> ClockOutcome:
    """What the clock says afterwards decides, and without an answer to SET only if it moved."""
    try:
        after = await read_clock(meter, clock)
    except HesdError as problem:
        detail = f"{failure or 'set'}, but the clock could not be read afterwards: {problem}"
        return ClockOutcome(JobState.UNKNOWN, detail, before)
    if after.offset is not None and abs(after.offset) < _SET:
        was_close = before.offset is not None and abs(before.offset) < _SET
        if failure is None or not was_close:
            said = "" if failure is None else "no answer came, but "
            return ClockOutcome(JobState.CONFIRMED, f"{said}it is off by {after.offset:g} s", before, after)
    if failure is not None:
        return ClockOutcome(JobState.UNKNOWN, f"{failure}; it is off by {after.offset} s", before, after)
    detail = f"the meter took the time, but its clock is off by {after.offset} s"
    return ClockOutcome(JobState.REJECTED, detail, before, after)


def _attribute(meter: CommandedMeter) -> AttributeDescriptor:
    return AttributeDescriptor(_CLASS, meter.spec.driver.clock, _TIME)


def _zone(driver: DLMSDriver) -> dt.timezone:
    return dt.timezone(dt.timedelta(minutes=driver.time_zone_minutes))


def _now(driver: DLMSDriver, shown: DateTime, seconds: float) -> DateTime:
    """Our time as this meter would say it: with its deviation, or without one, and its sign."""
    sign = 1 if driver.reversed_deviation else -1
    offset = driver.time_zone_minutes if shown.deviation is None else sign * shown.deviation
    try:
        zone = dt.timezone(dt.timedelta(minutes=offset))
    except ValueError:
        raise CommandRefused(f"no zone is {offset} minutes off Greenwich") from None
    now = DateTime.of(dt.datetime.fromtimestamp(seconds, zone))
    status = None if shown.status is None else shown.status & DAYLIGHT_SAVING_ACTIVE
    return DateTime(now.date, now.time, shown.deviation, status)
