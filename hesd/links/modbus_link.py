"""What the head end needs of a line of Modbus meters, however it is connected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol, TypeVar

from hesd.modbus.pdu import Request
from hesd.modbus.read_plan import Timing

Reply = TypeVar("Reply")


class Priority(IntEnum):
    """Who goes first when a line is free; among equals, who asked first."""

    COMMAND = 0
    READ = 1  # on demand: somebody waits for it
    POLL = 2
    PROBE = 3  # is the dead meter back?


@dataclass(slots=True)
class LinkCounters:
    """What happened on a line since the start.

    `replies` counts exceptions too; `discarded` is by reason, see `hesd.modbus.rtu.Reason`.
    `busy_seconds` adds up the time every exchange took of the line.
    """

    requests: int = 0
    replies: int = 0
    timeouts: int = 0
    exceptions: int = 0
    discarded: dict[str, int] = field(default_factory=dict)
    bytes_in: int = 0
    bytes_out: int = 0
    reconnects: int = 0
    busy_seconds: float = 0.0


class ModbusLink(Protocol):
    """A line of meters.

    `in_flight` is how many exchanges it carries at once, `problem` why it is not up.
    """

    name: str
    problem: str
    counters: LinkCounters
    in_flight: int

    @property
    def up(self) -> bool:
        """Whether there is a connection."""

    @property
    def timing(self) -> Timing:
        """What a request costs on this line."""

    def turnaround(self, unit: int) -> float | None:
        """How long a meter thinks before it answers, in seconds; None where nobody can tell."""

    def on_up(self, callback: Callable[[], None]) -> None:
        """Call this whenever the line comes up."""

    async def exchange(
        self,
        unit: int,
        request: Request[Reply],
        *,
        timeout: float,  # noqa: ASYNC109  # which is about asyncio
        priority: Priority = Priority.POLL,
    ) -> Reply:
        """Ask `unit` and return the decoded reply.

        `timeout` is for the meter to begin its answer, in seconds; time spent waiting for
        the line and characters on the wire do not count.

        Raises `LinkDown` where nothing was sent, `NoReply` where nothing usable came back,
        `MeterException` where the meter refused, `BadReply` where it answered nonsense.
        """
