"""Writes readings until it is killed, and prints the number of each that is stored.

    python killed_writer.py STATE FIRST_NUMBER

Run by `test_kill`; several puts are under way at a time, and the stage is so small that
readings are moved out of it all the time.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from twisted.internet import reactor

from hesd.store import stage
from hesd.store.database import Database
from hesd.store.reading_writer import ReadingWriter
from tests.store.store_case import numbered

_A_PUT = 20


class Writing:
    def __init__(self, state: Path, first: int) -> None:
        database = Database("sqlite:///hesd.db", state, reactor)  # type: ignore[arg-type]
        database.migrate()
        self.writer = ReadingWriter(database, reactor, period=0.002, batch=100)  # type: ignore[arg-type]
        self.next = first

    def put(self) -> None:
        numbers = range(self.next, self.next + _A_PUT)
        self.next = numbers.stop
        if self.writer.put([numbered(number) for number in numbers]):
            self.writer.flushed().addCallback(self.acknowledge, numbers)
        reactor.callLater(0.0005, self.put)  # type: ignore[attr-defined]

    def acknowledge(self, _: None, numbers: range) -> None:
        os.write(1, f"{numbers.start} {numbers.stop}\n".encode())


if __name__ == "__main__":
    stage._LEAST, stage._A_SERIES, stage._SLICE = 300, 1, 50
    writing = Writing(Path(sys.argv[1]), int(sys.argv[2]))
    reactor.callWhenRunning(writing.put)  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]
