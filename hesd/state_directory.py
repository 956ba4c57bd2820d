"""The state directory: one daemon at a time keeps its state there."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from hesd.model.errors import HesdError

_LOCK: Final = "hesd.lock"


class StateUnusable(HesdError):
    """The state directory cannot be written to, or belongs to another daemon."""


class StateDirectory:
    """A directory that is ours from `take` to the end of the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = -1

    def make(self) -> None:
        """Make the directory where it is missing. Raises `StateUnusable`."""
        try:
            self._path.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise StateUnusable(f"{self._path}: no state directory can be made: {error.strerror}") from error

    def take(self) -> None:
        """Raises `StateUnusable`, naming the process that has it where there is one.

        The kernel gives a lock back when its process is gone, so nothing is left behind by kill -9.
        """
        try:
            self._lock = os.open(self._path / _LOCK, os.O_RDWR | os.O_CREAT, 0o640)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._lock, 20).decode("ascii", "replace").strip()
            self.give_back()
            raise StateUnusable(
                f"{self._path}: another hesd (process {owner}) keeps its state here"
            ) from None
        except OSError as error:
            raise StateUnusable(f"{self._path}: cannot be written to: {error.strerror}") from error
        os.truncate(self._lock, 0)
        os.write(self._lock, f"{os.getpid()}\n".encode())

    def give_back(self) -> None:
        """Let another have it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
