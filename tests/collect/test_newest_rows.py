"""The newest rows of a simulated meter: by number, by time, or not at all; and what breaks on the way."""

from __future__ import annotations

from itertools import product

from hesd.collect.buffer_entries import NewestUnknown
from hesd.collect.profile_read import ProfileRead, read_newest
from hesd.collect.session import AccessRefused
from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.cosem_meaning import SortMethod
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.selective_access import (
    BY_ENTRY,
    BY_RANGE,
    CLOCK,
    CaptureObject,
    EntryDescriptor,
    RangeDescriptor,
    SelectiveAccess,
)
from hesd.model.errors import NoReply, ProtocolError
from hesd.model.obis import OBIS
from hesd.sim.dlms_capture import LoadRows
from hesd.sim.dlms_meter import SimulatedDLMSMeter
from tests.collect.memory_meter import lost_request
from tests.collect.simulated_meter import refusing
from tests.collect.test_profile_read import DAY, HOUR, LOAD, QUARTER, UNTIL, ProfileCase

ENERGY = CaptureObject(3, OBIS("1.0.1.8.0.255"), 2)


class NewestCase(ProfileCase):
    def newest(self, count: int, obis: OBIS = LOAD) -> ProfileRead:
        found: ProfileRead = self.world.result(read_newest(self.world.meter, obis, count, self.buffers))
        return found

    def newest_times(self, count: int) -> list[int]:
        return [row.at_ms for row in self.newest(count).profile.rows]

    def last(self, count: int) -> list[int]:
        """The times of the last rows of a quarter of an hour."""
        return self.quarters(UNTIL - (count - 1) * QUARTER)

    def says(self, attribute: int, result: DataResult) -> None:
        """Let the profile have another attribute than it has."""

        def answer(asked: AttributeDescriptor, _: SelectiveAccess | None) -> DataResult | None:
            return result if (asked.class_id, asked.attribute) == (7, attribute) else None

        self.world.instead.append(answer)

    def sorted_by(self, method: SortMethod, sort_object: CaptureObject) -> None:
        self.says(5, Data.of(DataType.ENUM, method))
        self.says(6, sort_object.data)

    def capture_before(self, request: int) -> None:
        """Let a quarter of an hour pass before that request for rows."""
        asked = 0

        def answer(attribute: AttributeDescriptor, access: SelectiveAccess | None) -> None:
            nonlocal asked
            if attribute.attribute == 2 and access is not None:
                asked += 1
                if asked == request:
                    self.world.clock.advance(QUARTER / 1000)

        self.world.instead.append(answer)

    @property
    def entries(self) -> list[tuple[int, int]]:
        """Which numbers were asked for, in order."""
        asked = [
            EntryDescriptor.of(access)
            for _, access in self.world.served.asked
            if access is not None and access.selector == BY_ENTRY
        ]
        return [(each.from_entry, each.to_entry) for each in asked]


class ByNumberTests(NewestCase):
    def test_the_last_numbers_where_the_oldest_is_the_first(self) -> None:
        self.play()
        found = self.newest(5)
        self.assertEqual([row.at_ms for row in found.profile.rows], self.last(5))
        in_use = found.in_use
        assert in_use is not None
        self.assertEqual(self.entries, [(in_use - 4, in_use)])
        self.assertEqual((found.problem, found.missing_from_ms, found.undated), (None, None, 0))

    def test_the_first_numbers_where_the_newest_is(self) -> None:
        self.play(newest_first=True)
        self.assertEqual(self.newest_times(5), self.last(5))
        self.assertEqual(self.entries, [(1, 5)])

    def test_many_go_in_pieces_from_the_newest_on(self) -> None:
        for newest_first in (False, True):
            self.play(newest_first=newest_first)
            found = self.newest(600)
            self.assertEqual([row.at_ms for row in found.profile.rows], self.last(600))
            in_use = found.in_use
            assert in_use is not None
            wanted = [(1, 250), (251, 500), (501, 600)]
            if not newest_first:
                wanted = [(in_use + 1 - last, in_use + 1 - first) for first, last in wanted]
            self.assertEqual(self.entries, wanted)

    def test_all_there_are_where_that_is_less(self) -> None:
        self.play()
        log = OBIS("0.0.99.98.0.255")
        found = self.newest(1000, log)
        self.assertEqual(len(found.profile.rows), found.in_use)
        self.assertGreater(len(found.profile.rows), 10)

    def test_none_at_all(self) -> None:
        self.play()
        found = self.newest(5, OBIS("1.0.99.98.46.255"))
        self.assertEqual((found.profile.rows, found.in_use, found.problem), ((), 0, None))
        self.assertEqual(self.selectors, [])

    def test_null_data(self) -> None:
        self.play()
        plain = self.newest(300).profile.rows
        for newest_first in (False, True):
            self.play(null_data=True, newest_first=newest_first)
            self.assertEqual(self.newest(300).profile.rows, plain)

    def test_sorted_by_the_clock(self) -> None:
        for method, newest_first in ((SortMethod.LARGEST, True), (SortMethod.SMALLEST, False)):
            self.play(newest_first=newest_first)
            self.sorted_by(method, CLOCK)
            self.assertEqual(self.newest_times(5), self.last(5))
            self.assertEqual(self.selectors, [BY_ENTRY])

    def test_what_it_is_sorted_by_is_kept_for_the_model(self) -> None:
        self.play(newest_first=True)
        self.sorted_by(SortMethod.LARGEST, CLOCK)
        self.newest(5)
        self.world.instead.clear()
        self.world.meter = self.world.meet_anew()
        asked = len(self.world.served.asked)
        self.assertEqual(self.newest_times(7), self.last(7))
        self.assertNotIn(5, [each.attribute for each, _ in self.world.served.asked[asked:]])
        self.assertEqual(self.entries[-1], (1, 7))

    def test_numbers_that_run_otherwise_than_it_says(self) -> None:
        for newest_first, says in ((True, SortMethod.FIFO), (False, SortMethod.LIFO)):
            for count in (2, 5, 300):
                self.play(newest_first=newest_first)
                self.says(5, Data.of(DataType.ENUM, says))
                self.assertEqual(self.newest_times(count), self.last(count))

    def test_a_clock_that_was_set_back_is_no_other_order(self) -> None:
        """The newest row but one has the later time, and the oldest rows are of long ago."""
        self.play()
        by_number = {
            (8831, 8832): (UNTIL, UNTIL - QUARTER),
            (1, 2): (UNTIL - 90 * DAY, UNTIL - 90 * DAY + QUARTER),
        }

        def answer(_: AttributeDescriptor, access: SelectiveAccess | None) -> Data | None:
            if access is None:
                return None
            wanted = EntryDescriptor.of(access)
            return Data.array(*map(self.row, by_number[wanted.from_entry, wanted.to_entry]))

        self.world.instead.append(answer)
        self.assertEqual(self.newest_times(2), [UNTIL - QUARTER, UNTIL])
        self.assertEqual(len(self.selectors), 2)

    def test_one_that_counts_what_is_not_there(self) -> None:
        """A meter that takes its room for its rows: its last numbers hold nothing."""
        self.play()
        self.says(7, Data.of(DataType.DOUBLE_LONG_UNSIGNED, 9000))
        found = self.newest(300)
        self.assertIsInstance(found.problem, ProtocolError)
        self.assertIn("entries", str(found.problem))

    def test_one_that_says_no_number(self) -> None:
        self.play()
        self.says(7, Data.of(DataType.OCTET_STRING, b"many"))
        with self.assertRaisesRegex(ProtocolError, "entries_in_use"):
            self.newest(5)


class MovedTests(NewestCase):
    """A row is captured while the newest are read, and all numbers but those of a buffer with room move."""

    def test_nothing_is_missed_between_pieces(self) -> None:
        for newest_first in (False, True):
            self.play(newest_first=newest_first)
            self.capture_before(2)
            self.assertEqual(self.newest_times(600), self.last(600))


class ByTimeTests(NewestCase):
    def test_the_periods_before_now(self) -> None:
        for newest_first in (False, True):
            self.play(selective_access=("range",), newest_first=newest_first)
            for count in (1, 5, 300):
                self.assertEqual(self.newest_times(count), self.last(count))

    def test_it_takes_one_range_where_nothing_is_missing(self) -> None:
        self.play(selective_access=("range",))
        self.newest(96)
        self.assertEqual(self.selectors, [BY_ENTRY, BY_RANGE])

    def test_a_meter_that_does_not_count(self) -> None:
        self.play()
        self.says(7, DataAccessResult.READ_WRITE_DENIED)
        found = self.newest(5)
        self.assertEqual(([row.at_ms for row in found.profile.rows], found.in_use), (self.last(5), None))
        self.assertEqual(self.selectors, [BY_RANGE])

    def test_further_back_where_it_was_without_power(self) -> None:
        captured = LoadRows.entries
        for since in (UNTIL - 2 * HOUR, UNTIL - 3 * DAY):

            def entries(rows: LoadRows, meter: SimulatedDLMSMeter, since: int = since) -> list[int]:
                return [each for each in captured(rows, meter) if not since < each * 1000 < UNTIL - HOUR]

            self.patch(LoadRows, "entries", entries)
            for count, newest_first in product((10, 600), (False, True)):
                self.play(now=UNTIL / 1000, selective_access=("range",), newest_first=newest_first)
                times = self.newest_times(count)
                self.assertGreaterEqual(len(times), count)
                self.assertEqual(times[-5:], self.last(5))
                self.assertEqual(times[:-5], self.quarters(times[0], since))
                self.assertLess(len(self.selectors), 15)

    def test_all_there_are_where_that_is_less(self) -> None:
        self.play(selective_access=("range",))
        self.patch(LoadRows, "entries", lambda *_: range(UNTIL // 1000 - 2700, UNTIL // 1000 + 1, 900))
        self.assertEqual(self.newest_times(96), self.last(4))
        self.assertEqual(self.selectors, [BY_ENTRY, BY_RANGE])

    def test_in_the_other_form_of_a_time_than_the_last_that_was_tried(self) -> None:
        self.play()
        self.refuse(BY_RANGE)
        self.read()  # by entry, after both forms
        self.world.instead.clear()
        self.refuse(BY_ENTRY)

        def date_time(_: AttributeDescriptor, access: SelectiveAccess | None) -> bool:
            ranged = access is not None and access.selector == BY_RANGE
            return ranged and RangeDescriptor.of(access).start.type is DataType.DATE_TIME

        self.world.instead.append(refusing(date_time, DataAccessResult.TYPE_UNMATCHED))
        self.assertEqual(self.newest_times(5), self.last(5))

    def test_by_the_meters_own_clock(self) -> None:
        self.play(selective_access=("range",), clock_offset=40 * 86_400.0)
        ahead = 40 * DAY
        self.assertEqual([each - ahead for each in self.newest_times(5)], self.last(5))

    def test_sorted_by_something_else(self) -> None:
        self.play()
        self.sorted_by(SortMethod.LARGEST, ENERGY)
        self.assertEqual(self.newest_times(5), self.last(5))
        self.assertEqual(self.selectors, [BY_RANGE])

    def test_a_range_that_breaks(self) -> None:
        self.play(selective_access=("range",))
        self.newest(1)
        self.world.talk.faults.extend([None] * 10 + [lost_request] * 1000)
        found = self.newest(200)
        self.assertIsInstance(found.problem, NoReply)
        kept = [row.at_ms for row in found.profile.rows]
        self.assertTrue(0 < len(kept) < 200)
        self.assertEqual(kept, self.last(200)[: len(kept)])


class RefusedTests(NewestCase):
    def test_a_log_that_takes_no_numbers(self) -> None:
        self.play(selective_access=("range",))
        with self.assertRaisesRegex(NewestUnknown, "scope-of-access-violated.*no fixed period"):
            self.newest(5, OBIS("0.0.99.98.0.255"))
        self.assertEqual(self.selectors, [BY_ENTRY])

    def test_a_meter_that_takes_neither_is_not_asked_for_everything(self) -> None:
        self.play(selective_access=())
        with self.assertRaises(AccessRefused):
            self.newest(5)
        self.assertEqual(self.selectors, [BY_ENTRY, BY_RANGE, BY_RANGE])

    def test_a_log_in_another_order_than_time(self) -> None:
        self.play()
        self.sorted_by(SortMethod.LARGEST, ENERGY)
        log = OBIS("0.0.99.98.0.255")
        with self.assertRaisesRegex(NewestUnknown, "not in the order of time"):
            self.newest(5, log)
        self.assertEqual(self.selectors, [])
        self.assertEqual(len(self.newest(100, log).profile.rows), self.newest(100, log).in_use)

    def test_a_clock_that_says_no_time(self) -> None:
        self.play(selective_access=("range",))
        unspecified = Data.of(DataType.OCTET_STRING, b"\xff" * 9 + b"\x80\x00\xff")
        self.world.instead.append(lambda asked, _: unspecified if asked.class_id == 8 else None)
        with self.assertRaisesRegex(NewestUnknown, "clock says no time"):
            self.newest(5)

    def test_a_meter_that_is_busy_is_not_asked_in_another_way(self) -> None:
        self.play()
        self.says(7, DataAccessResult.TEMPORARY_FAILURE)
        with self.assertRaises(AccessRefused):
            self.newest(5)
        self.assertEqual(self.selectors, [])

    def test_a_profile_that_is_not_there(self) -> None:
        self.play()
        with self.assertRaises(AccessRefused):
            self.newest(5, OBIS("1.0.99.7.0.255"))


class BrokenTests(NewestCase):
    def break_after(self, blocks: int, lost: int) -> None:
        self.newest(1)  # so that only the count and rows are asked for
        self.world.talk.faults.extend([None, None, *[None] * blocks, *[lost_request] * lost])

    def test_what_broke_is_asked_for_again(self) -> None:
        for newest_first in (False, True):
            self.play(newest_first=newest_first)
            self.break_after(5, 3)
            found = self.newest(96)
            self.assertEqual([row.at_ms for row in found.profile.rows], self.last(96))
            self.assertIsNone(found.problem)
            self.assertGreater(len(self.entries), 2)

    def test_a_row_that_is_captured_meanwhile_does_not_hide_another(self) -> None:
        for newest_first in (False, True):
            self.play(newest_first=newest_first)
            self.break_after(5, 3)
            self.capture_before(2)
            times = self.newest_times(96)
            self.assertEqual(times, self.quarters(times[0], times[-1]))
            self.assertLessEqual(set(self.last(96)), set(times))

    def test_rows_that_came_are_kept(self) -> None:
        for newest_first in (False, True):
            self.play(newest_first=newest_first)
            self.break_after(5, 1000)
            found = self.newest(96)
            kept = [row.at_ms for row in found.profile.rows]
            self.assertIsInstance(found.problem, NoReply)
            self.assertTrue(5 < len(kept) < 96)
            whole = self.last(96)
            self.assertEqual(kept, whole[-len(kept) :] if newest_first else whole[: len(kept)])
            self.assertIsNone(found.missing_from_ms)

    def test_nothing_came(self) -> None:
        self.play()
        self.newest(1)
        self.world.talk.faults.extend([lost_request] * 1000)
        with self.assertRaises(NoReply):
            self.newest(96)
