"""Schedules: when they fire, for whom, spread how, and what is tried again in the night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.cron import CronJobs
from hesd.collect.cron_choice import chosen
from hesd.collect.jobs import JobRefused
from hesd.config import Schedule
from hesd.model.job import Job, JobState, JobStep

LAGOS = dt.timezone(dt.timedelta(hours=1))
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=LAGOS).timestamp()
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Entry:
    serial: str
    driver: str | None = "hexcell-ddsy1088"
    area: str | None = "IKD"
    line: str | None = "gprs"


class Runner:
    """Accepts jobs; they end when the test says so."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.jobs: list[Job] = []
        self.at: list[float] = []
        self.refuses = False

    async def submit(self, kind: str, *, meter: str, user: str, arguments: dict[str, Any]) -> Job:
        if self.refuses:
            raise JobRefused("too many")
        accepted = (JobStep(JobState.ACCEPTED, 0),)
        job = Job(
            id=str(len(self.jobs)), kind=kind, meter=meter, user=user, arguments=arguments, steps=accepted
        )
        self.jobs.append(job)
        self.at.append(self.clock.seconds())
        return job


class CronTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.rightNow = NOON
        self.runner = Runner(self.clock)
        self.meters: list[Entry] = [Entry(str(serial)) for serial in range(10)]
        self.modbus: set[str] = set()
        self.cron = CronJobs(self.clock, self.runner, self.in_service, self.speaks_dlms, LAGOS)

    def speaks_dlms(self, serial: str) -> bool:
        return serial not in self.modbus

    async def in_service(self) -> Iterable[Entry]:
        return self.meters

    def start(self, *schedules: Schedule) -> None:
        self.cron.configure(schedules)
        self.cron.startService()
        self.addCleanup(self.cron.stopService)

    def run_for(self, seconds: float) -> None:
        self.clock.pump([5.0] * int(seconds / 5.0))

    def end(self, state: JobState) -> None:
        """All jobs end like this."""
        for job in self.runner.jobs:
            self.cron.told(job.stepped(JobStep(state, 0)))

    def schedule(self, cron: str = "0 * * * *", what: str = "events", meters: str = "all") -> Schedule:
        return Schedule(name="s", cron=cron, what=what, meters=meters)

    def test_jobs_are_submitted_at_the_times_of_the_zone_and_not_before(self) -> None:
        self.start(self.schedule("30 13 * * *"))
        self.run_for(1.5 * HOUR - 5)
        self.assertEqual(self.runner.jobs, [])
        self.run_for(6 * MINUTE)
        self.assertEqual([job.meter for job in self.runner.jobs], [str(serial) for serial in range(10)])
        self.assertEqual({(job.kind, job.user) for job in self.runner.jobs}, {("events", "schedule")})
        self.run_for(20 * HOUR)
        self.assertEqual(len(self.runner.jobs), 10)

    def test_they_are_spread_over_some_minutes(self) -> None:
        self.start(self.schedule())
        self.run_for(HOUR + 10 * MINUTE)
        first, last = self.runner.at[0], self.runner.at[-1]
        self.assertGreater(last - first, 4 * MINUTE)
        self.assertLess(last - first, 6 * MINUTE)

    def test_but_never_over_more_than_a_share_of_the_period(self) -> None:
        self.start(self.schedule("*/5 * * * *"))
        self.run_for(5 * MINUTE + 90)
        self.assertEqual(len(self.runner.jobs), 10)

    def test_a_profile_is_read_over_twice_the_period(self) -> None:
        self.meters = self.meters[:1]
        self.start(self.schedule("*/15 * * * *", "profile:1-0:99.1.0"))
        self.run_for(16 * MINUTE)
        (job,) = self.runner.jobs
        until = int(self.runner.at[0] * 1000)
        self.assertEqual(job.kind, "profile")
        self.assertEqual(job.arguments["obis"], "1-0:99.1.0")
        self.assertLess(abs(job.arguments["to_ms"] - until), 6000)
        span = job.arguments["to_ms"] - job.arguments["from_ms"]
        self.assertLess(abs(span - 30 * 60_000), 15_000)

    def test_meters_that_speak_no_dlms_are_only_ever_read(self) -> None:
        self.modbus = {str(serial) for serial in range(9)}
        self.start(self.schedule(), self.schedule(what="read"))
        self.run_for(HOUR + 10 * MINUTE)
        kinds = [job.kind for job in self.runner.jobs]
        self.assertEqual((kinds.count("events"), kinds.count("read")), (1, 10))

    def test_clocks_are_set(self) -> None:
        self.start(self.schedule(what="clock"))
        self.run_for(HOUR + 10 * MINUTE)
        self.assertEqual({job.arguments["set"] for job in self.runner.jobs}, {True})

    def test_what_failed_is_tried_once_more_in_the_night(self) -> None:
        self.start(self.schedule("0 13 * * *", "profile:1-0:99.1.0"))
        self.run_for(2 * HOUR)
        self.end(JobState.FAILED)
        before = [(job.meter, job.arguments) for job in self.runner.jobs]
        self.runner.jobs.clear()
        self.run_for(13 * HOUR)
        self.assertEqual([(job.meter, job.arguments) for job in self.runner.jobs], before)
        self.end(JobState.FAILED)
        self.runner.jobs.clear()
        self.cron.configure([])
        self.run_for(48 * HOUR)
        self.assertEqual(self.runner.jobs, [])

    def test_what_was_done_or_is_in_doubt_is_not(self) -> None:
        self.start(self.schedule("0 13 * * *"))
        self.run_for(2 * HOUR)
        self.end(JobState.CONFIRMED)
        self.end(JobState.UNKNOWN)
        self.runner.jobs.clear()
        self.run_for(20 * HOUR)
        self.assertEqual(self.runner.jobs, [])

    def test_what_was_not_accepted_is_tried_in_the_night_too(self) -> None:
        self.start(self.schedule("0 13 * * *"))
        self.runner.refuses = True
        self.run_for(2 * HOUR)
        self.runner.refuses = False
        self.run_for(13 * HOUR)
        self.assertEqual(len(self.runner.jobs), 10)

    def test_people_s_jobs_have_room_beside_them(self) -> None:
        self.meters = [Entry(str(serial)) for serial in range(1000)]
        self.start(self.schedule())
        self.run_for(HOUR + 30 * MINUTE)
        self.assertEqual(len(self.runner.jobs), 200)
        self.end(JobState.CONFIRMED)
        self.run_for(MINUTE)
        self.assertEqual(len(self.runner.jobs), 400)

    def test_other_schedules_take_the_place_of_those_before(self) -> None:
        self.start(self.schedule())
        self.cron.configure([self.schedule("0 15 * * *", "read")])
        self.run_for(2.5 * HOUR)
        self.assertEqual(self.runner.jobs, [])
        self.run_for(HOUR)
        self.assertEqual({job.kind for job in self.runner.jobs}, {"read"})

    def test_nothing_runs_after_the_end(self) -> None:
        self.cron.configure([self.schedule()])
        self.cron.startService()
        self.cron.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class ChoiceTests(SynchronousTestCase):
    def test_meters_are_chosen_by_what_the_registry_says(self) -> None:
        meters = [
            Entry("46000755036"),
            Entry("46000777832", driver="momas", area=None),
            Entry("7", driver=None, area="IKJ", line="bus-1"),
        ]
        for pattern, serials in (
            ("all", ["46000755036", "46000777832", "7"]),
            ("driver:hexcell-*", ["46000755036"]),
            ("area:IK?", ["46000755036", "7"]),
            ("line:gprs", ["46000755036", "46000777832"]),
            ("meter:4600*", ["46000755036", "46000777832"]),
            ("meter:nobody", []),
        ):
            self.assertEqual([meter.serial for meter in chosen(meters, pattern)], serials, pattern)
