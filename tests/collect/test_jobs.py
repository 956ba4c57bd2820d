"""Jobs: every step written down, what was sent never sent again, secrets nowhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.job_kinds import job_kinds
from hesd.collect.jobs import Finding, JobRefused, JobRunner, Sent
from hesd.collect.meter import UnknownMeter
from hesd.collect.setting import SettingOutcome, SettingRefused
from hesd.modbus.errors import MeterException
from hesd.model.errors import LinkDown, NoReply
from hesd.model.job import JSON, Job, JobState, JobStep, StepRefused
from hesd.model.obis import OBIS
from hesd.model.reading import Reading
from hesd.model.units import Unit

VOLTS = Reading("1", OBIS("1-0:32.7.0"), 1000, 230.5, 0, 230.5, Unit.V)


class MemoryJournal:
    """Keeps jobs in a dictionary; `hold` makes what is written wait to be on disk."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.hold: set[JobState] = set()
        self.held: list[Deferred[None]] = []
        self.broken: set[JobState] = set()

    async def create(self, job: Job, idempotency_key: str | None) -> Job:
        if idempotency_key is not None:
            known = self.keys.setdefault((job.user, idempotency_key), job.id)
            if known != job.id:
                return self.jobs[known]
        self.jobs[job.id] = job
        return job

    async def step(self, job_id: str, taken: JobStep, result: JSON) -> None:
        if taken.state in self.broken:
            raise OSError("disk full")
        if taken.state in self.hold:
            self.held.append(Deferred())
            await self.held[-1]
        self.jobs[job_id] = self.jobs[job_id].stepped(taken, result)

    async def settle(self, job_id: str, taken: JobStep) -> Job:
        job = self.jobs[job_id]
        if job.state is not JobState.UNKNOWN:
            raise StepRefused(f"job {job_id} is {job.state}")
        self.jobs[job_id] = job.stepped(taken)
        return self.jobs[job_id]

    async def unfinished(self) -> Sequence[Job]:
        return [job for job in self.jobs.values() if not job.state.final]


class Meters:
    """Answers what it is told to; notes what reached it and what was in the journal then."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.journal = journal
        self.waiting: list[Deferred[Any]] = []
        self.asked: list[tuple[Any, ...]] = []
        self.states_when_asked: list[JobState] = []

    def read_now(self, serial: str, codes: Sequence[OBIS]) -> Deferred[list[Reading]]:
        return self._ask(serial, list(codes))

    def write_setting(
        self, serial: str, name: str, value: float, password: str | None = None
    ) -> Deferred[SettingOutcome]:
        return self._ask(serial, name, value, password)

    def _ask(self, *asked: Any) -> Deferred[Any]:
        self.asked.append(asked)
        self.states_when_asked += [job.state for job in self.journal.jobs.values()]
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def answer(self, answer: Any) -> None:
        """Give all who wait this answer, or this error."""
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each.errback(answer) if isinstance(answer, Exception) else each.callback(answer)


class JobTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = MemoryJournal()
        self.meters = Meters(self.journal)
        self.clock = Clock()
        self.clock.advance(1_000)
        self.told: list[Job] = []
        self.runner = self.run_with(job_kinds(self.meters))

    def run_with(self, kinds: Any, **more: Any) -> JobRunner:
        ids = map(str, count(1))
        return JobRunner(self.journal, kinds, self.clock, self.told.append, new_id=lambda: next(ids), **more)

    def submit(self, kind: str = "read", arguments: Any = None, **more: Any) -> Job:
        work = self.runner.submit(kind, meter="m1", user="ann", arguments=arguments or {}, **more)
        return self.successResultOf(Deferred.fromCoroutine(work))

    def refused(self, kind: str = "read", arguments: Any = None) -> str:
        work = self.runner.submit(kind, meter="m1", user="ann", arguments=arguments or {})
        failure = self.failureResultOf(Deferred.fromCoroutine(work), JobRefused)
        self.assertEqual(self.meters.asked, [])
        return str(failure.value)

    def states(self, job_id: str = "1") -> list[str]:
        return [step.state.value for step in self.journal.jobs[job_id].steps]

    def test_a_read_goes_through_its_states_and_brings_readings(self) -> None:
        job = self.submit(arguments={"obis": ["1-0:32.7.0"]})
        self.assertEqual(self.states(), ["accepted", "queued", "sent"])
        self.clock.advance(2)
        self.meters.answer([VOLTS])
        self.assertEqual(self.states(), ["accepted", "queued", "sent", "confirmed"])
        kept = self.journal.jobs[job.id]
        self.assertEqual([step.at_ms for step in kept.steps], [1_000_000] * 3 + [1_002_000])
        self.assertEqual(
            kept.result,
            [
                {
                    "obis": "1.0.32.7.0.255",
                    "quantity": "voltage_l1",
                    "value": 230.5,
                    "unit": "V",
                    "quality": "good",
                    "at_ms": 1000,
                }
            ],
        )
        self.assertEqual(self.meters.asked, [("m1", [OBIS("1.0.32.7.0.255")])])

    def test_every_step_is_told(self) -> None:
        self.submit()
        self.meters.answer([])
        self.assertEqual([job.state.value for job in self.told], ["accepted", "queued", "sent", "confirmed"])

    def test_nothing_leaves_before_the_journal_has_it_as_sent(self) -> None:
        self.journal.hold = {JobState.SENT}
        self.submit()
        self.assertEqual(self.meters.asked, [])
        self.journal.held[0].callback(None)
        self.assertEqual(self.meters.states_when_asked, [JobState.SENT])

    def test_nothing_leaves_when_the_journal_cannot_write(self) -> None:
        self.journal.broken = {JobState.SENT}
        self.submit()
        self.assertEqual(self.meters.asked, [])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertNotIn("confirmed", self.states())

    def test_an_end_that_cannot_be_written_down_is_found_open_at_the_next_start(self) -> None:
        self.journal.broken = {JobState.CONFIRMED}
        self.submit()
        self.meters.answer([])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertIsNone(self.runner.live("1"))
        self.journal.broken.clear()
        self.recover()
        self.assertEqual(self.states()[-1], "unknown")

    def recover(self) -> None:
        self.runner = self.run_with(job_kinds(self.meters))
        self.successResultOf(Deferred.fromCoroutine(self.runner.recover()))

    def test_after_a_restart_what_was_sent_is_unknown_and_what_was_not_has_failed(self) -> None:
        for number, states in enumerate(
            (["accepted"], ["accepted", "queued"], ["accepted", "queued", "sent"])
        ):
            steps = tuple(JobStep(JobState(state), 5) for state in states)
            job = Job(id=f"{number}", kind="setting", meter="m", user="u", arguments={}, steps=steps)
            self.journal.jobs[job.id] = job
        self.recover()
        self.assertEqual([self.states(str(n))[-1] for n in range(3)], ["failed", "failed", "unknown"])
        self.assertEqual(self.meters.asked, [])

    def test_a_doubt_is_settled_by_a_person_and_told(self) -> None:
        self.submit("setting", {"name": "ct", "value": 1})
        self.assert_not_settled()
        self.meters.answer(OSError())
        self.flushLoggedErrors(OSError)
        self.assertEqual(self.states()[-1], "unknown")
        work = self.runner.settle("1", JobState.CONFIRMED, "eva", "it shows the value")
        job = self.successResultOf(Deferred.fromCoroutine(work))
        self.assertEqual(job.steps[-1].detail, "settled by eva: it shows the value")
        self.assertEqual((self.told[-1], self.states()[-2:]), (job, ["unknown", "confirmed"]))
        self.assert_not_settled()

    def assert_not_settled(self) -> None:
        work = self.runner.settle("1", JobState.REJECTED, "eva", "x")
        self.failureResultOf(Deferred.fromCoroutine(work), JobRefused)

    def test_reads_end_in_the_state_that_fits(self) -> None:
        for error, state in (
            (MeterException(2, 3), "rejected"),
            (NoReply("silent"), "failed"),
            (LinkDown("no adapter"), "failed"),
            (UnknownMeter("m1"), "failed"),
        ):
            self.setUp()
            self.submit()
            self.meters.answer(error)
            self.assertEqual(self.states()[-1], state)

    def test_a_setting_ends_as_the_meter_says(self) -> None:
        self.submit("setting", {"name": "demand_period", "value": 15}, secret="1000")
        self.meters.answer(SettingOutcome(JobState.UNKNOWN, "no reply", None))
        self.assertEqual(self.states()[-1], "unknown")
        self.assertEqual(self.meters.asked, [("m1", "demand_period", 15, "1000")])

    def test_a_setting_that_is_not_allowed_is_rejected(self) -> None:
        self.submit("setting", {"name": "demand_period", "value": 15})
        self.meters.answer(SettingRefused("writing is not enabled"))
        self.assertEqual(self.journal.jobs["1"].steps[-1].detail, "writing is not enabled")
        self.assertEqual(self.states()[-1], "rejected")

    def test_a_secret_is_kept_nowhere(self) -> None:
        self.submit("setting", {"name": "demand_period", "value": 15}, secret="hush")
        self.meters.answer(SettingOutcome(JobState.CONFIRMED, "the meter says 15", 15))
        self.assertNotIn("hush", repr(self.journal.jobs) + repr(self.told))

    def test_work_that_breaks_is_unknown_once_it_was_sent_and_failed_before(self) -> None:
        for sends, state in ((True, "unknown"), (False, "failed")):
            self.setUp()
            self.runner = self.run_with({"odd": Odd(sends)})
            self.submit("odd")
            self.assertEqual(self.states()[-1], state)
            self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_the_same_key_of_the_same_user_gives_the_same_job(self) -> None:
        first = self.submit(idempotency_key="k")
        again = self.submit(idempotency_key="k")
        self.assertEqual(again.id, first.id)
        self.assertEqual(again.state, JobState.SENT)
        self.assertEqual(len(self.meters.asked), 1)

    def test_whoever_waits_learns_of_the_end(self) -> None:
        job = self.submit()
        waiting = self.runner.finished(job.id)
        self.assertNoResult(waiting)
        self.meters.answer([])
        self.successResultOf(waiting)
        self.successResultOf(self.runner.finished(job.id))

    def test_a_job_is_taken_back_only_before_it_was_sent(self) -> None:
        self.journal.hold = {JobState.QUEUED}
        self.submit()
        self.runner.cancel("1")
        self.assertEqual(self.states()[-1], "cancelled")
        self.assertEqual(self.meters.asked, [])
        self.journal.hold = set()
        self.submit()
        self.assertRaises(JobRefused, self.runner.cancel, "2")
        self.meters.answer([])
        self.assertRaises(JobRefused, self.runner.cancel, "2")

    def test_stopping_takes_back_what_was_not_sent_and_sees_the_rest_through(self) -> None:
        self.submit()
        self.journal.hold = {JobState.QUEUED}
        self.submit()
        stopped = Deferred.fromCoroutine(self.runner.stop())
        self.assertNoResult(stopped)
        self.meters.answer([])
        self.successResultOf(stopped)
        self.assertEqual([self.states("1")[-1], self.states("2")[-1]], ["confirmed", "cancelled"])
        self.assertIn("stopping", self.runner_refuses())

    def runner_refuses(self) -> str:
        work = self.runner.submit("read", meter="m1", user="ann", arguments={})
        return str(self.failureResultOf(Deferred.fromCoroutine(work), JobRefused).value)

    def test_what_cannot_be_tried_is_not_accepted(self) -> None:
        self.assertIn("kind", self.refused("dance"))
        for arguments in ({"obis": "1-0:1.8.0"}, {"obis": ["volts"]}, {"obis": [1]}):
            self.assertIn("obis", self.refused("read", arguments))
        self.assertIn("name", self.refused("setting", {"value": 1}))
        for value in (None, "1", True):
            self.assertIn("value", self.refused("setting", {"name": "x", "value": value}))
        self.assertEqual(self.journal.jobs, {})

    def test_there_is_a_limit_to_what_is_under_way(self) -> None:
        self.runner = self.run_with(job_kinds(self.meters), limit=2)
        self.submit()
        self.submit()
        self.assertIn("under way", self.runner_refuses())
        self.meters.answer([])
        self.submit()

    def test_a_listener_that_fails_stops_no_job(self) -> None:
        runner = JobRunner(self.journal, job_kinds(self.meters), self.clock, _fail)
        self.runner = runner
        job = self.submit()
        self.meters.answer([])
        self.assertEqual(self.states(job.id)[-1], "confirmed")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 4)

    @given(st.lists(st.sampled_from(["submit", "answer", "cancel", "write"]), max_size=30))
    def test_however_disturbed_a_job_ends_once_and_asks_at_most_once(self, events: list[str]) -> None:
        self.setUp()
        self.journal.hold = {JobState.QUEUED, JobState.SENT}
        act: dict[str, Callable[[], Any]] = {
            "submit": lambda: self.submit(),
            "answer": lambda: self.meters.answer([VOLTS]),
            "cancel": self.cancel_one,
            "write": self.write_one,
        }
        for event in events:
            act[event]()
        self.journal.hold = set()
        while any(not each.called for each in self.journal.held):
            self.write_one()
        act["answer"]()
        for job in self.journal.jobs.values():
            finals = [step for step in job.steps if step.state.final]
            self.assertEqual((len(finals), job.state.final), (1, True))
        sent = [job for job in self.journal.jobs.values() if "sent" in self.states(job.id)]
        self.assertEqual(len(self.meters.asked), len(sent))

    def cancel_one(self) -> None:
        for job_id in self.journal.jobs:
            try:
                self.runner.cancel(job_id)
                return
            except JobRefused:
                pass

    def write_one(self) -> None:
        for held in self.journal.held:
            if not held.called:
                held.callback(None)
                return


class Odd:
    """A kind of work with a mistake in it."""

    def __init__(self, sends: bool) -> None:
        self._sends = sends

    def check(self, job: Job) -> None:
        """Anything goes."""

    async def run(self, job: Job, secret: str | None, sent: Sent) -> Finding:
        if self._sends:
            await sent("now")
        raise ZeroDivisionError


def _fail(job: Job) -> None:
    raise ZeroDivisionError
