"""What the benchmarks compare is comparable, and their verdicts are right."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from benchmarks import (
    child,
    decode,
    dial_in_head,
    dial_in_plant,
    meter_line,
    responder,
    session_meter,
)
from benchmarks.figure import Figure, write
from hesd.modbus.mbap import MBAPReader, encode_frame
from hesd.modbus.pdu import ReadRegisters


class VerdictTests(SynchronousTestCase):
    def verdict(self, hesd: float, peer: float, goal: str) -> bool | None:
        return Figure("name", "what", hesd, peer, "peer", goal).met

    def test_a_goal_bounds_the_ratio(self) -> None:
        self.assertIs(self.verdict(10.2, 10, "<= 1.03"), True)
        self.assertIs(self.verdict(10.4, 10, "<= 1.03"), False)
        self.assertIs(self.verdict(31, 10, ">= 3"), True)
        self.assertIs(self.verdict(29, 10, ">= 3"), False)

    def test_without_a_peer_it_bounds_the_number(self) -> None:
        self.assertIs(self.verdict(0, 0, "<= 0"), True)
        self.assertIs(self.verdict(1, 0, "<= 0"), False)

    def test_without_a_goal_there_is_no_verdict(self) -> None:
        self.assertIsNone(self.verdict(1, 2, ""))

    def test_file_has_the_keys_that_are_documented(self) -> None:
        path = Path(self.mktemp())
        write([Figure("name", "what", 1.0, 2.0, "peer", "<= 1")], path)
        self.assertEqual(
            json.loads(path.read_text()),
            [
                {
                    "name": "name", "what": "what", "hesd": 1.0, "peer": 2.0, "peer_name": "peer",
                    "ratio": 0.5, "goal": "<= 1", "met": True,
                }
            ],
        )  # fmt: skip


class LeastCycleTests(SynchronousTestCase):
    def test_is_what_the_arithmetic_of_the_line_says(self) -> None:
        """79 meters at 12.5 ms: requests of 8 characters, replies of 5 + 2n, two silences."""
        for baud, least in ((9600, 21.06), (19200, 12.85), (38400, 7.96)):
            self.assertAlmostEqual(meter_line.least_cycle(baud), least, places=2)

    def test_turnarounds_have_the_spread_that_is_claimed(self) -> None:
        turnarounds = meter_line.turnarounds()
        self.assertEqual(len(turnarounds), 79)
        self.assertTrue(0.005 <= min(turnarounds) < 0.0052 < 0.0198 < max(turnarounds) <= 0.020)
        self.assertAlmostEqual(sum(turnarounds) / 79, 0.0125)


class DecodeTests(SynchronousTestCase):
    def test_all_candidates_decode_the_same(self) -> None:
        values = decode.hesd()()
        self.assertEqual(decode.pymodbus()(), values)
        self.assertEqual(decode.umodbus()(), values)


class ResponderTests(SynchronousTestCase):
    def test_answers_what_was_asked(self) -> None:
        requests = [ReadRegisters(3, 3000, 125), ReadRegisters(3, 3000, 2)]
        frames = b"".join(encode_frame(7 + n, 1, each.encode()) for n, each in enumerate(requests))
        replies = MBAPReader().feed(responder.answers(frames))
        self.assertEqual([reply.transaction for reply in replies], [7, 8])
        for request, reply in zip(requests, replies, strict=True):
            self.assertEqual(len(request.decode_reply(reply.pdu)), 2 * request.count)

    def test_serves_until_its_input_ends(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.responder", "5"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with process:
            assert process.stdout is not None
            assert process.stdin is not None
            port = int(process.stdout.readline())
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.settimeout(10)
                connection.sendall(encode_frame(1, 1, ReadRegisters(3, 0, 2).encode()))
                self.assertEqual(MBAPReader().feed(connection.recv(4096))[0].transaction, 1)
            process.stdin.close()
            self.assertEqual(process.wait(10), 0)


class SessionTests(SynchronousTestCase):
    def test_a_canned_session_is_a_whole_one(self) -> None:
        for ciphered, exchanges in ((False, 8), (True, 9)):
            conversation = session_meter.Conversation(ciphered=ciphered)
            self.assertEqual((len(conversation.sent), len(conversation.answered)), (exchanges, exchanges))
            self.assertEqual(session_meter.Conversation(ciphered=ciphered).answered, conversation.answered)

    def test_all_clients_read_what_the_meter_serves(self) -> None:
        for ciphered in (False, True):
            with child.serving("session_meter", ciphered) as port:
                for client in ("floor", "hesd", "gurux"):
                    measured = child.measure("session_clients", client, ciphered, port, 5)
                    self.assertEqual(sorted(measured), ["cpu", "rate"])


class IdleTests(SynchronousTestCase):
    def test_meters_have_different_numbers(self) -> None:
        numbers = dial_in_plant.serials(1000)
        self.assertEqual(len(set(numbers)), 1000)
        self.assertTrue(all(len(number) == 11 for number in numbers))

    def test_lateness_is_what_a_clock_was_late(self) -> None:
        clock = Clock()
        lateness = dial_in_head.Lateness(clock)
        lateness.start()
        for late in [0.0] * 98 + [0.5, 1.0]:
            clock.advance(0.005 + late)
        lateness.stop()
        self.assertAlmostEqual(lateness.at(0.5), 0.0)
        self.assertAlmostEqual(lateness.at(0.98), 0.5)
        self.assertAlmostEqual(lateness.at(1), 1.0)
        self.assertEqual(clock.getDelayedCalls(), [])
