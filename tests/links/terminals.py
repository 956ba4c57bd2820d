"""Real pseudo terminals with a meter of our own at the far end."""

from __future__ import annotations

import os
import tty
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from hesd.modbus.rtu import RequestReader, encode_frame
from hesd.modbus.server import Bank, serve


@implementer(IReadDescriptor)
class Terminal:
    """The master end of a pty; `path` is what a program opens. Bytes go to `received`."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._open = False

    def listen(self) -> None:
        """Once somebody has opened `path`: before that a pty looks hung up."""
        if not self._open:
            self._open = True
            self._reactor.addReader(self)

    def fileno(self) -> int:
        return self._master

    def logPrefix(self) -> str:
        return "terminal"

    def doRead(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except OSError:  # nobody has it open any more
            self.connectionLost(None)
            return
        self.received(data)

    def connectionLost(self, reason: object) -> None:
        if self._open:
            self._open = False
            self._reactor.removeReader(self)

    def received(self, data: bytes) -> None:
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        os.write(self._master, data)

    def unplug(self) -> None:
        """The adapter is pulled."""
        self.connectionLost(None)
        os.close(self._master)


class MeterTerminal(Terminal):
    """Meters on a line, by unit. `before`, `after` and `mute` spoil it."""

    def __init__(self, reactor: Any, banks: dict[int, Bank]) -> None:
        super().__init__(reactor)
        self.before = self.after = b""
        self.mute = False
        self.asked = 0
        self._banks = banks
        self._reader = RequestReader()

    def received(self, data: bytes) -> None:
        for frame in self._reader.feed(data):
            self.asked += 1
            if frame.unit in self._banks and not self.mute:
                reply = encode_frame(frame.unit, serve(frame.pdu, self._banks[frame.unit]))
                self.write(self.before + reply + self.after)
