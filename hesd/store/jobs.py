"""Jobs as rows: what was asked, by whom, and every step it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from hesd.model.job import JSON, SETTLED, Job, JobState, JobStep, StepRefused, TwinJob
from hesd.store.errors import Unknown
from hesd.store.page import Page
from hesd.store.tables import job_steps, jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs to list; what is None does not matter."""

    meter: str | None = None
    user: str | None = None
    kind: str | None = None
    state: JobState | None = None


def create(connection: Connection, job: Job, idempotency_key: str | None = None) -> Job:
    """Write a job down. Where its user has used the key before, the job it gave then stays the only one.

    Raises `TwinJob` where one with the same fingerprint is open or unknown.
    """
    if idempotency_key is not None:
        known = _where(connection, jobs.c.user == job.user, jobs.c.idempotency_key == idempotency_key)
        if known:
            return known[0]
    _refuse_twin(connection, job)
    record = {
        "id": job.id,
        "kind": job.kind,
        "meter": job.meter,
        "user": job.user,
        "arguments": dict(job.arguments),
        "idempotency_key": idempotency_key,
        "state": job.state,
        "result": job.result,
    }
    number = connection.execute(insert(jobs).values(record).returning(jobs.c.number)).scalar_one()
    for step_taken in job.steps:
        _add_step(connection, number, step_taken)
    return job


def _refuse_twin(connection: Connection, job: Job) -> None:
    fingerprint = job.arguments.get("fingerprint")
    if fingerprint is None:
        return
    doubtful = [state for state in JobState if not state.final or state is JobState.UNKNOWN]
    twins = _where(
        connection,
        jobs.c.meter == job.meter,
        jobs.c.kind == job.kind,
        jobs.c.state.in_(doubtful),
        jobs.c.arguments["fingerprint"].as_string() == fingerprint,
    )
    if twins:
        raise TwinJob(f"job {twins[0].id} did the same and is {twins[0].state}: it is not done twice")


def step(connection: Connection, job_id: str, taken: JobStep, result: JSON = None) -> None:
    """Add a step to a job, and its result where there is one.

    Raises `Unknown`, and `StepRefused` where the job has come to its end.
    """
    number, state = _reached(connection, job_id)
    if state.final:
        raise StepRefused(f"job {job_id} has come to its end: it is {state}")
    _add_step(connection, number, taken)
    news: dict[str, Any] = {"state": taken.state}
    if result is not None:
        news["result"] = result
    connection.execute(update(jobs).where(jobs.c.number == number).values(news))


def settle(connection: Connection, job_id: str, taken: JobStep) -> Job:
    """Add the step by which a person ends the doubt about a job; gives the job.

    Raises `Unknown`, and `StepRefused` where its end is not unknown, or the step is none of `SETTLED`.
    """
    number, state = _reached(connection, job_id)
    if state is not JobState.UNKNOWN or taken.state not in SETTLED:
        raise StepRefused(f"job {job_id} is {state}: there is nothing to be settled as {taken.state}")
    _add_step(connection, number, taken)
    connection.execute(update(jobs).where(jobs.c.number == number).values(state=taken.state))
    return get(connection, job_id)


def _reached(connection: Connection, job_id: str) -> tuple[int, JobState]:
    """The number and the state of a job. Raises `Unknown`."""
    found = connection.execute(select(jobs.c.number, jobs.c.state).where(jobs.c.id == job_id)).one_or_none()
    if found is None:
        raise Unknown("job", job_id)
    return found.number, JobState(found.state)


def get(connection: Connection, job_id: str) -> Job:
    """The job of this id. Raises `Unknown`."""
    found = _where(connection, jobs.c.id == job_id)
    if not found:
        raise Unknown("job", job_id)
    return found[0]


def listed(
    connection: Connection, wanted: JobFilter, limit: int, before: int | None = None
) -> Page[Job, int]:
    """Jobs, the latest first; `next` is the `before` of the following page."""
    query = select(jobs).order_by(jobs.c.number.desc()).limit(limit + 1)
    for field in ("meter", "user", "kind", "state"):
        if getattr(wanted, field) is not None:
            query = query.where(jobs.c[field] == getattr(wanted, field))
    if before is not None:
        query = query.where(jobs.c.number < before)
    rows = connection.execute(query).all()
    return Page(tuple(_jobs(connection, rows[:limit])), rows[limit - 1].number if len(rows) > limit else None)


def unfinished(connection: Connection) -> list[Job]:
    """Jobs that were under way, in the order they came: at a start, what a crash cut short."""
    return _where(connection, jobs.c.state.in_([state for state in JobState if not state.final]))


def _add_step(connection: Connection, number: int, taken: JobStep) -> None:
    earlier = select(func.count()).where(job_steps.c.job_number == number)
    record = {
        "job_number": number,
        "number": connection.scalar(earlier),
        "state": taken.state,
        "at_ms": taken.at_ms,
        "detail": taken.detail,
    }
    connection.execute(insert(job_steps).values(record))


def _where(connection: Connection, *conditions: Any) -> list[Job]:
    query: Select[Any] = select(jobs).where(*conditions).order_by(jobs.c.number)
    return _jobs(connection, connection.execute(query).all())


def _jobs(connection: Connection, rows: Sequence[Any]) -> list[Job]:
    numbers = [row.number for row in rows]
    query = select(job_steps).where(job_steps.c.job_number.in_(numbers))
    steps: dict[int, list[JobStep]] = {number: [] for number in numbers}
    for taken in connection.execute(query.order_by(job_steps.c.job_number, job_steps.c.number)):
        steps[taken.job_number].append(JobStep(JobState(taken.state), taken.at_ms, taken.detail))
    return [
        Job(
            id=row.id,
            kind=row.kind,
            meter=row.meter,
            user=row.user,
            arguments=row.arguments,
            steps=tuple(steps[row.number]),
            result=row.result,
        )
        for row in rows
    ]
