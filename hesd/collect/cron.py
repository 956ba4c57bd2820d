"""Work that is due at certain times: jobs for many meters, spread over some minutes.

A schedule that asks all its meters in the same second would have most of them wait for the
first. So each meter has its own moment in the minutes after the hour that was named, the
same each time. What failed is tried once more in the night, with the arguments of its time:
a profile that could not be read at noon is asked for from where it was due at noon.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cronsim import CronSim
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from hesd.collect.cron_choice import Choosable, chosen
from hesd.collect.deadlines import Deadlines
from hesd.collect.jobs import JobRefused
from hesd.config import Schedule
from hesd.model.job import JSON, Job, JobState

_SPREAD: Final = 300.0  # the longest a schedule is spread over (seconds)
_SHARE: Final = 0.25  # of the time to its next due time
_PUT_OFF: Final = 5.0
_AT_ONCE: Final = 200  # of the jobs the runner takes, so that people's have room
_MOST_REPLAYED: Final = 100_000
_REPLAY: Final = "17 2 * * *"


class Jobs(Protocol):
    """What submits jobs; see `JobRunner.submit`."""

    async def submit(self, kind: str, *, meter: str, user: str, arguments: dict[str, JSON]) -> Job: ...


@dataclass(frozen=True, slots=True)
class Errand:
    """A job that is due: `schedule` is whose, `is_replay` that it has failed once."""

    schedule: str
    kind: str
    meter: str
    arguments: tuple[tuple[str, JSON], ...]
    is_replay: bool = False


class CronJobs(Service):
    """Submits the jobs of schedules at their times, which are those of `zone` (None: this machine's).

    `meters` gives the meters in service; those that do not speak DLMS are only ever read. It
    has to be `told` of every step of every job.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        jobs: Jobs,
        meters: Callable[[], Awaitable[Iterable[Choosable]]],
        speaks_dlms: Callable[[str], bool],
        zone: dt.tzinfo | None = None,
    ) -> None:
        self._clock = clock
        self._jobs = jobs
        self._meters = meters
        self._speaks_dlms = speaks_dlms
        self._zone = zone
        self._schedules: tuple[Schedule, ...] = ()
        self._times: Deadlines[Schedule | None] = Deadlines(clock, self._fire)
        self._due: Deadlines[Errand] = Deadlines(clock, self._submit)
        self._under_way: dict[str, Errand] = {}
        self._failed: list[Errand] = []

    def configure(self, schedules: Sequence[Schedule]) -> None:
        """Make these the schedules; what has begun goes on."""
        self._schedules = tuple(schedules)
        self._times.stop()
        if self.running:
            for schedule in self._schedules:
                self._times.watch(schedule, self._next(schedule.cron))
            self._times.watch(None, self._next(_REPLAY))

    def startService(self) -> None:
        super().startService()
        self.configure(self._schedules)

    def stopService(self) -> None:
        super().stopService()
        self._times.stop()
        self._due.stop()

    def told(self, job: Job) -> None:
        """A job has taken a step; those of schedules that failed are kept for the night."""
        errand = self._under_way.get(job.id)
        if errand is None or not job.state.final:
            return
        del self._under_way[job.id]
        if job.state is JobState.FAILED:
            self._keep(errand)

    def _keep(self, errand: Errand) -> None:
        if not errand.is_replay and len(self._failed) < _MOST_REPLAYED:
            self._failed.append(errand)

    # -- times ------------------------------------------------------------------------------

    def _next(self, cron: str, after: float | None = None) -> float:
        return _after(cron, self._clock.seconds() if after is None else after, self._zone)

    def _fire(self, schedule: Schedule | None) -> float:
        now = self._clock.seconds()
        if schedule is None:
            failed, self._failed = self._failed, []
            again = [Errand(each.schedule, each.kind, each.meter, each.arguments, True) for each in failed]
            self._spread(again, now, _SPREAD)
            return self._next(_REPLAY)
        due = self._next(schedule.cron)
        begun = Deferred.fromCoroutine(self._begin(schedule, now, due - now))
        begun.addErrback(self._not_begun, schedule)
        return due

    def _not_begun(self, failure: Failure, schedule: Schedule) -> None:
        self.log.failure("schedule {name} did not begin", failure, name=schedule.name)

    async def _begin(self, schedule: Schedule, now: float, period: float) -> None:
        kind, arguments = _work(schedule.what, now, period)
        meters = chosen(await self._meters(), schedule.meters)
        able = [each for each in meters if kind == "read" or self._speaks_dlms(each.serial)]
        errands = [Errand(schedule.name, kind, each.serial, arguments) for each in able]
        self.log.info("schedule {name}: {count} meters", name=schedule.name, count=len(errands))
        if self.running:
            self._spread(errands, now, min(_SPREAD, period * _SHARE))

    def _spread(self, errands: Sequence[Errand], now: float, seconds: float) -> None:
        for index, errand in enumerate(errands):
            self._due.watch(errand, now + seconds * index / len(errands))

    # -- jobs -------------------------------------------------------------------------------

    def _submit(self, errand: Errand) -> float | None:
        if len(self._under_way) >= _AT_ONCE:
            return self._clock.seconds() + _PUT_OFF
        # Until it is accepted it has a name nobody else's job can have.
        waiting = f"? {id(errand)}"
        self._under_way[waiting] = errand
        submitted = Deferred.fromCoroutine(self._submitted(errand))
        submitted.addErrback(self._refused, errand)
        submitted.addBoth(lambda _: self._under_way.pop(waiting, None))
        return None

    async def _submitted(self, errand: Errand) -> None:
        job = await self._jobs.submit(
            errand.kind, meter=errand.meter, user="schedule", arguments=dict(errand.arguments)
        )
        self._under_way[job.id] = errand
        self.told(job)

    def _refused(self, failure: Failure, errand: Errand) -> None:
        if failure.check(JobRefused):
            self.log.warn(
                "schedule {name}, meter {meter}: {why}",
                name=errand.schedule,
                meter=errand.meter,
                why=failure.getErrorMessage(),
            )
        else:
            self.log.failure("schedule {name} lost a job", failure, name=errand.schedule)
        self._keep(errand)


def _after(cron: str, now: float, zone: dt.tzinfo | None) -> float:
    """The first time after `now` that a cron line means."""
    local = dt.datetime.fromtimestamp(now, dt.UTC).astimezone(zone)
    return float(next(CronSim(cron, local)).timestamp())


def _work(what: str, now: float, period: float) -> tuple[str, tuple[tuple[str, JSON], ...]]:
    """The kind of job and its arguments, for work that comes again after `period` seconds.

    A profile is read over twice the period: rows that are known already change nothing, and
    those that were captured while it was last read are not missed.
    """
    kind, _, obis = what.partition(":")
    if kind == "profile":
        until = int(now * 1000)
        return kind, (("obis", obis), ("from_ms", until - int(2 * period * 1000)), ("to_ms", until))
    if kind == "clock":
        return kind, (("set", True),)
    return kind, ()
