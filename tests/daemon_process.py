"""A real `twistd hesd` as a child process, for tests that look at it from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

CHECKOUT = Path(__file__).parents[1]
PATIENCE = 30.0


class DaemonProcess:
    """`twistd -n hesd` on a configuration file; what it prints is read as it comes.

    Blocks: to be used in a test that has no reactor of its own to turn, or in a thread.
    """

    def __init__(self, config: Path, *options: str, **environment: str) -> None:
        twistd = Path(sys.executable).with_name("twistd")
        self.said: list[str] = []
        self._lines: Queue[str | None] = Queue()
        self.process = subprocess.Popen(
            [twistd, "-n", "--pidfile=", "hesd", "--config", str(config), *options],
            cwd=CHECKOUT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self, fits: Callable[[str], bool]) -> str:
        """The next line that fits. Fails with all that was said when none comes."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                line = None
            if line is None:
                raise AssertionError("the daemon did not say it:\n" + "\n".join(self.said))
            self.said.append(line)
            if fits(line):
                return line

    def url(self) -> str:
        """Where it serves, once it does; without the slash at the end."""
        return self.line(lambda line: line.startswith("hesd: serving ")).split()[-1].rstrip("/")

    def demo_user(self) -> tuple[str, str]:
        """Name and password, after `url`."""
        words = self.line(lambda line: line.startswith("hesd: demo user ")).split()
        return words[3], words[5]

    def tell(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def exit_code(self) -> int:
        """Wait for the end; the rest of what was said is in `said`."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._reader.join(PATIENCE)
        while not self._lines.empty():
            self.said.append(self._lines.get() or "")
        return code

    def stop(self) -> int:
        """Ask it to end, where it has not, and wait."""
        if self.process.poll() is None:
            self.tell(signal.SIGTERM)
        return self.exit_code()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
