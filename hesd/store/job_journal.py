"""The journal that running jobs are written to: `hesd.store.jobs` behind awaitables."""

from __future__ import annotations

from hesd.model.job import JSON, Job, JobStep
from hesd.store import jobs
from hesd.store.database import Database


class JobJournal:
    """What a call has returned from is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, job: Job, idempotency_key: str | None) -> Job:
        """Keep a new job, or give the one its user asked for before under the same key."""
        return await self._database.write(jobs.create, job, idempotency_key)

    async def step(self, job_id: str, taken: JobStep, result: JSON) -> None:
        """Add a step, and the result where there is one. Raises `Unknown` and `StepRefused`."""
        await self._database.write(jobs.step, job_id, taken, result)

    async def settle(self, job_id: str, taken: JobStep) -> Job:
        """Add the step that ends a doubt. Raises `Unknown` and `StepRefused`."""
        return await self._database.write(jobs.settle, job_id, taken)

    async def unfinished(self) -> list[Job]:
        """What a crash cut short, in the order it came."""
        return await self._database.read(jobs.unfinished)
