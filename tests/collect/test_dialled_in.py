"""Meters that dial in: whose connection is whose, strangers, silence, concentrators, pushes."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.dialled_in_register import DialInRegister
from hesd.collect.dlms_meter import DLMSMeter, NotProven
from hesd.collect.dlms_spec import MeterAddress
from hesd.collect.meter import MeterStatus, UnknownMeter
from hesd.dialin.event import AlarmReceived, Family, Layer
from hesd.dialin.identity import Claim, ClaimSource
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.acse import AARQ_TAG, Mechanism
from hesd.model.errors import LinkDown
from hesd.model.obis import OBIS
from tests.collect.dlms_plant import OTHER, SERIAL, DialInPlant, spec
from tests.collect.memory_dlms_line import SERIAL as SERIAL_NUMBER
from tests.collect.memory_dlms_line import VOLTAGE, MemoryDialledIn, meter


class DialledInTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.plant = DialInPlant()
        self.plant.place(SERIAL)

    def status(self, serial: str = SERIAL) -> MeterStatus:
        return self.plant.dial_in.state(serial).status

    def test_a_meter_that_logs_in_is_read_at_once(self) -> None:
        self.plant.dial()
        self.plant.run(3)
        self.assertEqual(self.plant.values()[VOLTAGE.obis], 230.1)
        self.assertIs(self.status(), MeterStatus.ONLINE)
        (status,) = self.plant.dial_in.status()
        self.assertEqual((status.connections, status.strangers, status.meters, status.online), (1, 0, 1, 1))

    def test_a_number_is_the_same_with_and_without_leading_zeros(self) -> None:
        self.plant.dial("0" + SERIAL)
        self.plant.run(3)
        self.assertIs(self.status(), MeterStatus.ONLINE)

    def test_it_is_read_again_on_its_interval(self) -> None:
        connection = self.plant.dial()
        for _ in range(31):
            connection.beat()
            self.plant.run(60)
        self.assertEqual([round(at) for at in self.plant.times()], [0, 900, 1800])
        self.assertEqual(self.plant.dial_in.state(SERIAL).last_seen_ms, connection.last_seen_ms)

    def test_one_that_has_not_dialled_in_cannot_be_asked(self) -> None:
        self.failureResultOf(self.plant.dial_in.read_now(SERIAL, []), LinkDown)
        self.failureResultOf(self.plant.dial_in.read_now("9", []), UnknownMeter)
        self.plant.run(119)
        self.assertIs(self.status(), MeterStatus.UNKNOWN)
        self.plant.run(3)
        self.assertIn("has not dialled in", self.plant.dial_in.state(SERIAL).reason)

    def test_another_meter_than_it_claims_gives_no_reading_and_is_closed(self) -> None:
        connection = self.plant.dial(SERIAL, really=OTHER)
        self.plant.run(3)
        self.assertEqual(self.plant.readings, [])
        self.assertIn(OTHER, connection.closed)

    def test_its_frames_are_those_of_its_connection(self) -> None:
        connection = self.plant.dial()
        connection.recorder.record(0, True, b"frame")
        self.assertEqual([each.octets for each in self.plant.dial_in.trace(SERIAL)], [b"frame"])
        connection.hang_up()
        self.assertEqual(self.plant.dial_in.trace(SERIAL), [])

    def test_a_closed_listener_hangs_up(self) -> None:
        connection = self.plant.dial()
        self.plant.dial_in.remove_listener("gprs")
        self.assertNotEqual(connection.closed, "")


class StrangerTests(SynchronousTestCase):
    def test_a_meter_nobody_knows_is_told_of_once_a_minute_and_not_read(self) -> None:
        plant = DialInPlant()
        connection = plant.dial()
        for _ in range(5):
            plant.run(20)
            connection.beat()
        plant.dial()
        self.assertEqual([each.serial for each in plant.strangers], [SERIAL, SERIAL])
        self.assertEqual((plant.strangers[0].family, plant.strangers[0].address), ("hexcell", "10.0.0.1"))
        self.assertEqual(connection.sent, [])

    def test_it_is_there_at_once_when_it_is_adopted(self) -> None:
        plant = DialInPlant()
        plant.dial()
        plant.run(5)
        plant.place(SERIAL)
        plant.run(3)
        self.assertIs(plant.dial_in.state(SERIAL).status, MeterStatus.ONLINE)
        self.assertEqual(plant.dial_in.status()[0].strangers, 0)

    def test_one_that_is_retired_is_a_stranger_from_then_on(self) -> None:
        plant = DialInPlant()
        plant.place(SERIAL)
        connection = plant.dial()
        plant.run(3)
        plant.place()
        self.assertEqual([each.serial for each in plant.strangers], [SERIAL])
        self.assertEqual(connection.closed, "")
        self.assertRaises(UnknownMeter, plant.dial_in.state, SERIAL)

    def test_only_so_many_are_kept_and_told_of(self) -> None:
        plant = DialInPlant(most_strangers=3)
        connections = [plant.dial(str(number)) for number in range(1, 101)]
        self.assertEqual(sum(not each.closed for each in connections), 3)
        self.assertLess(len(plant.strangers), 30)

    def test_a_silent_one_is_asked_who_it_is_without_any_secret(self) -> None:
        plant = DialInPlant()
        plant.place(SERIAL)
        connection = plant.call(None, {1: meter(SERIAL, mechanism=Mechanism.NONE)})
        plant.run(1)
        self.assertNotIn(b"00000000", connection.sent[0][1])
        self.assertEqual(plant.dial_in.status()[0].strangers, 0)

    def test_one_that_gives_only_its_system_title_is_asked_for_its_number(self) -> None:
        for serial, strangers in ((SERIAL, []), (OTHER, [OTHER])):
            plant = DialInPlant()
            plant.place(SERIAL)
            connection = MemoryDialledIn(plant.clock, plant.dial_in.reception)
            connection.meters[1] = meter(serial, mechanism=Mechanism.NONE)
            connection.claim = Claim("4d454d0000000001", ClaimSource.SYSTEM_TITLE)
            connection.dial()
            plant.run(5)
            self.assertEqual([each.serial.lstrip("0") for each in plant.strangers], strangers)

    def test_a_silent_one_that_says_nobody_knows_goes_to_quarantine_by_its_number(self) -> None:
        plant = DialInPlant()
        plant.call(None, {1: meter(OTHER, mechanism=Mechanism.NONE)})
        plant.run(5)
        self.assertEqual([each.serial.lstrip("0") for each in plant.strangers], [OTHER])
        self.assertEqual(plant.strangers[0].family, "")

    def test_one_that_does_not_answer_is_tried_with_the_other_framing(self) -> None:
        plant = DialInPlant()
        connection = plant.dial(None)
        plant.run(25)
        self.assertEqual(connection.framings, [Layer.HDLC])
        self.assertEqual([each.serial for each in plant.strangers], [""])

    def test_quiet_strangers_are_closed(self) -> None:
        plant = DialInPlant()
        connection = plant.dial()
        plant.run(76)
        self.assertIn("no octet", connection.closed)


class SecondConnectionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.plant = DialInPlant()
        self.plant.place(SERIAL)
        self.old = self.plant.dial()
        self.plant.run(3)

    def test_the_old_one_is_kept_until_the_new_one_has_proved_itself(self) -> None:
        new = self.plant.dial()
        self.assertEqual((self.old.closed, new.closed), ("", ""))
        self.plant.run(3)
        self.assertIn("proved", self.old.closed)
        self.plant.readings.clear()
        self.plant.run(3)
        self.assertEqual(new.closed, "")
        self.assertEqual(sum(pdu[0] == AARQ_TAG for _, pdu, _ in new.sent), 1)

    def test_a_login_alone_displaces_nobody(self) -> None:
        new = self.plant.dial()
        new.silent.add(1)
        self.plant.run(40)
        self.assertEqual((self.old.closed, new.closed), ("", ""))
        asked = self.plant.dial_in.read_now(SERIAL, [VOLTAGE.obis])
        self.plant.run(3)
        self.assertEqual([each.value for each in self.successResultOf(asked)], [230.1])

    def test_another_meter_by_that_name_is_sent_away(self) -> None:
        new = self.plant.dial(SERIAL, really=OTHER)
        self.plant.run(3)
        self.assertIn(OTHER, new.closed)
        self.assertEqual(self.old.closed, "")

    def test_it_takes_the_place_of_one_that_is_lost(self) -> None:
        new = self.plant.dial()
        new.silent.add(1)
        self.plant.run(1)
        self.old.hang_up()
        new.silent.clear()
        asked = self.plant.dial_in.read_now(SERIAL, [VOLTAGE.obis])
        self.plant.run(30)
        self.assertEqual(len(self.successResultOf(asked)), 1)

    def test_one_that_was_too_slow_may_prove_itself_when_it_is_heard_again(self) -> None:
        new = self.plant.dial()
        new.silent.add(1)
        self.plant.run(40)
        new.silent.clear()
        self.old.beat()
        new.beat()
        self.plant.run(3)
        self.assertIn("proved", self.old.closed)

    def test_only_a_few_stand_beside(self) -> None:
        crowd = [self.plant.dial() for _ in range(6)]
        self.assertEqual([bool(each.closed) for each in crowd], [True] * 3 + [False] * 3)

    def test_commands_go_to_a_proved_meter_only(self) -> None:
        plant = DialInPlant()
        plant.place(SERIAL)
        connection = plant.dial()
        connection.meters[1].values[SERIAL_NUMBER] = DataAccessResult.READ_WRITE_DENIED

        async def work(meter: DLMSMeter) -> None:
            raise AssertionError("not to be done")

        done = plant.dial_in.with_meter(SERIAL, work, command=True)
        plant.run(5)
        self.failureResultOf(done, NotProven)


class SilenceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.plant = DialInPlant()
        self.plant.place(SERIAL)
        self.connection = self.plant.dial()
        self.plant.run(3)

    def test_a_half_open_connection_is_found_within_75_seconds(self) -> None:
        self.connection.silent.add(1)
        self.plant.run(71)
        self.assertEqual(self.connection.closed, "")
        self.plant.run(4)
        self.assertIn("no octet", self.connection.closed)

    def test_one_that_answers_when_asked_is_kept(self) -> None:
        self.plant.run(600)
        self.assertEqual(self.connection.closed, "")
        self.assertIs(self.plant.dial_in.state(SERIAL).status, MeterStatus.ONLINE)

    def test_a_closed_connection_does_not_put_a_meter_offline_but_silence_does(self) -> None:
        self.connection.hang_up()
        self.plant.run(115)
        self.assertIs(self.plant.dial_in.state(SERIAL).status, MeterStatus.ONLINE)
        self.plant.run(10)
        state = self.plant.dial_in.state(SERIAL)
        self.assertIs(state.status, MeterStatus.OFFLINE)
        self.assertIn("120 s", state.reason)

    def test_one_that_dials_again_soon_is_as_if_nothing_had_been(self) -> None:
        self.connection.hang_up()
        self.plant.run(60)
        self.plant.dial()
        self.plant.run(300)
        self.assertNotIn(MeterStatus.OFFLINE, {each.status for each in self.plant.told})

    def test_and_one_that_was_offline_is_online_once_it_has_answered(self) -> None:
        self.connection.hang_up()
        self.plant.run(200)
        self.plant.dial()
        self.plant.run(3)
        self.assertIs(self.plant.dial_in.state(SERIAL).status, MeterStatus.ONLINE)

    def test_nothing_is_left_to_run_after_the_end(self) -> None:
        stopped = Deferred.fromCoroutine(self.plant.dial_in.stop())
        self.plant.run(3)
        self.successResultOf(stopped)
        self.assertEqual(self.plant.clock.getDelayedCalls(), [])


class ConcentratorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.plant = DialInPlant()
        self.plant.dial_in.set_meters(
            spec(
                serial, "gprs", via="DCU7", address=MeterAddress(17, logical), interval=900, slow_interval=900
            )
            for logical, serial in ((1, SERIAL), (2, OTHER))
        )
        self.connection = self.plant.call("DCU7", {1: meter(SERIAL), 2: meter(OTHER)})

    def test_the_meters_behind_it_are_read_by_their_addresses(self) -> None:
        self.plant.run(3)
        self.assertEqual(self.plant.values(SERIAL)[VOLTAGE.obis], 230.1)
        self.assertEqual(self.plant.values(OTHER)[VOLTAGE.obis], 230.1)
        self.assertEqual(self.plant.strangers, [])

    def test_one_that_is_silent_or_another_does_not_harm_the_others(self) -> None:
        self.connection.silent.add(1)
        self.plant.run(30)
        self.assertEqual(self.connection.closed, "")
        self.assertEqual(self.plant.values(SERIAL), {})
        self.assertEqual(self.plant.values(OTHER)[VOLTAGE.obis], 230.1)

    def test_with_the_connection_all_of_them_are_gone(self) -> None:
        self.plant.run(3)
        self.connection.hang_up()
        for serial in (SERIAL, OTHER):
            self.failureResultOf(self.plant.dial_in.read_now(serial, []), LinkDown)

    def test_a_meter_that_dials_itself_later_takes_over_from_it(self) -> None:
        self.plant.run(3)
        self.plant.dial(SERIAL)
        self.plant.run(3)
        self.assertEqual(self.connection.closed, "")
        asked = self.plant.dial_in.read_now(OTHER, [VOLTAGE.obis])
        self.plant.run(3)
        self.assertEqual(len(self.successResultOf(asked)), 1)


class ManyTests(SynchronousTestCase):
    def test_sessions_at_once_are_limited(self) -> None:
        plant = DialInPlant(limit=5)
        serials = [str(46_000_000_000 + number) for number in range(40)]
        plant.place(*serials)
        most = 0
        connections = [plant.dial(serial) for serial in serials]
        for _ in range(200):
            plant.clock.advance(0.05)
            begun = {id(each) for each in connections if each.sent}
            done = {each.meter for each in plant.readings}
            most = max(most, len(begun) - len(done))
        self.assertLessEqual(most, 5)
        self.assertEqual(len({each.meter for each in plant.readings}), 40)

    def test_an_alarm_is_an_event_of_its_meter(self) -> None:
        plant = DialInPlant()
        plant.place(SERIAL)
        connection = plant.dial()
        plant.dial_in.reception.alarmed(connection, AlarmReceived(SERIAL, 2, None))
        (event,) = plant.events
        self.assertEqual((event.meter, event.code, event.log), (SERIAL, 2, OBIS("0.0.97.98.0.255")))

    def test_one_that_only_pushes_is_not_asked_before_it_has(self) -> None:
        plant = DialInPlant()
        connection = plant.dial(None, really=SERIAL, family=Family.PUSH)
        plant.run(1)
        self.assertEqual(connection.sent, [])


class RegisterTests(SynchronousTestCase):
    def test_a_claim_is_looked_up_by_number(self) -> None:
        plant, register = DialInPlant(), DialInRegister()
        plant.place(SERIAL)
        register.place(placed.spec for placed in plant.dial_in._roster)
        self.assertEqual(register.named(Claim(f"00{SERIAL}", ClaimSource.LOGIN)), [SERIAL])
        self.assertEqual(register.named(Claim("", ClaimSource.LOGIN)), [])
