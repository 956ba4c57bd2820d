"""The kinds of jobs that command a DLMS meter: its relay, its clock, its credit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from twisted.internet.interfaces import IReactorTime

from hesd.collect.clock import ClockReading, read_clock, set_clock
from hesd.collect.command_meters import CommandMeters, finding_of
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.jobs import Finding, JobKind, JobRefused, Sent
from hesd.collect.relay import RelayAction, switch_relay
from hesd.collect.token_job import TokenJob, TokenOrders
from hesd.model.errors import HesdError
from hesd.model.job import Job, JobState

_MAX_REASON: Final = 500


def command_kinds(meters: CommandMeters, orders: TokenOrders, clock: IReactorTime) -> Mapping[str, JobKind]:
    """The kinds there are, by name; `clock` is ours."""
    return {
        "relay": RelayJob(meters, clock),
        "clock": ClockJob(meters, clock),
        "token": TokenJob(meters, orders, clock),
    }


@dataclass(frozen=True)
class RelayJob:
    """Connects or disconnects a supply.

    Arguments: `action`, connect or disconnect, and the `reason`. The result is what the meter
    said last: `relay_status` (connected, disconnected, ready_for_reconnection), `output_state`
    and `control_mode`, each null where it is not told.
    """

    meters: CommandMeters
    clock: IReactorTime

    def check(self, job: Job) -> None:
        if job.arguments.get("action") not in list(RelayAction):
            raise JobRefused("action: expected connect or disconnect")
        reason = job.arguments.get("reason", "")
        if not isinstance(reason, str) or len(reason) > _MAX_REASON:
            raise JobRefused(f"reason: expected a text of at most {_MAX_REASON} characters")

    async def run(self, job: Job, _secret: str | None, sent: Sent) -> Finding:
        action = RelayAction(job.arguments["action"])
        return await finding_of(
            self.meters, job.meter, partial(switch_relay, action=action, sent=sent, clock=self.clock)
        )


@dataclass(frozen=True)
class ClockJob:
    """Reads a meter's clock, or sets it.

    Arguments: `set`, true to set it, and `force`, true to do so by more than a quarter of an
    hour. The result is `{before, after}`, each `{time, offset}`: the meter's time as it tells
    it, and the seconds it is ahead of us; null where it was not read.
    """

    meters: CommandMeters
    clock: IReactorTime

    def check(self, job: Job) -> None:
        for name in ("set", "force"):
            if not isinstance(job.arguments.get(name, False), bool):
                raise JobRefused(f"{name}: expected true or false")

    async def run(self, job: Job, _secret: str | None, sent: Sent) -> Finding:
        if not job.arguments.get("set", False):
            return await self._read(job, sent)
        force = job.arguments.get("force", False)
        work = partial(set_clock, clock=self.clock, sent=sent, force=force)
        return await finding_of(self.meters, job.meter, work)

    async def _read(self, job: Job, sent: Sent) -> Finding:
        async def read(meter: DLMSMeter) -> ClockReading:
            return await read_clock(meter, self.clock)

        await sent("asked the meter")
        try:
            reading = await self.meters.with_meter(job.meter, read)
        except HesdError as problem:
            return Finding(JobState.FAILED, str(problem))
        offset = "it tells no time" if reading.offset is None else f"off by {reading.offset:g} s"
        return Finding(JobState.CONFIRMED, offset, {"before": reading.shown, "after": None})
