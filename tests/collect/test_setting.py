"""Writing a setting: allowed or not, once, and believed only when the meter says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.meter import UnknownMeter
from hesd.collect.setting import SettingOutcome, SettingRefused
from hesd.driver import Holding, Input, Setting, Unit
from hesd.driver.register import DataType
from hesd.model.job import JobState
from tests.collect.memory_line import DRIVER
from tests.collect.plant import Plant

PASSWORD = Holding(0x18, "0-0:96.1.8")
PERIOD = Holding(0x02, "1-0:0.8.0", Unit.MINUTE)
BAUD = Holding(0x1C, "0-0:96.12.5")
RATIO = Holding(0x40, "1-0:0.4.2", Unit.NONE, DataType.UINT16, scaler=-2)
MODEL = replace(
    DRIVER,
    registers=(Input(0, "1-0:32.7.0", Unit.V),),
    password=PASSWORD,
    settings=(
        Setting("demand_period", PERIOD, limits=(0, 60)),
        Setting("baud", BAUD, choices=((2, "9600"), (3, "19200")), needs_restart=True),
        Setting("ratio", RATIO),
    ),
)


class SettingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.plant = Plant(1, driver=MODEL)
        self.plant.poller.set_meters([replace(self.plant.specs[0], writes_enabled=True)])
        self.bank = self.plant.link.banks[1]

    def write(self, name: str, value: float, password: str | None = None) -> Deferred[SettingOutcome]:
        writing = self.plant.poller.write_setting("m1", name, value, password)
        self.plant.run(5)
        return writing

    def outcome(self, *arguments: Any) -> SettingOutcome:
        return self.successResultOf(self.write(*arguments))

    def assert_not_sent(self, *arguments: Any) -> str:
        failure = self.failureResultOf(self.write(*arguments), SettingRefused)
        self.assertEqual(self.plant.link.asked, [])
        return str(failure.value)

    def test_it_is_written_read_back_and_confirmed(self) -> None:
        outcome = self.outcome("demand_period", 15)
        self.assertEqual((outcome.state, outcome.value), (JobState.CONFIRMED, 15))
        self.assertEqual(self.bank.written, [(2, bytes.fromhex("41700000"))])

    def test_the_password_goes_first_in_a_message_of_its_own(self) -> None:
        self.assertIs(self.outcome("demand_period", 15, "1000").state, JobState.CONFIRMED)
        self.assertEqual([address for address, _ in self.bank.written], [0x18, 2])
        self.assertEqual(self.bank.written[0][1], bytes.fromhex("447a0000"))

    def test_what_counts_after_a_restart_says_so(self) -> None:
        self.assertIn("restart", self.outcome("baud", 3).detail)

    def test_scaled_integers_are_written_as_the_meter_counts_them(self) -> None:
        self.assertEqual(self.outcome("ratio", 1.15).value, 1.15)
        self.assertEqual(self.bank.written, [(0x40, (115).to_bytes(2))])

    def test_nothing_is_sent_that_is_not_allowed(self) -> None:
        for name, value, why in (
            ("tariff", 1, "no setting"),
            ("baud", 9, "19200"),
            ("demand_period", 61, "0 to 60"),
            ("demand_period", -1, "0 to 60"),
            ("ratio", 1.155, "register"),
            ("ratio", 99999, "register"),
        ):
            self.assertIn(why, self.assert_not_sent(name, value))

    def test_nothing_is_sent_to_a_meter_whose_settings_are_not_enabled(self) -> None:
        self.plant.poller.set_meters(self.plant.specs)
        self.assertIn("not enabled", self.assert_not_sent("demand_period", 15))

    def test_a_password_that_cannot_be_one_is_not_told(self) -> None:
        self.assertNotIn("hush", self.assert_not_sent("demand_period", 15, "hush"))

    def test_a_meter_nobody_knows(self) -> None:
        self.failureResultOf(self.plant.poller.write_setting("m9", "baud", 2), UnknownMeter)

    def test_a_refusal_of_the_meter_is_a_rejection(self) -> None:
        self.bank.refuses_writes_with = 3
        self.assertIs(self.outcome("demand_period", 15).state, JobState.REJECTED)
        self.assertIn("password", self.outcome("demand_period", 15, "1000").detail)

    def test_a_value_that_did_not_stay_is_a_rejection(self) -> None:
        self.bank.forgets_writes = True
        outcome = self.outcome("demand_period", 15)
        self.assertEqual((outcome.state, outcome.value), (JobState.REJECTED, 0))

    def test_without_a_reply_the_meter_is_asked_what_it_did(self) -> None:
        self.plant.link.loses_replies_to_writes = True
        self.assertIs(self.outcome("demand_period", 15).state, JobState.CONFIRMED)
        self.bank.forgets_writes = True
        self.assertIs(self.outcome("demand_period", 20).state, JobState.UNKNOWN)

    def test_a_silent_meter_leaves_it_unknown_and_nothing_is_sent_twice(self) -> None:
        self.plant.link.silent.add(1)
        self.assertIs(self.outcome("demand_period", 15).state, JobState.UNKNOWN)
        writes = [request for _, _, request in self.plant.link.asked if request.function == 16]
        self.assertEqual(len(writes), 1)

    def test_a_password_without_a_reply_is_a_failure_and_nothing_was_set(self) -> None:
        self.plant.link.silent.add(1)
        self.assertIs(self.outcome("demand_period", 15, "1000").state, JobState.FAILED)
        self.assertEqual(len(self.plant.link.asked), 1)

    def test_a_link_that_is_down_is_a_failure(self) -> None:
        self.plant.link.go_down()
        self.assertIs(self.outcome("demand_period", 15).state, JobState.FAILED)

    @given(st.integers(0, 65535))
    def test_whatever_is_confirmed_is_what_the_meter_says(self, hundredths: int) -> None:
        self.setUp()
        self.assertEqual(self.outcome("ratio", hundredths / 100).value, hundredths / 100)
        self.assertEqual(self.bank.written, [(0x40, hundredths.to_bytes(2))])
