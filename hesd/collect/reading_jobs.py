"""The kinds of jobs that read the profiles and logs of a DLMS meter (its objects: `object_jobs`).

Reading changes nothing, so what brought no answer has failed and is not in doubt. What came
before it broke off is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol

from twisted.internet.task import deferLater

from hesd.collect.buffers import Buffers
from hesd.collect.command_meters import CommandMeters
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.event_read import OVERLAP_MS, EventsRead, read_events, read_newest_events
from hesd.collect.job_arguments import is_refusal, newest_of, not_read, obis_of, time_of
from hesd.collect.jobs import Finding, JobKind, JobRefused, Sent
from hesd.collect.object_jobs import AttributeJob, ObjectsJob
from hesd.collect.object_list import ObjectLists, event_logs
from hesd.collect.profile_read import ProfileRead, is_load_profile, read_newest, read_profile, readings
from hesd.model.errors import HesdError, LinkDown, NoReply
from hesd.model.event import MeterEvent
from hesd.model.job import JSON, Job, JobState
from hesd.model.obis import OBIS
from hesd.model.profile import Profile
from hesd.model.reading import Reading

# How far back a profile is read of which nothing is known yet.
_FIRST_MS: Final = 7 * 86_400_000
# Rows that become readings before the reactor has its turn.
_SLICE: Final = 500


class Archive(Protocol):
    """Where rows and events are kept; what it has returned from is on disk."""

    async def keep_profile(self, profile: Profile) -> int:
        """Keep rows, and how many were not known before."""

    async def keep_events(self, events: Sequence[MeterEvent]) -> int:
        """Keep events, and how many were not known before."""

    async def newest_row(self, meter: str, obis: OBIS) -> int | None:
        """The time of the latest row of a profile, None where none is kept."""

    async def newest_event(self, meter: str, log: OBIS) -> int | None:
        """The time of the latest event of a log, None where none is kept."""


def reading_kinds(
    meters: CommandMeters,
    buffers: Buffers,
    lists: ObjectLists,
    archive: Archive,
    on_readings: Callable[[Sequence[Reading]], object],
) -> Mapping[str, JobKind]:
    """The kinds there are, by name; `on_readings` takes what load profiles hold."""
    return {
        "profile": ProfileJob(meters, buffers, archive, on_readings),
        "events": EventsJob(meters, buffers, lists, archive),
        "objects": ObjectsJob(meters, lists),
        "attribute": AttributeJob(meters),
    }


@dataclass(frozen=True)
class ProfileJob:
    """Reads rows of a profile.

    Arguments: `obis`; `from_ms` and `to_ms`, both included (UTC in milliseconds), left out for
    from what is known and for now; or `newest`, how many of the newest rows. The result: `rows`, how
    many came, `new` of them, `oldest_ms` and `newest_ms`, the times of the first and the last, null
    without any; how many had no time (`undated`); `entries_in_use`, how many the meter has, null
    where it was not asked; `warning`, null unless its columns are not those of the driver's table;
    and `missing_from_ms`, null unless a range broke off: all rows before that are kept. A job that
    broke off has failed.
    """

    meters: CommandMeters
    buffers: Buffers
    archive: Archive
    on_readings: Callable[[Sequence[Reading]], object]

    def check(self, job: Job) -> None:
        obis_of(job, "obis")
        since, until = (time_of(job, name) for name in ("from_ms", "to_ms"))
        if newest_of(job) is not None and not since is until is None:
            raise JobRefused("newest: expected without from_ms and to_ms")
        if since is not None and until is not None and since > until:
            raise JobRefused("from_ms: expected a time before to_ms")

    async def run(self, job: Job, _secret: str | None, sent: Sent) -> Finding:
        obis, rows = obis_of(job, "obis"), await self._rows(job)

        async def read(meter: DLMSMeter) -> tuple[ProfileRead, bool]:
            return await rows(meter), is_load_profile(meter.spec.driver, obis)

        await sent("asked the meter")
        try:
            found, has_readings = await self.meters.with_meter(job.meter, read)
        except HesdError as problem:
            return not_read(problem)
        return await self._kept(found, has_readings=has_readings)

    async def _rows(self, job: Job) -> Callable[[DLMSMeter], Awaitable[ProfileRead]]:
        """What reads the rows that are asked for."""
        obis, newest, buffers = obis_of(job, "obis"), newest_of(job), self.buffers
        if newest is not None:
            return lambda meter: read_newest(meter, obis, newest, buffers)
        until, since = time_of(job, "to_ms"), time_of(job, "from_ms")
        until_ms = int(buffers.clock.seconds() * 1000) if until is None else until
        since_ms = await self._first(job.meter, obis, until_ms) if since is None else since
        return lambda meter: read_profile(meter, obis, since_ms, until_ms, buffers)

    async def _first(self, meter: str, obis: OBIS, until_ms: int) -> int:
        newest = await self.archive.newest_row(meter, obis)
        return until_ms - _FIRST_MS if newest is None else min(newest + 1, until_ms)

    async def _kept(self, found: ProfileRead, *, has_readings: bool) -> Finding:
        times = [row.at_ms for row in found.profile.rows]
        new = await self.archive.keep_profile(found.profile)
        if has_readings:
            await self._hand_out(found.profile)
        result = {
            "rows": len(times),
            "new": new,
            "oldest_ms": times[0] if times else None,
            "newest_ms": times[-1] if times else None,
            "undated": found.undated,
            "entries_in_use": found.in_use,
            "missing_from_ms": found.missing_from_ms,
            "warning": found.doubt or None,
        }
        told = f"{len(times)} rows"
        if found.problem is not None:
            told += f", then it broke off: {found.problem}"
        state = JobState.CONFIRMED if found.problem is None else JobState.FAILED
        return Finding(state, _with_warning(told, found.doubt), result)

    async def _hand_out(self, profile: Profile) -> None:
        for start in range(0, len(profile.rows), _SLICE):
            self.on_readings(readings(replace(profile, rows=profile.rows[start : start + _SLICE])))
            await deferLater(self.buffers.clock, 0)


@dataclass(frozen=True)
class EventsJob:
    """Reads what is new in the logs of a meter, or the newest of them.

    Arguments: `log`, left out for all logs of the driver's table, or of the meter's object list
    where the table has none; `newest`, how many of the newest entries of each, however old, and those
    that are new beside them; left out for what is new. The result: `events`, how many came, `new` of
    them, and `logs`: by its code for each log `events`, `new`, `undated`, `warning` (null unless its
    columns are not those of the driver's table) and `problem`, null where all is well.
    """

    meters: CommandMeters
    buffers: Buffers
    lists: ObjectLists
    archive: Archive

    def check(self, job: Job) -> None:
        newest_of(job)
        if "log" in job.arguments:
            obis_of(job, "log")

    async def run(self, job: Job, _secret: str | None, sent: Sent) -> Finding:
        await sent("asked the meter")
        try:
            return await self.meters.with_meter(job.meter, partial(self._read, job))
        except HesdError as problem:
            return not_read(problem)

    async def _read(self, job: Job, meter: DLMSMeter) -> Finding:
        logs: dict[str, JSON] = {}
        broken = ""
        for log in [obis_of(job, "log")] if "log" in job.arguments else await self._logs(meter):
            logs[str(log)] = told = await self._read_log(meter, log, newest_of(job))
            if told["problem"] and not told["refused"]:
                broken = broken or f"{log}: {told['problem']}"
        events, new = (sum(each[name] for each in logs.values()) for name in ("events", "new"))
        result = {"events": events, "new": new, "logs": logs}
        doubts = _one_of([each["warning"] for each in logs.values() if each["warning"]])
        if broken:
            return Finding(JobState.FAILED, _with_warning(f"{new} new events; {broken}", doubts), result)
        if logs and all(each["refused"] for each in logs.values()):
            return Finding(JobState.REJECTED, "the meter shows none of its logs", result)
        return Finding(JobState.CONFIRMED, _with_warning(f"{new} new events", doubts), result)

    async def _logs(self, meter: DLMSMeter) -> list[OBIS]:
        driver = meter.spec.driver
        return [each.obis for each in driver.logs] or event_logs(await self.lists.of(meter))

    async def _read_log(self, meter: DLMSMeter, log: OBIS, newest: int | None) -> dict[str, Any]:
        """Raises where the meter cannot be reached, for the other logs are no better then."""
        try:
            found = await self._entries(meter, log, newest)
        except (NoReply, LinkDown):
            raise
        except HesdError as problem:
            return {
                "events": 0,
                "new": 0,
                "undated": 0,
                "problem": str(problem),
                "refused": is_refusal(problem),
                "warning": None,
            }
        new = await self.archive.keep_events(found.events)
        problem_text = None if found.problem is None else str(found.problem)
        return {
            "events": len(found.events),
            "new": new,
            "undated": found.undated,
            "problem": problem_text,
            "refused": False,
            "warning": found.doubt or None,
        }

    async def _entries(self, meter: DLMSMeter, log: OBIS, newest: int | None) -> EventsRead:
        known = await self.archive.newest_event(meter.spec.serial, log)
        if newest is not None:
            found = await read_newest_events(meter, log, newest, self.buffers)
            # What is new begins where the known ends: nothing in between may be left out for ever.
            if found.reaches(known):
                return found
        return await read_events(meter, log, 0 if known is None else known - OVERLAP_MS, self.buffers)


def _one_of(warnings: Sequence[str]) -> str:
    """The first warning, and how many more there are; the result has them all."""
    more = f", and so in {len(warnings) - 1} more logs" if len(warnings) > 1 else ""
    return f"{warnings[0]}{more}" if warnings else ""


def _with_warning(told: str, warning: str) -> str:
    """How a job ended, and what its meter does otherwise than its driver's table says."""
    return f"{told}; the meter {warning}" if warning else told
