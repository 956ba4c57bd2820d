"""Profiles, events, objects and attributes as jobs, into a real database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail, succeed

from hesd.collect.buffers import Buffers
from hesd.collect.catalogue import Catalogue
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.event_read import read_newest_events
from hesd.collect.jobs import JobRefused, JobRunner
from hesd.collect.meter import UnknownMeter
from hesd.collect.object_list import ObjectLists
from hesd.collect.reading_jobs import reading_kinds
from hesd.driver.generic import DLMS_DRIVER
from hesd.model.event import MeterEvent
from hesd.model.job import Job, JobState
from hesd.model.obis import OBIS
from hesd.model.profile import Profile
from hesd.model.reading import Reading, Source
from hesd.store import events, profiles
from hesd.store.database import Database
from hesd.store.events import EventFilter
from tests.collect.memory_meter import lost_request
from tests.collect.simulated_meter import NOW, SimulatedWorld
from tests.collect.test_event_read import DRIVER
from tests.collect.test_jobs import MemoryJournal
from tests.store.store_case import StoreCase

LOAD, SERIAL = "1-0:99.1.0", "46000755036"
DAY, QUARTER = 86_400_000, 900_000
UNTIL = int(NOW // 900) * 900_000


class DiskArchive:
    """The store, waited for."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def keep_profile(self, profile: Profile) -> int:
        return self.database.write_blocking(profiles.put, profile)

    async def keep_events(self, batch: Sequence[MeterEvent]) -> int:
        return len(self.database.write_blocking(events.put, batch))

    async def newest_row(self, meter: str, obis: OBIS) -> int | None:
        return self.database.read_blocking(profiles.newest, meter, obis)

    async def newest_event(self, meter: str, log: OBIS) -> int | None:
        return self.database.read_blocking(events.newest, meter, log)


class JobCase(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.archive = DiskArchive(self.database)
        self.play(driver=DRIVER)

    def play(self, **more: Any) -> None:
        self.world = SimulatedWorld(**more)
        self.readings: list[Reading] = []
        lists = ObjectLists(self.world.models, Catalogue(lambda work: succeed(work())))
        buffers = self.buffers = Buffers(self.world.models, self.world.clock)
        kinds = reading_kinds(self, buffers, lists, self.archive, self.readings.extend)
        ids = map(str, count(1))
        self.journal = MemoryJournal()
        self.runner = JobRunner(
            self.journal, kinds, self.world.clock, lambda _: None, new_id=lambda: next(ids)
        )

    def with_meter(
        self, serial: str, work: Callable[[DLMSMeter], Awaitable[Any]], *, command: bool = False
    ) -> Deferred[Any]:
        if serial != SERIAL:
            return fail(UnknownMeter(f"no line has a meter {serial}"))

        async def done() -> Any:
            return await work(self.world.meter)

        return Deferred.fromCoroutine(done())

    def submit(self, kind: str, meter: str = SERIAL, **arguments: Any) -> Job:
        async def done() -> Job:
            job = await self.runner.submit(kind, meter=meter, user="ann", arguments=arguments)
            await self.runner.finished(job.id)
            return self.journal.jobs[job.id]

        job: Job = self.world.result(done())
        self.assertEqual(msgspec.json.decode(msgspec.json.encode(job.result)), job.result)
        return job

    def times(self) -> list[int]:
        page = self.read(profiles.history, SERIAL, OBIS(LOAD), 0, 1 << 50, 10_000)
        return [row.at_ms for row in page.rows]


def _marks(found: Sequence[MeterEvent]) -> list[tuple[int, int | None]]:
    return [(event.at_ms, event.code) for event in found]


class ProfileJobTests(JobCase):
    def test_rows_are_kept_and_become_readings(self) -> None:
        since = UNTIL - 4 * QUARTER
        job = self.submit("profile", obis=LOAD, from_ms=since, to_ms=UNTIL)
        self.assertEqual((job.state, job.steps[-1].detail), (JobState.CONFIRMED, "5 rows"))
        self.assertEqual(
            job.result,
            {
                "rows": 5,
                "new": 5,
                "oldest_ms": since,
                "newest_ms": UNTIL,
                "undated": 0,
                "entries_in_use": None,
                "missing_from_ms": None,
                "warning": None,
            },
        )
        self.assertEqual(self.times(), list(range(since, UNTIL + 1, QUARTER)))
        self.assertEqual(len(self.readings), 15)
        self.assertTrue(all(each.source is Source.PROFILE for each in self.readings))

    def test_without_times_it_goes_on_from_what_is_known(self) -> None:
        job = self.submit("profile", obis=LOAD)
        self.assertEqual(job.result["rows"], 7 * 96)
        self.world.clock.advance(1800)
        job = self.submit("profile", obis=LOAD)
        self.assertEqual((job.result["rows"], job.result["new"]), (2, 2))
        self.assertEqual(self.submit("profile", obis=LOAD).result["rows"], 0)

    def test_what_broke_off_has_failed_and_its_rows_are_kept(self) -> None:
        self.submit("profile", obis=LOAD, from_ms=UNTIL, to_ms=UNTIL)
        self.world.talk.faults.extend([None] * 6 + [lost_request] * 1000)
        job = self.submit("profile", obis=LOAD, from_ms=UNTIL - DAY, to_ms=UNTIL)
        self.assertIs(job.state, JobState.FAILED)
        self.assertIn("then it broke off: ", job.steps[-1].detail)
        missing = job.result["missing_from_ms"]
        self.assertEqual(len(self.times()) - 1, job.result["new"])
        self.world.talk.faults.clear()
        self.submit("profile", obis=LOAD, from_ms=missing, to_ms=UNTIL)
        self.assertEqual(self.times(), list(range(UNTIL - DAY, UNTIL + 1, QUARTER)))

    def test_the_newest_rows(self) -> None:
        job = self.submit("profile", obis=LOAD, newest=5)
        self.assertEqual((job.state, job.steps[-1].detail), (JobState.CONFIRMED, "5 rows"))
        since = UNTIL - 4 * QUARTER
        self.assertEqual(self.times(), list(range(since, UNTIL + 1, QUARTER)))
        self.assertEqual((job.result["oldest_ms"], job.result["newest_ms"]), (since, UNTIL))
        self.assertEqual(job.result["entries_in_use"], 92 * 96)
        self.assertEqual(len(self.readings), 15)
        again = self.submit("profile", obis=LOAD, newest=7)
        self.assertEqual((again.result["rows"], again.result["new"]), (7, 2))

    def test_the_newest_rows_that_broke_off_are_kept(self) -> None:
        self.submit("profile", obis=LOAD, newest=1)
        self.world.talk.faults.extend([None] * 7 + [lost_request] * 1000)
        job = self.submit("profile", obis=LOAD, newest=96)
        self.assertIs(job.state, JobState.FAILED)
        self.assertIn("then it broke off: ", job.steps[-1].detail)
        self.assertGreater(job.result["new"], 5)
        self.assertEqual(len(self.times()) - 1, job.result["new"])
        self.assertIsNone(job.result["missing_from_ms"])

    def test_the_newest_rows_that_cannot_be_told(self) -> None:
        self.play(driver=DRIVER, selective_access=("range",))
        job = self.submit("profile", obis="0-0:99.98.0", newest=5)
        self.assertEqual((job.state, job.result), (JobState.REJECTED, None))
        self.assertIn("ask for a range of time", job.steps[-1].detail)

    def test_other_columns_than_the_table_says(self) -> None:
        (table,) = DRIVER.profiles
        fewer = replace(DRIVER, profiles=(replace(table, columns=table.columns[:-1]),))
        self.world.spec = replace(self.world.spec, driver=fewer)
        self.world.meter = self.world.meet_anew()
        job = self.submit("profile", obis=LOAD, newest=2)
        self.assertIs(job.state, JobState.CONFIRMED)
        self.assertEqual(
            job.result["warning"],
            "captures other columns in 1.0.99.1.0.255 than its driver's table says: with 1.0.0.6.0.255",
        )
        self.assertEqual(job.steps[-1].detail, f"2 rows; the meter {job.result['warning']}")
        self.assertEqual(job.result["new"], 2)

    def test_a_profile_that_the_meter_has_not(self) -> None:
        job = self.submit("profile", obis="1-0:99.9.0")
        self.assertEqual((job.state, job.result), (JobState.REJECTED, None))
        self.assertIn("object-undefined", job.steps[-1].detail)

    def test_a_meter_that_is_not_there(self) -> None:
        self.assertIs(self.submit("profile", meter="1", obis=LOAD).state, JobState.FAILED)

    def test_arguments(self) -> None:
        for arguments, problem in (
            ({}, "obis: expected"),
            ({"obis": "x"}, "obis: not an OBIS"),
            ({"obis": LOAD, "from_ms": "x"}, "from_ms: expected a number"),
            ({"obis": LOAD, "from_ms": True}, "from_ms"),
            ({"obis": LOAD, "to_ms": 1 << 60}, "to_ms"),
            ({"obis": LOAD, "from_ms": 2, "to_ms": 1}, "from_ms: expected a time before"),
            ({"obis": LOAD, "newest": 0}, "newest: expected a number from 1"),
            ({"obis": LOAD, "newest": 10_001}, "newest: expected a number from 1 to 10000"),
            ({"obis": LOAD, "newest": 5, "to_ms": 1}, "newest: expected without"),
            ({"obis": LOAD, "newest": 5, "from_ms": 1}, "newest: expected without"),
        ):
            with self.assertRaisesRegex(JobRefused, problem):
                self.submit("profile", **arguments)


class EventsJobTests(JobCase):
    def kept(self, log: str) -> list[MeterEvent]:
        return list(self.read(events.listed, EventFilter(meter=SERIAL, log=OBIS(log)), 1000).items)

    def test_all_logs_and_each_event_once(self) -> None:
        job = self.submit("events")
        self.assertIs(job.state, JobState.CONFIRMED)
        self.assertEqual(job.result["events"], job.result["new"])
        self.assertEqual(set(job.result["logs"]), {str(log.obis) for log in DRIVER.logs})
        again = self.submit("events")
        self.assertEqual((again.state, again.result["new"]), (JobState.CONFIRMED, 0))
        self.assertLess(again.result["events"], job.result["events"])
        self.assertEqual(len(self.kept("0.0.99.98.0.255")), job.result["logs"]["0.0.99.98.0.255"]["events"])

    def test_one_log(self) -> None:
        job = self.submit("events", log="0-0:99.98.0")
        self.assertEqual(list(job.result["logs"]), ["0.0.99.98.0.255"])

    def test_the_newest_of_a_log(self) -> None:
        self.submit("events", log="0-0:99.98.0")
        job = self.submit("events", log="0-0:99.98.0", newest=3)
        self.assertEqual((job.state, job.result["events"], job.result["new"]), (JobState.CONFIRMED, 3, 0))
        with self.assertRaisesRegex(JobRefused, "newest"):
            self.submit("events", newest="3")

    def test_the_newest_leave_out_nothing_that_is_new(self) -> None:
        log = "0.0.99.98.0.255"
        for days in (0, 40):  # nothing is known, and then less than what came since
            self.world.clock.advance(days * 86_400)
            job = self.submit("events", log=log, newest=2)
            self.assertGreater(job.result["new"], 2)
            in_log = self.world.result(read_newest_events(self.world.meter, OBIS(log), 1000, self.buffers))
            self.assertLessEqual(set(_marks(in_log.events)), set(_marks(self.kept(log))))

    def test_a_log_of_other_columns_than_the_table_says(self) -> None:
        log = next(each for each in DRIVER.logs if each.columns)
        other = replace(log, columns=(*log.columns, *log.columns))
        logs = tuple(other if each is log else each for each in DRIVER.logs)
        self.world.spec = replace(self.world.spec, driver=replace(DRIVER, logs=logs))
        self.world.meter = self.world.meet_anew()
        job = self.submit("events")
        warnings = {code: told["warning"] for code, told in job.result["logs"].items() if told["warning"]}
        self.assertEqual(list(warnings), [str(log.obis)])
        self.assertIn(f"the meter captures other columns in {log.obis}", job.steps[-1].detail)
        self.assertEqual(self.world.meter.warning, warnings[str(log.obis)])

    def test_of_many_logs_of_other_columns_one_is_told(self) -> None:
        logs = [replace(each, columns=(*each.columns, *each.columns)) for each in DRIVER.logs if each.columns]
        self.assertGreater(len(logs), 4)
        self.world.spec = replace(self.world.spec, driver=replace(DRIVER, logs=tuple(logs)))
        self.world.meter = self.world.meet_anew()
        job = self.submit("events", newest=1)
        self.assertEqual(sum(bool(told["warning"]) for told in job.result["logs"].values()), len(logs))
        self.assertIn(f", and so in {len(logs) - 1} more logs", job.steps[-1].detail)
        self.assertEqual(job.steps[-1].detail.count("captures other"), 1)
        self.assertIn(f"has {len(logs) - 3} more objects", self.world.meter.warning)

    def test_logs_that_take_no_numbers(self) -> None:
        self.play(driver=DRIVER, selective_access=("range",))
        job = self.submit("events", log="0-0:99.98.0", newest=3)
        self.assertIs(job.state, JobState.REJECTED)
        (told,) = job.result["logs"].values()
        self.assertEqual((told["events"], told["refused"]), (0, True))
        self.assertIn("no fixed period", told["problem"])

    def test_logs_that_are_not_there(self) -> None:
        job = self.submit("events", log="0-0:99.98.9")
        self.assertIs(job.state, JobState.REJECTED)
        told = job.result["logs"]["0.0.99.98.9.255"]
        self.assertEqual((told["refused"], told["events"]), (True, 0))

    def test_without_a_table_those_of_the_object_list(self) -> None:
        self.play(driver=DLMS_DRIVER)
        job = self.submit("events")
        self.assertIs(job.state, JobState.CONFIRMED)
        self.assertEqual(set(job.result["logs"]), {f"0.0.99.98.{number}.255" for number in range(3)})

    def test_what_came_before_the_line_broke_is_kept(self) -> None:
        self.submit("profile", obis=LOAD, from_ms=UNTIL, to_ms=UNTIL)
        self.world.talk.faults.extend([None] * 6 + [lost_request] * 1000)
        job = self.submit("events", log="0-0:99.98.0")
        self.assertIs(job.state, JobState.FAILED)
        self.assertTrue(self.kept("0.0.99.98.0.255"))
        self.assertIn("does not answer", job.steps[-1].detail)


class ObjectJobTests(JobCase):
    def test_objects(self) -> None:
        job = self.submit("objects")
        self.assertIs(job.state, JobState.CONFIRMED)
        self.assertGreater(job.result["objects"], 20)

    def test_an_attribute(self) -> None:
        job = self.submit("attribute", class_id=70, obis="0-0:96.3.10", attribute=3)
        self.assertEqual((job.state, job.result["value"]), (JobState.CONFIRMED, "connected"))
        job = self.submit("attribute", class_id=3, obis="1-0:99.9.0", attribute=2)
        self.assertIs(job.state, JobState.REJECTED)

    def test_arguments(self) -> None:
        for arguments, problem in (
            ({"class_id": 0}, "class_id: expected a number from 1"),
            ({"class_id": "3"}, "class_id"),
            ({"attribute": 0}, "attribute: expected"),
            ({"attribute": 128}, "attribute: expected a number"),
            ({"class_id": 15, "attribute": 7}, "attribute: this attribute holds a secret"),
            ({"class_id": 7}, "attribute: rows are read as a profile"),
        ):
            whole = {"class_id": 3, "obis": "1-0:1.8.0", "attribute": 2, **arguments}
            with self.assertRaisesRegex(JobRefused, problem):
                self.submit("attribute", **whole)
        self.assertEqual(self.world.served.asked, [])
