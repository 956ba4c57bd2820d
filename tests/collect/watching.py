"""Waits on real sockets for what a head end tells, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from hesd.collect.meter import MeterState
from hesd.model.reading import Reading

_PATIENCE = 15.0


class WatchingCase(TestCase):
    """To be given to a head end: `collected` keeps `readings`, and both are what `until` waits for."""

    def setUp(self) -> None:
        self.readings: list[Reading] = []
        self._waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []

    def collected(self, readings: Sequence[Reading]) -> None:
        self.readings += readings
        self.look()

    def changed(self, _state: MeterState) -> None:
        self.look()

    def look(self) -> None:
        for entry in tuple(self._waiting):
            if entry[0]():
                self._waiting.remove(entry)
                entry[1].callback(None)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what is collected or told to make this true."""
        if not holds():
            waiter: Deferred[None] = Deferred()
            self._waiting.append((holds, waiter))
            await waiter.addTimeout(_PATIENCE, reactor)
