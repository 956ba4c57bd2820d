"""A serial port that is not there: a pty with a symbolic link where people look for it."""

from __future__ import annotations

import os
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from hesd.model.errors import HesdError


@implementer(IReadDescriptor)
class PTYPort:
    """The far end of a pty; `received` gets what the head end writes.

    It keeps the near end open as well, so that the settings stay as they are and nothing is
    lost between two openings, as on a real port.
    """

    def __init__(self, reactor: IReactorFDSet, link: Path, received: Callable[[bytes], None]) -> None:
        self._reactor = reactor
        self._link = link
        self._received = received
        self._far = self._near = -1

    @property
    def path(self) -> Path:
        """The path by which the port is opened."""
        return self._link

    @property
    def plugged(self) -> bool:
        return self._far >= 0

    def plug(self) -> None:
        """Make the port appear. Raises `HesdError` where its path belongs to something else."""
        if self._link.exists() and not self._link.is_symlink():
            raise HesdError(f"{self._link}: expected nothing or a symbolic link here")
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        os.set_blocking(self._far, False)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(self._near))
        self._reactor.addReader(self)

    def unplug(self) -> None:
        """Make it vanish; whoever has it open sees the line hang up."""
        if not self.plugged:
            return
        self._reactor.removeReader(self)
        self._link.unlink(missing_ok=True)
        os.close(self._far)
        os.close(self._near)
        self._far = self._near = -1

    def write(self, data: bytes) -> None:
        """Characters for the head end; as on a wire, what nobody takes is lost."""
        if self.plugged:
            with suppress(BlockingIOError):
                os.write(self._far, data)

    def doRead(self) -> None:
        try:
            data = os.read(self._far, 4096)
        except BlockingIOError:
            return
        self._received(data)

    def fileno(self) -> int:
        return self._far

    def connectionLost(self, reason: Failure) -> None:  # noqa: ARG002
        """Only the reactor's own shutdown gets here."""
        self.unplug()

    def logPrefix(self) -> str:
        return f"pty {self._link.name}"
