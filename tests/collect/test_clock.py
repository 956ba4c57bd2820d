"""Clocks: how far off, and set within limits, in the meter's own way of telling time."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from hesd.collect.clock import ClockOutcome, ClockReading, read_clock, set_clock
from hesd.collect.command import CommandRefused
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.cosem_time import DAYLIGHT_SAVING_ACTIVE, DOUBTFUL_VALUE, DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.model.job import JobState
from hesd.model.obis import OBIS
from tests.collect.command_case import DRIVER, CommandCase
from tests.collect.memory_meter import Fault, lost_reply, lost_request

TIME = AttributeDescriptor(8, OBIS("0.0.1.0.0.255"), 2)
LAGOS = dt.timezone(dt.timedelta(minutes=60))


class ClockTests(CommandCase):
    def furnish(self) -> None:
        super().furnish()
        self.error, self.type, self.deviation = 30.0, DataType.OCTET_STRING, -60
        self.keeps = True
        self.meter.values[TIME] = self.tell
        self.meter.writes[TIME] = self.take

    def tell(self) -> Data:
        moment = dt.datetime.fromtimestamp(self.clock.seconds() + self.error, LAGOS)
        return Data.of(self.type, replace(DateTime.of(moment), deviation=self.deviation).octets)

    def take(self, value: Data) -> DataAccessResult:
        self.taken = DateTime.from_octets(value.value)
        local = replace(self.taken, deviation=-60).moment()
        if self.keeps:
            self.error = local.timestamp() - self.clock.seconds()
        return DataAccessResult.SUCCESS

    def read(self) -> ClockReading:
        reading: Any = self.result(read_clock(self.commanded, self.clock))
        return reading

    def set(self, *faults: Fault | None, force: bool = False) -> ClockOutcome:
        work = set_clock(self.commanded, self.clock, self.then(*faults), force=force)
        outcome: Any = self.result(work)
        return outcome

    def test_how_far_it_is_off(self) -> None:
        self.assertEqual(self.read().offset, 30)
        self.error = -3600
        self.assertEqual(self.read().offset, -3600)

    def test_it_is_set_to_our_time_in_the_meters_zone(self) -> None:
        outcome = self.set()
        self.assertEqual((outcome.state, outcome.detail), (JobState.CONFIRMED, "it is off by 0 s"))
        self.assertEqual(self.taken.deviation, -60)
        self.assertEqual(self.taken.moment().timestamp(), self.clock.seconds())
        self.assertEqual(outcome.shown["before"]["offset"], 30)
        self.assertEqual(outcome.shown["after"]["offset"], 0)

    def test_in_the_way_the_meter_tells_it(self) -> None:
        for type_, deviation, backwards in (
            (DataType.DATE_TIME, -60, False),
            (DataType.OCTET_STRING, None, False),  # the driver's zone
            (DataType.OCTET_STRING, 60, True),
        ):
            self.setUp()
            self.type, self.deviation = type_, deviation
            self.meet(replace(DRIVER, reversed_deviation=backwards))
            self.assertEqual(self.read().offset, 30)
            self.assertEqual(self.set().state, JobState.CONFIRMED)
            self.assertEqual((self.error, self.taken.deviation), (0, deviation))
            self.assertEqual(self.meter.written[0][1].type, type_)

    def test_daylight_saving_stays_as_it_is_and_doubts_end(self) -> None:
        moment = dt.datetime.fromtimestamp(self.clock.seconds() - 30, LAGOS)
        shown = replace(DateTime.of(moment), status=DAYLIGHT_SAVING_ACTIVE | DOUBTFUL_VALUE)
        self.meter.values[TIME] = Data.of(DataType.OCTET_STRING, shown.octets)
        self.set()
        self.assertEqual(self.taken.status, DAYLIGHT_SAVING_ACTIVE)

    def test_one_that_is_right_is_left_alone(self) -> None:
        self.error = 1.5
        self.assertEqual(self.set().state, JobState.CONFIRMED)
        self.assertEqual((self.meter.written, self.told), ([], []))

    def test_far_only_when_forced(self) -> None:
        for error in (901, -901):
            self.error = error
            self.assertEqual(self.set().state, JobState.REJECTED)
            self.assertEqual((self.meter.written, self.told), ([], []))
        self.assertEqual(self.set(force=True).state, JobState.CONFIRMED)

    def test_a_clock_that_tells_no_time(self) -> None:
        nothing = bytes.fromhex("ffffffffffffffffff800000")
        self.meter.values[TIME] = Data.of(DataType.OCTET_STRING, nothing)
        self.assertIsNone(self.read().offset)
        self.assertEqual(self.set().state, JobState.REJECTED)
        self.assertEqual(self.meter.written, [])
        self.assertEqual(self.set(force=True).state, JobState.REJECTED)
        self.assertEqual(len(self.meter.written), 1)

    def test_a_meter_without_a_clock(self) -> None:
        for value in (DataAccessResult.OBJECT_UNDEFINED, Data.of(DataType.OCTET_STRING, b"x")):
            self.meter.values[TIME] = value
            with self.assertRaises(CommandRefused):
                self.read()

    def test_the_meter_says_no(self) -> None:
        self.meter.writes[TIME] = lambda _: DataAccessResult.READ_WRITE_DENIED
        self.assertEqual(self.set().state, JobState.REJECTED)

    def test_it_takes_the_time_and_does_not_keep_it(self) -> None:
        self.keeps = False
        self.assertEqual(self.set().state, JobState.REJECTED)

    def test_without_an_answer_the_clock_tells(self) -> None:
        self.assertEqual(self.set(lost_reply).state, JobState.CONFIRMED)
        self.setUp()
        self.assertEqual(self.set(lost_request).state, JobState.UNKNOWN)
        self.setUp()
        self.error = 3  # so near that nobody can tell whether it moved
        self.assertEqual(self.set(lost_reply).state, JobState.UNKNOWN)
        self.setUp()
        self.assertEqual(self.set(*[lost_reply] * 20).state, JobState.UNKNOWN)
        self.assertEqual(len(self.meter.written), 1)
