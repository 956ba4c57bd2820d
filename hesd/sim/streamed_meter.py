"""What a stream needs of the meters on it, whatever they make their answers of."""

from __future__ import annotations

from random import Random
from typing import Protocol

from hesd.sim.faults import Faults


class StreamClient(Protocol):
    """One client of a meter, from the opening of its link on."""

    def receive(self, pdu: bytes) -> list[bytes]:
        """The PDUs that answer one of the client's."""


class StreamedMeter(Protocol):
    """A meter of logical device `server_sap`, which thinks for `turnaround` seconds."""

    @property
    def faults(self) -> Faults: ...

    @property
    def server_sap(self) -> int: ...

    @property
    def turnaround(self) -> float: ...

    def client(self, sap: int, random: Random) -> StreamClient:
        """A client that has just come, by its SAP."""
