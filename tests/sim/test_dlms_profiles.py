"""Buffers are computed as they are asked for: by range, by entry, in either order, compressed or whole."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.cosem_time import epoch_ms
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.profile_buffer import complete_rows
from hesd.dlms.selective_access import CaptureObject, EntryDescriptor, RangeDescriptor, SelectiveAccess
from hesd.model.obis import OBIS
from hesd.sim.dlms_meter import SimulatedDLMSMeter
from hesd.sim.dlms_object import Rights
from hesd.sim.dlms_site import DLMSSite
from hesd.sim.faults import FaultBoard
from hesd.sim.point import Supply
from tests.sim.dlms_case import DRIVERS, entry, plant_of

NOW = 1_795_000_000.0  # 2026-11-18
QUARTER = 900
LOAD, ENERGY = "1.0.99.1.0.255", CaptureObject(3, OBIS("1.0.1.8.0.255"), 2)


class BufferCase(SynchronousTestCase):
    def meter(self, driver: str = "small", **fields: Any) -> SimulatedDLMSMeter:
        clock: Any = Clock()
        clock.rightNow = NOW
        plant = plant_of(dlms=[{"name": "house", "meters": [entry("1001", driver, **fields)]}])
        board = FaultBoard(clock, [], [], [], ["1001"])
        drivers: Any = DRIVERS
        site = DLMSSite(plant, drivers, Supply(1), board, clock, directory=None)  # type: ignore[arg-type]
        place = plant.dlms[0]
        return site.meter(place, place.meters[0])

    def read(
        self, meter: SimulatedDLMSMeter, obis: str, attribute: int = 2, access: SelectiveAccess | None = None
    ) -> Any:
        wanted = AttributeDescriptor(7, OBIS(obis), attribute)
        result = meter.model.get(meter, Rights.MANAGEMENT, wanted, access)
        return result.value if isinstance(result, Data) else result

    def range(self, meter: SimulatedDLMSMeter, start: float, end: float, *columns: CaptureObject) -> Any:
        stamps = (Data.of(DataType.OCTET_STRING, meter.clock.stamp(at)) for at in (start, end))
        return self.read(meter, LOAD, 2, RangeDescriptor(*stamps, columns=columns).access)

    def times(self, rows: Any) -> list[float]:
        return [(epoch_ms(row[0]) or 0) / 1000 for row in rows]


class BufferTests(BufferCase):
    def test_whole_buffer_is_months_of_rows(self) -> None:
        meter = self.meter()
        rows = self.read(meter, LOAD)
        self.assertEqual(len(rows), 92 * 96)
        self.assertEqual((self.read(meter, LOAD, 7), self.read(meter, LOAD, 8)), (92 * 96, 92 * 96))
        self.assertEqual((self.read(meter, LOAD, 4), self.read(meter, LOAD, 5)), (QUARTER, 1))
        times = self.times(rows)
        self.assertEqual({later - time for time, later in pairwise(times)}, {QUARTER})
        self.assertEqual(times[-1], NOW - NOW % QUARTER)
        energies = [row[2] for row in rows]
        self.assertEqual(energies, sorted(energies))

    def test_range_is_part_of_the_whole(self) -> None:
        meter = self.meter()
        chance = Random(3)
        whole = self.read(meter, LOAD)
        times = self.times(whole)
        for _ in range(20):
            start = NOW - chance.randrange(0, 40 * 86400)
            end = start + chance.randrange(-3600, 86400)
            expected = [row for time, row in zip(times, whole, strict=True) if start <= time <= end]
            self.assertEqual(self.range(meter, int(start), int(end)), expected)

    def test_range_with_columns(self) -> None:
        rows = self.range(self.meter(), NOW - 3600, NOW, ENERGY)
        self.assertEqual({len(row) for row in rows}, {1})
        stranger = CaptureObject(3, OBIS("1.0.2.8.0.255"), 2)
        self.assertIs(self.range(self.meter(), NOW - 3600, NOW, stranger), DataAccessResult.OBJECT_UNDEFINED)

    def test_entries_by_number(self) -> None:
        oldest, newest = self.meter(), self.meter(newest_first=True)
        whole, turned = self.read(oldest, LOAD), self.read(newest, LOAD)
        self.assertEqual(turned, whole[::-1])
        self.assertEqual(self.read(newest, LOAD, 5), 2)
        for meter, rows in ((oldest, whole), (newest, turned)):
            for first, last in ((1, 3), (5, 5), (len(rows) - 2, 0), (len(rows), len(rows) + 5), (9000, 9001)):
                expected = rows[first - 1 : last or None]
                found = self.read(meter, LOAD, 2, EntryDescriptor(first, last).access)
                self.assertEqual(found, expected, (first, last))
        part = self.read(oldest, LOAD, 2, EntryDescriptor(1, 2, 2, 3).access)
        self.assertEqual(part, [row[1:3] for row in whole[:2]])

    def test_a_meter_that_takes_one_selector_or_none(self) -> None:
        refused = DataAccessResult.SCOPE_OF_ACCESS_VIOLATED
        for selective_access in ((), ("range",), ("entry",)):
            meter = self.meter(selective_access=selective_access)
            by_range = self.range(meter, NOW - 3600, NOW)
            by_entry = self.read(meter, LOAD, 2, EntryDescriptor(1, 4).access)
            self.assertEqual(by_range is refused, "range" not in selective_access)
            self.assertEqual(by_entry is refused, "entry" not in selective_access)
            self.assertEqual(len(self.read(meter, LOAD)), 92 * 96)

    def test_null_data_stands_for_what_did_not_change(self) -> None:
        plain, short = self.meter(), self.meter(null_data=True)
        compressed = self.range(short, NOW - 86400, NOW)
        self.assertIsNone(compressed[1][0])
        self.assertIsNone(compressed[1][3])
        rows = complete_rows(compressed, frozenset({0}), QUARTER)
        self.assertEqual(rows, self.range(plain, NOW - 86400, NOW))

    def test_what_cannot_be_selected(self) -> None:
        meter = self.meter()
        odd = SelectiveAccess(3, Data.of(DataType.UNSIGNED, 1))
        self.assertIs(self.read(meter, LOAD, 2, odd), DataAccessResult.TYPE_UNMATCHED)
        number = Data.of(DataType.UNSIGNED, 1)
        by_energy = RangeDescriptor(number, number, ENERGY).access
        self.assertIs(self.read(meter, LOAD, 2, by_energy), DataAccessResult.TYPE_UNMATCHED)

    def test_a_wrong_clock_stamps_wrong_rows(self) -> None:
        meter = self.meter(clock_offset=7200.0)
        last = self.read(meter, LOAD, 2, EntryDescriptor(self.read(meter, LOAD, 7)).access)
        self.assertEqual(self.times(last), [NOW + 7200 - (NOW + 7200) % QUARTER])

    def test_bills(self) -> None:
        meter = self.meter("generic-dlms")
        months, days = self.read(meter, "1.0.98.1.0.255"), self.read(meter, "1.0.98.2.0.255")
        self.assertEqual(len(months), 10)  # of February to November
        self.assertEqual(months[-1][0][:9], bytes.fromhex("07ea0b010700000000"))
        self.assertEqual(len(days), 62)
        self.assertEqual([row[1] for row in days], sorted(row[1] for row in days))


class LogTests(BufferCase):
    def test_two_clocks(self) -> None:
        rows = self.read(self.meter(), "1.0.99.98.4.255")
        self.assertTrue(rows)
        for start, end in rows:
            self.assertLess(epoch_ms(start), epoch_ms(end))
        self.assertEqual(rows, self.read(self.meter(), "1.0.99.98.4.255"))

    def test_codes(self) -> None:
        meter = self.meter()
        rows = self.read(meter, "0.0.99.98.0.255")
        self.assertEqual({code for _, code in rows}, {1, 2})
        captured = self.read(meter, "0.0.99.98.0.255", 3)
        self.assertEqual(captured[1], (1, OBIS("0.0.96.11.0.255").octets, 2, 0))

    def test_relay_and_tokens(self) -> None:
        meter = self.meter(credit=20.0)
        self.assertEqual(self.read(meter, "1.0.99.98.46.255"), [])
        meter.relay.disconnect(NOW)
        ((when,),) = self.read(meter, "1.0.99.98.46.255")
        self.assertEqual(epoch_ms(when), NOW * 1000)
        tokens = self.read(meter, "1.0.99.98.84.255")
        self.assertEqual({len(token) for (token,) in tokens}, {10})
        self.assertEqual(len(set(tokens)), 10)
