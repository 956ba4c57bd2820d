"""Profiles of a simulated meter: by range, by entry, whole; and what is left of what breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.buffers import Buffers
from hesd.collect.profile_read import ProfileRead, is_load_profile, read_profile, readings
from hesd.collect.session import AccessRefused
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.selective_access import BY_ENTRY, BY_RANGE, RangeDescriptor, SelectiveAccess
from hesd.driver.cosem import ProfileKind
from hesd.model.errors import NoReply
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Source
from hesd.model.units import Unit
from tests.collect.memory_meter import lost_request
from tests.collect.simulated_meter import NOW, SimulatedWorld, refusing
from tests.sim.dlms_case import SMALL

LOAD = OBIS("1.0.99.1.0.255")
HOUR, QUARTER, DAY = 3_600_000, 900_000, 86_400_000
UNTIL = int(NOW // 900) * 900_000


class ProfileCase(SynchronousTestCase):
    def play(self, **more: Any) -> None:
        self.world = SimulatedWorld(**more)
        self.buffers = Buffers(self.world.models, self.world.clock)

    def read(self, since_ms: int = UNTIL - HOUR, until_ms: int = UNTIL, obis: OBIS = LOAD) -> ProfileRead:
        found: ProfileRead = self.world.result(
            read_profile(self.world.meter, obis, since_ms, until_ms, self.buffers)
        )
        return found

    def times(self, **bounds: int) -> list[int]:
        return [row.at_ms for row in self.read(**bounds).profile.rows]

    def quarters(self, since_ms: int, until_ms: int = UNTIL) -> list[int]:
        return list(range(since_ms, until_ms + 1, QUARTER))

    def refuse(self, *selectors: int | None) -> None:
        def wanted(attribute: AttributeDescriptor, access: SelectiveAccess | None) -> bool:
            selector = None if access is None else access.selector
            return (attribute.class_id, attribute.attribute) == (7, 2) and selector in selectors

        self.world.instead.append(refusing(wanted, DataAccessResult.SCOPE_OF_ACCESS_VIOLATED))

    def row(self, at_ms: int) -> Data:
        stamp = self.world.simulated.clock.stamp(at_ms / 1000)
        numbers = (Data.of(DataType.DOUBLE_LONG_UNSIGNED, number) for number in (23000, 1, 2))
        return Data.structure(Data.of(DataType.OCTET_STRING, stamp), *numbers)

    @property
    def selectors(self) -> list[int | None]:
        """How the buffer was asked for, in order."""
        return [
            None if access is None else access.selector
            for attribute, access in self.world.served.asked
            if (attribute.class_id, attribute.attribute) == (7, 2)
        ]


class ReadTests(ProfileCase):
    def test_rows_by_range(self) -> None:
        self.play()
        found = self.read()
        self.assertEqual([row.at_ms for row in found.profile.rows], self.quarters(UNTIL - HOUR))
        self.assertEqual(self.selectors, [BY_RANGE])
        self.assertEqual((found.problem, found.missing_from_ms, found.undated), (None, None, 0))

    def test_columns_have_names_scalers_and_units(self) -> None:
        self.play()
        columns = self.read().profile.columns
        self.assertEqual(
            [(each.name, each.scaler, each.unit) for each in columns],
            [
                ("Clock", 0, Unit.NONE),
                ("Voltage", -2, Unit.V),  # finer in the profile than in the register
                ("Import", 1, Unit.WH),
                ("1.0.0.6.0.255", -1, Unit.V),
            ],
        )

    def test_cells_are_scaled_and_clocks_are_text(self) -> None:
        self.play()
        row = self.read(UNTIL, UNTIL).profile.rows[0]
        self.assertEqual(row.values[0], "2026-11-19T18:00:00+01:00")
        volts, energy = row.values[1], row.values[2]
        assert isinstance(volts, float)
        assert isinstance(energy, int)
        self.assertTrue(200 < volts < 250)
        self.assertEqual((row.raws[1], row.raws[2]), (round(volts * 100), energy // 10))

    def test_long_ranges_go_in_pieces(self) -> None:
        self.play()
        self.assertEqual(self.times(since_ms=UNTIL - 7 * DAY), self.quarters(UNTIL - 7 * DAY))
        self.assertEqual(self.selectors, [BY_RANGE] * 3)

    def test_time_before_the_first_row_costs_little(self) -> None:
        self.play()
        times = self.times(since_ms=0)
        self.assertGreater(len(times), 5000)
        self.assertEqual(times, self.quarters(times[0]))
        self.assertLess(len(self.selectors), 20)

    def test_the_shape_is_asked_of_one_meter_of_a_model(self) -> None:
        self.play()
        self.read()
        asked = len(self.world.served.asked)
        self.world.meter = self.world.meet_anew()
        self.buffers = Buffers(self.world.models, self.world.clock)
        self.read()
        again = [each.attribute for each, _ in self.world.served.asked[asked:] if each.class_id == 7]
        self.assertEqual(again, [2])

    def test_a_shape_that_is_not_true_is_asked_for_again(self) -> None:
        self.play()
        self.read()
        key = f"{self.world.meter.model}/profile {LOAD}"
        kept = self.world.models._kept[key]
        self.world.models.save(key, {**kept, "columns": kept["columns"][:2]})
        self.buffers = Buffers(self.world.models, self.world.clock)
        self.assertEqual(len(self.read().profile.columns), 4)

    def test_a_meter_that_shows_no_capture_objects_has_those_of_the_table(self) -> None:
        self.play()
        self.world.instead.append(
            refusing(
                lambda each, _: (each.class_id, each.attribute) == (7, 3), DataAccessResult.READ_WRITE_DENIED
            )
        )
        self.assertEqual(len(self.read().profile.columns), 4)

    def test_null_data_and_newest_first(self) -> None:
        for fields in (
            {"null_data": True},
            {"newest_first": True},
            {"null_data": True, "newest_first": True},
        ):
            self.play()
            plain = self.read(UNTIL - 3 * DAY).profile.rows
            self.play(**fields)
            self.assertEqual(self.read(UNTIL - 3 * DAY).profile.rows, plain)

    def test_a_clock_with_its_deviation_the_wrong_way_round(self) -> None:
        self.play(driver=replace(SMALL, reversed_deviation=True))
        row = self.read(UNTIL, UNTIL).profile.rows[0]
        self.assertEqual((row.at_ms, row.values[0]), (UNTIL, "2026-11-19T18:00:00+01:00"))

    def test_the_ratio_of_transformers(self) -> None:
        self.play()
        plain = self.read(UNTIL, UNTIL).profile.rows[0]
        self.play(ratio=40)
        scaled = self.read(UNTIL, UNTIL).profile.rows[0]
        assert isinstance(plain.values[2], int)
        self.assertEqual(scaled.values[1:3], (plain.values[1], plain.values[2] * 40))
        self.assertEqual(scaled.raws, plain.raws)

    def test_a_profile_that_is_not_there(self) -> None:
        self.play()
        with self.assertRaises(AccessRefused):
            self.read(obis=OBIS("1.0.99.7.0.255"))


class WayTests(ProfileCase):
    def test_a_meter_that_wants_a_date_time_of_its_own_type(self) -> None:
        self.play()

        def octet_string(_: AttributeDescriptor, access: SelectiveAccess | None) -> bool:
            ranged = access is not None and access.selector == BY_RANGE
            return ranged and RangeDescriptor.of(access).start.type is DataType.OCTET_STRING

        self.world.instead.append(refusing(octet_string, DataAccessResult.TYPE_UNMATCHED))
        for _ in range(2):
            self.assertEqual(self.times(), self.quarters(UNTIL - HOUR))
        self.assertEqual(self.selectors, [BY_RANGE] * 3)  # the second time it is known

    def test_by_entry(self) -> None:
        for newest_first in (False, True):
            self.play(newest_first=newest_first)
            self.refuse(BY_RANGE)
            since = UNTIL - 4 * DAY
            self.assertEqual(
                self.times(since_ms=since, until_ms=UNTIL - DAY), self.quarters(since, UNTIL - DAY)
            )
            self.assertEqual(self.selectors, [BY_RANGE, BY_RANGE, BY_ENTRY, BY_ENTRY])

    def test_the_whole_buffer(self) -> None:
        self.play(now=NOW, driver=SMALL)
        self.refuse(BY_RANGE, BY_ENTRY)
        self.assertEqual(self.times(), self.quarters(UNTIL - HOUR))
        self.assertEqual(self.selectors, [BY_RANGE, BY_RANGE, BY_ENTRY, None])

    def test_a_meter_that_gives_nothing(self) -> None:
        self.play()
        self.refuse(BY_RANGE, BY_ENTRY, None)
        with self.assertRaises(AccessRefused):
            self.read()

    def test_a_meter_that_is_busy_is_not_asked_in_another_way(self) -> None:
        self.play()
        wanted = refusing(lambda _, access: access is not None, DataAccessResult.TEMPORARY_FAILURE)
        self.world.instead.append(wanted)
        with self.assertRaises(AccessRefused):
            self.read()
        self.assertEqual(self.selectors, [BY_RANGE])

    def test_a_range_that_the_meter_takes_no_notice_of(self) -> None:
        self.play()
        whole = Data.array(*(self.row(UNTIL - n * QUARTER) for n in range(50)))
        self.world.instead.append(lambda _, access: None if access is None else whole)
        self.assertEqual(self.times(), self.quarters(UNTIL - HOUR))

    def test_rows_without_a_time(self) -> None:
        self.play()
        nothing = Data.of(DataType.NULL_DATA)
        rows = Data.array(Data.structure(nothing, nothing, nothing, nothing), self.row(UNTIL))
        self.world.instead.append(lambda _, access: None if access is None else rows)
        found = self.read()
        self.assertEqual((len(found.profile.rows), found.undated), (1, 1))


class BrokenTests(ProfileCase):
    """`_blocks` of the answer come, then the line is dead for a while."""

    def break_after(self, blocks: int, lost: int) -> None:
        self.world.result(self.world.meter.meet())
        self.read(UNTIL, UNTIL)  # so that only rows are asked for
        self.world.talk.faults.extend([None, *[None] * blocks, *[lost_request] * lost])

    def test_what_broke_is_asked_for_again(self) -> None:
        for newest_first in (False, True):
            self.play(newest_first=newest_first)
            self.break_after(5, 3)
            since = UNTIL - DAY
            found = self.read(since)
            self.assertEqual([row.at_ms for row in found.profile.rows], self.quarters(since))
            self.assertIsNone(found.problem)

    def test_rows_that_came_are_kept_and_the_next_read_goes_on(self) -> None:
        self.play()
        self.break_after(5, 1000)
        since = UNTIL - DAY
        found = self.read(since)
        kept = [row.at_ms for row in found.profile.rows]
        self.assertIsInstance(found.problem, NoReply)
        assert found.missing_from_ms is not None
        self.assertTrue(since < found.missing_from_ms < UNTIL)
        self.assertEqual(kept, self.quarters(since)[: len(kept)])
        self.world.talk.faults.clear()
        rest = self.times(since_ms=found.missing_from_ms)
        self.assertEqual(sorted({*kept, *rest}), self.quarters(since))

    def test_newest_first_the_rest_is_older(self) -> None:
        self.play(newest_first=True)
        self.break_after(5, 1000)
        found = self.read(UNTIL - DAY)
        self.assertEqual(found.missing_from_ms, UNTIL - DAY)
        self.assertEqual(found.profile.rows[-1].at_ms, UNTIL)

    def test_nothing_came(self) -> None:
        self.play()
        self.break_after(0, 0)
        self.world.talk.faults.extend([lost_request] * 1000)
        with self.assertRaises(NoReply):
            self.read(UNTIL - DAY)


class ReadingTests(ProfileCase):
    def test_load_profiles_become_readings(self) -> None:
        self.play()
        profile = self.read().profile
        found = readings(profile)
        self.assertEqual(len(found), 3 * 5)
        first = found[0]
        self.assertEqual(
            (first.meter, first.obis, first.at_ms, first.source, first.quality),
            ("46000755036", "1.0.32.7.0.255", UNTIL - HOUR, Source.PROFILE, Quality.GOOD),
        )
        self.assertEqual(first.value, profile.rows[0].values[1])

    def test_which_profiles_those_are(self) -> None:
        bills = replace(SMALL.profiles[0], obis=OBIS("1.0.98.1.0.255"), kind=ProfileKind.BILLING)
        driver = replace(SMALL, profiles=(*SMALL.profiles, bills))
        for obis, load in (
            (LOAD, True),
            (bills.obis, False),
            (SMALL.logs[0].obis, False),
            (OBIS("1.0.99.2.0.255"), True),
            (OBIS("0.0.98.1.0.255"), False),
        ):
            self.assertEqual(is_load_profile(driver, obis), load)
