"""`hesctl read` as a program, against simulated DLMS meters: wrapper, HDLC, password, keys."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hesd.dlms.security import Suite
from hesd.driver.loading import load_drivers, usable
from tests.ctl.plant_case import ROOT, Ran
from tests.dlms.signing_pairs import METER_PAIR, OUR_PAIR
from tests.sim.dlms_case import DLMSCase, entry
from tests.sim.dlms_head import AK, EK

HEXCELL = "hexcell-ddsy1088"
SERIAL = "46000755036"
KEYS = {"encryption_key": EK, "authentication_key": AK}
VOLTAGE = "1.0.32.7.0.255"
OURS, THEIRS = OUR_PAIR[Suite.AES_256_P384], METER_PAIR[Suite.AES_256_P384]


class ReadDLMSTests(DLMSCase):
    timeout = 60

    def setUp(self) -> None:
        meter: Any = {"driver": HEXCELL, "password": "geheim00"}
        secure: Any = {**meter, "authentication": "hls-gmac", "ciphering": "both", **KEYS}
        signing: Any = {
            **meter,
            "authentication": "hls-ecdsa",
            "suite": 2,
            "meter_signing_key": THEIRS.pkcs8,
            "client_public_key": OURS.public_pem,
        }
        self.play(
            usable(load_drivers(None)),
            dlms=[
                {
                    "name": "house",
                    "meters": [entry(SERIAL, **meter), entry("46000755037", address=7, **meter)],
                },
                {"name": "hall", "framing": "hdlc", "meters": [entry("46000755038", **meter)]},
                {"name": "safe", "meters": [entry("46000755039", **secure)]},
                {"name": "signed", "meters": [entry("46000755041", **signing)]},
                {"name": "open", "meters": [entry("46000755040", driver="generic-dlms")]},
            ],
        )

    async def read(self, place: str, *more: str, driver: str = HEXCELL, stdin: str = "") -> Ran:
        line, _, unit = place.partition("#")
        where = self.simulator.endpoints[line] + (f"#{unit}" if unit else "")
        command = [sys.executable, "-m", "hesd.ctl.main", "read", "--driver", driver, "--json", where, *more]

        def run() -> Ran:
            ran = subprocess.run(
                command, cwd=ROOT, env=os.environ, input=stdin, capture_output=True, text=True, timeout=50,
                check=False,
            )  # fmt: skip
            return Ran(ran.returncode, ran.stdout, ran.stderr)

        return await self.in_thread(run)

    def file(self, content: str) -> str:
        path = Path(self.mktemp())
        path.write_text(content)
        return str(path.resolve())

    async def test_all_that_is_measured_and_what_is_named(self) -> None:
        ran = await self.read("house", "--password-stdin", stdin="geheim00\n")
        self.assertEqual((ran.code, ran.stderr), (0, ""), ran.stdout)
        readings = {reading["obis"]: reading for reading in ran.json}
        self.assertGreater(len(readings), 8)
        self.assertEqual((readings[VOLTAGE]["unit"], readings[VOLTAGE]["quality"]), ("V", "good"))
        named = await self.read(
            "house#7", "voltage_l1", "0-0:96.1.0", "--password-file", self.file("geheim00")
        )
        self.assertEqual((named.code, named.stderr), (0, ""))
        self.assertEqual(
            [reading["value"] for reading in named.json][1:], ["46000755037"], "the one at access point 7"
        )

    async def test_over_hdlc(self) -> None:
        ran = await self.read(
            "hall", "1-0:32.7.0", "--protocol", "dlms-hdlc", "--password-stdin", stdin="geheim00"
        )
        self.assertEqual((ran.code, ran.stderr), (0, ""))
        self.assertGreater(ran.json[0]["value"], 200)

    async def test_under_keys(self) -> None:
        keys = ("--encryption-key-file", self.file(EK), "--authentication-key-file", self.file(AK))
        access = ("--auth", "hls-gmac", "--ciphering", "both", "--counter", "5")
        ran = await self.read("safe", VOLTAGE, *keys, *access)
        self.assertEqual((ran.code, ran.stderr), (0, ""))
        self.assertGreater(ran.json[0]["value"], 200)

    async def test_by_signature(self) -> None:
        ours = ("--signing-key-file", self.file(OURS.sec1))
        theirs = ("--meter-public-key-file", self.file(THEIRS.public_pem))
        access = ("--auth", "hls-ecdsa", "--suite", "2")
        ran = await self.read("signed", VOLTAGE, *ours, *theirs, *access)
        self.assertEqual((ran.code, ran.stderr), (0, ""))
        self.assertGreater(ran.json[0]["value"], 200)
        titled = (*ours, *theirs, *access, "--title", "4853440000000001")
        self.assertEqual((await self.read("signed", VOLTAGE, *titled)).code, 0)
        for arguments in ((*titled, "--ciphering", "both"), (*titled, "--title", "485344")):
            self.assertEqual((await self.read("signed", VOLTAGE, *arguments)).code, 2)
        for arguments, said in (
            ((*ours, *access), "needs its public key, and none is kept"),
            ((*theirs, *access), "needs our signing key, and none is kept"),
            ((*ours, *theirs, *access[:2]), "suite 0 signs nothing"),
            ((*ours, "--meter-public-key-file", self.file(OURS.point.hex()), *access), "proof is wrong"),
            (
                ("--signing-key-file", self.file("geheim"), *theirs, *access),
                "signing_key: expected a private",
            ),
        ):
            ran = await self.read("signed", VOLTAGE, *arguments)
            self.assertEqual(ran.code, 1, ran.stderr)
            self.assertIn(said, ran.stderr)
            for secret in (OURS.number.hex(), OURS.sec1[40:80], "geheim"):
                self.assertNotIn(secret, ran.stderr + ran.stdout)

    async def test_a_meter_no_driver_knows(self) -> None:
        ran = await self.read("open", driver="generic-dlms")
        self.assertEqual((ran.code, ran.stderr), (0, ""), ran.stdout)
        self.assertIn(VOLTAGE, [reading["obis"] for reading in ran.json])

    async def test_refusals(self) -> None:
        for arguments, stdin, said in (
            (("--password-stdin",), "wrong", "authentication-failure"),
            ((), "", "needs a password"),
            (("--password-stdin", "1-0:99.99.0"), "geheim00", "no object is known"),
        ):
            ran = await self.read("house", *arguments, stdin=stdin)
            self.assertEqual(ran.code, 1, ran.stderr)
            self.assertIn(said, ran.stderr)
            self.assertNotIn("geheim00", ran.stderr)
        for arguments in (("volts",), ("--protocol", "modbus-tcp"), ("--auth", "pin")):
            self.assertEqual((await self.read("house", *arguments)).code, 2, arguments)
        self.assertEqual((await self.read("house#65536")).code, 2)
