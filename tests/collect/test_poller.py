"""A line that is polled: order, cost of silence, what overtakes, what is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.meter import MeterStatus, UnknownMeter
from hesd.collect.polled_meter import NotMeasured
from hesd.modbus.read_plan import BusTiming, TCPTiming
from hesd.model.errors import LinkDown, NoReply
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading, Source
from tests.collect.memory_line import DRIVER, ENERGY, VOLTAGE, bank
from tests.collect.plant import Plant


class PollingTests(SynchronousTestCase):
    def test_every_quantity_of_every_meter_comes_in_its_base_unit(self) -> None:
        plant = Plant(3)
        plant.start()
        plant.run(5)
        expected = {
            "1.0.31.7.0.255": 5.0,
            "1.0.32.7.0.255": 230.0,
            "1.0.1.7.0.255": 3500.0,
            "1.0.1.8.0.255": 1_000_000.0,
        }
        for serial in ("m1", "m2", "m3"):
            self.assertEqual(plant.values(serial), expected)
            self.assertIs(plant.poller.state(serial).status, MeterStatus.ONLINE)
        self.assertEqual({each.source for each in plant.readings}, {Source.POLL})

    def test_meters_take_turns_and_nobody_is_asked_before_it_is_due(self) -> None:
        plant = Plant(3)
        plant.start()
        plant.run(29)
        asked = [unit for unit, after in pairwise([*plant.units(), 0]) if unit != after]
        self.assertEqual(asked, [1, 2, 3] * 3)
        self.assertEqual([round(at) for at in plant.times("m1")], [0, 10, 20])

    def test_a_cycle_takes_what_the_wire_takes_and_not_more(self) -> None:
        plant = Plant(79)
        plant.start(interval=1, slow_interval=1)
        plant.run(60)
        status = plant.poller.status()
        assert status.last_cycle_seconds is not None
        self.assertAlmostEqual(status.last_cycle_seconds, status.bound_seconds, places=3)
        self.assertGreater(status.utilisation, 0.99)

    def test_the_slow_tier_is_asked_less_often(self) -> None:
        plant = Plant(1)
        plant.start(slow_interval=60)
        plant.run(599)
        energies = [each for each in plant.readings if each.obis == ENERGY.obis]
        voltages = [each for each in plant.readings if each.obis == VOLTAGE.obis]
        self.assertEqual((len(voltages), len(energies)), (60, 10))

    def test_ratio_multiplies_what_current_transformers_scale(self) -> None:
        plant = Plant(1)
        plant.start(ratio=20.0)
        plant.run(1)
        values = plant.values("m1")
        self.assertEqual(
            [values[code] for code in ("1.0.31.7.0.255", "1.0.32.7.0.255", "1.0.1.8.0.255")],
            [100.0, 230.0, 20_000_000.0],
        )

    def test_several_meters_at_once_where_the_line_takes_it(self) -> None:
        plant = Plant(8, timing=TCPTiming(0.1), protocol="modbus-tcp", in_flight=4)
        plant.start()
        plant.run(3)
        self.assertEqual(plant.link.most_at_once, 4)
        self.assertEqual(len({each.meter for each in plant.readings}), 8)

    def test_a_driver_says_how_many_its_meters_take_at_once_where_the_line_does_not(self) -> None:
        plant = Plant(8, timing=TCPTiming(0.1), protocol="modbus-tcp", driver=replace(DRIVER, in_flight=3))
        plant.start()
        plant.run(3)
        self.assertEqual(plant.link.most_at_once, 3)

    def test_a_receiver_that_fails_stops_nothing(self) -> None:
        plant = Plant(2)
        plant.poller._publisher._on_readings = self.fail_to_receive
        plant.start()
        plant.run(25)
        self.assertEqual(plant.units().count(1), plant.units().count(2))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 6)

    def fail_to_receive(self, readings: Sequence[Reading]) -> None:
        raise ZeroDivisionError

    def test_stopping_ends_the_polling_and_loses_nothing_that_came(self) -> None:
        plant = Plant(1)
        plant.start()
        plant.clock.advance(0.11)
        self.successResultOf(plant.poller.stop())
        asked = len(plant.link.asked)
        plant.run(60)
        self.assertEqual(len(plant.link.asked), asked)
        self.assertEqual(plant.clock.getDelayedCalls(), [])


class PlacingTests(SynchronousTestCase):
    def test_a_meter_added_or_changed_does_not_disturb_the_others(self) -> None:
        plant = Plant(3)
        plant.poller.start()
        plant.poller.set_meters(plant.specs[:2])
        plant.run(15)
        plant.poller.set_meters([*plant.specs[:1], replace(plant.specs[1], interval=2), plant.specs[2]])
        plant.run(21)
        self.assertEqual([round(at) for at in plant.times("m1")], [0, 10, 20, 30])
        self.assertEqual([round(at) for at in plant.times("m3")], [15, 25, 35])
        self.assertEqual(len(plant.times("m2")), 2 + 11)
        self.assertEqual([each.serial for each in plant.told], ["m1", "m2", "m3"])

    def test_a_meter_taken_away_is_asked_no_more(self) -> None:
        plant = Plant(2)
        plant.start()
        plant.run(5)
        plant.poller.set_meters(plant.specs[1:])
        plant.link.asked.clear()
        plant.run(20)
        self.assertEqual(set(plant.units()), {2})
        self.assertRaises(UnknownMeter, plant.poller.state, "m1")

    def test_another_unit_id_makes_it_another_meter(self) -> None:
        plant = Plant(1)
        plant.link.silent.add(1)
        plant.link.banks[9] = bank(voltage=111.0)
        plant.start()
        plant.run(30)
        self.assertIs(plant.poller.state("m1").status, MeterStatus.OFFLINE)
        plant.poller.set_meters([replace(plant.specs[0], unit_id=9)])
        plant.run(1)
        self.assertEqual(plant.values("m1")["1.0.32.7.0.255"], 111.0)

    def test_a_line_without_time_for_what_is_asked_says_so(self) -> None:
        plant = Plant(79)
        plant.start(interval=1, slow_interval=1)
        advice = " ".join(plant.poller.status().advice)
        self.assertIn("79 meters need", advice)
        self.assertIn("would do", advice)
        self.assertEqual(plant.poller._gauge.weigh(), [], "what was said is not said again")


class SilenceTests(SynchronousTestCase):
    def test_one_silence_makes_nobody_offline_and_the_retry_comes_after_the_others(self) -> None:
        plant = Plant(3)
        plant.link.silent.add(1)
        plant.start()
        plant.run(0.9)
        self.assertIs(plant.poller.state("m1").status, MeterStatus.UNKNOWN)
        plant.link.silent.clear()
        plant.run(3)
        asked = [unit for unit, after in pairwise([*plant.units(), 0]) if unit != after]
        self.assertEqual(asked, [1, 2, 3, 1])
        self.assertIs(plant.poller.state("m1").status, MeterStatus.ONLINE)

    def test_after_its_retries_a_meter_is_offline_for_a_reason_and_paused(self) -> None:
        plant = Plant(2, retries=4)
        plant.link.silent.add(1)
        plant.start(interval=900, slow_interval=900)
        plant.run(30)
        state = plant.poller.state("m1")
        self.assertIs(state.status, MeterStatus.OFFLINE)
        self.assertIn("silent", state.reason)
        assert state.paused_until_ms is not None
        self.assertGreater(state.paused_until_ms, plant.clock.seconds() * 1000)
        self.assertGreaterEqual(plant.units().count(1), 1 + 4)

    def test_it_comes_back_by_itself_with_its_state_told(self) -> None:
        plant = Plant(2)
        plant.link.silent.add(1)
        plant.start()
        plant.run(600)
        probes = plant.units().count(1)
        self.assertLess(probes, 25)
        plant.link.silent.clear()
        plant.run(61)
        self.assertIs(plant.poller.state("m1").status, MeterStatus.ONLINE)
        self.assertIs([each for each in plant.told if each.serial == "m1"][-1].status, MeterStatus.ONLINE)
        self.assertEqual(plant.poller.state("m1").reason, "")

    def test_five_dead_of_79_cost_the_others_at_most_a_twentieth_of_a_cycle(self) -> None:
        for dead in (1, 5):
            plant = Plant(79, timing=BusTiming(38400))
            plant.start(interval=1, slow_interval=1)
            for unit in range(10, 10 + dead):
                plant.link.silent.add(unit)
            plant.run(120)
            living = plant.poller.status().bound_seconds * (79 - dead) / 79
            times = plant.times("m1")
            cycles = [after - before for before, after in pairwise(times) if after > 60]
            self.assertLessEqual(max(cycles), 1.05 * living)

    def test_a_meter_that_answers_only_a_part_stays_online_and_says_what_is_missing(self) -> None:
        plant = Plant(2)
        plant.start()
        plant.link.fail_at = (1, ENERGY.address)
        plant.run(20)
        state = plant.poller.state("m1")
        self.assertIs(state.status, MeterStatus.ONLINE)
        self.assertNotEqual(state.reason, "")
        self.assertEqual(plant.values("m1")["1.0.32.7.0.255"], 230.0)
        self.assertNotIn("1.0.1.8.0.255", plant.values("m1"))
        self.assertEqual([int(at) for at in plant.times("m2")], [0, 10])

    def test_a_damaged_reply_is_never_a_value(self) -> None:
        plant = Plant(1)
        plant.link.garbled.add(1)
        plant.start()
        plant.run(30)
        self.assertEqual(plant.readings, [])
        self.assertIn("CRC", plant.poller.state("m1").reason)

    @settings(max_examples=settings().max_examples // 20)
    @given(st.integers(3, 12), st.data())
    def test_no_living_meter_starves_whoever_dies_and_comes_back(self, meters: int, data: Any) -> None:
        plant = Plant(meters, timing=BusTiming(19200))
        plant.start(interval=1, slow_interval=1)
        units = st.sets(st.integers(2, meters), max_size=meters - 1)
        ever_silent: set[int] = set()
        for _ in range(6):
            plant.link.silent.clear()
            plant.link.silent.update(data.draw(units))
            ever_silent |= plant.link.silent
            plant.run(data.draw(st.floats(1, 40)))
        recent = {each.meter for each in plant.readings if each.at_ms / 1000 > plant.clock.rightNow - 20}
        self.assertLessEqual({f"m{unit}" for unit in range(1, meters + 1) if unit not in ever_silent}, recent)
        plant.link.silent.clear()
        plant.run(75)
        self.assertTrue(all(each.status is MeterStatus.ONLINE for each in plant.poller.states()))


class LinkTests(SynchronousTestCase):
    def test_a_link_that_goes_down_cuts_its_meters_off_and_brings_them_back(self) -> None:
        plant = Plant(3)
        plant.start()
        plant.run(5)
        plant.link.go_down()
        plant.run(20)
        self.assertEqual({each.status for each in plant.poller.states()}, {MeterStatus.OFFLINE})
        self.assertEqual({each.reason for each in plant.poller.states()}, {"link down: the adapter is gone"})
        asked = len(plant.link.asked)
        plant.run(60)
        self.assertEqual(len(plant.link.asked), asked)
        plant.link.come_up()
        plant.run(2)
        self.assertEqual({each.status for each in plant.poller.states()}, {MeterStatus.ONLINE})

    def test_what_was_under_way_when_it_broke_is_no_failure_of_the_meter(self) -> None:
        plant = Plant(1)
        plant.start()
        plant.clock.advance(0.01)
        plant.link.go_down()
        plant.run(5)
        self.assertEqual(plant.poller.state("m1").consecutive_failures, 0)
        plant.link.come_up()
        plant.run(1)
        self.assertIs(plant.poller.state("m1").status, MeterStatus.ONLINE)

    def test_meters_wait_for_a_link_that_is_not_up_yet(self) -> None:
        plant = Plant(1)
        plant.link.go_down()
        plant.start()
        self.assertIs(plant.poller.state("m1").status, MeterStatus.UNKNOWN)
        plant.run(5)
        self.assertIn("link down", plant.poller.state("m1").reason)
        plant.link.come_up()
        plant.run(1)
        self.assertIs(plant.poller.state("m1").status, MeterStatus.ONLINE)


class OnDemandTests(SynchronousTestCase):
    def test_it_overtakes_the_cycle(self) -> None:
        plant = Plant(79)
        plant.start(interval=1, slow_interval=1)
        plant.run(30)
        asked = plant.poller.read_now("m40", [OBIS("1-0:32.7.0")])
        began = plant.clock.seconds()
        while not asked.called:
            plant.run(0.01)
        (reading,) = self.successResultOf(asked)
        self.assertEqual((reading.value, reading.source), (230.0, Source.READ))
        self.assertLess(plant.clock.seconds() - began, 0.3)
        self.assertIn(reading, plant.readings)

    def test_without_codes_it_brings_all_that_is_polled(self) -> None:
        plant = Plant(1)
        plant.start()
        plant.run(5)
        asked = plant.poller.read_now("m1", [])
        plant.run(1)
        self.assertEqual(len(self.successResultOf(asked)), 4)

    def test_what_cannot_be_read_is_said_before_anything_is_sent(self) -> None:
        plant = Plant(1)
        plant.start()
        plant.run(5)
        sent = len(plant.link.asked)
        self.failureResultOf(plant.poller.read_now("m1", [OBIS("1-0:99.1.0")]), NotMeasured)
        self.failureResultOf(plant.poller.read_now("m7", []), UnknownMeter)
        self.assertEqual(len(plant.link.asked), sent)

    def test_a_silent_meter_fails_it_with_the_reason(self) -> None:
        plant = Plant(1)
        plant.link.silent.add(1)
        plant.poller.set_meters(plant.specs)
        asked = plant.poller.read_now("m1", [])
        plant.run(3)
        self.failureResultOf(asked, NoReply)

    def test_without_a_link_nothing_was_sent(self) -> None:
        plant = Plant(1)
        plant.poller.set_meters(plant.specs)
        plant.link.go_down()
        self.failureResultOf(plant.poller.read_now("m1", []), LinkDown)

    def test_a_paused_meter_that_answers_is_back(self) -> None:
        plant = Plant(1)
        plant.link.silent.add(1)
        plant.start()
        plant.run(100)
        plant.link.silent.clear()
        asked = plant.poller.read_now("m1", [])
        plant.run(1)
        self.successResultOf(asked)
        self.assertIs(plant.poller.state("m1").status, MeterStatus.ONLINE)
        plant.run(11)
        self.assertGreaterEqual(len([each for each in plant.readings if each.source is Source.POLL]), 4)


class DoubtTests(SynchronousTestCase):
    def test_an_energy_that_fell_is_read_again_at_once_and_marked(self) -> None:
        plant = Plant(5)
        plant.start(interval=60, slow_interval=60)
        plant.run(50)
        plant.link.banks[3].put(ENERGY, 7.0)
        plant.run(15)
        fallen = [each for each in plant.readings if each.meter == "m3" and each.obis == ENERGY.obis][1:]
        self.assertEqual([each.quality for each in fallen], [Quality.SUSPECT, Quality.SUSPECT])
        self.assertLess(fallen[1].at_ms - fallen[0].at_ms, 500)
        plant.run(60)
        last = [each for each in plant.readings if each.meter == "m3" and each.obis == ENERGY.obis][-1]
        self.assertEqual((last.value, last.quality), (7000.0, Quality.GOOD))
