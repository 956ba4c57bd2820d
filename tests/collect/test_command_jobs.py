"""Commands as jobs: refused before anything is sent, ended as the meter says, never done twice."""

from __future__ import annotations

from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from hesd.collect.command_jobs import command_kinds
from hesd.collect.jobs import JobRefused, JobRunner
from hesd.collect.meter import UnknownMeter
from hesd.collect.token_job import TokenOrder, TokenOrders
from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.model.errors import LinkDown
from hesd.model.job import Job, JobState, TwinJob
from tests.collect.command_case import RELAY, TOKEN, CommandCase
from tests.collect.memory_meter import lost_reply
from tests.collect.test_jobs import MemoryJournal

DIGITS = "0417 3281 9465 0382 7165"
SERIAL = "46000755036"


class OnceJournal(MemoryJournal):
    """Refuses twins, as the store does."""

    async def create(self, job: Job, idempotency_key: str | None) -> Job:
        if idempotency_key is None or (job.user, idempotency_key) not in self.keys:
            for other in self.jobs.values():
                doubtful = not other.state.final or other.state is JobState.UNKNOWN
                if doubtful and other.arguments.get("fingerprint", "") == job.arguments.get("fingerprint"):
                    raise TwinJob(f"job {other.id} did the same")
        return await super().create(job, idempotency_key)


class JobCase(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.journal = OnceJournal()
        self.orders = TokenOrders(lambda: succeed(b"salt"))
        kinds = command_kinds(self, self.orders, self.clock)
        ids = map(str, count(1))
        self.runner = JobRunner(self.journal, kinds, self.clock, lambda _: None, new_id=lambda: next(ids))

    def submit(self, kind: str, arguments: Any, secret: str | None = None, key: str | None = None) -> Job:
        async def done() -> Job:
            job = await self.runner.submit(
                kind, meter=SERIAL, user="ann", arguments=arguments, secret=secret, idempotency_key=key
            )
            await self.runner.finished(job.id)
            return self.journal.jobs[job.id]

        job: Job = self.result(done())
        return job

    def refused(self, kind: str, arguments: Any) -> str:
        with self.assertRaises(JobRefused) as caught:
            self.submit(kind, arguments)
        self.assertEqual(self.talk.sent, [])
        return str(caught.exception)

    def states(self, job: Job) -> list[str]:
        return [step.state.value for step in job.steps]


class RelayJobTests(JobCase):
    def furnish(self) -> None:
        super().furnish()
        self.closed = True
        self.meter.values[AttributeDescriptor(70, RELAY, 2)] = lambda: Data.of(DataType.BOOLEAN, self.closed)
        self.meter.methods[MethodDescriptor(70, RELAY, 1)] = self.open

    def open(self, _: Data | None) -> ActionResponse:
        self.closed = False
        return ActionResponse(ActionResult.SUCCESS)

    def test_a_relay_is_switched_and_its_state_told(self) -> None:
        job = self.submit("relay", {"action": "disconnect", "reason": "unpaid"})
        self.assertEqual(self.states(job), ["accepted", "queued", "sent", "confirmed"])
        self.assertEqual(
            job.result, {"relay_status": "disconnected", "output_state": False, "control_mode": None}
        )

    def test_what_is_not_understood_is_not_accepted(self) -> None:
        self.assertIn("action", self.refused("relay", {"action": "toggle"}))
        self.assertIn("action", self.refused("relay", {}))
        self.assertIn("reason", self.refused("relay", {"action": "connect", "reason": "x" * 501}))

    def test_what_was_not_sent_has_failed_or_was_refused(self) -> None:
        self.talk.up = False
        job = self.submit("relay", {"action": "disconnect"})
        self.assertEqual(self.states(job), ["accepted", "queued", "failed"])
        self.with_meter = lambda *_, **__: fail(UnknownMeter(SERIAL))  # type: ignore[method-assign]
        self.assertEqual(self.states(self.submit("relay", {"action": "disconnect"}))[-1], "failed")

    def test_a_meter_without_a_relay_refuses(self) -> None:
        for attribute in (2, 3, 4):
            undefined = DataAccessResult.OBJECT_UNDEFINED
            self.meter.values[AttributeDescriptor(70, RELAY, attribute)] = undefined
        job = self.submit("relay", {"action": "disconnect"})
        self.assertEqual(self.states(job), ["accepted", "queued", "rejected"])

    def test_a_crash_while_it_is_out_leaves_it_unknown(self) -> None:
        self.journal.hold = {JobState.SENT}
        Deferred.fromCoroutine(
            self.runner.submit("relay", meter=SERIAL, user="ann", arguments={"action": "disconnect"})
        )
        self.assertEqual(self.meter.called, [])
        self.talk.up = False
        self.journal.held[0].callback(None)
        # The line went between writing down and sending, so nothing was sent, and it says so.
        self.assertEqual(self.states(self.journal.jobs["1"])[-1], "failed")


class TokenJobTests(JobCase):
    def order(self, text: str = DIGITS, amount: float | None = None) -> TokenOrder:
        order: TokenOrder = self.result(self.orders.order(SERIAL, text, amount))
        return order

    def load(self, order: TokenOrder, key: str | None = None) -> Job:
        return self.submit("token", order.arguments, order.secret, key)

    def test_a_token_is_loaded_and_its_digits_are_kept_nowhere(self) -> None:
        job = self.load(self.order(amount=20.5))
        self.assertEqual(self.states(job), ["accepted", "queued", "sent", "confirmed"])
        self.assertEqual(job.arguments["token"], "*" * 16 + "7165")
        self.assertEqual(job.arguments["amount"], 20.5)
        self.assertEqual(job.arguments["token_class"], "credit")
        digits = DIGITS.replace(" ", "")
        for part in (digits[:16], digits[4:], DIGITS):
            self.assertNotIn(part, repr(self.journal.jobs) + repr(self.order()))
        self.assertEqual(self.meter.written[0][0].instance, TOKEN)

    def test_what_is_no_token_is_not_ordered(self) -> None:
        for text, said in (
            ("0417328194650382716", "20 digits"),
            (str(2**66), "66"),
            (str(3 << 27).zfill(20), "class 3"),
            ("", "20 digits"),
        ):
            with self.assertRaises(JobRefused) as caught:
                self.order(text)
            self.assertIn(said, str(caught.exception))
            self.assertTrue(str(caught.exception).startswith("token: "))

    def test_management_tokens_need_a_permission_of_their_own(self) -> None:
        self.assertFalse(self.order().needs_permission)
        self.assertTrue(self.order(str(2 << 27).zfill(20)).needs_permission)

    def test_arguments_that_no_order_made(self) -> None:
        arguments = dict(self.order().arguments)
        for name in ("token", "fingerprint"):
            for wrong in (None, 5, DIGITS.replace(" ", "")):
                self.assertIn(name, self.refused("token", {**arguments, name: wrong}))
        self.assertIn("amount", self.refused("token", {**arguments, "amount": "much"}))

    def test_other_digits_than_were_ordered_are_not_sent(self) -> None:
        order = self.order()
        for secret in (None, "123", "04173281946503827166"):
            job = self.submit("token", order.arguments, secret)
            self.assertIn(self.states(job)[-1], ("rejected", "failed"))
        self.assertEqual(self.meter.written, [])

    def test_the_same_digits_are_not_loaded_while_it_is_unknown_what_became_of_them(self) -> None:
        Deferred.fromCoroutine(self.commanded.prove())
        self.talk.faults.extend([None, None, lost_reply])  # credit and its scaler, then the token
        self.assertEqual(self.states(self.load(self.order()))[-1], "unknown")
        with self.assertRaises(JobRefused):
            self.load(self.order("04173281946503827165"))
        self.assertEqual(len(self.meter.written), 1)
        self.assertEqual(self.states(self.load(self.order("04173281946503827166")))[-1], "confirmed")

    def test_with_the_same_key_it_is_the_same_job(self) -> None:
        first = self.load(self.order(), key="k")
        self.assertEqual(self.load(self.order(), key="k").id, first.id)
        self.assertEqual(len(self.meter.written), 1)

    def test_fingerprints(self) -> None:
        one = self.order().arguments["fingerprint"]
        self.assertEqual(one, self.order("04173281946503827165").arguments["fingerprint"])
        self.assertNotEqual(one, self.order("04173281946503827166").arguments["fingerprint"])
        for orders, meter in ((self.orders, "other"), (TokenOrders(lambda: succeed(b"pepper")), SERIAL)):
            other: Any = self.result(orders.order(meter, DIGITS))
            self.assertNotEqual(one, other.arguments["fingerprint"])


class ClockJobTests(JobCase):
    def furnish(self) -> None:
        super().furnish()
        time = DateTime.from_octets(bytes.fromhex("07ea051c04150e1400ffc400"))
        self.meter.values[AttributeDescriptor(8, self.driver.clock, 2)] = Data.of(
            DataType.OCTET_STRING, time.octets
        )

    def test_reading_and_setting(self) -> None:
        job = self.submit("clock", {})
        self.assertEqual(self.states(job), ["accepted", "queued", "sent", "confirmed"])
        self.assertIsInstance(job.result["before"]["offset"], float)
        self.assertEqual(self.meter.written, [])
        job = self.submit("clock", {"set": True, "force": True})
        self.assertEqual(len(self.meter.written), 1)
        self.assertEqual(self.states(job)[-1], "rejected")  # this clock stands still

    def test_what_is_not_understood_is_not_accepted(self) -> None:
        self.assertIn("set", self.refused("clock", {"set": "yes"}))
        self.assertIn("force", self.refused("clock", {"force": 1}))

    def test_a_read_that_brings_nothing_has_failed(self) -> None:
        self.talk.up = False
        self.assertEqual(self.states(self.submit("clock", {}))[-1], "failed")
        self.with_meter = lambda *_, **__: fail(LinkDown("gone"))  # type: ignore[method-assign]
        self.assertEqual(self.states(self.submit("clock", {}))[-1], "failed")
