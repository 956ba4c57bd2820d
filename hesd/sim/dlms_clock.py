"""The clock of a simulated meter: set, shifted, and wrong by as much as it has drifted."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IReactorTime

from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.cosem_time import DateTime, epoch_ms
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import DataError
from hesd.model.obis import OBIS
from hesd.sim.dlms_object import Attribute, ServedObject, constant, done
from hesd.sim.faults import FaultKind, Faults
from hesd.sim.load import DAY, QUARTER

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

_NO_DATE = bytes.fromhex("ffffffffffffffffff800000")
_LONGEST_SHIFT = 900  # seconds (IEC 62056-6-2, 4.5.1.3.6)
_CRYSTAL = 1


class MeterClock:
    """Seconds since 1970 as the meter has them: `offset` of them wrong, `drift` more each day.

    `utc_offset` is what the clock on the wall is ahead of UTC, in seconds; a clock with
    `reversed_deviation` says that with the wrong sign.
    """

    __slots__ = ("_clock", "_drift", "_faults", "_offset", "_set_at", "deviation", "utc_offset")

    def __init__(
        self,
        clock: IReactorTime,
        faults: Faults,
        utc_offset: float,
        *,
        offset: float = 0.0,
        drift: float = 0.0,
        reversed_deviation: bool = False,
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._offset = offset
        self._drift = drift
        self._set_at = clock.seconds()
        self.utc_offset = utc_offset
        self.deviation = int(utc_offset // 60) * (1 if reversed_deviation else -1)

    def now(self) -> float:
        """What the meter takes the time to be."""
        at = self._clock.seconds()
        return at + self.error(at)

    def error(self, at: float) -> float:
        """How many seconds it is ahead."""
        drifted = self._drift * (at - self._set_at) / DAY
        return self._offset + drifted + self._faults.get(FaultKind.CLOCK, 0.0)

    def set(self, seconds: float) -> None:
        """Take this for the time from now on."""
        self._set_at = self._clock.seconds()
        self._offset = seconds - self._set_at

    def stamp(self, seconds: float) -> bytes:
        """A date-time's octets of an instant of this clock."""
        local = dt.datetime.fromtimestamp(seconds + self.utc_offset, dt.UTC)
        moment = DateTime.of(local)
        return DateTime(moment.date, moment.time, self.deviation, moment.status).octets

    def instant(self, octets: bytes) -> float | None:
        """The seconds a date-time says, taken as this clock means it; None for what is no instant."""
        east = int(self.utc_offset // 60)
        found = epoch_ms(octets, -east, 1 if self.deviation == -east else -1)
        return None if found is None else found / 1000


def clock_object(obis: OBIS) -> ServedObject:
    """Class 8."""
    never = constant(DataType.OCTET_STRING, _NO_DATE)
    return ServedObject(
        8,
        obis,
        {
            2: Attribute(_time, _set_time),
            3: Attribute(lambda meter: Data.of(DataType.LONG, meter.clock.deviation)),
            4: constant(DataType.UNSIGNED, 0),
            5: never,
            6: never,
            7: constant(DataType.INTEGER, 0),
            8: constant(DataType.BOOLEAN, False),
            9: constant(DataType.ENUM, _CRYSTAL),
        },
        {1: _to_the_next(QUARTER), 3: _to_the_next(60.0), 6: _shift},
        is_public=True,
    )


def _time(meter: SimulatedDLMSMeter) -> Data:
    return Data.of(DataType.OCTET_STRING, meter.clock.stamp(meter.clock.now()))


def _set_time(meter: SimulatedDLMSMeter, value: Data) -> DataAccessResult:
    try:
        instant = meter.clock.instant(value.value) if isinstance(value.value, bytes) else None
    except DataError:
        instant = None
    if instant is None:
        return DataAccessResult.TYPE_UNMATCHED
    meter.clock.set(instant)
    return DataAccessResult.SUCCESS


def _to_the_next(step: float) -> Any:
    """The method that sets the clock to the nearest multiple of `step` seconds."""

    def adjust(meter: SimulatedDLMSMeter, _: Data | None) -> ActionResponse:
        meter.clock.set(round(meter.clock.now() / step) * step)
        return done()

    return adjust


def _shift(meter: SimulatedDLMSMeter, parameters: Data | None) -> ActionResponse:
    seconds = None if parameters is None else parameters.value
    if not isinstance(seconds, int) or abs(seconds) > _LONGEST_SHIFT:
        return done(ActionResult.TYPE_UNMATCHED)
    meter.clock.set(meter.clock.now() + seconds)
    return done()
