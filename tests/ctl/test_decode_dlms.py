"""`hesctl decode` for DLMS, logins and tokens: its options, what it prints, what it refuses."""

from __future__ import annotations

import json
import sys
from typing import Any
from unittest import mock
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.ctl.decode_layer import layer_of
from tests.ctl.run_hesctl import run, run_json
from tests.dlms.vectors import VECTORS, octets

KEYS = VECTORS["glo-get-request-ciphered"]["keys"]
TOKEN = "23716100501183194197"
LAYERS = {"xdlms": "apdu", "acse": "apdu", "xdlms-ciphered": "apdu", "raw": "login"}


def hex_of(name: str) -> str:
    return octets(name).hex()


def refusal(*arguments: str) -> tuple[dict[str, Any], str]:
    """What is printed as JSON and on standard error; it has to be refused with exit code 1."""
    result = run("decode", "--json", *arguments)
    if result.exit_code != 1:
        raise AssertionError(f"exit code {result.exit_code}: {result.output}")
    return json.loads(result.stdout), result.stderr


class Keys(SynchronousTestCase):
    request = hex_of("glo-get-request-ciphered")
    given = ("--key", KEYS["ek"], "--auth-key", KEYS["ak"])
    title = ("--system-title", KEYS["system_title"])

    def test_without_keys_the_header_is_shown(self) -> None:
        (frame,) = run_json("decode", self.request)["frames"]
        self.assertEqual((frame["security_control"], frame["invocation_counter"]), ("30", 19088743))
        self.assertNotIn("content", frame)

    def test_with_keys_the_inside_too(self) -> None:
        decoded = run_json("decode", *self.given, *self.title, self.request)
        self.assertEqual((decoded["apdu"], decoded["obis"]), ("glo-get-request", "0.0.1.0.0.255"))

    def test_keys_from_a_file(self) -> None:
        path = self.mktemp()
        with open(path, "w", encoding="ascii") as file:
            file.write(KEYS["ek"] + "\n")
        decoded = run_json("decode", "--key", f"@{path}", *self.given[2:], *self.title, self.request)
        self.assertEqual(decoded["class_id"], 8)

    def test_a_wrong_key_is_refused_and_not_printed(self) -> None:
        wrong = "ff" * 16
        shown, told = refusal("--key", wrong, *self.given[2:], *self.title, self.request)
        self.assertIn("tag is wrong", shown["error"])
        self.assertNotIn("plaintext", shown["frames"][0])
        self.assertNotIn(wrong, json.dumps(shown) + told)

    def test_what_is_missing_is_said(self) -> None:
        for options, reason in (
            (self.given, "system title"),
            (("--key", KEYS["ek"], *self.title), "authentication key"),
            (("--key", "00" * 32, "--auth-key", "00" * 32, *self.title), "16 octets"),
        ):
            shown, _ = refusal(*options, self.request)
            self.assertIn(reason, shown["error"])

    def test_wrong_usage(self) -> None:
        for options in (
            ("--auth-key", KEYS["ak"]),
            ("--key", "00"),
            ("--key", "secret word"),
            ("--key", "@/nonexistent"),
            ("--key", KEYS["ek"], "--system-title", "00"),
        ):
            result = run("decode", *options, self.request)
            self.assertEqual(result.exit_code, 2, options)
            self.assertNotIn("secret word", result.output)


class Layers(SynchronousTestCase):
    def test_a_layer_that_is_named_says_the_same(self) -> None:
        for name, vector in VECTORS.items():
            layer = LAYERS.get(vector["layer"], vector["layer"])
            if layer not in ("hdlc", "wrapper", "apdu", "login", "modbus-rtu", "modbus-tcp"):
                continue
            given_, found = (run("decode", "--json", *o, hex_of(name)) for o in (("--layer", layer), ()))
            self.assertEqual((given_.exit_code, given_.stdout), (found.exit_code, found.stdout), name)

    def test_frames_given_in_pieces(self) -> None:
        for name in (
            "req-get-clock",
            "hdlc-aare-ok",
            "familyH-hexcell-heartbeat",
            "push-plain-ldn-clock-u32",
        ):
            whole = run_json("decode", hex_of(name))
            self.assertEqual(run_json("decode", *(f"{octet:02x}" for octet in octets(name))), whole)
            self.assertEqual(run_json("decode", octets(name).hex(" ").upper()), whole)

    def test_request_then_response(self) -> None:
        decoded = run_json("decode", hex_of("req-get-clock"), hex_of("w-get-clock-resp"))
        self.assertEqual(
            (decoded["class_id"], decoded["attribute"], decoded["values"], decoded["apdu"]),
            (8, 2, ["2025-11-19T17:16:59+01:00"], "GetResponseNormal"),
        )

    @settings(max_examples=max(300, settings().max_examples), deadline=None)
    @given(st.lists(st.binary(max_size=60), min_size=1, max_size=3))
    def test_some_layer_is_found_for_any_bytes(self, frames: list[bytes]) -> None:
        self.assertIsInstance(layer_of(frames), str)

    def test_every_truncation_of_every_vector_is_answered(self) -> None:
        for name in VECTORS:
            whole = octets(name)
            for size in range(0, len(whole), max(1, len(whole) // 12)):
                result = run("decode", "--json", whole[:size].hex())
                self.assertIn(result.exit_code, (0, 1), (name, size, result.output))
                shown = json.loads(result.stdout)
                self.assertEqual("error" in shown, result.exit_code == 1)


class Tokens(SynchronousTestCase):
    def test_however_it_is_typed(self) -> None:
        for typed in ((TOKEN,), ("2371-6100-5011-8319-4197",), ("2371 6100 5011", "8319 4197")):
            for layer in ((), ("--layer", "sts")):
                decoded = run_json("decode", *layer, *typed)
                self.assertEqual(decoded["layer"], "sts")
                (frame,) = decoded["frames"]
                self.assertEqual((frame["class"], frame["token"]), (0, "*" * 16 + "4197"))

    def test_it_is_never_printed_whole(self) -> None:
        for typed in (TOKEN, "73786976294838206464", "2371610050118319419"):
            for options in ((), ("--json",)):
                result = run("decode", *options, typed)
                self.assertNotIn(typed[:8], result.output)

    def test_what_is_no_token(self) -> None:
        for typed, reason in (
            ("2371610050118319419", "20 digits"),
            ("73786976294838206464", "2 to the power of 66"),
            ("73786976294838206463", "class 3"),
            ("56493153725450313472", "checksum"),
        ):
            shown, told = refusal(typed)
            self.assertEqual((shown["layer"], shown["frames"][0]["valid"]), ("sts", False))
            self.assertIn(reason, shown["error"])
            self.assertIn(reason, told)

    def test_management_needs_permission(self) -> None:
        (frame,) = run_json("decode", hex_of("sts-class2-mgmt-509018"))["frames"]
        self.assertEqual((frame["class"], frame["needs_permission"]), (2, True))


class Printed(SynchronousTestCase):
    def test_every_vector_can_be_printed(self) -> None:
        for name in VECTORS:
            result = run("decode", hex_of(name))
            self.assertIn(result.exit_code, (0, 1), name)
            self.assertIn("Error: " if result.exit_code else "\n", result.output, name)

    def test_fields_under_a_heading(self) -> None:
        shown = run("decode", hex_of("req-get-with-list")).stdout
        self.assertIn("GET request of 2 objects", shown)
        self.assertRegex(shown, r"\n    obis +1\.0\.32\.7\.0\.255\n    quantity +Voltage L1\n")

    def test_rows_of_a_profile(self) -> None:
        shown = run("decode", hex_of("resp-profile-2rows")).stdout
        self.assertIn("\n    2026-01-01T00:00:00, 74565\n    -, 74575\n", shown)


class XML(SynchronousTestCase):
    def xml(self, *arguments: str) -> Any:
        result = run("decode", "--xml", *arguments)
        self.assertEqual(result.exit_code, 0, result.output)
        return ElementTree.fromstring(f"<all>{result.stdout}</all>")

    def test_frames_and_apdus(self) -> None:
        for name, tag in (
            ("w-get-clock-resp", "WRAPPER/PDU/GetResponse"),
            ("hdlc-aarq-none", "HDLC/PDU/AssociationRequest"),
            ("get-request-normal", "GetRequest/GetRequestNormal"),
        ):
            self.assertIsNotNone(self.xml(hex_of(name)).find(tag), name)

    def test_several_frames_and_what_they_are_together(self) -> None:
        found = self.xml(*(hex_of(f"hdlc-segmented-{number}-of-3") for number in (1, 2, 3)))
        self.assertEqual([child.tag for child in found], ["HDLC", "HDLC", "HDLC", "GetResponse"])

    def test_the_inside_of_a_ciphered_one_once_its_tag_is_verified(self) -> None:
        options = (*Keys.given, *Keys.title)
        found = self.xml(*options, hex_of("glo-get-request-ciphered"))
        self.assertEqual([child.tag for child in found], ["glo_GetRequest", "GetRequest"])
        result = run("decode", "--xml", *options, hex_of("glo-get-request-bad-tag"))
        self.assertEqual(result.exit_code, 1)
        self.assertIn("tag is wrong", result.stderr)
        self.assertNotIn("GetRequestNormal", result.stdout)

    def test_in_json(self) -> None:
        decoded = run_json("decode", "--xml", hex_of("rlrq"))
        self.assertIn("ReleaseRequest", decoded["xml"])

    def test_what_has_none(self) -> None:
        for frame in (hex_of("familyW-login-11d"), hex_of("tcp-read-req"), TOKEN):
            result = run("decode", "--xml", frame)
            self.assertEqual(result.exit_code, 1)
            self.assertIn("XML", result.stderr)

    def test_without_gurux(self) -> None:
        with mock.patch.dict(sys.modules, {"gurux_dlms": None}):
            result = run("decode", "--xml", hex_of("rlrq"))
        self.assertEqual(result.exit_code, 1)
        self.assertIn("gurux-dlms", result.stderr)
        self.assertEqual(run("decode", hex_of("rlrq")).exit_code, 0)
