"""Events of meters' logs, each once however often its log is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hesd.model.event import MeterEvent
from hesd.model.obis import OBIS
from hesd.store import events
from hesd.store.events import Cursor, EventFilter
from tests.store.store_case import NOON, StoreCase

STANDARD = OBIS("0.0.99.98.0.255")
COVER = OBIS("0.0.99.98.30.255")


def event(number: int = 0, **others: Any) -> MeterEvent:
    fields: dict[str, Any] = {
        "meter": "M1",
        "log": STANDARD,
        "at_ms": NOON + number * 1000,
        "name": "Power down",
        "code": 1,
        **others,
    }
    return MeterEvent(**fields)


class EventTests(StoreCase):
    def _put(self, *batch: MeterEvent) -> list[MeterEvent]:
        new: list[MeterEvent] = self.write(events.put, batch)
        return new

    def _listed(self, **wanted: Any) -> list[MeterEvent]:
        return list(self.read(events.listed, EventFilter(**wanted), 100).items)

    def test_an_event_comes_back_as_it_was(self) -> None:
        detail = {"voltage": 230.5, "token": "****************1234", "phases": [1, 2], "none": None}
        whole = event(until_ms=NOON + 5000, detail=detail)
        self.assertEqual(self._put(whole), [whole])
        self.assertEqual(self._listed(), [whole])

    def test_read_twice_it_is_one_and_no_news(self) -> None:
        self.assertEqual(len(self._put(event(0), event(1))), 2)
        self.assertEqual(self._put(event(0), event(1), event(2)), [event(2)])
        self.assertEqual(self._listed(), [event(2), event(1), event(0)])
        self.assertEqual(self._put(), [])

    def test_an_end_that_comes_later_is_filled_in_and_stays(self) -> None:
        begun = event(log=COVER, code=None, name="Cover open")
        ended = replace(begun, until_ms=NOON + 60_000)
        self._put(begun)
        self.assertEqual(self._put(ended), [])
        self.assertEqual(self._listed(), [ended])
        self._put(begun)
        self.assertEqual(self._listed(), [ended])

    def test_a_name_that_is_found_later_takes_the_place_of_the_old(self) -> None:
        self._put(event(name="code 1"))
        self._put(event(name="Power down"))
        self.assertEqual([known.name for known in self._listed()], ["Power down"])

    def test_events_of_one_second_are_told_apart(self) -> None:
        same = (event(code=1), event(code=1), event(code=2), event(code=None, name="Cover open"))
        self.assertEqual(len(self._put(*same)), 4)
        self.assertEqual(self._put(*same), [])
        self.assertEqual(len(self._listed()), 4)
        self.assertEqual(len(self._put(replace(event(), log=COVER), replace(event(), meter="M2"))), 2)

    def test_filters(self) -> None:
        self._put(event(0), event(1, log=COVER), event(2, meter="M2"), event(3))
        for wanted, expected in (
            ({}, [3, 2, 1, 0]),
            ({"meter": "M1"}, [3, 1, 0]),
            ({"log": STANDARD}, [3, 2, 0]),
            ({"meter": "M1", "log": STANDARD}, [3, 0]),
            ({"from_ms": NOON + 1000, "to_ms": NOON + 3000}, [2, 1]),
            ({"meter": "M3"}, []),
        ):
            found = [(each.at_ms - NOON) // 1000 for each in self._listed(**wanted)]
            self.assertEqual(found, expected, wanted)

    def test_pages_join_without_gap_or_overlap(self) -> None:
        self._put(*(event(number // 3, code=number) for number in range(10)))
        whole = self._listed()
        for size in (1, 2, 3, 10, 11):
            found: list[MeterEvent] = []
            after: Cursor | None = None
            while True:
                page = self.read(events.listed, EventFilter(), size, after)
                self.assertLessEqual(len(page.items), size)
                found += page.items
                after = page.next
                if after is None:
                    break
            self.assertEqual(found, whole)

    def test_the_newest_of_a_log(self) -> None:
        self.assertIsNone(self.read(events.newest, "M1", STANDARD))
        self._put(event(5), event(2), event(9, log=COVER))
        self.assertEqual(self.read(events.newest, "M1", STANDARD), NOON + 5000)
