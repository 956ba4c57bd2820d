"""`hesctl sim` as its own process: says READY, takes commands, ends when it should."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

import minimalmodbus
from twisted.trial.unittest import SynchronousTestCase

PLANT = """
title = "Test"
[[area]]
code = "A"
name = "Area"
[[bus]]
name = "bus-1"
baud = 115200
[[bus.meters]]
unit_id = 5
serial = "0412"
driver = "schneider-em"
name = "Lathe"
area = "A"
load = "machine"
rated = 20
[[tcp]]
name = "house"
meters = []
"""
DIALLING = """
title = "Test"
[[area]]
code = "A"
name = "Area"
[[dialin]]
name = "gprs"
endpoint = "tcp:127.0.0.1:1"
[[dialin.meters]]
serial = "46000755036"
driver = "generic-dlms"
name = "Flat"
area = "A"
load = "flat"
rated = 5
"""


class CommandTests(SynchronousTestCase):
    def start(self, *options: str, plant: str = PLANT) -> subprocess.Popen[str]:
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir(parents=True)
        path = self.directory / "plant.toml"
        path.write_text(plant)
        process = subprocess.Popen(
            [sys.executable, "-m", "hesd.ctl.main", "sim", str(path), "--dir", str(self.directory), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(self.finish, process)
        return process

    def finish(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            stream(pipe).close()

    def ready(self, process: subprocess.Popen[str]) -> dict[str, str]:
        word, _, endpoints = stream(process.stdout).readline().partition(" ")
        self.assertEqual(
            word, "READY", process.stderr and process.poll() is not None and process.stderr.read()
        )
        found: dict[str, str] = json.loads(endpoints)
        return found

    def ask(self, process: subprocess.Popen[str], command: str) -> str:
        stream(process.stdin).write(command + "\n")
        stream(process.stdin).flush()
        return stream(process.stdout).readline().strip()

    def volts(self) -> float:
        instrument = minimalmodbus.Instrument(str(self.directory / "bus-1"), 5)
        instrument.serial.baudrate = 115200
        instrument.serial.timeout = 0.3
        try:
            value: float = instrument.read_float(3028)
        finally:
            instrument.serial.close()
        return value

    def test_ready_says_how_lines_are_reached(self) -> None:
        process = self.start()
        endpoints = self.ready(process)
        self.assertEqual(
            endpoints["bus-1"], f"serial:{self.directory}/bus-1:baudrate=115200:parity=E:stopbits=1"
        )
        self.assertRegex(endpoints["house"], r"^tcp:127\.0\.0\.1:\d+$")
        self.assertTrue(215 < self.volts() < 245)

    def test_faults_are_switched_by_words(self) -> None:
        process = self.start()
        self.ready(process)
        self.assertEqual(self.ask(process, "fault 0412 dead on"), "ok")
        self.assertRaises(minimalmodbus.NoResponseError, self.volts)
        self.assertEqual(json.loads(self.ask(process, "faults")), {"0412": {"dead": 1}})
        self.assertEqual(self.ask(process, "fault 0412 dead off"), "ok")
        self.assertTrue(215 < self.volts() < 245)
        status = json.loads(self.ask(process, "status"))
        self.assertEqual((status["bus-1"]["requests"], status["bus-1"]["answers"]), (2, 1))

    def test_wrong_words_are_answered(self) -> None:
        process = self.start()
        self.ready(process)
        self.assertEqual(
            self.ask(process, "fault 0413 dead"), "error: expected a meter's serial for dead, got '0413'"
        )
        self.assertIn("error: expected fault", self.ask(process, "dance"))
        self.assertIn("fault TARGET KIND", self.ask(process, "help"))

    def fault(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "hesd.ctl.main", "fault", "--control", str(self.control), *words],
            capture_output=True,
            text=True,
            timeout=20,
        )

    def test_socket_takes_the_same_words(self) -> None:
        # Deeper than the name of a socket may be long.
        self.control = Path(self.mktemp()).absolute() / ("x" * 60) / "control"
        self.control.parent.mkdir(parents=True)
        process = self.start("--control", str(self.control))
        self.ready(process)
        switched = self.fault("bus-1", "echo", "on", "--json")
        self.assertEqual(json.loads(switched.stdout), {"bus-1": {"echo": 1}})
        self.assertIn("echo", self.fault().stdout)
        refused = self.fault("bus-2", "echo", "on")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("expected a bus for echo, got 'bus-2'", refused.stderr)
        self.assertEqual(self.control.stat().st_mode & 0o777, 0o600)

    def test_no_plant_to_break(self) -> None:
        self.control = Path(self.mktemp())
        failed = self.fault()
        self.assertEqual(failed.returncode, 1)
        self.assertIn("no simulated plant answers here", failed.stderr)

    def test_ends_with_its_input_if_told_so(self) -> None:
        process = self.start("--until-eof")
        self.ready(process)
        stream(process.stdin).close()
        self.assertEqual(process.wait(10), 0)
        self.assertFalse(os.path.lexists(self.directory / "bus-1"))

    def test_ends_with_its_input_when_nobody_listens_any_more(self) -> None:
        process = self.start("--until-eof")
        self.ready(process)
        stream(process.stdout).close()
        stream(process.stdin).close()
        self.assertEqual(process.wait(10), 0)

    def test_goes_on_without_input_else(self) -> None:
        process = self.start()
        self.ready(process)
        stream(process.stdin).close()
        self.assertTrue(215 < self.volts() < 245)
        self.assertIsNone(process.poll())

    def test_a_signal_ends_it_cleanly(self) -> None:
        process = self.start()
        self.ready(process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)
        self.assertFalse(os.path.lexists(self.directory / "bus-1"))

    def test_stop(self) -> None:
        process = self.start()
        self.ready(process)
        self.assertEqual(self.ask(process, "stop"), "ok")
        self.assertEqual(process.wait(10), 0)

    def test_a_wrong_plant_exits_with_its_key(self) -> None:
        process = self.start(plant=PLANT.replace('driver = "schneider-em"', 'driver = "nobody"'))
        _, complaint = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 1)
        self.assertIn("plant.toml: bus[0].meters[0].driver: expected one of", complaint)

    def test_meters_dial_where_they_are_told(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(20)
            process = self.start(f"--dial=gprs=tcp:127.0.0.1:{listener.getsockname()[1]}", plant=DIALLING)
            self.assertEqual(self.ready(process)["gprs"].rpartition(":")[2], str(listener.getsockname()[1]))
            with listener.accept()[0] as connection:
                self.assertIn(b"46000755036", connection.recv(100))

    def test_nobody_dials_another_listener(self) -> None:
        process = self.start("--dial=lte=tcp:127.0.0.1:4059", plant=DIALLING)
        _, complaint = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 1)
        self.assertIn("nobody dials in to 'lte'; there are gprs", complaint)

    def test_a_port_in_use_is_an_error(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            process = self.start(plant=PLANT.replace('name = "house"', f'name = "house"\nport = {port}'))
            _, complaint = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 1)
        self.assertIn(str(port), complaint)


def stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
