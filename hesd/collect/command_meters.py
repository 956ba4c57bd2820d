"""Commands as the work of jobs: what they need of the head end, and how they end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred

from hesd.collect.command import CommandRefused
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.jobs import Finding
from hesd.model.errors import HesdError
from hesd.model.job import JSON, JobState

T = TypeVar("T")


class CommandMeters(Protocol):
    """What commands need of the head end."""

    def with_meter(
        self, serial: str, work: Callable[[DLMSMeter], Awaitable[T]], *, command: bool = False
    ) -> Deferred[T]:
        """Do some work with a meter; a `command` only once it has shown that it is this one."""


class Outcome(Protocol):
    """How a command ended; `shown` is its result as JSON."""

    @property
    def state(self) -> JobState: ...

    @property
    def detail(self) -> str: ...

    @property
    def shown(self) -> JSON: ...


async def finding_of(
    meters: CommandMeters,
    serial: str,
    work: Callable[[DLMSMeter], Awaitable[Outcome]],
    *,
    command: bool = True,
) -> Finding:
    """Do a command and say how it ended; what is none need not wait until the meter is proved.

    Commands raise only as long as nothing was sent, so what they raise is no doubt.
    """
    try:
        outcome = await meters.with_meter(serial, work, command=command)
    except CommandRefused as refusal:
        return Finding(JobState.REJECTED, str(refusal))
    except HesdError as problem:
        return Finding(JobState.FAILED, f"nothing was sent: {problem}")
    return Finding(outcome.state, outcome.detail, outcome.shown)
