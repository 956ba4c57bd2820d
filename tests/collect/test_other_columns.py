"""A profile that captures other columns than its driver's table says: read as the meter has it, and told."""

from __future__ import annotations

from dataclasses import replace

from twisted.logger import globalLogPublisher

from hesd.collect.other_columns import other_columns
from hesd.collect.profile_shape import ProfileShape, printed_columns
from hesd.dlms.access_result import DataAccessResult
from hesd.driver.cosem import Column, EventLog, ProfileTable
from hesd.model.obis import OBIS
from tests.collect.simulated_meter import refusing
from tests.collect.test_profile_read import LOAD, UNTIL, ProfileCase
from tests.sim.dlms_case import SMALL

(TABLE,) = SMALL.profiles
CLOCK, VOLTS, ENERGY, LIMIT = TABLE.columns
AMPERES = Column(OBIS("1.0.31.7.0.255"))
MAXIMUM = Column(OBIS("1.0.1.6.0.255"), 4, attribute=5)
SAYS = f"captures other columns in {LOAD} than its driver's table says: "


def shape(*columns: Column) -> ProfileShape:
    return ProfileShape(printed_columns(ProfileTable(LOAD, "", columns=columns)))


class DifferenceTests(ProfileCase):
    def test_what_is_told(self) -> None:
        for columns, told in (
            (TABLE.columns, ""),
            ((CLOCK, ENERGY, VOLTS, LIMIT), ""),
            ((CLOCK, VOLTS, ENERGY), f"{SAYS}without 1.0.0.6.0.255"),
            ((*TABLE.columns, AMPERES), f"{SAYS}with 1.0.31.7.0.255"),
            ((*TABLE.columns, VOLTS), f"{SAYS}with 1.0.32.7.0.255"),
            (
                (CLOCK, AMPERES, ENERGY, MAXIMUM),
                f"{SAYS}without 1.0.32.7.0.255, 1.0.0.6.0.255 and with 1.0.31.7.0.255, 1.0.1.6.0.255/5",
            ),
            ((CLOCK, replace(VOLTS, data_index=2), ENERGY, LIMIT), f"{SAYS}without 1.0.32.7.0.255 and with"),
        ):
            with self.subTest(told=told):
                found = other_columns(TABLE, shape(*columns))
                self.assertTrue(found.startswith(told))
                self.assertEqual(bool(found), bool(told))

    def test_hundreds_of_columns_are_a_short_sentence(self) -> None:
        many = (Column(OBIS(f"1.0.{number}.7.0.255")) for number in range(100, 220))
        found = other_columns(TABLE, shape(*TABLE.columns, *many))
        self.assertTrue(found.endswith("1.0.103.7.0.255, 116 more"), found)

    def test_tables_without_columns_are_never_contradicted(self) -> None:
        for table in (None, ProfileTable(LOAD, "Load"), EventLog(LOAD, "Log")):
            self.assertEqual(other_columns(table, shape(CLOCK, AMPERES)), "")


class WarningTests(ProfileCase):
    """The table lacks a column that the meter has, and has one that it lacks."""

    def play_otherwise(self) -> None:
        self.play()
        table = replace(TABLE, columns=(CLOCK, VOLTS, ENERGY, AMPERES))
        self.world.spec = replace(self.world.spec, driver=replace(SMALL, profiles=(table,)))
        self.world.meter = self.world.meet_anew()
        self.logged: list[str] = []

        def observe(event: object) -> None:
            assert isinstance(event, dict)
            if "doubt" in event:
                self.logged.append(event["doubt"])

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)

    def test_the_columns_of_the_meter_win_and_no_value_is_dropped(self) -> None:
        self.play()
        plain = self.read()
        self.play_otherwise()
        found = self.read()
        self.assertEqual([row.raws for row in found.profile.rows], [row.raws for row in plain.profile.rows])
        self.assertEqual(found.profile.columns[-1].obis, LIMIT.obis)
        self.assertEqual(found.doubt, f"{SAYS}without 1.0.31.7.0.255 and with 1.0.0.6.0.255")
        self.assertEqual(plain.doubt, "")

    def test_meters_of_the_model_warn_and_the_log_says_it_once(self) -> None:
        self.play_otherwise()
        doubt = self.read().doubt
        self.assertEqual(self.world.meter.warning, doubt)
        self.read()
        self.assertEqual(self.logged, [doubt])

    def test_a_later_session_with_it_warns_too(self) -> None:
        self.play_otherwise()
        doubt = self.read().doubt
        tables = self.world.meter._tables
        again = self.world.meet_anew()
        again._tables = tables  # the head end's desk has one for all
        self.world.result(again.meet())
        self.assertEqual(again.warning, doubt)

    def test_the_warning_goes_when_it_is_no_longer_true(self) -> None:
        self.play_otherwise()
        self.read()
        self.world.meter.doubt(LOAD, "")
        self.assertEqual(self.world.meter.warning, "")

    def test_a_meter_that_shows_no_capture_objects_contradicts_nothing(self) -> None:
        self.play_otherwise()
        self.world.instead.append(
            refusing(
                lambda each, _: (each.class_id, each.attribute) == (7, 3), DataAccessResult.READ_WRITE_DENIED
            )
        )
        self.assertEqual(self.read(UNTIL, UNTIL).doubt, "")
