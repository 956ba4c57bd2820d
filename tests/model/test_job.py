"""Jobs as values: their state is their last step."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from hesd.model.job import Job, JobState, JobStep


class JobTests(SynchronousTestCase):
    def setUp(self) -> None:
        accepted = (JobStep(JobState.ACCEPTED, 1000),)
        self.job = Job(id="1", kind="read", meter="m", user="ann", arguments={}, steps=accepted)

    def test_the_state_is_the_last_step(self) -> None:
        self.assertIs(self.job.state, JobState.ACCEPTED)
        sent = self.job.stepped(JobStep(JobState.SENT, 2000))
        self.assertIs(sent.state, JobState.SENT)
        self.assertIs(self.job.state, JobState.ACCEPTED)

    def test_a_step_without_a_result_leaves_the_one_there_is(self) -> None:
        done = self.job.stepped(JobStep(JobState.CONFIRMED, 2000), result=[1])
        self.assertEqual(done.stepped(JobStep(JobState.CONFIRMED, 3000)).result, [1])

    def test_what_is_final(self) -> None:
        open_states = {state.value for state in JobState if not state.final}
        self.assertEqual(open_states, {"accepted", "queued", "sent"})
