"""Sessions that prove themselves by signature (HLS-ECDSA): under which keys, and where not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hesd.collect.session import AssociationFailed
from hesd.dlms.acse import Mechanism
from hesd.dlms.security import Key, SecurityControl, Suite
from hesd.driver.cosem import Authentication, Ciphering
from tests.collect.memory_meter import AK, EK, THEIRS, MemoryMeter, number, spec_of
from tests.collect.test_session_security import CONTROLS, DRIVER, ENERGY, SecurityCase
from tests.dlms.signing_pairs import METER_PAIR, OTHER_PAIR, OUR_PAIR, SIGNING_SUITES

P256, P384 = SIGNING_SUITES


class SigningTests(SecurityCase):
    def setUp(self) -> None:
        super().setUp()
        self.sign(P256)

    def sign(self, suite: Suite, ciphering: Ciphering = Ciphering.NONE) -> None:
        """A meter that signs, and a keyring with all that it takes."""
        times = suite.key_length // len(EK)
        self.keep(
            encryption_key=EK * times,
            authentication_key=AK * times,
            signing_key=OUR_PAIR[suite].number,
            meter_public_key=METER_PAIR[suite].point,
        )
        self.meter = MemoryMeter(
            Mechanism.HLS_ECDSA,
            ciphered=ciphering is not Ciphering.NONE,
            control=CONTROLS.get(ciphering, SecurityControl.AUTHENTICATED_ENCRYPTED),
            key=Key(EK * times, AK * times, suite),
            signing_suite=suite,
        )
        self.meter.values[ENERGY] = number(7)
        self.spec = spec_of(DRIVER, Authentication.HLS_ECDSA, ciphering, suite=suite)
        self.begin()

    def keep(self, **secrets: Any) -> None:
        self.keyring.kept = replace(self.keyring.kept, **secrets)

    def refused(self) -> str:
        with self.assertRaises(AssociationFailed) as caught:
            self.read()
        for key in (*OUR_PAIR.values(), *METER_PAIR.values(), *OTHER_PAIR.values()):
            self.assertNotIn(key.number.hex(), repr(caught.exception))
            self.assertNotIn(repr(key.number), repr(caught.exception))
        return str(caught.exception)

    def test_both_suites_under_every_protection(self) -> None:
        for suite in SIGNING_SUITES:
            for ciphering in Ciphering:
                self.setUp()
                self.sign(suite, ciphering)
                self.assertEqual(self.read(), number(7), (suite, ciphering))
                ciphered = ciphering is not Ciphering.NONE
                self.assertEqual(self.keyring.kept.peer_title, THEIRS if ciphered else b"")

    def test_what_only_signs_needs_no_other_secret_and_no_counter(self) -> None:
        self.keep(password=b"", encryption_key=None, authentication_key=None)
        self.assertEqual(self.read(), number(7))
        self.assertEqual(self.keyring.next, {})

    def test_what_is_missing_or_unfit_is_said_before_anything_is_sent(self) -> None:
        for secrets, suite, said in (
            ({"signing_key": None}, 1, "needs our signing key, and none is kept"),
            ({"meter_public_key": None}, 1, "needs its public key, and none is kept"),
            ({"signing_key": OUR_PAIR[P384].number}, 1, "a private key of suite 1 has 32 octets"),
            ({"meter_public_key": METER_PAIR[P384].point}, 1, "a public key of suite 1 has 64 octets"),
            ({}, 2, "a private key of suite 2 has 48 octets"),
            ({}, 0, "suite 0 signs nothing"),
            ({"meter_public_key": bytes(64)}, 1, "not on the curve"),
        ):
            self.setUp()
            self.keep(**secrets)
            self.spec = replace(self.spec, suite=suite)
            self.begin()
            self.assertIn(said, self.refused())
            self.assertEqual(self.talk.sent, [])

    def test_a_key_of_another_at_either_end(self) -> None:
        other = OTHER_PAIR[P256]
        for secrets, said in (
            ({"signing_key": other.number}, "does not take our proof"),
            ({"meter_public_key": other.point}, "proof is wrong: the signature is not the other side's"),
            ({"meter_public_key": OUR_PAIR[P256].point}, "proof is wrong"),
        ):
            self.setUp()
            self.keep(**secrets)
            self.assertIn(said, self.refused())
            self.assertIsNone(self.session.agreed)
        self.setUp()
        self.meter.offer(signing_key=other.private)
        self.assertIn("proof is wrong", self.refused())

    def test_every_association_has_a_challenge_of_its_own_and_of_32_octets(self) -> None:
        challenges: list[bytes] = []
        original = self.meter.receive

        def receive(pdu: bytes) -> list[bytes]:
            answers = original(pdu)
            if self.meter.server._proof is not None:
                challenges.append(self.meter.server._proof.received)
            return answers

        self.meter.receive = receive  # type: ignore[method-assign]
        for _ in range(2):
            self.read()
            self.begin()
        self.assertEqual({len(challenge) for challenge in challenges}, {32})
        self.assertEqual(len(set(challenges)), 2)
