"""Work that somebody asked for: what it is, whose it is, and every step it took.

A job outlives the request that started it and the process that runs it. Its steps are
written down as they happen, `SENT` before the first byte leaves, so that after a crash it
is known which meters may have done what they were told.

After a final step there is none, with one exception: what became of a job that is unknown can
be found out by a person, who then settles it, as confirmed or rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from hesd.model.errors import HesdError

# What json.dumps takes: None, bool, int, float, str, lists and string-keyed mappings of these.
JSON = Any


class JobState(StrEnum):
    """How far a job is."""

    ACCEPTED = "accepted"  # written down, not started
    QUEUED = "queued"  # waiting for its meter's line
    SENT = "sent"  # the meter may have it
    CONFIRMED = "confirmed"  # the meter did it and said so
    REJECTED = "rejected"  # the meter answered that it will not
    UNKNOWN = "unknown"  # sent, and no usable answer came: it may have been done
    FAILED = "failed"  # not done, for a reason on this side
    CANCELLED = "cancelled"  # taken back before it was sent

    @property
    def final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset(
    {JobState.CONFIRMED, JobState.REJECTED, JobState.UNKNOWN, JobState.FAILED, JobState.CANCELLED}
)


# How a person may settle a job that is unknown.
SETTLED = frozenset({JobState.CONFIRMED, JobState.REJECTED})


class StepRefused(HesdError):
    """A job has come to its end, so this step cannot follow; or there is no doubt to be settled."""


class TwinJob(HesdError):
    """A job that must not be done twice has a twin that is under way, or whose end is not known."""


@dataclass(frozen=True, slots=True)
class JobStep:
    """A state that was reached, when (UTC, ms since 1970), and a sentence about it."""

    state: JobState
    at_ms: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of work on one meter, owned by the user who asked for it.

    `arguments` are JSON and hold no secret: they are kept. With a `fingerprint` among them
    the job must not be done twice: it is a twin of every other of its kind and meter with the
    same. `steps` are in order and never empty; the last one is the state. `result` is JSON,
    None until there is one.
    """

    id: str
    kind: str
    meter: str
    user: str
    arguments: Mapping[str, JSON]
    steps: tuple[JobStep, ...]
    result: JSON = None

    @property
    def state(self) -> JobState:
        return self.steps[-1].state

    def stepped(self, step: JobStep, result: JSON = None) -> Job:
        """The job one step further."""
        return replace(self, steps=(*self.steps, step), result=self.result if result is None else result)
