"""Logs of a simulated meter: of either shape, with tokens, broken off, and such as are not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.buffers import Buffers
from hesd.collect.event_read import EventsRead, read_events, read_newest_events
from hesd.collect.session import AccessRefused
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.selective_access import BY_ENTRY, CLOCK, CaptureObject
from hesd.driver import Column, EventLog, Unit
from hesd.model.errors import NoReply
from hesd.model.obis import OBIS
from tests.collect.memory_meter import lost_request
from tests.collect.simulated_meter import NOW, SimulatedWorld
from tests.sim.dlms_case import CLOCK as CLOCK_COLUMN
from tests.sim.dlms_case import SMALL

UNDERVOLTAGE, RELAY_OFF = OBIS("1.0.99.98.4.255"), OBIS("1.0.99.98.46.255")
TIMES, TOKENS, BOUGHT = (OBIS(f"1.0.99.98.{number}.255") for number in (70, 84, 85))
STANDARD, RECHARGES = OBIS("0.0.99.98.0.255"), OBIS("0.0.99.98.3.255")
TOKEN_COLUMN = Column(OBIS("0.0.96.96.1.255"), 1, name="Token", secret=True)
ENERGY_COLUMN = Column(OBIS("0.0.96.67.0.255"), name="Energy", unit=Unit.WH, scaler=1)
DRIVER = replace(
    SMALL,
    logs=(
        *(log for log in SMALL.logs if log.obis != TOKENS),
        EventLog(TIMES, "Token times", "token entered", columns=(CLOCK_COLUMN,)),
        EventLog(TOKENS, "Tokens", "token", columns=(TOKEN_COLUMN,), times=TIMES),
        EventLog(BOUGHT, "Energy", "energy bought", columns=(ENERGY_COLUMN,), times=TIMES),
        EventLog(RECHARGES, "Recharges", codes=((25, "recharged"),), secret=True),
    ),
)
DIGITS = "23716100501183194197"
HOUR = 3_600_000


def number(value: int) -> Data:
    return Data.of(DataType.DOUBLE_LONG_UNSIGNED, value)


class EventCase(SynchronousTestCase):
    def play(self, **more: Any) -> None:
        self.world = SimulatedWorld(DRIVER, **more)
        self.buffers = Buffers(self.world.models, self.world.clock)

    def read(self, log: OBIS, since_ms: int = 0) -> EventsRead:
        found: EventsRead = self.world.result(read_events(self.world.meter, log, since_ms, self.buffers))
        return found

    def newest(self, log: OBIS, count: int) -> EventsRead:
        found: EventsRead = self.world.result(read_newest_events(self.world.meter, log, count, self.buffers))
        return found

    def serve(self, log: OBIS, columns: list[CaptureObject], *rows: tuple[Data, ...]) -> None:
        """Let a log have these columns and rows."""
        attributes = {
            2: Data.array(*(Data.structure(*row) for row in rows)),
            3: Data.array(*(column.data for column in columns)),
        }

        def answer(attribute: AttributeDescriptor, _: Any) -> Data | None:
            return attributes.get(attribute.attribute) if attribute.instance == log else None

        self.world.instead.append(answer)

    def stamp(self, hours_ago: float) -> Data:
        octets = self.world.simulated.clock.stamp(NOW - hours_ago * 3600)
        return Data.of(DataType.OCTET_STRING, octets)


class ShapeTests(EventCase):
    def test_a_log_of_one_event_with_start_and_end(self) -> None:
        self.play()
        found = self.read(UNDERVOLTAGE)
        self.assertTrue(found.events)
        for event in found.events:
            self.assertEqual((event.meter, event.log), ("46000755036", UNDERVOLTAGE))
            self.assertEqual((event.name, event.code, dict(event.detail)), ("Undervoltage", None, {}))
            assert event.until_ms is not None
            self.assertTrue(event.at_ms < event.until_ms < NOW * 1000)
        times = [event.at_ms for event in found.events]
        self.assertEqual(times, sorted(times))

    def test_only_what_is_new_is_read(self) -> None:
        self.play()
        events = self.read(UNDERVOLTAGE).events
        asked = len(self.world.served.asked)
        self.assertEqual(self.read(UNDERVOLTAGE, events[-2].at_ms).events, events[-2:])
        (_, access), *_ = self.world.served.asked[asked + 1 :]
        assert access is not None

    def test_the_newest_however_old(self) -> None:
        for newest_first in (False, True):
            self.play(newest_first=newest_first)
            for log in (UNDERVOLTAGE, STANDARD):
                events = self.read(log).events
                self.assertGreater(len(events), 3)
                self.assertEqual(self.newest(log, 3).events, events[-3:])
                self.assertEqual(self.newest(log, 1000).events, events)
            numbers = [access.selector for _, access in self.world.served.asked if access is not None]
            self.assertIn(BY_ENTRY, numbers)

    def test_an_event_that_lasts_has_no_end(self) -> None:
        self.play()
        unspecified = Data.of(DataType.OCTET_STRING, b"\xff" * 9 + b"\x80\x00\xff")
        for end in (unspecified, Data.of(DataType.NULL_DATA), self.stamp(3)):
            self.play()
            self.serve(UNDERVOLTAGE, [CLOCK, CLOCK], (self.stamp(2), end))
            (event,) = self.read(UNDERVOLTAGE).events
            self.assertIsNone(event.until_ms)

    def test_a_log_with_codes(self) -> None:
        self.play()
        events = self.read(STANDARD).events
        self.assertLessEqual({event.code for event in events}, {1, 2})
        self.assertEqual({event.name for event in events}, {"down", "up"})
        self.assertTrue(all(event.until_ms is None and not event.detail for event in events))

    def test_codes_that_no_list_has_and_codes_as_octets(self) -> None:
        self.play()
        code = CaptureObject(1, OBIS("0.0.96.11.0.255"), 2)
        status = CaptureObject(1, OBIS("0.0.96.5.0.255"), 2)
        self.serve(
            STANDARD,
            [CLOCK, status, code],
            (self.stamp(3), number(7), Data.of(DataType.OCTET_STRING, b"\x02")),
            (self.stamp(2), number(8), Data.of(DataType.LONG_UNSIGNED, 301)),
            (self.stamp(1), number(9), Data.of(DataType.NULL_DATA)),
        )
        events = self.read(STANDARD).events
        self.assertEqual([(event.name, event.code) for event in events[:2]], [("up", 2), ("event 301", 301)])
        self.assertEqual([dict(event.detail) for event in events], [{status.instance: n} for n in (7, 8, 9)])

    def test_a_log_that_the_table_does_not_know(self) -> None:
        self.play()
        log = OBIS("0.0.99.98.7.255")
        self.serve(log, [CLOCK], (self.stamp(1),))
        (event,) = self.read(log).events
        self.assertEqual((event.name, event.at_ms), (str(log), int(NOW * 1000) - HOUR))

    def test_entries_that_no_clock_dates(self) -> None:
        self.play()
        self.serve(RELAY_OFF, [CLOCK], (Data.of(DataType.NULL_DATA),), (self.stamp(1),))
        found = self.read(RELAY_OFF)
        self.assertEqual((len(found.events), found.undated), (1, 1))

    def test_a_log_that_is_not_there(self) -> None:
        self.play()
        with self.assertRaises(AccessRefused):
            self.read(OBIS("0.0.99.98.9.255"))

    def test_a_log_that_breaks_off(self) -> None:
        self.play()
        whole = self.read(STANDARD).events
        self.world.talk.faults.extend([None] * 2 + [lost_request] * 1000)
        found = self.read(STANDARD)
        self.assertIsInstance(found.problem, NoReply)
        self.assertTrue(0 < len(found.events) < len(whole))
        self.assertEqual(found.events, whole[: len(found.events)])


class TokenLogTests(EventCase):
    def test_tokens_are_masked_and_dated_by_the_log_beside(self) -> None:
        self.play(credit=20.0)
        times = [event.at_ms for event in self.read(TIMES).events]
        self.assertGreater(len(times), 3)
        for log in (TOKENS, BOUGHT):
            self.assertEqual([event.at_ms for event in self.read(log).events], times)
        for event in self.read(TOKENS).events:
            self.assertRegex(event.detail["Token"], r"\A\*{16}[0-9]{4}\Z")
        energy = self.read(BOUGHT).events[0].detail["Energy"]
        self.assertEqual(energy["unit"], "kWh")
        self.assertGreater(energy["value"], 0)
        self.assertEqual(len(self.read(TOKENS, times[-2]).events), 2)

    def test_entries_that_do_not_match_their_times_are_not_dated(self) -> None:
        self.play(credit=20.0)
        self.serve(TIMES, [CLOCK], (self.stamp(1),))
        found = self.read(TOKENS)
        self.assertEqual(found.events, ())
        self.assertGreater(found.undated, 3)

    def test_the_newest_are_dated_by_the_newest_beside(self) -> None:
        for newest_first in (False, True):
            self.play(credit=20.0, newest_first=newest_first)
            for log in (TOKENS, BOUGHT):
                events = self.read(log).events
                self.assertEqual(self.newest(log, 2).events, events[-2:])
                self.assertEqual(self.newest(log, 1000).events, events)

    def test_the_newest_are_not_dated_by_those_of_another_number(self) -> None:
        self.play(credit=20.0)
        in_use = AttributeDescriptor(7, TIMES, 7)
        self.world.instead.append(lambda asked, _: number(2) if asked == in_use else None)
        found = self.newest(TOKENS, 2)
        self.assertEqual((found.events, found.undated), ((), 2))

    def test_the_newest_are_not_dated_where_numbers_run_otherwise_than_the_logs_say(self) -> None:
        self.play(credit=20.0, newest_first=True)
        self.world.instead.append(
            lambda asked, _: (
                Data.of(DataType.ENUM, 1) if (asked.class_id, asked.attribute) == (7, 5) else None
            )
        )
        found = self.newest(TOKENS, 2)
        self.assertEqual((found.events, found.undated), ((), 2))

    def test_the_newest_are_not_dated_where_one_came_meanwhile(self) -> None:
        self.play(credit=20.0)
        rows = AttributeDescriptor(7, TOKENS, 2)
        asked = 0

        def answer(attribute: AttributeDescriptor, _: Any) -> Data | None:
            nonlocal asked
            asked += attribute == rows
            if attribute != rows or asked == 1:
                return None
            octets = Data.of(DataType.OCTET_STRING, bytes.fromhex(DIGITS))
            return Data.array(Data.structure(octets), Data.structure(octets))

        self.world.instead.append(answer)
        found = self.newest(TOKENS, 2)
        self.assertEqual((found.events, found.undated, asked), ((), 2, 2))

    def test_of_a_log_whose_columns_nobody_knows_no_text_is_shown(self) -> None:
        code = CaptureObject(1, OBIS("0.0.96.11.3.255"), 2)
        amount, token = (CaptureObject(1, OBIS(f"0.0.96.{n}.0.255"), 2) for n in (62, 63))
        for kept in (
            Data.of(DataType.OCTET_STRING, bytes.fromhex(DIGITS)),
            Data.of(DataType.VISIBLE_STRING, DIGITS),
            Data.of(DataType.OCTET_STRING, b"x" + DIGITS.encode()),
            Data.structure(Data.of(DataType.OCTET_STRING, bytes.fromhex(DIGITS))),
        ):
            self.play()
            self.serve(
                RECHARGES,
                [CLOCK, code, amount, token],
                (self.stamp(1), Data.of(DataType.UNSIGNED, 25), number(500), kept),
            )
            (event,) = self.read(RECHARGES).events
            self.assertEqual((event.name, event.detail[amount.instance]), ("recharged", 500))
            self.assertNotIn(DIGITS[:16], repr(event))
            self.assertNotIn(DIGITS[:8], repr(event))

    def test_what_looks_like_a_token_is_masked_in_every_log(self) -> None:
        self.play()
        log, token = OBIS("0.0.99.98.7.255"), CaptureObject(1, OBIS("0.0.96.62.0.255"), 2)
        for octets in (bytes.fromhex(DIGITS), b"12345678901234567890", bytes.fromhex("3132" * 5)):
            self.play()
            self.serve(log, [CLOCK, token], (self.stamp(1), Data.of(DataType.OCTET_STRING, octets)))
            (event,) = self.read(log).events
            self.assertRegex(event.detail[token.instance], r"\A\*{16}[0-9]{4}\Z")


class StampTests(EventCase):
    def test_times_are_those_of_the_meters_clock(self) -> None:
        self.play()
        self.serve(RELAY_OFF, [CLOCK], (self.stamp(1),))
        (event,) = self.read(RELAY_OFF).events
        octets = self.stamp(1).value
        assert isinstance(octets, bytes)
        self.assertEqual(str(DateTime.from_octets(octets)), "2026-11-19T17:01:40+01:00")
        self.assertEqual(event.at_ms, int(NOW * 1000) - HOUR)
