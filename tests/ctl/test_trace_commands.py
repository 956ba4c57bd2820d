"""`hesctl trace --save`, and `hesctl replay` as its own process."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

from twisted.internet.threads import deferToThread

from hesd.dlms import get
from hesd.dlms.wrapper import HEADER_LENGTH
from hesd.links.flight_recorder import RecordedFrame
from hesd.links.saved_trace import read_trace
from tests.ctl.run_hesctl import run
from tests.ctl.test_daemon_commands import CommandCase
from tests.web.dlms_world import SERIALS, DLMSWorld

METER = SERIALS[0]


def is_asked(frame: RecordedFrame) -> bool:
    return frame.sent and frame.octets[HEADER_LENGTH] == get.REQUEST


class TraceCommandTests(DLMSWorld, CommandCase):
    async def test_a_saved_trace_answers_as_the_meter_did(self) -> None:
        await self.register()
        await self.done("clock", METER)
        path = Path(self.mktemp())
        self.assertIn(f"frames are in {path}", await self.done("trace", METER, "--save", str(path)))
        self.assertEqual(*await deferToThread(self.answered, path))
        nowhere = str(path / "x")
        self.assertIn("Not a directory", await self.refused("trace", METER, "--save", nowhere))

    def answered(self, path: Path) -> tuple[bytes, bytes]:
        """The answer to the first GET of a trace, as it is replayed and as it was."""
        lines = path.read_bytes().splitlines()
        self.assertEqual(set(json.loads(lines[0])), {"at", "direction", "octets"})
        frames = read_trace(path.read_bytes())
        self.assertEqual(len(frames), len(lines))
        asked = next(number for number, frame in enumerate(frames) if is_asked(frame))
        return self.replay(path, frames[asked].octets), frames[asked + 1].octets

    def replay(self, path: Path, request: bytes) -> bytes:
        """What `hesctl replay` of a trace answers."""
        process = subprocess.Popen(
            [sys.executable, "-m", "hesd.ctl.main", "replay", str(path)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            word, protocol, endpoint = process.stdout.readline().split()
            self.assertEqual((word, protocol), ("READY", "dlms-wrapper"))
            _, host, port = endpoint.split(":")
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                connection.sendall(request)
                return connection.recv(4096)
        finally:
            process.terminate()
            process.communicate()

    def test_what_cannot_be_replayed_is_refused(self) -> None:
        path = Path(self.mktemp())
        path.write_text("no trace\n")
        refusal = run("replay", str(path))
        self.assertEqual(refusal.exit_code, 1)
        self.assertIn("not a saved trace", refusal.output)
        self.assertEqual(run("replay", "/nowhere").exit_code, 2)
