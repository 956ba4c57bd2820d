"""Stages batches of readings: what runs in the writer thread, once per group commit."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, exc
from twisted.logger import Logger

from hesd.model.reading import Reading
from hesd.store import series, stage
from hesd.store.reading_row import to_row

# What is said of a reading that no disk could hold: a time or scaler beyond 64 bits (only
# `value` and `raw` may be of any size), a field of a type nobody expects.
UNSTORABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    exc.DataError,
    exc.IntegrityError,
    exc.InterfaceError,
    exc.ProgrammingError,
)


class ReadingInsert:
    """Remembers the numbers of the series, so that a reading costs one insert and no look-up."""

    _log = Logger()

    def __init__(self) -> None:
        self._numbers: dict[series.Key, int] | None = None

    def stage(self, connection: Connection, batch: Sequence[Reading]) -> bool:
        """Stage a batch; whether so much lies there now that it should be moved.

        Raises one of `UNSTORABLE` where there is a reading in it that can never be stored.
        Whatever is raised, by this or by the commit, `forget` has to be called.
        """
        numbers = self._known(connection)
        added = {key for one in batch if (key := (one.meter, one.obis)) not in numbers}
        if added:
            numbers.update(series.number(connection, added))
        stage.append(connection, [to_row(numbers[one.meter, one.obis], one) for one in batch])
        return stage.waiting(connection) > stage.limit(len(numbers))

    def stage_what_can_be(self, connection: Connection, batch: Sequence[Reading]) -> int:
        """Stage a batch one by one; how many had to be left out, each logged."""
        left_out = 0
        for one in batch:
            try:
                self.stage(connection, (one,))
            except UNSTORABLE as error:
                left_out += 1
                self._log.error("cannot be stored: {reading}: {error}", reading=one, error=error)
        return left_out

    def forget(self) -> None:
        """Drop what was remembered: the database may not have kept it."""
        self._numbers = None

    def _known(self, connection: Connection) -> dict[series.Key, int]:
        if self._numbers is None:
            self._numbers = series.all_numbers(connection)
        return self._numbers
