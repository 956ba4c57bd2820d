"""Key changes as jobs: what they are ordered with, and where a new key is and is not."""

from __future__ import annotations

from typing import Any

from hesd.collect.jobs import Finding, JobRefused
from hesd.collect.key_job import KeyChangeJob, KeyCheckJob
from hesd.model.job import Job, JobState, JobStep
from tests.collect.memory_meter import EK, lost_reply
from tests.collect.test_key_change import NEW, KeyCase


class KeyJobTests(KeyCase):
    def ordered(self, **arguments: Any) -> Job:
        accepted = (JobStep(JobState.ACCEPTED, 0),)
        return Job(id="1", kind="key-change", meter="m", user="ann", arguments=arguments, steps=accepted)

    def run_job(self, secret: str | None = None, *faults: Any, **arguments: Any) -> Finding:
        job = KeyChangeJob(self, self.keyring, random=lambda length: b"r" * length)
        order = self.ordered(key="encryption_key", **arguments)
        job.check(order)
        found: Finding = self.result(job.run(order, secret, self.then(*faults)))
        return found

    def check_job(self) -> Finding:
        found: Finding = self.result(KeyCheckJob(self, self.keyring).run(self.ordered(), None, self.sent))
        return found

    def test_the_secret_is_the_key_unless_one_is_made_up(self) -> None:
        self.assertEqual(self.run_job(NEW.hex()).state, JobState.CONFIRMED)
        self.assertEqual(self.keys(), (NEW, {}))
        self.clock.advance(1)
        found = self.run_job(generate=True)
        self.assertEqual((found.state, found.result), (JobState.CONFIRMED, {"taken": True}))
        self.assertEqual(self.keys(), (b"r" * 16, {}))
        self.assertNotIn("72727272", repr(found))

    def test_without_a_key_nothing_is_sent(self) -> None:
        for secret in (None, "", "zz", NEW.hex()[:8]):
            self.assertEqual(self.run_job(secret).state, JobState.REJECTED)
        self.assertEqual((self.meter.called, self.keys()), ([], (EK, {})))

    def test_what_is_not_understood_is_not_accepted(self) -> None:
        job = KeyChangeJob(self, self.keyring)
        for arguments in (
            {},
            {"key": "password"},
            {"key": ["encryption_key"]},
            {"key": "master_key", "generate": 1},
        ):
            self.assertRaises(JobRefused, job.check, self.ordered(**arguments))

    def test_a_check_settles_what_was_in_doubt(self) -> None:
        self.assertEqual(self.check_job().state, JobState.REJECTED)
        self.assertEqual(self.told, [])
        found = self.run_job(NEW.hex(), *[lost_reply] * 20)
        self.assertEqual((found.state, found.result), (JobState.UNKNOWN, {"taken": None}))
        self.talk.faults.clear()
        self.become(EK)
        found = self.check_job()
        self.assertEqual((found.state, found.result), (JobState.CONFIRMED, {"taken": False}))
        self.assertEqual(self.told, ["a new encryption key", "asked the meter under both keys"])
        self.assertEqual(self.keys(), (EK, {}))
