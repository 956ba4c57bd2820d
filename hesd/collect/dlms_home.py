"""What a dialled line and the meters that dial in have in common for whoever wants a meter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from twisted.internet.defer import Deferred

from hesd.collect.dlms_crew import DLMSCrew
from hesd.collect.dlms_meter import DLMSMeter
from hesd.model.obis import OBIS
from hesd.model.reading import Reading

T = TypeVar("T")


class DLMSHome:
    """Where meters are spoken to by a crew, which a subclass has."""

    _crew: DLMSCrew

    def read_now(self, serial: str, codes: Sequence[OBIS]) -> Deferred[list[Reading]]:
        """Read some quantities of a meter, before its turn; see `DLMSCrew.read_now`."""
        return self._crew.read_now(serial, codes)

    def with_meter(
        self, serial: str, work: Callable[[DLMSMeter], Awaitable[T]], *, command: bool = False
    ) -> Deferred[T]:
        """Do some work with a meter before its turn; see `DLMSCrew.with_meter`."""
        return self._crew.with_meter(serial, work, command=command)

    def release(self, serial: str) -> Deferred[None]:
        """End the session with a meter; see `DLMSCrew.release`."""
        return self._crew.release(serial)
