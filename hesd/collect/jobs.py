"""Runs what was asked of meters, detached from whoever asked, every step written down.

A job is accepted when the journal has it. Before a kind of work sends anything it calls
`sent`, which returns only when the journal has that too: so after a crash a job that was
sent is unknown, and one that was not has surely not been done. Nothing is sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from hesd.model.errors import HesdError
from hesd.model.job import JSON, Job, JobState, JobStep, StepRefused, TwinJob


class JobRefused(HesdError):
    """A job was not accepted, or cannot be taken back; the text says why."""


class Journal(Protocol):
    """Where jobs are kept. What it has returned from is on disk."""

    def create(self, job: Job, idempotency_key: str | None) -> Awaitable[Job]:
        """Keep a new job; where its user has used the key before, give the job of that time instead.

        Raises `TwinJob`.
        """

    def step(self, job_id: str, taken: JobStep, result: JSON) -> Awaitable[None]:
        """Add a step to a job, and its result where that is not None."""

    def settle(self, job_id: str, taken: JobStep) -> Awaitable[Job]:
        """Add the step that ends the doubt about a job. Raises `StepRefused` where there is none."""

    def unfinished(self) -> Awaitable[Sequence[Job]]:
        """Jobs whose last step is not final, in the order they came."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How a job ended: a final state, a sentence about it, and its result."""

    state: JobState
    detail: str = ""
    result: JSON = None


Sent = Callable[[str], Awaitable[None]]


class JobKind(Protocol):
    """What jobs of one kind do."""

    def check(self, job: Job) -> None:
        """Raises `JobRefused` where the arguments are not such that it can be tried."""

    async def run(self, job: Job, secret: str | None, sent: Sent) -> Finding:
        """Do it. `sent` has to be awaited, with a sentence, before anything leaves."""


def _random_id() -> str:
    return token_hex(8)


class JobRunner:
    """Runs jobs of the given kinds.

    `on_job` is told of a job after every step it takes. At most `limit` jobs are under way
    at a time.
    """

    log = Logger()

    def __init__(
        self,
        journal: Journal,
        kinds: Mapping[str, JobKind],
        clock: IReactorTime,
        on_job: Callable[[Job], None],
        new_id: Callable[[], str] = _random_id,
        limit: int = 1000,
    ) -> None:
        self._journal = journal
        self._kinds = kinds
        self._clock = clock
        self._on_job = on_job
        self._new_id = new_id
        self._limit = limit
        self._live: dict[str, _Run] = {}
        self._stopping = False

    async def submit(
        self,
        kind: str,
        *,
        meter: str,
        user: str,
        arguments: Mapping[str, JSON],
        secret: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Accept a job and begin with it; returns as soon as it is written down.

        `secret` (a password) goes to the work and is kept nowhere. Raises `JobRefused`.
        """
        if kind not in self._kinds:
            raise JobRefused(f"there is no kind of job called {kind!r}")
        if self._stopping:
            raise JobRefused("the head end is stopping")
        if len(self._live) >= self._limit:
            raise JobRefused(f"{self._limit} jobs are under way already")
        accepted = (JobStep(JobState.ACCEPTED, self._now_ms()),)
        job = Job(id=self._new_id(), kind=kind, meter=meter, user=user, arguments=arguments, steps=accepted)
        self._kinds[kind].check(job)
        try:
            kept = await self._journal.create(job, idempotency_key)
        except TwinJob as twin:
            raise JobRefused(str(twin)) from None
        if kept.id != job.id:
            return self.live(kept.id) or kept
        run = self._live[job.id] = _Run(job)
        self._tell(job)
        run.work = Deferred.fromCoroutine(self._run(run, secret))
        run.work.addErrback(self._lost, run)
        return run.job

    def live(self, job_id: str) -> Job | None:
        """A job that is under way, None for any other."""
        run = self._live.get(job_id)
        return None if run is None else run.job

    def finished(self, job_id: str) -> Deferred[None]:
        """Fires when a job has come to its end, at once where it is not under way."""
        run = self._live.get(job_id)
        if run is None:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        run.waiters.append(waiter)
        return waiter

    def cancel(self, job_id: str) -> None:
        """Take a job back. Raises `JobRefused` where it is not under way, or sent already."""
        run = self._live.get(job_id)
        if run is None:
            raise JobRefused("this job has come to its end")
        if run.sending:
            raise JobRefused("this job was sent already")
        assert run.work is not None, "a job is live no earlier than its work"
        run.work.cancel()

    async def settle(self, job_id: str, state: JobState, user: str, reason: str) -> Job:
        """Write down what became of a job that is unknown, as a person has found out; gives the job.

        `state` is one of `hesd.model.job.SETTLED`. Raises `JobRefused` where the job is not unknown.
        """
        taken = JobStep(state, self._now_ms(), f"settled by {user}: {reason}")
        try:
            job = await self._journal.settle(job_id, taken)
        except StepRefused as refusal:
            raise JobRefused(str(refusal)) from None
        self._tell(job)
        return job

    async def recover(self) -> None:
        """Close what an earlier process left open; to be called once, before the first `submit`."""
        for job in await self._journal.unfinished():
            if any(step.state is JobState.SENT for step in job.steps):
                finding = Finding(
                    JobState.UNKNOWN, "the head end stopped before the meter's answer was known"
                )
            else:
                finding = Finding(JobState.FAILED, "the head end stopped before anything was sent")
            await self._step(_Run(job), finding.state, finding.detail)

    async def stop(self) -> None:
        """Accept no more, take back what was not sent, and see the rest through."""
        self._stopping = True
        for run in tuple(self._live.values()):
            waiter = self.finished(run.job.id)
            if not run.sending and run.work is not None:
                run.work.cancel()
            await waiter

    async def _run(self, run: _Run, secret: str | None) -> None:
        async def sent(detail: str) -> None:
            run.sending = True
            await self._step(run, JobState.SENT, detail)

        try:
            await self._step(run, JobState.QUEUED)
            finding = await self._kinds[run.job.kind].run(run.job, secret, sent)
        except CancelledError:
            state = JobState.UNKNOWN if run.sending else JobState.CANCELLED
            finding = Finding(state, "given up" if run.sending else "taken back")
        except Exception as error:
            self.log.failure("job {job} of kind {kind} failed", job=run.job.id, kind=run.job.kind)
            state = JobState.UNKNOWN if run.sending else JobState.FAILED
            finding = Finding(state, f"{type(error).__name__}: {error}")
        await self._step(run, finding.state, finding.detail, finding.result)
        self._close(run)

    def _lost(self, failure: Any, run: _Run) -> None:
        """The end of a job could not be written down: at the next start it will be found open."""
        self.log.failure("the end of job {job} is not in the journal", failure, job=run.job.id)
        self._close(run)

    async def _step(self, run: _Run, state: JobState, detail: str = "", result: JSON = None) -> None:
        taken = JobStep(state, self._now_ms(), detail)
        await self._journal.step(run.job.id, taken, result)
        run.job = run.job.stepped(taken, result)
        self._tell(run.job)

    def _close(self, run: _Run) -> None:
        self._live.pop(run.job.id, None)
        for waiter in run.waiters:
            waiter.callback(None)

    def _tell(self, job: Job) -> None:
        try:
            self._on_job(job)
        except Exception:
            self.log.failure("nobody learned of a step of job {job}", job=job.id)

    def _now_ms(self) -> int:
        return int(self._clock.seconds() * 1000)


class _Run:
    """A job under way."""

    __slots__ = ("job", "sending", "waiters", "work")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.sending = False
        self.work: Deferred[None] | None = None
        self.waiters: list[Deferred[None]] = []
