"""What the head end needs of a line to DLMS meters, however it is connected.

A line carries APDUs to and from the meters on it: the one meter behind a socket it dialled
in on, several behind a concentrator, or a bus of them. Each meter has a `Conversation` of
its own, whose link stays open as long as anybody likes; of exchanges there is one at a time
on a line, for a meter that is asked while it speaks to another would not hear it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hesd.links.flight_recorder import FlightRecorder
from hesd.links.modbus_link import LinkCounters, Priority
from hesd.model.errors import HesdError


@dataclass(frozen=True, slots=True)
class MeterAddress:
    """Who speaks with whom: the client's and the server's access points.

    `logical` is the logical device (the wrapper's server port, HDLC's upper address),
    `physical` the HDLC lower address where a bus has several meters, `size` the octets of an
    HDLC server address for meters that insist on one form, 0 for the shortest.
    """

    client: int = 16
    logical: int = 1
    physical: int | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Push:
    """An APDU that came unasked, and the address it came from (client: whom it was for)."""

    pdu: bytes
    address: MeterAddress


class Listener(Protocol):
    """Who asked. It is told once what came of each exchange, and raises nothing."""

    @property
    def is_listening(self) -> bool:
        """Whether anybody is still interested: what was not sent yet is not sent for nobody."""

    def heard(self, pdu: bytes) -> None:
        """The next APDU that came for the conversation; pushes do not count."""

    def missed(self, error: HesdError) -> None:
        """Why there is none.

        `LinkDown` where nothing was sent, `NoReply` where nothing usable came or the
        connection broke, `ProtocolError` where the meter broke a rule.
        """


class Conversation(Protocol):
    """One meter on a line, as one client speaks with it."""

    address: MeterAddress

    @property
    def is_open(self) -> bool: ...

    async def open(self, *, timeout: float, priority: Priority) -> None:  # noqa: ASYNC109
        """Open the link where there is one to open (HDLC, optical probe). No-op where it is open.

        Raises `LinkDown` where nothing was sent, `NoReply` where no answer came (with HDLC it
        is asked for again twice), `LinkRefused` where the meter said no.
        """

    def exchange(
        self, pdu: bytes | None, listener: Listener, *, timeout: float, priority: Priority = Priority.POLL
    ) -> None:
        """Send an APDU and have the listener hear the next one.

        With None nothing is sent: wait for one more, because the last was not the answer.
        `timeout` is for the meter to begin or go on, in seconds; waiting for the line does
        not count.
        """

    async def close(self) -> None:
        """Close the link in good order, briefly; never raises. It can be opened again."""


class APDULine(Protocol):
    """A line of DLMS meters. `problem` is why it is not up; `recorder` has its last frames."""

    name: str
    problem: str
    counters: LinkCounters
    recorder: FlightRecorder

    @property
    def up(self) -> bool:
        """Whether there is a connection."""

    def on_up(self, callback: Callable[[], None]) -> None:
        """Call this whenever the line comes up."""

    def on_push(self, callback: Callable[[Push], None]) -> None:
        """Call this with what meters say unasked."""

    def conversation(self, address: MeterAddress) -> Conversation:
        """The conversation with a meter: the same one for the same address."""
