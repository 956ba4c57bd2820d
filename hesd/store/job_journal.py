"""The store as the journal of jobs: what it has returned from is on disk."""

from __future__ import annotations

from hesd.model.job import JSON, Job, JobStep
from hesd.store import jobs
from hesd.store.database import Database


class JobJournal:
    """What `hesd.collect.jobs.JobRunner` writes its jobs down in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, job: Job, idempotency_key: str | None) -> Job:
        return await self._database.write(jobs.create, job, idempotency_key)

    async def step(self, job_id: str, taken: JobStep, result: JSON) -> None:
        await self._database.write(jobs.step, job_id, taken, result)

    async def unfinished(self) -> list[Job]:
        return await self._database.read(jobs.unfinished)
