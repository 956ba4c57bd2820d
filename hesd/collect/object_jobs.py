"""The kinds of jobs that look into the objects of a DLMS meter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from hesd.collect.attribute_read import NotShown, check_attribute, read_attribute
from hesd.collect.command_meters import CommandMeters
from hesd.collect.job_arguments import not_read, number_of, obis_of
from hesd.collect.jobs import Finding, JobRefused, Sent
from hesd.collect.object_list import ObjectLists
from hesd.model.errors import HesdError
from hesd.model.job import Job, JobState


@dataclass(frozen=True)
class ObjectsJob:
    """Has a meter list the objects of its association, which is kept for all of its model.

    No arguments. The result: `objects`, how many there are.
    """

    meters: CommandMeters
    lists: ObjectLists

    def check(self, job: Job) -> None:
        """There is nothing to check."""

    async def run(self, job: Job, _secret: str | None, sent: Sent) -> Finding:
        await sent("asked the meter")
        try:
            listed = await self.meters.with_meter(job.meter, self.lists.read)
        except HesdError as problem:
            return not_read(problem)
        return Finding(JobState.CONFIRMED, f"{len(listed)} objects", {"objects": len(listed)})


@dataclass(frozen=True)
class AttributeJob:
    """Reads one attribute of one object.

    Arguments: `class_id`, `obis`, `attribute`. The result is what `read_attribute` gives.
    """

    meters: CommandMeters

    def check(self, job: Job) -> None:
        obis_of(job, "obis")
        class_id = number_of(job, "class_id", 1, 0xFFFF)
        # The manufacturer's are negative.
        attribute = number_of(job, "attribute", -128, 127)
        if attribute == 0:
            raise JobRefused("attribute: expected the number of one")
        try:
            check_attribute(class_id, attribute)
        except NotShown as refusal:
            raise JobRefused(f"attribute: {refusal}") from None

    async def run(self, job: Job, _secret: str | None, sent: Sent) -> Finding:
        wanted = {name: job.arguments[name] for name in ("class_id", "attribute")}
        await sent("asked the meter")
        try:
            shown = await self.meters.with_meter(
                job.meter, partial(read_attribute, obis=obis_of(job, "obis"), **wanted)
            )
        except HesdError as problem:
            return not_read(problem)
        return Finding(JobState.CONFIRMED, shown["name"], shown)
