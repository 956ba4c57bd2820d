"""Changing a meter's keys as jobs: a new key travels as the job's secret, or is made up here.

Neither way is it kept anywhere but in the vault, where it is before it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_bytes

from hesd.collect.command_meters import CommandMeters, finding_of
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_spec import Keyring
from hesd.collect.jobs import Finding, JobKind, JobRefused, Sent
from hesd.collect.key_change import CHANGEABLE, KeyOutcome, change_key, find_out
from hesd.dlms.security import Suite
from hesd.model.job import Job, JobState
from hesd.model.secrets import KeyName


def key_kinds(meters: CommandMeters, keyring: Keyring) -> Mapping[str, JobKind]:
    """The kinds there are, by name."""
    return {"key-change": KeyChangeJob(meters, keyring), "key-check": KeyCheckJob(meters, keyring)}


@dataclass(frozen=True)
class KeyChangeJob:
    """Gives a meter another key.

    Arguments: `key`, the name of one of `CHANGEABLE`, and `generate`, true where the new one is
    to be made up; else it is the secret, in hex. The result is `{taken}`: true, false, or null
    while that is not known.
    """

    meters: CommandMeters
    keyring: Keyring
    random: Callable[[int], bytes] = token_bytes

    def check(self, job: Job) -> None:
        if job.arguments.get("key") not in CHANGEABLE:
            raise JobRefused(f"key: expected one of {', '.join(CHANGEABLE)}")
        if not isinstance(job.arguments.get("generate", False), bool):
            raise JobRefused("generate: expected true or false")

    async def run(self, job: Job, secret: str | None, sent: Sent) -> Finding:
        new = None
        if not job.arguments.get("generate", False):
            try:
                new = bytes.fromhex(secret or "")
            except ValueError:
                return Finding(JobState.REJECTED, "the new key is not in hex")
        name = KeyName(job.arguments["key"])
        return await finding_of(self.meters, job.meter, partial(self._change, name=name, new=new, sent=sent))

    async def _change(self, meter: DLMSMeter, name: KeyName, new: bytes | None, sent: Sent) -> KeyOutcome:
        if new is None:
            new = self.random(Suite(meter.spec.suite).key_length)
        return await change_key(meter, self.keyring, name, new, sent)


@dataclass(frozen=True)
class KeyCheckJob:
    """Finds out which key a meter has that did not answer when it was given another.

    It takes no arguments. The result is `{taken}`; the job is confirmed where that is known.
    """

    meters: CommandMeters
    keyring: Keyring

    def check(self, job: Job) -> None:
        """There is nothing to be wrong."""

    async def run(self, job: Job, _secret: str | None, sent: Sent) -> Finding:
        work = partial(find_out, keyring=self.keyring, sent=sent)
        found = await finding_of(self.meters, job.meter, work, command=False)
        is_known = isinstance(found.result, dict) and found.result["taken"] is not None
        return replace(found, state=JobState.CONFIRMED) if is_known else found
