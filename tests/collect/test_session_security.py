"""Sessions under keys: what is forged, replayed or in clear is refused; no counter is used twice."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.session import AssociationFailed, Session
from hesd.dlms import action
from hesd.dlms.access_result import ActionResult
from hesd.dlms.acse import Mechanism
from hesd.dlms.apdu import decode
from hesd.dlms.ciphered import ServiceCiphered
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import SecurityError
from hesd.dlms.exception import ExceptionResponse, ServiceError, StateError
from hesd.dlms.security import Key, SecurityControl, Suite
from hesd.driver.cosem import Authentication, Ciphering, DLMSDriver
from hesd.model.errors import LinkDown, NoReply
from hesd.model.obis import OBIS
from tests.collect.memory_meter import (
    AK,
    EK,
    PUBLIC,
    THEIRS,
    Fault,
    MemoryConversation,
    MemoryKeyring,
    MemoryMeter,
    before,
    forged_tag,
    in_clear,
    instead,
    lost_reply,
    number,
    outcome_of,
    spec_of,
    stale,
)

DRIVER = DLMSDriver(vendor="v", models=("m",), source="s", objects=())
ENERGY = AttributeDescriptor(3, OBIS("1.0.1.8.0.255"), 2)
COUNTER = AttributeDescriptor(1, OBIS("0.0.43.1.0.255"), 2)
RELAY_OFF = MethodDescriptor(70, OBIS("0.0.96.3.10.255"), 1)
MECHANISMS = {
    Authentication.NONE: Mechanism.NONE,
    Authentication.LLS: Mechanism.LLS,
    Authentication.HLS_MD5: Mechanism.HLS_MD5,
    Authentication.HLS_SHA1: Mechanism.HLS_SHA1,
    Authentication.HLS_GMAC: Mechanism.HLS_GMAC,
    Authentication.HLS_SHA256: Mechanism.HLS_SHA256,
}
CONTROLS = {
    Ciphering.AUTHENTICATION: SecurityControl.AUTHENTICATED,
    Ciphering.ENCRYPTION: SecurityControl.ENCRYPTED,
    Ciphering.BOTH: SecurityControl.AUTHENTICATED_ENCRYPTED,
}
COUNTER_ERROR = StateError.SERVICE_NOT_ALLOWED, ServiceError.INVOCATION_COUNTER_ERROR


def counters_of(pdus: list[bytes]) -> list[int]:
    """Our invocation counters in these PDUs; those inside AARQ are not looked for."""
    closed = [decode(pdu) for pdu in pdus if pdu[0] not in (0x60, 0x62)]
    return [int.from_bytes(each.content[1:5], "big") for each in closed if isinstance(each, ServiceCiphered)]


class SecurityCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.keyring = MemoryKeyring()
        self.meet()

    def meet(
        self,
        authentication: Authentication = Authentication.HLS_GMAC,
        ciphering: Ciphering = Ciphering.BOTH,
        suite: int = 0,
        key: Key | None = None,
    ) -> None:
        self.meter = MemoryMeter(
            MECHANISMS[authentication],
            ciphered=ciphering is not Ciphering.NONE,
            control=CONTROLS.get(ciphering, SecurityControl.AUTHENTICATED_ENCRYPTED),
            key=key,
        )
        self.meter.values[ENERGY] = number(7)
        self.meter.methods[RELAY_OFF] = lambda _: action.ActionResponse(ActionResult.SUCCESS)
        self.spec = spec_of(DRIVER, authentication, ciphering, suite=suite)
        self.begin()

    def begin(self, public: MemoryConversation | None = None) -> None:
        """A session as after a start: all it knows is on the keyring."""
        self.talk = MemoryConversation(self.meter, self.clock)
        self.session = Session(self.spec, self.talk, self.keyring, self.clock, public=public)

    def read(self) -> Data:
        (result,) = outcome_of(self.clock, self.session.get([(ENERGY, None)]))
        return result

    def act(self) -> Any:
        return outcome_of(self.clock, self.session.action(RELAY_OFF))

    def associate(self, *faults: Fault | None) -> None:
        outcome_of(self.clock, self.session.associate())
        self.talk.faults.extend(faults)


class LevelTests(SecurityCase):
    def test_every_mechanism_under_every_protection(self) -> None:
        for authentication in MECHANISMS:
            for ciphering in Ciphering:
                self.setUp()
                self.meet(authentication, ciphering)
                self.assertEqual(self.read(), number(7), (authentication, ciphering))
                self.act()
                outcome_of(self.clock, self.session.close())
                self.assertEqual(self.read(), number(7))

    def test_keys_of_256_bits(self) -> None:
        key = Key(EK * 2, AK * 2, Suite.AES_256_P384)
        self.keyring.kept = replace(self.keyring.kept, encryption_key=EK * 2, authentication_key=AK * 2)
        self.meet(suite=2, key=key)
        self.assertEqual(self.read(), number(7))

    def test_the_title_is_kept_once_a_tag_has_verified_with_it(self) -> None:
        for authentication, ciphering, kept in (
            (Authentication.LLS, Ciphering.BOTH, THEIRS),
            (Authentication.HLS_GMAC, Ciphering.NONE, THEIRS),
            (Authentication.LLS, Ciphering.ENCRYPTION, b""),
            (Authentication.HLS_MD5, Ciphering.NONE, b""),
        ):
            self.setUp()
            self.meet(authentication, ciphering)
            self.read()
            self.assertEqual(self.keyring.kept.peer_title, kept)

    def test_another_title_than_the_kept_one(self) -> None:
        self.keyring.kept = replace(self.keyring.kept, peer_title=b"STRANGER")
        with self.assertRaises(AssociationFailed):
            self.read()

    def test_what_is_missing_is_said_before_anything_is_sent(self) -> None:
        for secrets, said in (
            ({"encryption_key": None}, "encryption key"),
            ({"authentication_key": None}, "authentication key"),
            ({"encryption_key": EK * 2}, "16 octets"),
        ):
            self.setUp()
            self.keyring.kept = replace(self.keyring.kept, **secrets)
            with self.assertRaises(AssociationFailed) as caught:
                self.read()
            self.assertIn(said, str(caught.exception))
            self.assertEqual(self.talk.sent, [])


class AttackTests(SecurityCase):
    def test_a_wrong_key_at_either_end(self) -> None:
        for key in (Key(AK, AK), Key(EK, EK)):
            self.setUp()
            self.meet(key=key)
            with self.assertRaises(AssociationFailed) as caught:
                self.read()
            for secret in (EK, AK):
                self.assertNotIn(secret.hex(), str(caught.exception))

    def test_a_meter_that_answers_in_clear_is_not_spoken_to(self) -> None:
        self.meter = MemoryMeter(Mechanism.HLS_GMAC)
        self.begin()
        with self.assertRaises(AssociationFailed):
            self.read()
        self.assertIsNone(self.session.agreed)

    def test_forged_and_clear_answers(self) -> None:
        for fault in (forged_tag, in_clear):
            self.setUp()
            self.associate(fault)
            with self.assertRaises(SecurityError):
                self.read()
            self.assertEqual(self.read(), number(7))

    def test_a_replayed_answer(self) -> None:
        self.associate()
        heard: list[bytes] = []

        def overheard(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
            heard.extend(meter.receive(pdu))
            return heard

        self.talk.faults.append(overheard)
        self.read()
        self.talk.faults.append(instead(*heard))
        with self.assertRaises(SecurityError) as caught:
            self.read()
        self.assertIn("replay", str(caught.exception))

    def test_what_is_forged_does_not_keep_out_what_is_not(self) -> None:
        self.associate(before(b"\xcc\x00", forged_answer()))
        self.assertEqual(self.read(), number(7))

    def test_a_command_whose_answer_cannot_be_trusted_is_unknown(self) -> None:
        for fault in (forged_tag, in_clear, stale):
            self.setUp()
            self.associate(fault)
            with self.assertRaises(NoReply):
                self.act()
            self.assertLessEqual(len(self.meter.called), 1)


def forged_answer() -> bytes:
    return Key(AK, EK).seal(SecurityControl.AUTHENTICATED_ENCRYPTED, THEIRS, 9, b"\xc4")


class CounterTests(SecurityCase):
    def test_a_counter_that_was_received_is_kept_before_a_result_is_told(self) -> None:
        self.act()
        kept = self.keyring.highest[EK]
        self.assertEqual(kept, self.meter.protection.counters.next - 1)

    def test_a_replay_of_the_time_before_a_restart(self) -> None:
        heard: list[bytes] = []

        def overheard(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
            answers = meter.receive(pdu)
            heard.extend(answers)
            return answers

        self.associate(overheard)
        self.read()
        outcome_of(self.clock, self.session.close())
        self.begin()
        self.associate(instead(*heard))
        with self.assertRaises(SecurityError):
            self.read()

    def test_a_whole_conversation_of_the_time_before_a_restart(self) -> None:
        self.meet(Authentication.LLS)
        heard: list[list[bytes]] = []

        def overheard(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
            heard.append(meter.receive(pdu))
            return heard[-1]

        self.talk.faults.extend([overheard] * 2)
        self.read()
        outcome_of(self.clock, self.session.close())
        self.begin()
        self.talk.faults.extend(instead(*answers) for answers in heard)
        with self.assertRaises(AssociationFailed) as caught:
            self.read()
        self.assertIn("replay", str(caught.exception))

    def test_reads_do_not_write_every_counter_down(self) -> None:
        for _ in range(100):
            self.read()
        self.assertEqual(self.keyring.writes, 1)
        outcome_of(self.clock, self.session.close())
        self.assertEqual(self.keyring.writes, 2)

    def test_more_exchanges_than_one_slice(self) -> None:
        for _ in range(450):
            self.read()
        used = counters_of(self.talk.sent)
        self.assertEqual(used, list(range(used[0], used[0] + len(used))))
        self.assertGreaterEqual(self.keyring.next[EK], used[-1] + 1)

    @given(st.lists(st.sampled_from(["read", "act", "close", "kill", "lost", "stale"]), max_size=25))
    def test_however_a_session_ends_no_counter_is_used_twice(self, events: list[str]) -> None:
        self.setUp()
        sent: list[bytes] = []
        acts = {
            "read": self.read,
            "act": self.act,
            "close": lambda: outcome_of(self.clock, self.session.close()),
            "kill": self.begin,
            "lost": lambda: self.talk.faults.append(lost_reply),
            "stale": lambda: self.talk.faults.append(stale),
        }
        for event in events:
            talk = self.talk
            with contextlib.suppress(NoReply, LinkDown, AssociationFailed):
                acts[event]()
            if talk is not self.talk:
                sent += talk.sent
        used = counters_of(sent + self.talk.sent)
        self.assertEqual(sorted(set(used)), used)

    def test_a_meter_that_has_seen_higher_counters_says_so(self) -> None:
        self.talk.faults.append(instead(ExceptionResponse(*COUNTER_ERROR, 100_000).encode()))
        self.assertEqual(self.read(), number(7))
        self.assertGreater(min(counters_of(self.talk.sent)), 100_000)
        self.assertGreater(self.keyring.next[EK], 100_000)

    def test_it_says_so_in_an_association(self) -> None:
        self.associate(instead(ExceptionResponse(*COUNTER_ERROR, 100_000).encode()))
        self.assertEqual(self.read(), number(7))
        self.assertGreater(counters_of(self.talk.sent)[-1], 100_000)

    def test_counters_never_go_back(self) -> None:
        self.keyring.next[EK] = 5_000
        self.associate(instead(ExceptionResponse(*COUNTER_ERROR, 10).encode()))
        self.assertEqual(self.read(), number(7))
        used = counters_of(self.talk.sent)
        self.assertEqual(sorted(used), used)
        self.assertGreaterEqual(used[0], 5_000)

    def test_nobody_uses_our_counters_up_by_saying_that_they_are(self) -> None:
        self.talk.faults.append(instead(ExceptionResponse(*COUNTER_ERROR, 0xFFFFFFFE).encode()))
        with self.assertRaises(AssociationFailed) as caught:
            self.read()
        self.assertIn("another key", str(caught.exception))
        self.assertLess(self.keyring.next[EK], 1_000)

    def test_the_public_client_tells_where_to_go_on(self) -> None:
        public_meter = MemoryMeter(Mechanism.NONE)
        public_meter.values[COUNTER] = number(77_000)
        public = MemoryConversation(public_meter, self.clock, PUBLIC)
        self.meter.protection.received.last = 77_000
        self.begin(public)
        self.assertEqual(self.read(), number(7))
        self.assertGreater(min(counters_of(self.talk.sent)), 77_000)
        self.assertEqual([pdu[0] for pdu in self.talk.sent], [0x60, 0xCB, 0xC8])
        self.assertEqual(public.sent[-1][:1], b"\x62")
        self.assertFalse(public.is_open)

    def test_it_is_asked_again_when_the_meter_takes_no_counter_of_ours(self) -> None:
        public_meter = MemoryMeter(Mechanism.NONE)
        public = MemoryConversation(public_meter, self.clock, PUBLIC)
        self.keyring.highest[EK] = 0
        self.meter.protection.received.last = public_count = 77_000
        public_meter.values[COUNTER] = number(public_count)
        self.begin(public)
        self.assertEqual(self.read(), number(7))

    def test_a_public_client_that_is_silent_keeps_nobody_out(self) -> None:
        public = MemoryConversation(MemoryMeter(Mechanism.NONE), self.clock, PUBLIC)
        public.faults.append(lost_reply)
        self.begin(public)
        self.assertEqual(self.read(), number(7))
