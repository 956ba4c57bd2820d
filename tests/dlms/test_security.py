from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.apdu import decode
from hesd.dlms.errors import CounterError, SecurityError
from hesd.dlms.hls import Mechanism, Proof
from hesd.dlms.protection import Protection
from hesd.dlms.security import (
    CounterReserve,
    Key,
    ReceivedCounter,
    SecurityControl,
    Suite,
    unwrap_key,
    wrap_key,
)
from tests.dlms.vectors import VECTORS, apdu_of, octets

EK, AK = bytes(range(16)), bytes(range(0xD0, 0xE0))
KEY = Key(EK, AK)
CLIENT, METER = bytes.fromhex("4d4d4d0000bc614e"), b"MTR\x00\x00\x00\x00\x02"
GET_CLOCK = bytes.fromhex("c0010000080000010000ff0200")
protections = st.sampled_from([SecurityControl(control) for control in (0x10, 0x20, 0x30)])
suites = st.sampled_from(list(Suite))


def ends(**more: object) -> tuple[Protection, Protection]:
    """The two ends of an association that has begun."""
    ours = Protection(CLIENT, METER, KEY, CounterReserve(1, 1000), **more)
    theirs = Protection(METER, CLIENT, KEY, CounterReserve(1, 1000), **more)
    return ours, theirs


class VectorTests(SynchronousTestCase):
    def test_green_book(self) -> None:
        vector = VECTORS["gcm-auth-enc-get-clock"]["expect"]
        content = KEY.seal(SecurityControl(0x30), CLIENT, vector["ic"], bytes.fromhex(vector["plaintext"]))
        self.assertEqual(content[5:], octets("gcm-auth-enc-get-clock"))
        glo = apdu_of("glo-get-request-ciphered")
        self.assertEqual(KEY.open(CLIENT, glo.content).information, GET_CLOCK)

    def test_a_wrong_tag(self) -> None:
        with self.assertRaises(SecurityError):
            KEY.open(CLIENT, apdu_of("glo-get-request-bad-tag").content)

    def test_pushes(self) -> None:
        for name in (
            "push-general-glo-auth-enc",
            "push-general-glo-enc-only",
            "push-general-glo-auth-enc-hdlc",
        ):
            push = apdu_of(name)
            opened = KEY.open(push.system_title, push.content, SecurityControl.ENCRYPTED)
            self.assertEqual(opened.information.hex(), VECTORS[name]["expect"]["plaintext"])
            if "ldn" in VECTORS[name]["expect"]:
                ldn, _, value = decode(opened.information).body.value
                self.assertEqual((ldn.decode(), value), ("HES0000000000001", 74565))

    def test_what_is_only_encrypted_is_for_whom_that_is_enough(self) -> None:
        push = apdu_of("push-general-glo-enc-only")
        with self.assertRaises(SecurityError):
            KEY.open(push.system_title, push.content)

    def test_ciphered_initiate_with_a_dedicated_key(self) -> None:
        fields = VECTORS["aarq-ciphered-lls-dedicated-key"]["expect"]["user_information"]
        closed = decode(apdu_of("aarq-ciphered-lls-dedicated-key").user_information)
        opened = KEY.open(CLIENT, closed.content)
        self.assertEqual((opened.counter, opened.information.hex()), (fields["ic"], fields["plaintext"]))

    def test_gmac_proof(self) -> None:
        fields = VECTORS["hls-gmac-f-stoc"]["expect"]
        title = bytes.fromhex(fields["client_system_title"])
        stoc = bytes.fromhex(fields["stoc"])
        ours = Proof(Mechanism.HLS_GMAC, stoc, b"other challenge", title, METER, key=KEY)
        self.assertEqual(ours.answer(fields["ic"]), octets("hls-gmac-f-stoc"))
        theirs = Proof(Mechanism.HLS_GMAC, b"other challenge", stoc, METER, title, key=KEY)
        self.assertEqual(theirs.check(octets("hls-gmac-f-stoc")), fields["ic"])


class KeyTests(SynchronousTestCase):
    @given(suites, protections, st.integers(0, (1 << 32) - 1), st.binary(max_size=300), st.data())
    def test_sealed_and_opened(
        self, suite: Suite, control: SecurityControl, counter: int, plain: bytes, draw: st.DataObject
    ) -> None:
        keys = st.binary(min_size=suite.key_length, max_size=suite.key_length)
        key = Key(draw.draw(keys), draw.draw(keys), suite)
        content = key.seal(control, METER, counter, plain)
        opened = key.open(METER, content, control)
        self.assertEqual((opened.control, opened.counter, opened.information), (control, counter, plain))
        if control & SecurityControl.AUTHENTICATED:
            forged = bytearray(content)
            forged[draw.draw(st.integers(0, len(forged) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
            with self.assertRaises(SecurityError):
                key.open(METER, bytes(forged), control)
            with self.assertRaises(SecurityError):
                key.open(CLIENT, content, control)

    @given(st.binary(max_size=60))
    def test_any_content(self, content: bytes) -> None:
        try:
            KEY.open(METER, content, SecurityControl.ENCRYPTED)
        except SecurityError:
            return
        self.assertEqual(content[0] & 0x30, SecurityControl.ENCRYPTED)  # nothing to verify

    def test_keys_are_not_shown(self) -> None:
        self.assertNotIn(repr(EK)[2:20], repr(KEY))
        with self.assertRaises(SecurityError):
            Key(EK, AK, Suite.AES_256_P384)
        with self.assertRaises(SecurityError):
            KEY.seal(SecurityControl.NONE, METER, 1, b"")
        with self.assertRaises(SecurityError):
            KEY.seal(SecurityControl(0x30), b"short", 1, b"")
        with self.assertRaises(CounterError):
            KEY.seal(SecurityControl(0x30), METER, 1 << 32, b"")

    @given(suites, st.binary(min_size=32, max_size=32))
    def test_wrapped_keys(self, suite: Suite, octets_: bytes) -> None:
        key, kek = octets_[: suite.key_length], octets_[::-1][: suite.key_length]
        self.assertEqual(unwrap_key(kek, wrap_key(kek, key)), key)
        if kek != key:
            with self.assertRaises(SecurityError):
                unwrap_key(key, wrap_key(kek, key))

    def test_rfc_3394(self) -> None:
        kek, key = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
        self.assertEqual(wrap_key(kek, key).hex(), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5")
        for wrapped in (b"", bytes(24), bytes(23)):
            with self.assertRaises(SecurityError):
                unwrap_key(kek, wrapped)
        with self.assertRaises(SecurityError):
            wrap_key(b"short", key)


class CounterTests(SynchronousTestCase):
    def test_nothing_is_used_twice_or_unreserved(self) -> None:
        reserve = CounterReserve(10, 12)
        self.assertEqual([reserve.take(), reserve.take(), reserve.left], [10, 11, 0])
        with self.assertRaises(CounterError):
            reserve.take()
        reserve.extend(13)
        self.assertEqual(reserve.take(), 12)
        with self.assertRaises(CounterError):
            reserve.extend(12)

    def test_a_meter_ahead_of_us(self) -> None:
        reserve = CounterReserve(10, 20)
        reserve.skip_to(500, 600)
        self.assertEqual((reserve.take(), reserve.limit), (500, 600))
        for counter, limit in ((10, 600), (700, 650)):
            with self.assertRaises(CounterError):
                reserve.skip_to(counter, limit)

    def test_used_up(self) -> None:
        reserve = CounterReserve((1 << 32) - 1, 1 << 33)
        reserve.take()
        with self.assertRaises(CounterError):
            reserve.take()

    @given(st.lists(st.integers(0, 20), max_size=20))
    def test_received_counters_only_grow(self, counters: list[int]) -> None:
        received, taken = ReceivedCounter(), []
        for counter in counters:
            try:
                received.accept(counter)
            except CounterError:
                self.assertLessEqual(counter, max(taken))
            else:
                taken.append(counter)
        self.assertEqual(taken, sorted(set(taken)))


class ProtectionTests(SynchronousTestCase):
    def test_every_form(self) -> None:
        dedicated = Key(AK, AK)
        for general, key in ((False, None), (True, None), (False, dedicated), (True, dedicated)):
            ours, theirs = ends(general=general, dedicated=key)
            for apdu in (GET_CLOCK, bytes.fromhex("c401c1000600001391"), GET_CLOCK):
                sent = ours.protect(apdu)
                self.assertEqual(theirs.open(sent), apdu)
                tags = {(False, False): (0xC8, 0xCC), (True, False): (0xDB,), (False, True): (0xD0, 0xD4)}
                self.assertIn(sent[0], tags.get((general, key is not None), (0xDC,)))
        # What has no form of its own goes as a general one.
        self.assertEqual(ends()[0].protect(b"\x0f\x00\x00\x00\x01\x00\x00")[0], 0xDB)

    def test_what_is_refused(self) -> None:
        ours, theirs = ends()
        sent = ours.protect(GET_CLOCK)
        self.assertEqual(theirs.open(sent), GET_CLOCK)
        weaker = Protection(CLIENT, METER, KEY, CounterReserve(50, 60), required=SecurityControl(0x20))
        unkeyed = Protection(CLIENT, METER, Key(AK, EK), CounterReserve(50, 60))
        stranger = Protection(b"STRANGER", METER, KEY, CounterReserve(50, 60), general=True)
        relabelled = b"\xc9" + ours.protect(GET_CLOCK)[1:]
        dedicated = ends(dedicated=Key(AK, AK))[0].protect(GET_CLOCK)
        other_suite = bytearray(ours.protect(GET_CLOCK))
        other_suite[2] |= 1
        for refused in (
            sent,  # a replay
            GET_CLOCK,  # in clear
            weaker.protect(GET_CLOCK),
            unkeyed.protect(GET_CLOCK),
            stranger.protect(GET_CLOCK),
            relabelled,
            dedicated,
            bytes(other_suite),
            b"\xc8\x05\x70\x00\x00\x00\x09",  # the broadcast key, which is not there
            b"\xc8\x05\xb0\x00\x00\x00\x09",  # compressed
            b"\xc8\x12\x00\x00\x00\x00\x09" + GET_CLOCK,  # a header that says "in clear"
            b"\xc8\x00",
        ):
            with self.assertRaises(SecurityError, msg=refused.hex()):
                theirs.open(refused)
        self.assertEqual(theirs.open(ours.protect(GET_CLOCK)), GET_CLOCK)

    def test_a_forged_counter_moves_nothing(self) -> None:
        ours, theirs = ends()
        forged = bytearray(ours.protect(GET_CLOCK))
        forged[3:7] = b"\xff\xff\xff\xff"
        with self.assertRaises(SecurityError):
            theirs.open(bytes(forged))
        self.assertEqual(theirs.received.last, -1)

    def test_an_exception_is_never_ciphered(self) -> None:
        self.assertEqual(ends()[0].open(b"\xd8\x01\x01"), b"\xd8\x01\x01")

    def test_a_broadcast(self) -> None:
        broadcast = Key(AK, AK)
        content = broadcast.seal(SecurityControl(0x70), METER, 5, GET_CLOCK)
        ours, _ = ends(broadcast=broadcast)
        sent = b"\xdb\x08" + METER + bytes((len(content),)) + content
        self.assertEqual(ours.open(sent), GET_CLOCK)
        with self.assertRaises(CounterError):
            ours.open(sent)


class ProofTests(SynchronousTestCase):
    def pair(self, mechanism: Mechanism, **more: object) -> tuple[Proof, Proof]:
        return (
            Proof(mechanism, b"from the meter", b"from the client", CLIENT, METER, b"secret", KEY, **more),
            Proof(mechanism, b"from the client", b"from the meter", METER, CLIENT, b"secret", KEY, **more),
        )

    def test_both_ways(self) -> None:
        for mechanism in (Mechanism.HLS_MD5, Mechanism.HLS_SHA1, Mechanism.HLS_GMAC, Mechanism.HLS_SHA256):
            client, meter = self.pair(mechanism)
            meter.check(client.answer(1))
            client.check(meter.answer(1))
            for wrong in (client.answer(1), b"", bytes(16), meter.answer(1)[:-1] + b"\x00\x00"):
                with self.assertRaises(SecurityError, msg=mechanism.name):
                    client.check(wrong)

    def test_by_definition(self) -> None:
        client, _ = self.pair(Mechanism.HLS_MD5)
        self.assertEqual(client.answer(), hashlib.md5(b"from the meter" + b"secret").digest())
        client, _ = self.pair(Mechanism.HLS_SHA256)
        whole = b"secret" + CLIENT + METER + b"from the meter" + b"from the client"
        self.assertEqual(client.answer(), hashlib.sha256(whole).digest())

    def test_ecdsa(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        for curve in (ec.SECP256R1(), ec.SECP384R1()):
            ours, theirs = ec.generate_private_key(curve), ec.generate_private_key(curve)
            client, meter = self.pair(Mechanism.HLS_ECDSA)
            client = Proof(Mechanism.HLS_ECDSA, client.received, client.sent, CLIENT, METER,
                           signing_key=ours, peer_public_key=theirs.public_key())  # fmt: skip
            meter = Proof(Mechanism.HLS_ECDSA, meter.received, meter.sent, METER, CLIENT,
                          signing_key=theirs, peer_public_key=ours.public_key())  # fmt: skip
            meter.check(client.answer())
            client.check(meter.answer())
            for wrong in (client.answer(), b"", bytes(64), bytes(96)):
                with self.assertRaises(SecurityError):
                    client.check(wrong)

    def test_what_cannot_be_proved(self) -> None:
        for broken in (
            lambda: Proof(Mechanism.HLS_MD5, b"short", b"long enough"),
            lambda: Proof(Mechanism.HLS_MD5, b"the same one", b"the same one"),
            lambda: Proof(Mechanism.HLS, b"long enough", b"also long enough").answer(),
            lambda: Proof(Mechanism.HLS_GMAC, b"long enough", b"also long enough").answer(),
            lambda: Proof(Mechanism.HLS_ECDSA, b"long enough", b"also long enough").answer(),
            lambda: Proof(Mechanism.HLS_ECDSA, b"long enough", b"also long enough").check(b""),
        ):
            with self.assertRaises(SecurityError):
                broken()
