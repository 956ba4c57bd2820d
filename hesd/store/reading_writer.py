"""Takes readings from the reactor thread and puts them on disk, many to a commit.

What a commit costs (the disk is flushed) is shared by all readings that came meanwhile.
While the disk is gone they wait in memory, up to a bound, and the commit is tried again
at growing intervals; what does not fit any more is refused and counted, so that whoever
acknowledges readings to a meter knows that these were not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twisted.internet.defer import Deferred, TimeoutError, ensureDeferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from hesd.model.reading import Reading
from hesd.store.database import Database
from hesd.store.errors import StoreDown
from hesd.store.reading_insert import UNSTORABLE, ReadingInsert
from hesd.store.stage_mover import StageMover

_A_COMMIT = 10_000  # readings at most, so that the writer thread is soon free for others
_FIRST_RETRY, _LAST_RETRY = 0.5, 30.0


@dataclass(slots=True)
class WriterCounters:
    """What the writer did since it was made; `seconds` is the time spent on commits."""

    written: int = 0
    batches: int = 0
    seconds: float = 0.0
    failures: int = 0  # commits that had to be tried again
    refused: int = 0  # readings there was no room for
    unstorable: int = 0  # readings the table cannot hold


class ReadingWriter:
    """Group commit of readings.

    A reading is on disk when the Deferred fires that `flushed` gave after it was put.
    The same meter, quantity and time put twice is one reading; the last one counts. One
    writer serves a database at a time.

    `period` is how long a reading waits for others, in seconds; `batch` of them do not
    wait; `capacity` bounds how many are in memory.
    """

    _log = Logger()

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        *,
        period: float = 0.25,
        batch: int = 1_000,
        capacity: int = 200_000,
    ) -> None:
        self.counters = WriterCounters()
        self.mover = StageMover(database)
        self._database = database
        self._clock = clock
        self._period = period
        self._batch = batch
        self._capacity = capacity
        self._insert = ReadingInsert()
        self._waiting: list[Reading] = []
        self._stored = 0  # of all readings that were taken
        self._promises: list[tuple[int, Deferred[None]]] = []
        self._timer: IDelayedCall | None = None
        self._writing = False
        self._retry = 0.0  # seconds to the next attempt; 0 while all is well
        self._full = False
        self._closed = False
        self._given_up = False

    @property
    def waiting(self) -> int:
        """How many readings are in memory only."""
        return len(self._waiting)

    def put(self, batch: Sequence[Reading]) -> bool:
        """Take readings and return at once. False, with none of them taken, where there is no room."""
        if self._closed or len(self._waiting) + len(batch) > self._capacity:
            self._refuse(len(batch))
            return False
        self._full = False
        self._waiting.extend(batch)
        self._schedule()
        return True

    def flushed(self) -> Deferred[None]:
        """Fires when all that was put so far is on disk, which is set about at once."""
        if not self._waiting:
            return succeed(None)
        promise: Deferred[None] = Deferred()
        self._promises.append((self._stored + len(self._waiting), promise))
        self._schedule()
        return promise

    async def close(self, patience: float = 8.0) -> int:
        """Take nothing more and write what waits, for `patience` seconds at most.

        Returns how many readings are lost because that did not succeed.
        """
        self._closed = True
        self._retry = 0.0
        self._cancel_timer()
        try:
            await self.flushed().addTimeout(patience, self._clock)
        except TimeoutError:
            self._given_up = True
            self._log.error("{lost} readings could not be stored and are lost", lost=self.waiting)
        self._cancel_timer()
        await self.mover.stop()
        return self.waiting

    def _refuse(self, count: int) -> None:
        self.counters.refused += count
        if not self._full:
            self._log.error("readings are refused: {waiting} wait to be stored", waiting=self.waiting)
        self._full = True

    def _schedule(self) -> None:
        if self._writing or self._retry or self._given_up or not self._waiting:
            return
        at_once = self._promises or self.waiting >= self._batch
        delay = 0.0 if at_once else self._period
        if self._timer is None:
            self._timer = self._clock.callLater(delay, self._begin)
        elif at_once:
            self._timer.reset(0)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._timer = None
        self._writing = True
        ensureDeferred(self._write())

    async def _write(self) -> None:
        """Write until less than a batch waits and nobody is waiting for it."""
        try:
            await self._write_batch(self._waiting[:_A_COMMIT])
            while self._waiting and (self._promises or self.waiting >= self._batch):
                await self._write_batch(self._waiting[:_A_COMMIT])
        except Exception as error:  # whatever it is, the readings are kept and tried again
            self._failed(error)
        else:
            self._recovered()
        finally:
            self._writing = False
        self._schedule()

    async def _write_batch(self, batch: list[Reading]) -> None:
        began = self._clock.seconds()
        try:
            if await self._database.write(self._insert.stage, batch):
                self.mover.start()
        except UNSTORABLE:
            self._insert.forget()
            left_out = await self._database.write(self._insert.stage_what_can_be, batch)
            self.counters.unstorable += left_out
            self.counters.written -= left_out
        del self._waiting[: len(batch)]
        self._stored += len(batch)
        self.counters.written += len(batch)
        self.counters.batches += 1
        self.counters.seconds += self._clock.seconds() - began
        self._keep_promises()

    def _keep_promises(self) -> None:
        kept = [promise for needed, promise in self._promises if needed <= self._stored]
        self._promises = [(needed, promise) for needed, promise in self._promises if needed > self._stored]
        for promise in kept:
            if not promise.called:  # it is, where somebody did not want to wait any longer
                promise.callback(None)

    def _failed(self, error: Exception) -> None:
        self._insert.forget()
        self.counters.failures += 1
        if not self._retry:
            self._log.error("readings cannot be stored, they wait: {error}", error=error)
        if not isinstance(error, StoreDown):
            self._log.failure("unexpected failure of a commit")
        self._retry = min(max(2 * self._retry, _FIRST_RETRY), _LAST_RETRY)
        if not self._given_up:
            self._timer = self._clock.callLater(self._retry, self._begin)

    def _recovered(self) -> None:
        if self._retry:
            self._log.info("readings are stored again")
        self._retry = 0.0
