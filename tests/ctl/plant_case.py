"""A plant that pymodbus serves, and `hesctl` as a program that reads it."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
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
    """`plant` is served over each of `kinds`; `places` are the endpoints, by kind."""

    plant: ClassVar[Mapping[int, Blocks]] = {}
    kinds: ClassVar[tuple[str, ...]] = ("serial",)
    timeout = 60

    @classmethod
    def setUpClass(cls) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(cls.plant, file)
        cls._file = Path(file.name)
        cls._servers = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.ctl.pymodbus_plant", kind, file.name],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for kind in cls.kinds
        ]
        cls.places = {}
        for kind, server in zip(cls.kinds, cls._servers, strict=True):
            assert server.stdout is not None
            cls.places[kind] = server.stdout.readline().strip()

    @classmethod
    def tearDownClass(cls) -> None:
        for server in cls._servers:
            server.communicate()
        cls._file.unlink()

    async def hesctl(self, *arguments: str) -> Ran:
        ran: Deferred[tuple[bytes, bytes, int]] = getProcessOutputAndValue(
            sys.executable, ("-m", "hesd.ctl.main", *arguments), env=os.environ, path=str(ROOT)
        )
        stdout, stderr, code = await ran
        return Ran(code, stdout.decode(), stderr.decode())
