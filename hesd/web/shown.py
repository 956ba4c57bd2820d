"""Readings, jobs and lines as the outside sees them: the same by REST and on the feed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Self

from msgspec import Struct

from hesd.model.job import Job, JobState
from hesd.model.obis import OBIS
from hesd.model.quantities import quantity
from hesd.model.reading import Quality, Reading, Value
from hesd.web.wire import At, at

_QUALITY = {quality: quality.label for quality in Quality}


class ReadingShown(Struct):
    """A value with its unit; energy and power in kWh, kW and their like."""

    obis: str
    quantity: str
    label: str
    value: Value
    unit: str
    quality: str
    at: At

    @classmethod
    def of(cls, reading: Reading) -> Self:
        name, label = names(reading.obis)
        return cls(
            str(reading.obis),
            name,
            label,
            reading.shown,
            reading.unit.sign,
            _QUALITY[reading.quality],
            at(reading.at_ms),
        )


@lru_cache(maxsize=4096)
def names(obis: OBIS) -> tuple[str, str]:
    """The name of a quantity for programs, and for people."""
    found = quantity(obis)
    # Both are the OBIS itself where nobody has a name for it, and encoders take texts only.
    return str(found.name), str(found.label)


class ReadingsOfMeter(Struct):
    """What a meter said; the data of a ``readings/SERIAL`` event."""

    meter: str
    readings: list[ReadingShown]

    def over(self, older: ReadingsOfMeter) -> ReadingsOfMeter:
        """These readings and the older ones of other quantities."""
        merged = {reading.obis: reading for reading in (*older.readings, *self.readings)}
        return ReadingsOfMeter(self.meter, list(merged.values()))


class JobStepShown(Struct):
    state: JobState
    at: At
    detail: str


class JobShown(Struct):
    """A job with every step it took; `result` is null until there is one."""

    id: str
    kind: str
    meter: str
    user: str
    arguments: dict[str, Any]
    state: JobState
    steps: list[JobStepShown]
    result: Any

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(
            job.id,
            job.kind,
            job.meter,
            job.user,
            dict(job.arguments),
            job.state,
            [JobStepShown(step.state, at(step.at_ms), step.detail) for step in job.steps],
            _result(job.result),
        )


def _result(result: Any) -> Any:
    """A job's result; readings in it carry their time as everything that leaves here does."""
    if not isinstance(result, list):
        return result
    return [
        {**{key: content for key, content in each.items() if key != "at_ms"}, "at": at(each["at_ms"])}
        if isinstance(each, dict) and "at_ms" in each
        else each
        for each in result
    ]


def by_meter(readings: Iterable[Reading]) -> Iterable[ReadingsOfMeter]:
    """Readings in their order, gathered meter by meter."""
    gathered: dict[str, list[ReadingShown]] = {}
    for reading in readings:
        gathered.setdefault(reading.meter, []).append(ReadingShown.of(reading))
    return [ReadingsOfMeter(meter, shown) for meter, shown in gathered.items()]
