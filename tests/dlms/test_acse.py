from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms import acse, ber, initiate
from hesd.dlms.apdu import APDU, decode
from hesd.dlms.axdr_length import encode_tagged
from hesd.dlms.conformance import WITH_LOGICAL_NAMES, Conformance
from hesd.dlms.errors import ACSEError, APDUError
from hesd.dlms.hdlc_push import PushReader
from tests.dlms.strategies import acses, initiates
from tests.dlms.vectors import apdu_of, expected, octets

_CONSTRUCTED = 0x20


def _at_length(octets_: bytes) -> bytes:
    """The same elements, with lengths of four octets all the way in."""
    written = b""
    for tag, content in ber.fields(octets_).items():
        inside = _at_length(content) if tag & _CONSTRUCTED else content
        written += bytes((tag, 0x84)) + len(inside).to_bytes(4, "big") + inside
    return written


class ACSETests(SynchronousTestCase):
    def test_requests(self) -> None:
        for name in ("aarq-lowest", "aarq-lls", "aarq-hls-gmac-mechanism5", "aarq-hls2-manufacturer"):
            request, fields = apdu_of(name), expected(name)
            self.assertEqual(request.mechanism, fields["mechanism"], name)
            asked = decode(request.user_information)
            if "conformance" in fields:
                self.assertEqual(asked.conformance.octets.hex().upper(), fields["conformance"])
                self.assertEqual(asked.max_pdu, fields["max_pdu"])
        self.assertEqual(apdu_of("aarq-lls").authentication, b"12345678")
        self.assertEqual(apdu_of("aarq-hls-gmac-mechanism5").authentication, b"K56iVagY")
        ciphered = apdu_of("aarq-ciphered-lls-dedicated-key")
        self.assertTrue(ciphered.context.is_ciphered)
        self.assertEqual(ciphered.calling_ap_title.hex(), "4d4d4d0000bc614e")
        self.assertEqual(decode(ciphered.user_information).plain_tag, initiate.INITIATE_REQUEST)
        fields = expected("aarq-ciphered-lls-dedicated-key")["user_information"]
        inside = decode(bytes.fromhex(fields["plaintext"]))
        self.assertEqual(inside.dedicated_key.hex(), fields["dedicated_key"])

    def test_answers(self) -> None:
        accepted = apdu_of("aare-ok")
        self.assertEqual((accepted.result, accepted.diagnostic), (acse.AssociationResult.ACCEPTED, 0))
        agreed = decode(accepted.user_information)
        self.assertEqual((agreed.max_pdu, agreed.conformance.octets.hex()), (500, "00501f"))
        self.assertIn("get", agreed.conformance.names)
        self.assertEqual(apdu_of("aare-rejected-context-not-supported").diagnostic.text,
                         "application-context-name-not-supported")  # fmt: skip
        self.assertEqual(
            apdu_of("aare-rejected-auth-failure").diagnostic, acse.Diagnostic.AUTHENTICATION_FAILURE
        )
        for name in ("rlrq", "rlre", "rlre-user-info"):
            self.assertEqual(apdu_of(name).reason, acse.ReleaseReason.NORMAL)
        self.assertEqual(decode(apdu_of("rlre-user-info").user_information).max_pdu, 1224)

    def test_hdlc_vectors(self) -> None:
        request = decode(PushReader().feed(octets("hdlc-aarq-none"))[0].pdu)
        self.assertEqual(
            (request.mechanism, request.context), (acse.Mechanism.NONE, acse.Context.LOGICAL_NAMES)
        )
        answer = decode(PushReader().feed(octets("hdlc-aare-ok"))[0].pdu)
        agreed = decode(answer.user_information)
        self.assertEqual((agreed.max_pdu, agreed.vaa_name), (1224, initiate.VAA_LOGICAL_NAMES))

    def test_what_is_refused(self) -> None:
        good = apdu_of("aarq-lls").encode()
        for broken in (
            good.replace(bytes.fromhex("6085740508"), bytes.fromhex("6085740509")),
            b"\x60\x00",
            b"\x60\x80\x00\x00",
            b"\x61\x02\xa1\x00",
            b"\x60\x04\xbe\x00\xbe\x00",
            b"\x62\x04\x80\x02\x00\x00",
            b"\x61\x03\x1f\x01\x00",
            good + b"\x00",
        ):
            with self.assertRaises(ACSEError, msg=broken.hex()):
                decode(broken)
        for broken in ("0100000006", "01000000065f1f0300001e1dffff", "0800065e1f0400001e1d04c80007",
                       "0800065f1f0400001e1d00020007"):  # fmt: skip
            with self.assertRaises(APDUError):
                decode(bytes.fromhex(broken))

    def test_what_is_missing_and_what_comes_twice(self) -> None:
        fields = ber.fields(ber.only(acse.AARE_TAG, apdu_of("aare-ok").encode()))
        for tag in (0xA1, 0xA2, 0xA3):
            for others in (
                {each: content for each, content in fields.items() if each != tag}.items(),
                [*fields.items(), (tag, fields[tag])],
            ):
                octets_ = b"".join(encode_tagged(*field) for field in others)
                with self.assertRaisesRegex(ACSEError, f"{tag:02x}"):
                    decode(encode_tagged(acse.AARE_TAG, octets_))

    @given(acses)
    def test_lengths_need_not_be_the_shortest(self, apdu: APDU) -> None:
        self.assertEqual(decode(_at_length(apdu.encode())), apdu)

    @given(initiates, st.data())
    def test_proposals_and_answers_are_whole_or_nothing(self, apdu: APDU, draw: st.DataObject) -> None:
        octets_ = apdu.encode()
        self.assertEqual(decode(octets_), apdu)
        for broken in (octets_[: draw.draw(st.integers(1, len(octets_) - 1))], octets_ + b"\x00"):
            with self.assertRaises(APDUError):
                decode(broken)

    def test_a_conformance_tag_of_one_octet(self) -> None:
        self.assertEqual(
            decode(bytes.fromhex("0800065f0400001e1d04c80007")),
            decode(bytes.fromhex("0800065f1f0400001e1d04c80007")),
        )

    def test_conformance_names(self) -> None:
        names = (
            "block-transfer-with-get-or-read",
            "block-transfer-with-set-or-write",
            "block-transfer-with-action",
            "multiple-references",
            "get",
            "set",
            "selective-access",
            "action",
        )
        self.assertEqual(Conformance(0x1E1D).names, names)
        self.assertIn(Conformance.GET, WITH_LOGICAL_NAMES)
