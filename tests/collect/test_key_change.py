"""Key changes: both keys are known until it is known which of them is the meter's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hesd.collect.command import CommandRefused
from hesd.collect.key_change import KeyOutcome, change_key, find_out
from hesd.dlms.access_result import ActionResult
from hesd.dlms.acse import Mechanism
from hesd.dlms.action import ActionResponse
from hesd.dlms.data import Data
from hesd.dlms.descriptor import MethodDescriptor
from hesd.dlms.errors import SecurityError
from hesd.dlms.security import Key, unwrap_key
from hesd.driver.cosem import Authentication, Ciphering
from hesd.model.job import JobState
from hesd.model.obis import OBIS
from hesd.model.secrets import KeyName
from tests.collect.command_case import DRIVER, CommandCase
from tests.collect.memory_meter import (
    AK,
    EK,
    MASTER,
    Fault,
    MemoryMeter,
    lost_reply,
    lost_request,
)

TRANSFER = MethodDescriptor(64, OBIS("0.0.43.0.0.255"), 2)
NEW = bytes(range(0x50, 0x60))


class KeyCase(CommandCase):
    def furnish(self) -> None:
        self.meter = MemoryMeter(Mechanism.HLS_GMAC, ciphered=True)
        super().furnish()
        self.answer = ActionResult.SUCCESS
        self.meter.methods[TRANSFER] = self.take

    def meet(self, *args: Any, **more: Any) -> None:
        super().meet(*args, authentication=Authentication.HLS_GMAC, ciphering=Ciphering.BOTH, **more)

    def take(self, parameters: Data | None) -> ActionResponse:
        """The new key holds from the next association on."""
        assert parameters is not None
        ((key_id, wrapped),) = parameters.value
        self.assertEqual(key_id, 0)
        if self.answer is ActionResult.SUCCESS:
            self.pending = unwrap_key(MASTER, wrapped)
            self.clock.callLater(0, self.become, self.pending)
        return ActionResponse(self.answer)

    def become(self, key: bytes) -> None:
        self.meter.protection.key = Key(key, AK)
        self.meter.protection.received.last = -1

    def change(self, *faults: Fault | None, new: bytes = NEW) -> KeyOutcome:
        work = change_key(self.commanded, self.keyring, KeyName.ENCRYPTION_KEY, new, self.then(*faults))
        outcome: Any = self.result(work)
        return outcome

    def keys(self) -> tuple[bytes | None, dict[str, bytes]]:
        return self.keyring.kept.encryption_key, self.keyring.waiting

    def refused(self, said: str, **more: Any) -> None:
        with self.assertRaises(CommandRefused) as caught:
            self.change(**more)
        self.assertIn(said, str(caught.exception))
        self.assertEqual((self.meter.called, self.told), ([], []))


class KeyTests(KeyCase):
    def test_a_key_the_meter_takes_is_its_key(self) -> None:
        self.assertEqual(self.change().state, JobState.CONFIRMED)
        self.assertEqual(self.keys(), (NEW, {}))
        self.assertIsNone(self.commanded.session.agreed)
        self.clock.advance(1)
        self.result(self.commanded.prove())
        self.assertEqual(self.told, ["a new encryption key"])

    def test_it_is_pending_while_it_is_out(self) -> None:
        def look(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
            self.assertEqual(self.keys(), (EK, {"encryption_key": NEW}))
            self.assertNotIn(NEW, pdu)
            return meter.receive(pdu)

        self.assertEqual(self.change(look).state, JobState.CONFIRMED)

    def test_the_meter_says_no(self) -> None:
        self.answer = ActionResult.OTHER_REASON
        self.assertEqual(self.change().state, JobState.REJECTED)
        self.assertEqual(self.keys(), (EK, {}))

    def test_without_an_answer_an_association_tells(self) -> None:
        def taken(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
            meter.receive(pdu)
            self.clock.advance(0)
            return []

        outcome = self.change(taken)
        self.assertEqual((outcome.state, self.keys()), (JobState.CONFIRMED, (NEW, {})))
        self.result(self.commanded.prove())
        self.setUp()
        outcome = self.change(lost_request)
        self.assertEqual((outcome.state, self.keys()), (JobState.REJECTED, (EK, {})))
        self.result(self.commanded.prove())
        self.assertEqual(self.meter.called, [])

    def test_no_counter_of_the_trial_is_used_again(self) -> None:
        self.keyring.next[EK] = 5_000

        def taken(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
            meter.receive(pdu)
            self.clock.advance(0)
            return []

        self.change(taken)
        tried = self.meter.protection.received.last
        self.assertGreater(tried, 5_000)
        self.assertGreater(self.keyring.next[NEW], tried)

    def test_both_are_kept_while_nobody_can_tell(self) -> None:
        both = (EK, {"encryption_key": NEW})
        outcome = self.change(*[lost_reply] * 20)
        self.assertEqual((outcome.state, self.keys()), (JobState.UNKNOWN, both))
        self.talk.faults.clear()
        with self.assertRaises(CommandRefused):
            self.change()
        self.become(EK)
        again: Any = self.result(find_out(self.commanded, self.keyring))
        self.assertEqual((again.state, self.keys()), (JobState.REJECTED, (EK, {})))

    def test_a_meter_that_takes_neither(self) -> None:
        self.result(self.commanded.prove())
        outcome = self.change(lambda meter, pdu: self.become(bytes(16)) or [])  # type: ignore[func-returns-value]
        self.assertEqual(outcome.state, JobState.UNKNOWN)
        self.assertEqual(self.keys(), (EK, {"encryption_key": NEW}))

    def test_what_cannot_be_is_refused_before_anything_is_sent(self) -> None:
        self.refused("octets", new=NEW * 2)
        self.refused("the meter has", new=EK)
        self.keyring.kept = replace(self.keyring.kept, master_key=None)
        self.refused("master key")
        with self.assertRaises(CommandRefused):
            self.result(find_out(self.commanded, self.keyring))

    def test_another_master_key_at_the_meter(self) -> None:
        self.keyring.kept = replace(self.keyring.kept, master_key=NEW)

        def take(parameters: Data | None) -> ActionResponse:
            assert parameters is not None
            with self.assertRaises(SecurityError):
                unwrap_key(MASTER, parameters.value[0][1])
            return ActionResponse(ActionResult.OTHER_REASON)

        self.meter.methods[TRANSFER] = take
        self.assertEqual(self.change(new=bytes(16)).state, JobState.REJECTED)

    def test_where_keys_are_not_used_nothing_tells(self) -> None:
        self.meter = MemoryMeter()
        CommandCase.furnish(self)
        CommandCase.meet(self, DRIVER)
        outcome = self.change(lost_request)
        self.assertEqual((outcome.state, self.keys()), (JobState.UNKNOWN, (EK, {"encryption_key": NEW})))
