"""`hesctl scan` as a program, against simulated DLMS meters: wrapper, HDLC, optical probe, nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.protocols.portforward import ProxyFactory, ProxyServer
from twisted.trial.unittest import SynchronousTestCase

from hesd.driver.loading import load_drivers, usable
from tests.ctl.plant_case import ROOT, Ran
from tests.ctl.run_hesctl import run
from tests.sim.dlms_case import DLMSCase, entry
from tests.sim.dlms_head import AK, EK

HEXCELL = "hexcell-ddsy1088"
SERIAL = "46000755036"
KEYS = {"encryption_key": EK, "authentication_key": AK}
# Of a maker whose letters its driver knows.
OWN = """
kind = "dlms"
base = "momas"
vendor = "Own"
flags = ["OWN"]
client_sap = 17
"""


class ScanDLMS(DLMSCase):
    timeout = 90

    def setUp(self) -> None:
        self.drivers = Path(self.mktemp()).resolve()
        self.drivers.mkdir(parents=True)
        (self.drivers / "own-meter.toml").write_text(OWN)
        meter: Any = {"driver": HEXCELL, "password": "geheim00"}
        open_: Any = {"driver": "generic-dlms", "client": 1, "password": "geheim00"}
        only_keys: Any = {**meter, "client": 16, "authentication": "hls-gmac", "ciphering": "both", **KEYS}
        self.play(
            usable(load_drivers(self.drivers)),
            dlms=[
                {
                    "name": "house",
                    "meters": [
                        entry(SERIAL, **meter),
                        entry("4711", address=18, **open_, referencing="short"),
                        entry("46000755037", address=20, **{**meter, "client": 16}),
                        entry("46000755039", address=21, **only_keys),
                    ],
                },
                {"name": "own", "meters": [entry("062124020450", driver="own-meter", password="geheim00")]},
            ],
            dlms_bus=[
                {
                    "name": "bus",
                    "paced": False,
                    "meters": [
                        entry(SERIAL, address=17, **meter),
                        entry("46000755037", address=1040, **meter),
                    ],
                },
                {"name": "probe", "mode_e": True, "paced": False, "meters": [entry(SERIAL, **meter)]},
            ],
        )

    async def scan(self, place: str, *more: str) -> Ran:
        where = self.simulator.endpoints.get(place, place)
        where = where.replace(str(self.directory), str(self.directory.resolve()))
        command = [sys.executable, "-m", "hesd.ctl.main", "scan", where, *more]
        environment = {**os.environ, "HESD_DRIVERS": str(self.drivers)}

        def run() -> Ran:
            ran = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=80, check=False
            )
            return Ran(ran.returncode, ran.stdout, ran.stderr)

        return await self.in_thread(run)

    async def wrapper(self, place: str, *more: str) -> Ran:
        return await self.scan(place, "--protocol", "dlms-wrapper", "--timeout", "400", *more)

    async def test_through_the_wrapper(self) -> None:
        ran = await self.wrapper("house", "--json")
        self.assertEqual(ran.code, 0, ran.stderr)
        self.assertEqual(
            ran.json,
            [
                {
                    "server": 1,
                    "physical": None,
                    "client": 16,
                    "clients": [
                        {
                            "client": 16,
                            "associates": True,
                            "referencing": "logical",
                            "refusal": None,
                            "diagnostic": None,
                        },
                        {
                            "client": 17,
                            "associates": False,
                            "referencing": "logical",
                            "refusal": "associates only with authentication",
                            "diagnostic": "authentication-mechanism-name-required",
                        },
                    ],
                    "device_name": "HEX46000755036",
                    "manufacturer": "HEX",
                    "serial": SERIAL,
                    "refused": [],
                    "driver": HEXCELL,
                    "certain": False,
                    "candidates": [
                        {"driver": HEXCELL, "score": 12.0},
                        {"driver": "hexcell-dtsy1088", "score": 12.0},
                        {"driver": "generic-dlms", "score": 1.0},
                    ],
                }
            ],
        )
        self.assertIn(f"server 1 answers: {HEXCELL}, {SERIAL}", ran.stderr)

    async def test_several_server_ports(self) -> None:
        ran = await self.wrapper("house", "--servers", "17-21", "--client", "16", "--json")
        self.assertEqual(ran.code, 0, ran.stderr)
        short, password, keys = ran.json
        self.assertEqual((short["server"], short["driver"], short["serial"]), (18, "generic-dlms", "4711"))
        self.assertEqual(short["clients"][0]["referencing"], "short")
        self.assertEqual((password["server"], password["client"], password["serial"]), (20, None, None))
        self.assertEqual((password["driver"], password["device_name"]), ("generic-dlms", None))
        self.assertIn("only with authentication", password["clients"][0]["refusal"])
        self.assertEqual((keys["server"], keys["client"]), (21, None))
        self.assertIn("application-context-name-not-supported", keys["clients"][0]["refusal"])

    async def test_for_people(self) -> None:
        ran = await self.wrapper("house", "--servers", "1,20")
        self.assertEqual(ran.code, 0, ran.stderr)
        self.assertRegex(
            ran.stdout, rf"1 +HEX{SERIAL} +{SERIAL} +{HEXCELL} +likely +hexcell-dtsy1088 +16 associates; 17 "
        )
        self.assertRegex(ran.stdout, r"20 +generic-dlms +16 associates only with authentication")

    async def test_a_manufacturer_that_a_driver_knows(self) -> None:
        ran = await self.wrapper("own", "--json")
        (found,) = ran.json
        self.assertEqual((found["manufacturer"], found["serial"]), ("OWN", "062124020450"))
        self.assertEqual((found["driver"], found["certain"]), ("own-meter", True))

    async def test_a_bus(self) -> None:
        where = ("--protocol", "dlms-hdlc", "--physical", "16-17,1040", "--client", "16,17")
        ran = await self.scan("bus", *where, "--timeout", "150", "--json")
        self.assertEqual(ran.code, 0, ran.stderr)
        self.assertEqual(
            [(each["server"], each["physical"], each["serial"]) for each in ran.json],
            [(1, 17, SERIAL), (1, 1040, "46000755037")],
        )
        self.assertEqual([each["driver"] for each in ran.json], [HEXCELL, HEXCELL])

    async def test_an_optical_probe(self) -> None:
        ran = await self.scan("probe", "--mode-e", "--client", "16-17", "--timeout", "1000", "--json")
        self.assertEqual(ran.code, 0, ran.stderr)
        (found,) = ran.json
        self.assertEqual((found["serial"], found["driver"]), (SERIAL, HEXCELL))
        self.assertEqual([each["client"] for each in found["clients"]], [16, 17], "signed on to for each")

    async def test_nobody_answers(self) -> None:
        ran = await self.wrapper("house", "--servers", "2-3", "--client", "16", "--json")
        self.assertEqual((ran.code, ran.json), (1, []))
        self.assertIn(": meter 3: no answer within 0.4 s", ran.stderr)
        dead = await self.wrapper("tcp:127.0.0.1:9")
        self.assertEqual((dead.code, dead.stdout), (1, ""))
        self.assertIn("refused", dead.stderr)

    async def test_who_hangs_up_on_a_stranger_is_dialled_again(self) -> None:
        door = ProxyFactory(*self.port("house"))
        door.protocol = _Door
        port: Any = reactor.listenTCP(0, door, interface="127.0.0.1")  # type: ignore[attr-defined]
        self.addCleanup(port.stopListening)
        where = f"tcp:127.0.0.1:{port.getHost().port}"
        ran = await self.wrapper(where, "--servers", "2,1,20", "--client", "16", "--json")
        self.assertEqual(ran.code, 0, ran.stderr)
        self.assertEqual([each["server"] for each in ran.json], [1, 20])
        self.assertEqual(_Door.dialled, 3, "once more for port 2, and for those after it")


class _Door(ProxyServer):
    """In front of the meters: it hangs up when server port 2 is asked."""

    dialled: ClassVar = 0

    def connectionMade(self) -> None:
        type(self).dialled += 1
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:
        if data[4:6] == b"\0\2":
            self.transport.loseConnection()
        else:
            super().dataReceived(data)


class ScanUsage(SynchronousTestCase):
    def test_options_of_another_protocol(self) -> None:
        place = "tcp:127.0.0.1:9"
        for arguments in (
            ("--servers", "1"),
            ("--physical", "17"),
            ("--client", "16", "--protocol", "modbus-tcp"),
            ("--units", "1-5", "--protocol", "dlms-wrapper"),
            ("--physical", "17", "--protocol", "dlms-wrapper"),
            ("--client", "128", "--protocol", "dlms-hdlc"),
            ("--servers", "16384", "--mode-e", "--protocol", "dlms-hdlc"),
            ("--mode-e",),
            ("--servers", "0", "--protocol", "dlms-wrapper"),
            ("--servers", "1-65536", "--protocol", "dlms-wrapper"),
        ):
            self.assertEqual(run("scan", *arguments, place).exit_code, 2, arguments)
