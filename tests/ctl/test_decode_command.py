"""`hesctl decode`: every published frame, with what its source says it means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.ctl.run_hesctl import run, run_json

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "modbus_vectors.json").read_text(encoding="utf-8")
)
REFUSED = {"rtu-bad-crc"}
# What a source calls a field -> where `decode` has it, as (frame, whole output) -> value.
FIELDS = {
    "fc": lambda frame, _: frame["function_code"],
    "start": lambda frame, _: frame.get("starting_address", frame.get("register_address")),
    "count": lambda frame, _: frame["quantity_of_registers"],
    "registers": lambda _, whole: whole["registers"],
    "exception": lambda frame, _: frame["exception_code"],
    "unit": lambda frame, _: frame["unit_id"],
    "mei": lambda frame, _: frame["mei_type"],
    "sub": lambda frame, _: frame["sub_function"],
    "data": lambda frame, _: frame["data"],
    "int64": lambda frame, _: frame["read_as"]["int64"][0],
}
FLOATS = {
    "float32": lambda frame: frame["read_as"]["float32"][:1],
    "floats": lambda frame: frame["read_as"]["float32"],
}


def vector(name: str) -> str:
    return next(entry["hex"] for entry in VECTORS if entry["name"] == name)


class DecodeVectors(SynchronousTestCase):
    def test_every_vector_means_what_its_source_says(self) -> None:
        compared = 0
        for entry in VECTORS:
            if entry["name"] in REFUSED:
                continue
            decoded = run_json("decode", entry["hex"])
            self.assertEqual(decoded["layer"], entry["layer"], entry["name"])
            (frame,) = decoded["frames"]
            for name, expected in entry["expect"].items():
                if name in FIELDS:
                    self.assertEqual(FIELDS[name](frame, decoded), expected, f"{entry['name']}: {name}")
                    compared += 1
                elif name in FLOATS:
                    self.compare_floats(entry["name"], FLOATS[name](frame), expected)
                    compared += 1
                elif name == "name":
                    self.assertEqual(frame["exception"], expected)
        self.assertGreater(compared, 60)

    def compare_floats(self, name: str, decoded: list[Any], expected: Any) -> None:
        expected = expected if isinstance(expected, list) else [expected]
        self.assertEqual(len(decoded), len(expected), name)
        for got, wanted in zip(decoded, expected, strict=True):
            if wanted is None:
                self.assertIsNone(got, name)
            else:
                self.assertApproximates(got, wanted, 1e-6 * abs(wanted), name)

    def test_the_layer_can_be_named(self) -> None:
        for entry in VECTORS:
            if entry["name"] not in REFUSED:
                decoded = run_json("decode", "--layer", entry["layer"], entry["hex"])
                self.assertEqual(decoded, run_json("decode", entry["hex"]))

    def test_a_damaged_frame_is_refused(self) -> None:
        result = run("decode", "--json", vector("rtu-bad-crc"))
        self.assertEqual(result.exit_code, 1)
        decoded = json.loads(result.stdout)
        self.assertEqual((decoded["layer"], decoded["frames"]), ("modbus-rtu", []))
        self.assertIn("CRC", decoded["error"])
        self.assertIn("CRC", result.stderr)

    def test_the_reply_of_another_unit_is_refused(self) -> None:
        request, reply = vector("sdm630-read-l1-voltage-req"), vector("rtu-wrong-unit-reply")
        result = run("decode", "--json", request, reply)
        self.assertEqual(result.exit_code, 1)
        decoded = json.loads(result.stdout)
        self.assertEqual(len(decoded["frames"]), 1)
        self.assertIn("unit 2", decoded["error"])


class DecodeCommand(SynchronousTestCase):
    request = vector("em6400ng-voltage-block-req")
    reply = vector("em6400ng-voltage-block-resp")

    def test_request_then_reply_gives_the_addresses(self) -> None:
        decoded = run_json("decode", self.request, self.reply)
        self.assertEqual(decoded["frames"][1]["starting_address"], 3019)
        self.assertEqual(decoded["values"], decoded["registers"])
        shown = run("decode", self.request, self.reply).stdout
        self.assertIn("3019  17352", shown)
        self.assertIn("3036  58982", shown)

    def test_hex_as_it_stands_in_logs(self) -> None:
        plain = run_json("decode", "01040000000271cb")
        for written in ("01 04 00 00 00 02 71 CB", "01:04:00:00:00:02:71:cb", "0x01040000000271CB"):
            self.assertEqual(run_json("decode", written), plain)
        self.assertEqual(run_json("decode", "01", "04", "00", "00", "00", "02", "71", "CB"), plain)
        self.assertEqual(run_json("decode", "0104", "0000", "0002", "71CB"), plain)

    def test_wrong_usage(self) -> None:
        for arguments in ([], ["xyz"], ["--layer", "morse", "00"], ["010"]):
            self.assertEqual(run("decode", *arguments).exit_code, 2)

    def test_json_may_be_asked_for_anywhere(self) -> None:
        first = run("--json", "decode", "01040000000271cb")
        self.assertEqual(json.loads(first.stdout), run_json("decode", "01040000000271cb"))
