from __future__ import annotations

from typing import Any

from twisted.internet import reactor

from hesd.collect.jobs import Finding, JobRunner, Sent
from hesd.model.job import SETTLED, Job, JobState, JobStep, StepRefused, TwinJob
from hesd.store import jobs
from hesd.store.errors import Unknown
from hesd.store.job_journal import JobJournal
from hesd.store.jobs import JobFilter
from tests.store.store_case import NOON, StoreCase


def _job(job_id: str = "j1", **what: Any) -> Job:
    accepted = JobStep(JobState.ACCEPTED, NOON)
    given = {"kind": "read", "meter": "M1", "user": "ada", "arguments": {"obis": ["1.0.1.8.0.255"]}}
    return Job(id=job_id, steps=(accepted,), **{**given, **what})


class JobTests(StoreCase):
    def test_a_job_comes_back_with_every_step(self) -> None:
        self.assertEqual(self.write(jobs.create, _job()), _job())
        sent = JobStep(JobState.SENT, NOON + 1, "line bus-1")
        confirmed = JobStep(JobState.CONFIRMED, NOON + 2)
        result = {"readings": [{"value": 2**70, "unit": "Wh"}], "text": "Küche"}
        self.write(jobs.step, "j1", sent)
        self.write(jobs.step, "j1", confirmed, result)
        self.assertEqual(self.read(jobs.get, "j1"), _job().stepped(sent).stepped(confirmed, result))

    def test_unknown_jobs_are_named(self) -> None:
        with self.assertRaises(Unknown):
            self.read(jobs.get, "j9")
        with self.assertRaises(Unknown):
            self.write(jobs.step, "j9", JobStep(JobState.SENT, NOON))

    def test_what_must_not_be_done_twice_is_refused_while_it_is_open_or_unknown(self) -> None:
        once = {"arguments": {"fingerprint": "f"}}
        self.write(jobs.create, _job("j1", **once), "key")
        for take, end in ((jobs.step, JobState.UNKNOWN), (jobs.settle, JobState.REJECTED)):
            with self.assertRaises(TwinJob):
                self.write(jobs.create, _job("j2", **once))
            self.write(take, "j1", JobStep(end, NOON))
        self.assertEqual(self.write(jobs.create, _job("j3", **once), "key").id, "j1")
        for job_id, other in enumerate(
            ({}, {"meter": "M2"}, {"kind": "token"}, {"arguments": {"fingerprint": "g"}})
        ):
            self.assertEqual(
                self.write(jobs.create, _job(f"k{job_id}", **{**once, **other})).id, f"k{job_id}"
            )

    def test_no_step_follows_the_last_one(self) -> None:
        for state in JobState:
            self.write(jobs.create, _job(state))
            self.write(jobs.step, state, JobStep(state, NOON))
            if state.final:
                with self.assertRaises(StepRefused):
                    self.write(jobs.step, state, JobStep(JobState.CONFIRMED, NOON))
                self.assertEqual(len(self.read(jobs.get, state).steps), 2)
            else:
                self.write(jobs.step, state, JobStep(JobState.CONFIRMED, NOON))

    def test_only_a_doubt_is_settled_and_only_once(self) -> None:
        for state in JobState:
            self.write(jobs.create, _job(state))
            self.write(jobs.step, state, JobStep(state, NOON))
            for end in JobState:
                if state is not JobState.UNKNOWN or end not in SETTLED:
                    with self.assertRaises(StepRefused):
                        self.write(jobs.settle, state, JobStep(end, NOON + 1))
            self.assertEqual(self.read(jobs.get, state).state, state)
        taken = JobStep(JobState.CONFIRMED, NOON + 1, "settled by eva: seen on the display")
        settled = self.write(jobs.settle, "unknown", taken)
        self.assertEqual((settled.state, settled.steps[-1]), (JobState.CONFIRMED, taken))
        self.assertEqual(self.read(jobs.get, "unknown"), settled)
        with self.assertRaises(StepRefused):
            self.write(jobs.settle, "unknown", taken)
        with self.assertRaises(Unknown):
            self.write(jobs.settle, "j9", taken)

    def test_an_idempotency_key_gives_one_job_to_a_user(self) -> None:
        first = self.write(jobs.create, _job("j1"), "key")
        self.write(jobs.step, "j1", JobStep(JobState.SENT, NOON))
        again = self.write(jobs.create, _job("j2"), "key")
        self.assertEqual((again.id, again.state), (first.id, JobState.SENT))
        with self.assertRaises(Unknown):
            self.read(jobs.get, "j2")
        self.assertEqual(self.write(jobs.create, _job("j3", user="bob"), "key").id, "j3")
        self.assertEqual(self.write(jobs.create, _job("j4"), "other key").id, "j4")
        self.assertEqual(self.write(jobs.create, _job("j5")).id, "j5")
        self.assertEqual(self.write(jobs.create, _job("j6")).id, "j6")

    def test_what_was_under_way_is_known_after_a_start(self) -> None:
        for number, state in enumerate(JobState):
            self.write(jobs.create, _job(f"j{number}"))
            self.write(jobs.step, f"j{number}", JobStep(state, NOON))
        states = [job.state for job in self.read(jobs.unfinished)]
        self.assertEqual(states, [JobState.ACCEPTED, JobState.QUEUED, JobState.SENT])

    def test_filters_and_pages_latest_first(self) -> None:
        for number in range(5):
            meter, user = ("M1", "ada") if number % 2 else ("M2", "bob")
            self.write(jobs.create, _job(f"j{number}", meter=meter, user=user))
        self.write(jobs.step, "j3", JobStep(JobState.FAILED, NOON))

        def listed(limit: int = 10, before: int | None = None, **wanted: Any) -> tuple[list[str], int | None]:
            page = self.read(jobs.listed, JobFilter(**wanted), limit, before)
            return [job.id for job in page.items], page.next

        self.assertEqual(listed(), (["j4", "j3", "j2", "j1", "j0"], None))
        self.assertEqual(listed(meter="M1"), (["j3", "j1"], None))
        self.assertEqual(listed(user="bob", state=JobState.ACCEPTED), (["j4", "j2", "j0"], None))
        self.assertEqual(listed(kind="write"), ([], None))
        first, following = listed(3)
        self.assertEqual(first, ["j4", "j3", "j2"])
        self.assertEqual(listed(3, following), (["j1", "j0"], None))


class JournalTests(StoreCase):
    async def test_a_runner_keeps_its_jobs_here(self) -> None:
        class Reading:
            def check(self, job: Job) -> None:
                pass

            async def run(self, job: Job, secret: str | None, sent: Sent) -> Finding:
                await sent("asked")
                return Finding(JobState.CONFIRMED, "answered", [230.5])

        runner = JobRunner(JobJournal(self.database), {"read": Reading()}, reactor, lambda job: None)  # type: ignore[arg-type]
        job = await runner.submit("read", meter="M1", user="ada", arguments={}, idempotency_key="key")
        await runner.finished(job.id)
        kept = self.read(jobs.get, job.id)
        self.assertEqual(kept.result, [230.5])
        self.assertEqual(
            [(step.state, step.detail) for step in kept.steps],
            [
                (JobState.ACCEPTED, ""),
                (JobState.QUEUED, ""),
                (JobState.SENT, "asked"),
                (JobState.CONFIRMED, "answered"),
            ],
        )
        again = await runner.submit("read", meter="M1", user="ada", arguments={}, idempotency_key="key")
        self.assertEqual(again, kept)

    async def test_what_a_crash_cut_short_is_closed_at_the_next_start(self) -> None:
        self.write(jobs.create, _job("waited"))
        self.write(jobs.create, _job("sent"))
        self.write(jobs.step, "sent", JobStep(JobState.SENT, NOON))
        await JobRunner(JobJournal(self.database), {}, reactor, lambda job: None).recover()  # type: ignore[arg-type]
        self.assertEqual(self.read(jobs.get, "waited").state, JobState.FAILED)
        self.assertEqual(self.read(jobs.get, "sent").state, JobState.UNKNOWN)
        self.assertEqual(self.read(jobs.unfinished), [])
