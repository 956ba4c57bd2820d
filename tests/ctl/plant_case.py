"""A plant that pymodbus serves, and `hesctl` as a program that reads it."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

ROOT = Path(__file__).parent.parent.parent
Blocks = list[tuple[int, int, str]]


def floats(first: int, last: int, numbers: Mapping[int, float], *, low_word_first: bool = False) -> str:
    """Register bytes from `first` to `last`, zero but for the floats at these addresses."""
    data = bytearray(2 * (last + 1 - first))
    for address, number in numbers.items():
        octets = struct.pack(">f", number)
        at = 2 * (address - first)
        data[at : at + 4] = octets[2:] + octets[:2] if low_word_first else octets
    return data.hex()


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run of `hesctl` came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class PlantCase(TestCase):
    """`plant` is served over each of `kinds`; `places` are the endpoints, by kind.

    The servers are started for the first test of a class and end when this process does,
    because their standard input ends then. (trial knows no `setUpClass`.)
    """

    plant: ClassVar[Mapping[int, Blocks]] = {}
    kinds: ClassVar[tuple[str, ...]] = ("serial",)
    servers: ClassVar[dict[type[PlantCase], dict[str, subprocess.Popen[str]]]] = {}
    places: ClassVar[dict[str, str]]
    timeout = 60

    def setUp(self) -> None:
        kind = type(self)
        if kind in self.servers:
            return
        servers = self.servers[kind] = {each: kind._serve(each) for each in self.kinds}
        kind.places = {each: _first_line(server) for each, server in servers.items()}

    @classmethod
    def _serve(cls, kind: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.ctl.pymodbus_plant", kind, json.dumps(cls.plant)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    async def hesctl(self, *arguments: str) -> Ran:
        ran: Deferred[tuple[bytes, bytes, int]] = getProcessOutputAndValue(
            sys.executable, ("-m", "hesd.ctl.main", *arguments), env=os.environ, path=str(ROOT)
        )
        stdout, stderr, code = await ran
        return Ran(code, stdout.decode(), stderr.decode())


def _first_line(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    return server.stdout.readline().strip()
