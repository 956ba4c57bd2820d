"""Signing keys: their octets both ways, the forms people have them in, and what is no key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.errors import DLMSError, SecurityError
from hesd.dlms.security import Suite
from hesd.dlms.signing import (
    check_pair,
    curve_of,
    private_key,
    private_octets,
    public_key,
    public_octets,
    suite_of,
)
from hesd.dlms.signing_text import read_private_key, read_public_key
from tests.dlms.signing_pairs import METER_PAIR, OUR_PAIR, SIGNING_SUITES

P256, P384 = SIGNING_SUITES
# How many there are, which is one more than the highest private key (SEC 2, 2.4.2 and 2.5.1).
ORDERS = {
    P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    P384: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}
SIZES = {P256: 32, P384: 48}
# A pair that this library has not made (RFC 6979, A.2.5).
RFC_NUMBER = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
RFC_POINT = (
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "4D54520000000002")])
PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"

suites = st.sampled_from(SIGNING_SUITES)


def certificate(of: ec.EllipticCurvePublicKey) -> str:
    now = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(NAME, NAME, of, 1, now, now + dt.timedelta(days=1))
    return made.sign(OUR_PAIR[P256].private, SHA256()).public_bytes(Encoding.PEM).decode()


class OctetTests(SynchronousTestCase):
    @given(st.data(), suites)
    def test_both_ways(self, data: st.DataObject, suite: Suite) -> None:
        number = data.draw(st.integers(1, ORDERS[suite] - 1)).to_bytes(SIZES[suite], "big")
        private = private_key(number, suite)
        self.assertEqual(private_octets(private), number)
        point = public_octets(private.public_key())
        self.assertEqual(len(point), 2 * SIZES[suite])
        self.assertEqual(public_octets(public_key(point, suite)), point)
        self.assertIs(suite_of(private.curve), suite)
        for text in (number.hex(), "0x" + number.hex().upper()):
            self.assertEqual(read_private_key(text), number)
        self.assertEqual(read_public_key(point.hex(" ", 16)), point)

    def test_the_point_of_a_known_number(self) -> None:
        private = private_key(bytes.fromhex(RFC_NUMBER), P256)
        self.assertEqual(public_octets(private.public_key()), bytes.fromhex(RFC_POINT))

    def test_numbers_and_points_that_are_none(self) -> None:
        point = METER_PAIR[P256].point
        for attempt in (
            lambda: private_key(bytes(32), P256),
            lambda: private_key(ORDERS[P256].to_bytes(32, "big"), P256),
            lambda: private_key(ORDERS[P384].to_bytes(48, "big"), P384),
            lambda: private_key(OUR_PAIR[P256].number, P384),
            lambda: private_key(OUR_PAIR[P256].number, Suite.AES_128),
            lambda: public_key(bytes(64), P256),
            lambda: public_key(point[:-1] + bytes((point[-1] ^ 1,)), P256),
            lambda: public_key(point, P384),
            lambda: public_key(point, Suite.AES_128),
            lambda: suite_of(ec.SECP521R1()),
        ):
            with self.assertRaises(SecurityError) as caught:
                attempt()
            self.assertNotIn(point.hex()[:16], str(caught.exception))


class TextTests(SynchronousTestCase):
    def test_every_form_is_the_same_key(self) -> None:
        for suite in SIGNING_SUITES:
            ours, theirs = OUR_PAIR[suite], METER_PAIR[suite]
            for text in (ours.pkcs8, ours.sec1, ours.pkcs8.replace("\n", "\r\n"), ours.number.hex()):
                self.assertEqual(read_private_key(text), ours.number)
            for text in (theirs.public_pem, certificate(theirs.private.public_key()), theirs.point.hex()):
                self.assertEqual(read_public_key(text), theirs.point)
        self.assertEqual(read_private_key(PARAMETERS + OUR_PAIR[P256].sec1), OUR_PAIR[P256].number)

    def test_what_is_no_key_is_refused_and_not_repeated(self) -> None:
        koblitz = ec.generate_private_key(ec.SECP256K1())
        others = (koblitz, ec.generate_private_key(ec.SECP521R1()), rsa.generate_private_key(65537, 2048),
                  ed25519.Ed25519PrivateKey.generate())  # fmt: skip
        plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        locked = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"geheim"))
        public = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        ours, broken = OUR_PAIR[P256], METER_PAIR[P256].point.hex()[:-1]
        refused: list[tuple[Callable[[str], bytes], str]] = [
            *((read_private_key, key.private_bytes(*plain).decode()) for key in others),
            *((read_public_key, key.public_key().public_bytes(*public).decode()) for key in others),
            (read_public_key, certificate(koblitz.public_key())),
            (read_private_key, ours.private.private_bytes(*locked).decode()),
            (read_private_key, ours.public_pem),
            (read_public_key, ours.pkcs8),
            (read_private_key, ours.number.hex()[:-2]),
            (read_private_key, "00" * 32),
            (read_private_key, ours.pkcs8[:60]),
            (read_private_key, ours.pkcs8 + "x" * (1 << 15)),
            (read_private_key, "-----BEGIN PRIVATE KEY-----\nZ2VoZWlt\n-----END PRIVATE KEY-----\n"),
            (read_private_key, "geheim" * 10),
            (read_private_key, ""),
            (read_private_key, "-----BEGIN gehe\u00efm"),
            (read_public_key, broken + ("0" if broken[-1] != "0" else "1")),
            (read_public_key, broken),
            (read_public_key, "04" + METER_PAIR[P256].point.hex()),
            (read_public_key, ""),
        ]
        for read, text in refused:
            with self.assertRaises(SecurityError, msg=text[:40]) as caught:
                read(text)
            said = f"{caught.exception!r} {caught.exception.__cause__!r}"
            self.assertIn("expected" if "suite" not in said else "suite", said)
            for secret in ("geheim", "Z2VoZWlt", ours.number.hex()[:16], broken[:16], ours.pkcs8[40:60]):
                self.assertNotIn(secret, said)
            context = caught.exception.__context__
            self.assertTrue(caught.exception.__suppress_context__ or context is None)
            self.assertNotIn(text[11:] or "\0", repr(context))

    @given(st.text(max_size=300) | st.text(max_size=100).map(lambda text: f"-----BEGIN {text}"))
    def test_any_text_is_a_key_or_refused(self, text: str) -> None:
        for read in (read_private_key, read_public_key):
            try:
                read(text)
            except DLMSError as error:
                self.assertIsInstance(error, SecurityError)


class PairTests(SynchronousTestCase):
    def test_only_two_keys_on_the_curve_of_the_suite_sign(self) -> None:
        for suite in SIGNING_SUITES:
            other = P384 if suite is P256 else P256
            own, peer = OUR_PAIR[suite].private, METER_PAIR[suite].private.public_key()
            check_pair(own, peer, suite)
            check_pair(own, peer, None)
            for wrong in (
                (None, peer, suite),
                (own, None, suite),
                (own, peer, other),
                (own, peer, Suite.AES_128),
                (own, METER_PAIR[other].private.public_key(), suite),
                (own, METER_PAIR[other].private.public_key(), None),
                (OUR_PAIR[other].private, peer, suite),
                (ec.generate_private_key(ec.SECP521R1()), peer, None),
            ):
                with self.assertRaises(SecurityError):
                    check_pair(*wrong)
        self.assertEqual([curve_of(suite).name for suite in SIGNING_SUITES], ["secp256r1", "secp384r1"])
