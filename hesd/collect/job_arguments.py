"""The arguments of jobs that read, checked; and how such a job ends that read nothing."""

from __future__ import annotations

from typing import Final

from hesd.collect.buffer_entries import NewestUnknown
from hesd.collect.jobs import Finding, JobRefused
from hesd.collect.session_errors import AccessRefused
from hesd.model.errors import HesdError
from hesd.model.job import Job, JobState
from hesd.model.obis import OBIS, InvalidOBIS
from hesd.model.profile import MOST_NEWEST

_LAST_MS: Final = 4_102_444_800_000  # 2100-01-01


def obis_of(job: Job, name: str) -> OBIS:
    """The code at an argument. Raises `JobRefused`, as all of these do."""
    code = job.arguments.get(name)
    if not isinstance(code, str):
        raise JobRefused(f"{name}: expected an OBIS code")
    try:
        return OBIS(code)
    except InvalidOBIS as error:
        raise JobRefused(f"{name}: {error}") from None


def number_of(job: Job, name: str, low: int, high: int) -> int:
    """The whole number at an argument, both ends included."""
    number = job.arguments.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
        raise JobRefused(f"{name}: expected a number from {low} to {high}")
    return number


def time_of(job: Job, name: str) -> int | None:
    """Milliseconds since 1970 at an argument, None where it is left out."""
    return None if job.arguments.get(name) is None else number_of(job, name, 0, _LAST_MS)


def newest_of(job: Job) -> int | None:
    """How many of the newest entries are wanted, None where nothing is said of that."""
    return None if job.arguments.get("newest") is None else number_of(job, "newest", 1, MOST_NEWEST)


def is_refusal(problem: HesdError) -> bool:
    """Whether a meter has answered that it will not, or does not in the way that was asked for."""
    return isinstance(problem, AccessRefused | NewestUnknown)


def not_read(problem: HesdError) -> Finding:
    """A meter that answers that it will not has rejected the job; else reading has failed."""
    return Finding(JobState.REJECTED if is_refusal(problem) else JobState.FAILED, str(problem))
