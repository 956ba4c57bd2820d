"""Jobs: what was asked of meters, and how far it is."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hesd.model.job import JobState
from hesd.store import jobs
from hesd.store.jobs import JobFilter
from hesd.web.app import App
from hesd.web.endpoint import Call, Page, endpoint
from hesd.web.permissions import Permission
from hesd.web.resources.relay import Reason
from hesd.web.shown import JobShown
from hesd.web.wire import Limit


class JobQuery(Struct, forbid_unknown_fields=True):
    """What is not given does not matter."""

    meter: str | None = None
    user: str | None = None
    kind: str | None = None
    state: JobState | None = None
    limit: Limit = 100
    cursor: int | None = None


class Settlement(Struct, forbid_unknown_fields=True):
    """What somebody has found out about a job that is unknown, and how: the `reason` is kept with it."""

    outcome: Literal["confirmed", "rejected"]
    reason: Reason


class Jobs:
    def __init__(self, app: App) -> None:
        self._db = app.db
        self._job_runner = app.job_runner

    @endpoint("GET", "/jobs", Permission.SEE)
    async def list(self, query: JobQuery) -> Page[JobShown]:
        """Jobs, the latest first."""
        wanted = JobFilter(meter=query.meter, user=query.user, kind=query.kind, state=query.state)
        page = await self._db.read(jobs.listed, wanted, query.limit, query.cursor)
        next = None if page.next is None else str(page.next)
        return Page([JobShown.of(job) for job in page.items], next)

    @endpoint("GET", "/jobs/<id>", Permission.SEE)
    async def get(self, id: str) -> JobShown:
        """One job with every step it took."""
        return JobShown.of(await self._db.read(jobs.get, id))

    @endpoint("POST", "/jobs/<id>/cancel", Permission.READ_METERS, status=202)
    async def cancel(self, id: str) -> JobShown:
        """Take a job back that has not been sent yet."""
        job = await self._db.read(jobs.get, id)
        self._job_runner.cancel(job.id)
        return JobShown.of(job)

    @endpoint("POST", "/jobs/<id>/settle", Permission.SETTLE_JOBS)
    async def settle(self, call: Call, id: str, body: Settlement) -> JobShown:
        """Say what became of a job that is unknown. Nothing is sent; but a token that was in doubt can
        be given again then."""
        state = JobState(body.outcome)
        return JobShown.of(await self._job_runner.settle(id, state, call.user.username, body.reason))
