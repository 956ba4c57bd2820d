"""Reading a meter on demand."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated

from msgspec import Meta, Struct
from twisted.internet.defer import TimeoutError

from hesd.model.job import Job
from hesd.model.obis import OBIS
from hesd.store import jobs, meters
from hesd.web.app import App
from hesd.web.endpoint import Call, endpoint
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType
from hesd.web.session import Session
from hesd.web.shown import JobShown

KIND = "read"

_MAX_WAIT = 30.0
_MAX_KEY = 200
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?:,|;|$)", re.IGNORECASE)

Codes = Annotated[list[OBIS], Meta(max_length=500)]


class ReadRequest(Struct, forbid_unknown_fields=True):
    """The quantities to read; without any, all that the meter is polled for."""

    obis: Codes = []


class Reads:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("POST", "/meters/<serial>/reads", Permission.READ_METERS, status=202)
    async def read(self, call: Call, serial: str, body: ReadRequest) -> JobShown:
        """Ask the meter itself, now. With `Prefer: wait=N` the answer waits up to N seconds
        for the end of the job and is 200 then; with an `Idempotency-Key` that was sent before it
        is the job of that time."""
        key = call.header("idempotency-key")
        if key is not None and not 0 < len(key) <= _MAX_KEY:
            raise Problem(ProblemType.INVALID, f"1 to {_MAX_KEY} characters", field="Idempotency-Key")
        job = await self._submit(call.user, serial, body.obis, key)
        wait = _WAIT.search(call.header("prefer") or "")
        if wait is not None:
            job = await self._wait(job, min(float(wait[1]), _MAX_WAIT))
            call.answer_headers["Preference-Applied"] = f"wait={wait[1]}"
        if job.state.final:
            call.status = 200
        call.answer_headers["Location"] = f"/api/v1/jobs/{job.id}"
        return JobShown.of(job)

    async def start(self, session: Session, serial: str, codes: list[OBIS]) -> JobShown:
        """The same for a client of the feed."""
        return JobShown.of(await self._submit(session, serial, codes, None))

    async def _submit(self, session: Session, serial: str, codes: list[OBIS], key: str | None) -> Job:
        meter = await self._app.db.read(meters.get, serial)
        arguments = {"obis": [str(code) for code in codes]}
        job = await self._app.job_runner.submit(
            KIND, meter=meter.serial, user=session.username, arguments=arguments, idempotency_key=key
        )
        if (job.meter, dict(job.arguments)) != (meter.serial, arguments):
            raise Problem(
                ProblemType.CONFLICT, "this key belongs to another request", field="Idempotency-Key"
            )
        return job

    async def _wait(self, job: Job, seconds: float) -> Job:
        with suppress(TimeoutError):
            await self._app.job_runner.finished(job.id).addTimeout(seconds, self._app.reactor)
        live = self._app.job_runner.live(job.id)
        return await self._app.db.read(jobs.get, job.id) if live is None else live
