"""Requests that become jobs: accepted at once, waited for on request, never begun twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from twisted.internet.defer import TimeoutError

from hesd.model.job import Job
from hesd.store import jobs, meters
from hesd.web.app import App
from hesd.web.endpoint import Call
from hesd.web.problems import Problem, ProblemType
from hesd.web.session import Session
from hesd.web.shown import JobShown

_MAX_WAIT = 30.0
_MAX_KEY = 200
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?:,|;|$)", re.IGNORECASE)


class JobRequests:
    def __init__(self, app: App) -> None:
        self._app = app

    async def answer(
        self, call: Call, kind: str, serial: str, arguments: Mapping[str, Any], secret: str | None = None
    ) -> JobShown:
        """Begin a job for a REST call and set its status: 202, or 200 where the job has ended.

        `Prefer: wait=N` waits for the end, at most so many seconds. With an `Idempotency-Key`
        that its user has sent before it is the job of that time.
        """
        key = call.header("idempotency-key")
        if key is not None and not 0 < len(key) <= _MAX_KEY:
            raise Problem(ProblemType.INVALID, f"1 to {_MAX_KEY} characters", field="Idempotency-Key")
        job = await self.begin(call.user, kind, serial, arguments, secret=secret, key=key)
        wait = _WAIT.search(call.header("prefer") or "")
        if wait is not None:
            job = await self._wait(job, min(float(wait[1]), _MAX_WAIT))
            call.answer_headers["Preference-Applied"] = f"wait={wait[1]}"
        if job.state.final:
            call.status = 200
        call.answer_headers["Location"] = f"/api/v1/jobs/{job.id}"
        return JobShown.of(job)

    async def begin(
        self,
        session: Session,
        kind: str,
        serial: str,
        arguments: Mapping[str, Any],
        *,
        secret: str | None = None,
        key: str | None = None,
    ) -> Job:
        """Begin a job on a meter of the registry. Raises `Problem` and what the job runner raises."""
        meter = await self._app.db.read(meters.get, serial)
        if self._app.head_end.state(meter.serial) is None:
            reason = self._app.placement.why_not(meter) or f"it is {meter.lifecycle}"
            raise Problem(ProblemType.CONFLICT, f"meter {meter.serial} is not in service: {reason}")
        job = await self._app.job_runner.submit(
            kind,
            meter=meter.serial,
            user=session.username,
            arguments=arguments,
            secret=secret,
            idempotency_key=key,
        )
        if (job.kind, job.meter, dict(job.arguments)) != (kind, meter.serial, arguments):
            raise Problem(
                ProblemType.CONFLICT, "this key belongs to another request", field="Idempotency-Key"
            )
        return job

    async def _wait(self, job: Job, seconds: float) -> Job:
        with suppress(TimeoutError):
            await self._app.job_runner.finished(job.id).addTimeout(seconds, self._app.reactor)
        live = self._app.job_runner.live(job.id)
        return await self._app.db.read(jobs.get, job.id) if live is None else live
