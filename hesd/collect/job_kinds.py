"""What jobs can be with any meter: reading on demand, and writing a setting (commands: `command_jobs`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred

from hesd.collect.jobs import Finding, JobKind, JobRefused, Sent
from hesd.collect.meter import UnknownMeter
from hesd.collect.setting import SettingOutcome, SettingRefused
from hesd.modbus.errors import MeterException
from hesd.model.errors import HesdError
from hesd.model.job import JSON, Job, JobState
from hesd.model.obis import OBIS, InvalidOBIS
from hesd.model.quantities import quantity
from hesd.model.reading import Reading


class Meters(Protocol):
    """What jobs need of the head end."""

    def read_now(self, serial: str, codes: Sequence[OBIS]) -> Deferred[list[Reading]]: ...

    def write_setting(
        self, serial: str, name: str, value: float, password: str | None = None
    ) -> Deferred[SettingOutcome]: ...


def job_kinds(meters: Meters) -> Mapping[str, JobKind]:
    """The kinds of jobs there are, by name."""
    return {"read": ReadJob(meters), "setting": SettingJob(meters)}


@dataclass(frozen=True)
class ReadJob:
    """Reads a meter before its turn.

    Arguments: `obis`, a list of codes in any spelling; empty for all that is polled. The
    result is a list of the readings: `obis`, `quantity`, `value`, `unit`, `quality`, and
    `at_ms` (UTC in milliseconds).
    """

    meters: Meters

    def check(self, job: Job) -> None:
        _codes(job)

    async def run(self, job: Job, _secret: str | None, sent: Sent) -> Finding:
        await sent("asked the meter")
        try:
            readings = await self.meters.read_now(job.meter, _codes(job))
        except MeterException as refusal:
            return Finding(JobState.REJECTED, str(refusal))
        except HesdError as problem:
            # Reading changes nothing, so a read that brought no answer is not in doubt.
            return Finding(JobState.FAILED, str(problem))
        return Finding(JobState.CONFIRMED, f"{len(readings)} values", [_shown(each) for each in readings])


@dataclass(frozen=True)
class SettingJob:
    """Writes one setting of a meter.

    Arguments: `name` of the setting and its `value`, a number; the password is the job's
    secret. The result is what the meter says afterwards.
    """

    meters: Meters

    def check(self, job: Job) -> None:
        name, value = job.arguments.get("name"), job.arguments.get("value")
        if not isinstance(name, str) or not name:
            raise JobRefused("name: expected the name of a setting")
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise JobRefused("value: expected a number")

    async def run(self, job: Job, secret: str | None, sent: Sent) -> Finding:
        name, value = job.arguments["name"], job.arguments["value"]
        await sent(f"{name} = {value:g}")
        try:
            outcome = await self.meters.write_setting(job.meter, name, value, secret)
        except SettingRefused as refusal:
            return Finding(JobState.REJECTED, str(refusal))
        except UnknownMeter as problem:
            return Finding(JobState.FAILED, str(problem))
        return Finding(outcome.state, outcome.detail, outcome.value)


def _codes(job: Job) -> list[OBIS]:
    codes = job.arguments.get("obis", [])
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise JobRefused("obis: expected a list of OBIS codes")
    try:
        return [OBIS(code) for code in codes]
    except InvalidOBIS as error:
        raise JobRefused(f"obis: {error}") from None


def _shown(reading: Reading) -> JSON:
    return {
        "obis": str(reading.obis),
        "quantity": str(quantity(reading.obis).name),  # an OBIS where nobody has a name for it
        "value": reading.shown,
        "unit": reading.unit.sign,
        "quality": reading.quality.label,
        "at_ms": reading.at_ms,
    }
