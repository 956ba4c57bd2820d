"""Pushes: what their bodies name becomes readings, the rest events; ciphered, or not taken."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.dlms_spec import MeterAddress
from hesd.collect.push_meaning import claims_of, event_of, named_values
from hesd.dialin.event import Family
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.notification import DataNotification, EventNotification
from hesd.dlms.protection import Protection
from hesd.dlms.security import CounterReserve, Key
from hesd.driver.cosem import Ciphering
from hesd.model.obis import OBIS
from hesd.model.reading import Source
from hesd.model.units import Unit
from tests.collect.dlms_plant import OTHER, SERIAL, DialInPlant, spec
from tests.collect.memory_dlms_line import (
    DRIVER,
    ENERGY,
    VOLTAGE,
    MemoryDialledIn,
    meter,
    octets,
    scaler_unit,
)
from tests.collect.memory_meter import AK, EK, OURS, THEIRS, number

LAGOS = dt.timezone(dt.timedelta(hours=1))
MOMENT = dt.datetime(2026, 3, 1, 12, 30, tzinfo=LAGOS)


def name(obis: str) -> Data:
    return octets(OBIS(obis).octets)


def push(*parts: Data, at: bytes | None = None) -> DataNotification:
    return DataNotification(1, at, Data.structure(*parts))


class MeaningTests(SynchronousTestCase):
    def test_a_value_follows_its_logical_name(self) -> None:
        named = named_values(push(name(VOLTAGE.obis), number(2301), name(ENERGY.obis), number(7)))
        self.assertEqual(
            [(each.obis, each.data.value) for each in named], [(VOLTAGE.obis, 2301), (ENERGY.obis, 7)]
        )

    def test_and_its_scaler_and_unit_may_follow_that(self) -> None:
        body = Data.array(Data.structure(name(VOLTAGE.obis), number(23010), scaler_unit(-2, Unit.V)))
        (named,) = named_values(DataNotification(1, None, body))
        assert named.scaled is not None
        self.assertEqual((named.scaled.scaler, named.scaled.unit), (-2, Unit.V))

    def test_lists_of_names_and_values_apart_name_nothing(self) -> None:
        body = push(Data.array(name(VOLTAGE.obis), name(ENERGY.obis)), Data.structure(number(1), number(2)))
        self.assertEqual(named_values(body), [])

    def test_an_event_notification_names_its_attribute(self) -> None:
        code = EventNotification(None, AttributeDescriptor(1, OBIS("0.0.96.11.0.255"), 2), number(44))
        (named,) = named_values(code)
        self.assertEqual(named.obis, "0.0.96.11.0.255")
        event = event_of(code, SERIAL, 5)
        self.assertEqual((event.log, event.code, event.at_ms), ("0.0.96.11.0.255", 44, 5))

    def test_its_sender_is_in_its_logical_device_name(self) -> None:
        claims = claims_of(push(octets(b"MEM" + f"{int(SERIAL):013d}".encode()), number(1)))
        self.assertTrue(claims[0].names(SERIAL))

    def test_a_shorter_device_name_counts_where_it_is_first(self) -> None:
        device = octets(b"MEM" + SERIAL.encode())
        self.assertTrue(claims_of(push(device, number(1)))[0].names(SERIAL))
        self.assertFalse(any(each.names(SERIAL) for each in claims_of(push(octets(b"1"), device))))

    @given(
        st.recursive(
            st.integers(0, 2**32 - 1) | st.binary(max_size=20), lambda each: st.lists(each, max_size=4)
        )
    )
    def test_any_body_has_a_meaning(self, value: object) -> None:
        def data_of(each: object) -> Data:
            if isinstance(each, list):
                return Data.structure(*map(data_of, each))
            return octets(each) if isinstance(each, bytes) else number(int(str(each)))

        notification = DataNotification(1, None, data_of(value))
        named_values(notification)
        claims_of(notification)
        self.assertEqual(event_of(notification, "1", 0).name, "push")


class PushTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.plant = DialInPlant()

    def dialled(self) -> MemoryDialledIn:
        """A meter that has had its turn."""
        self.plant.place(SERIAL)
        connection = self.plant.dial()
        self.plant.run(3)
        self.plant.readings.clear()
        return connection

    def test_readings_have_the_time_of_the_meter_and_say_where_they_are_from(self) -> None:
        connection = self.dialled()
        at = replace(DateTime.of(MOMENT), deviation=None).octets
        connection.push(push(name(VOLTAGE.obis), number(2299), at=at).encode())
        (reading,) = self.plant.readings
        self.assertEqual((reading.value, reading.unit, reading.source), (229.9, Unit.V, Source.PUSH))
        self.assertEqual(reading.at_ms, int(MOMENT.timestamp() * 1000))

    def test_what_names_no_quantity_is_an_event(self) -> None:
        connection = self.dialled()
        connection.push(push(number(5), octets(b"cover")).encode())
        (event,) = self.plant.events
        self.assertEqual((event.meter, event.name, event.detail), (SERIAL, "push", {"values": [5, "cover"]}))

    def test_junk_is_neither(self) -> None:
        connection = self.dialled()
        for pdu in (b"", b"\x0f", b"\xc2\x00", b"\xdb\x08", bytes(200)):
            connection.push(pdu)
        self.assertEqual((self.plant.readings, self.plant.events), ([], []))
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_a_push_tells_who_dialled_in(self) -> None:
        self.plant.place(SERIAL)
        connection = self.plant.call(None, {1: meter(SERIAL)}, Family.PUSH)
        connection.push(push(octets(b"MEM" + f"{int(SERIAL):013d}".encode()), number(1)).encode())
        self.plant.run(3)
        self.assertEqual(self.plant.values()[VOLTAGE.obis], 230.1)

    def test_meters_behind_a_concentrator_are_told_apart_by_address(self) -> None:
        self.plant.dial_in.set_meters(
            spec(serial, "gprs", via="DCU7", address=MeterAddress(17, logical))
            for logical, serial in ((1, SERIAL), (2, OTHER))
        )
        connection = self.plant.call("DCU7", {1: meter(SERIAL), 2: meter(OTHER)})
        self.plant.run(3)
        self.plant.readings.clear()
        connection.push(push(name(VOLTAGE.obis), number(2299)).encode(), MeterAddress(102, 2))
        connection.push(push(name(VOLTAGE.obis), number(2299)).encode(), MeterAddress(102, 9))
        self.assertEqual([each.meter for each in self.plant.readings], [OTHER])


class CipheredPushTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.plant = DialInPlant()
        self.plant.keyring.kept = replace(self.plant.keyring.kept, peer_title=THEIRS)
        self.plant.place(SERIAL, ciphering=Ciphering.BOTH, driver=DRIVER)
        self.connection = self.plant.dial()
        self.plant.run(1)
        self.pdu = push(name(VOLTAGE.obis), number(2299)).encode()

    def ciphered(self, counter: int) -> bytes:
        protection = Protection(THEIRS, OURS, Key(EK, AK), CounterReserve(counter, counter + 1), general=True)
        return protection.protect(self.pdu)

    def taken(self) -> int:
        return len([each for each in self.plant.readings if each.source is Source.PUSH])

    def test_it_is_deciphered_with_the_meter_s_keys(self) -> None:
        self.connection.push(self.ciphered(50))
        self.assertEqual(self.taken(), 1)

    def test_one_that_comes_again_is_a_replay(self) -> None:
        self.connection.push(self.ciphered(50))
        self.connection.push(self.ciphered(50))
        self.connection.push(self.ciphered(49))
        self.assertEqual(self.taken(), 1)
        self.connection.push(self.ciphered(51))
        self.assertEqual(self.taken(), 2)

    def test_one_that_is_forged_or_in_clear_is_not_taken(self) -> None:
        forged = self.ciphered(60)
        self.connection.push(forged[:-1] + bytes((forged[-1] ^ 1,)))
        self.connection.push(self.pdu)
        self.assertEqual((self.taken(), self.plant.events), (0, []))
