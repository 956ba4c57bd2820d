"""A dialled line of DLMS meters: turns, associations, silence, and what overtakes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.dlms_meter import DLMSMeter, NotProven
from hesd.collect.job_kinds import ReadJob
from hesd.collect.meter import MeterStatus, UnknownMeter
from hesd.collect.polled_meter import NotMeasured
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.acse import AARQ_TAG, RLRQ_TAG
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.driver.cosem import Authentication
from hesd.links.modbus_link import Priority
from hesd.model.errors import LinkDown, NoReply
from hesd.model.job import Job, JobState, JobStep
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Source
from hesd.model.units import Unit
from tests.collect.dlms_plant import OTHER, SERIAL, LinePlant
from tests.collect.memory_dlms_line import (
    CREDIT,
    DRIVER,
    ENERGY,
    STATUS,
    VOLTAGE,
    octets,
    scaler_of,
    scaler_unit,
    value_of,
)
from tests.collect.memory_dlms_line import SERIAL as SERIAL_NUMBER
from tests.collect.memory_meter import number


class DLMSPollerTests(SynchronousTestCase):
    def associations(self, plant: LinePlant) -> int:
        return sum(pdu[0] == AARQ_TAG for _, pdu, _ in plant.link.sent)

    def test_every_quantity_comes_with_the_scaler_the_meter_says(self) -> None:
        plant = LinePlant()
        plant.link.meters[1].values[scaler_of(VOLTAGE)] = scaler_unit(-2, Unit.V)
        plant.start()
        plant.run(5)
        self.assertEqual(plant.values(), {VOLTAGE.obis: 23.01, ENERGY.obis: 12340, CREDIT.obis: 550})
        self.assertIs(plant.poller.state(SERIAL).status, MeterStatus.ONLINE)
        self.assertEqual({each.source for each in plant.readings}, {Source.POLL})
        self.assertEqual({each.quality for each in plant.readings}, {Quality.GOOD})

    def test_scalers_are_asked_of_one_meter_of_a_model(self) -> None:
        plant = LinePlant(SERIAL, OTHER)
        plant.start()
        plant.run(5)
        asked = [len(meter.asked) for meter in plant.link.meters.values()]
        self.assertEqual(asked[0] - asked[1], 1)
        self.assertEqual(plant.values(OTHER), plant.values(SERIAL))

    def test_and_are_known_to_the_next_process(self) -> None:
        plant = LinePlant()
        plant.start()
        plant.run(5)
        later = LinePlant(models=plant.models)
        later.start()
        later.run(5)
        self.assertEqual(len(later.link.meters[1].asked), len(plant.link.meters[1].asked) - 1)

    def test_the_table_helps_where_the_meter_does_not_say(self) -> None:
        plant = LinePlant()
        del plant.link.meters[1].values[scaler_of(VOLTAGE)]
        plant.start()
        plant.run(5)
        self.assertEqual(plant.values()[VOLTAGE.obis], 230.1)

    def test_a_transformer_ratio_multiplies_energies_and_not_voltages(self) -> None:
        plant = LinePlant()
        plant.start(ratio=40.0)
        plant.run(5)
        self.assertEqual(plant.values()[ENERGY.obis], 493_600)
        self.assertEqual(plant.values()[VOLTAGE.obis], 230.1)

    def test_what_cannot_be_is_marked_suspect_and_what_is_missing_bad(self) -> None:
        plant = LinePlant()
        plant.link.meters[1].values[value_of(VOLTAGE)] = number(99_999)
        plant.link.meters[1].values[value_of(CREDIT)] = DataAccessResult.TEMPORARY_FAILURE
        plant.start()
        plant.run(5)
        quality = {each.obis: each.quality for each in plant.readings}
        self.assertEqual((quality[VOLTAGE.obis], quality[CREDIT.obis]), (Quality.SUSPECT, Quality.BAD))

    def test_a_counter_that_falls_is_read_again_and_marked(self) -> None:
        plant = LinePlant()
        plant.start()
        plant.run(5)
        plant.link.meters[1].values[value_of(ENERGY)] = number(7)
        plant.run(60)
        energies = [each.quality for each in plant.readings if each.obis == ENERGY.obis]
        self.assertEqual(energies, [Quality.GOOD, Quality.SUSPECT, Quality.SUSPECT])

    def test_meters_take_turns_one_at_a_time(self) -> None:
        plant = LinePlant(SERIAL, OTHER)
        plant.start()
        plant.run(130)
        turns = [address.logical for address, _, _ in plant.link.sent]
        self.assertEqual(sum(a != b for a, b in pairwise(turns)), 5)
        self.assertEqual([round(at) for at in plant.times()], [0, 60, 120])
        self.assertEqual(plant.poller.status().online, 2)

    def test_an_association_is_kept_as_long_as_the_meter_keeps_it(self) -> None:
        plant = LinePlant()
        plant.start()
        plant.run(300)
        self.assertEqual(self.associations(plant), 1)

    def test_and_given_back_before_the_meter_drops_it(self) -> None:
        plant = LinePlant()
        plant.start(interval=900, slow_interval=900)
        plant.run(5)
        self.assertEqual(plant.link.sent[-1][1][0], RLRQ_TAG)
        plant.run(955)
        self.assertEqual(self.associations(plant), 2)

    def test_but_kept_a_while_for_somebody_who_may_ask_once_more(self) -> None:
        plant = LinePlant()
        plant.start(interval=900, slow_interval=900)
        plant.run(5)
        for _ in range(2):
            asked = plant.poller.with_meter(SERIAL, lambda meter: meter.read([VOLTAGE.obis]))
            plant.run(5)
            self.successResultOf(asked)
        self.assertEqual(self.associations(plant), 2)
        plant.run(60)
        self.assertEqual(plant.link.sent[-1][1][0], RLRQ_TAG)

    def test_the_slow_tier_is_asked_less_often(self) -> None:
        plant = LinePlant()
        plant.start(slow_interval=600)
        plant.run(599)
        energies = [each for each in plant.readings if each.obis == ENERGY.obis]
        voltages = [each for each in plant.readings if each.obis == VOLTAGE.obis]
        self.assertEqual((len(voltages), len(energies)), (10, 1))

    def test_what_a_meter_refuses_is_not_asked_again_in_this_association(self) -> None:
        plant = LinePlant()
        plant.link.meters[1].values[value_of(CREDIT)] = DataAccessResult.READ_WRITE_DENIED
        plant.start()
        plant.run(130)
        asked = [apdu for apdu in plant.link.meters[1].asked if str(CREDIT.obis) in repr(apdu)]
        self.assertEqual(len(asked), 1)
        self.assertIn("read-write-denied", plant.poller.state(SERIAL).warning)
        self.assertEqual(plant.values()[VOLTAGE.obis], 230.1)

    def test_another_meter_at_the_address_gives_no_readings(self) -> None:
        plant = LinePlant()
        plant.link.meters[1].values[SERIAL_NUMBER] = octets(bytes.fromhex(f"{int(OTHER):012d}"))
        plant.start()
        plant.run(5)
        self.assertEqual(plant.readings, [])
        self.assertIn(OTHER, plant.poller.state(SERIAL).reason)

    def test_a_refused_association_is_told_and_the_meter_is_there(self) -> None:
        plant = LinePlant()
        plant.link.meters[1].offer(secret=b"another")
        plant.start()
        plant.run(5)
        state = plant.poller.state(SERIAL)
        self.assertIs(state.status, MeterStatus.ONLINE)
        self.assertIn("refused", state.reason)
        self.assertNotIn("00000000", state.reason)

    def test_a_silent_meter_is_offline_and_its_neighbours_are_read(self) -> None:
        plant = LinePlant(SERIAL, OTHER, timeout=5.0, retries=1)
        plant.link.silent.add(1)
        plant.start()
        plant.run(600)
        self.assertIs(plant.poller.state(SERIAL).status, MeterStatus.OFFLINE)
        self.assertIn("does not answer", plant.poller.state(SERIAL).reason)
        self.assertEqual(len(plant.times(OTHER)), 10)
        waited = sum(address.logical == 1 for address, _, _ in plant.link.sent) * 5.0
        self.assertLess(waited, 0.1 * 600)
        plant.link.silent.clear()
        plant.run(900)
        self.assertIs(plant.poller.state(SERIAL).status, MeterStatus.ONLINE)

    def test_meters_are_cut_off_with_the_line_and_come_back_with_it(self) -> None:
        plant = LinePlant()
        plant.start()
        plant.run(5)
        plant.link.go_down()
        plant.run(62)
        self.assertIn("the modem is off", plant.poller.state(SERIAL).reason)
        self.assertFalse(plant.poller.status().up)
        plant.link.come_up()
        plant.run(2)
        self.assertIs(plant.poller.state(SERIAL).status, MeterStatus.ONLINE)
        self.assertEqual(self.associations(plant), 2)

    def test_a_read_on_demand_goes_before_polls(self) -> None:
        plant = LinePlant(SERIAL, OTHER)
        plant.start()
        asked = plant.poller.read_now(OTHER, [STATUS.obis])
        plant.run(5)
        (reading,) = self.successResultOf(asked)
        self.assertEqual((reading.value, reading.source), ("01000000", Source.READ))
        self.assertIn(Priority.READ, {priority for _, _, priority in plant.link.sent})

    def test_a_read_that_the_meter_does_not_let_happen_has_failed(self) -> None:
        plant = LinePlant()
        plant.link.meters[1].offer(secret=b"another")
        asked = Job(
            id="1", kind="read", meter=SERIAL, user="u", arguments={}, steps=(JobStep(JobState.ACCEPTED, 0),)
        )

        async def sent(_: str) -> None:
            """Written down."""

        plant.poller.set_meters(plant.specs)
        done = Deferred.fromCoroutine(ReadJob(plant.poller).run(asked, None, sent))  # type: ignore[arg-type]
        plant.run(5)
        self.assertIs(self.successResultOf(done).state, JobState.FAILED)

    def test_what_nobody_can_read_is_said(self) -> None:
        plant = LinePlant()
        plant.start()
        self.failureResultOf(plant.poller.read_now("9", []), UnknownMeter)
        asked = plant.poller.read_now(SERIAL, [OBIS("1.0.99.99.99.255")])
        plant.run(5)
        self.failureResultOf(asked, NotMeasured)
        plant.link.go_down()
        self.failureResultOf(plant.poller.read_now(SERIAL, []), LinkDown, NoReply)

    def test_work_with_a_meter_has_its_session_and_commands_its_proof(self) -> None:
        plant = LinePlant()
        plant.start()
        plant.run(5)

        async def count(meter: DLMSMeter) -> int:
            assert meter.session.agreed is not None
            return len(plant.link.sent)

        done = plant.poller.with_meter(SERIAL, count, command=True)
        plant.run(5)
        self.assertGreater(self.successResultOf(done), 0)

    def test_no_command_for_a_meter_that_does_not_say_who_it_is(self) -> None:
        plant = LinePlant()
        plant.link.meters[1].values[SERIAL_NUMBER] = DataAccessResult.READ_WRITE_DENIED
        worked: list[DLMSMeter] = []

        async def work(meter: DLMSMeter) -> None:
            worked.append(meter)

        plant.start()
        done = plant.poller.with_meter(SERIAL, work, command=True)
        plant.run(5)
        self.failureResultOf(done, NotProven)
        self.assertEqual(worked, [])
        self.assertEqual(plant.values()[VOLTAGE.obis], 230.1)
        self.assertIn("serial number", plant.poller.state(SERIAL).warning)

    def test_stopping_waits_for_what_somebody_waits_for_and_releases(self) -> None:
        plant = LinePlant()
        plant.start()
        asked = plant.poller.read_now(SERIAL, [VOLTAGE.obis])
        stopped = plant.poller.stop()
        self.assertNoResult(stopped)
        plant.run(5)
        self.successResultOf(asked)
        self.successResultOf(stopped)
        self.assertEqual(plant.link.sent[-1][1][0], RLRQ_TAG)
        self.assertEqual(plant.clock.getDelayedCalls(), [])

    def test_a_meter_that_stays_as_it_is_notices_nothing(self) -> None:
        plant = LinePlant()
        plant.start()
        plant.run(5)
        sent = len(plant.link.sent)
        plant.poller.set_meters([replace(each) for each in plant.specs])
        plant.run(5)
        self.assertEqual(len(plant.link.sent), sent)
        plant.poller.set_meters([])
        self.assertRaises(UnknownMeter, plant.poller.state, SERIAL)


class ListedObjectsTests(SynchronousTestCase):
    """A driver without a table: what the meter lists is read."""

    def listed(self, *objects: tuple[int, str]) -> Data:
        access = Data.structure(
            Data.of(DataType.INTEGER, 2), Data.of(DataType.ENUM, 1), Data.of(DataType.NULL_DATA)
        )
        return Data.array(
            *(
                Data.structure(
                    Data.of(DataType.LONG_UNSIGNED, class_id),
                    Data.of(DataType.UNSIGNED, 0),
                    octets(OBIS(obis).octets),
                    Data.structure(Data.array(access), Data.array()),
                )
                for class_id, obis in objects
            )
        )

    def test_its_electrical_quantities_are_polled(self) -> None:
        plant = LinePlant()
        generic = replace(DRIVER, objects=(), from_object_list=True, authentication=Authentication.LLS)
        objects = AttributeDescriptor(15, OBIS("0.0.40.0.0.255"), 2)
        plant.link.meters[1].values[objects] = self.listed(
            (3, VOLTAGE.obis),
            (3, ENERGY.obis),
            (8, "0.0.1.0.0.255"),
            (3, "1.0.1.8.0.1"),
            (7, "1.0.99.1.0.255"),
        )
        plant.start(driver=generic)
        plant.run(10)
        self.assertEqual(plant.values(), {VOLTAGE.obis: 230.1, ENERGY.obis: 12340})
        asked = len([apdu for apdu in plant.link.meters[1].asked if "0.0.40.0.0.255" in repr(apdu)])
        plant.link.go_down()
        plant.link.come_up()
        plant.run(10)
        again = len([apdu for apdu in plant.link.meters[1].asked if "0.0.40.0.0.255" in repr(apdu)])
        self.assertEqual(again, asked)
