"""What all commands to DLMS meters have in common: whom they reach, and that they go once.

A command is written down, then sent, in an association in which the meter has shown that it
is the one that was meant. What is asked afterwards counts only from that meter too: the
association may have had to be made anew for it, and somebody else may answer on the line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.session import Session
from hesd.dlms.access_result import DataResult
from hesd.dlms.association import Associated
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, LinkDown
from hesd.model.obis import OBIS
from hesd.model.reading import Reading, Source

Sent = Callable[[str], Awaitable[None]]


class CommandRefused(HesdError):
    """A command was not sent: this meter has no such thing, or must not be told so."""


class CommandedMeter(Protocol):
    """What commands need of a `DLMSMeter`."""

    @property
    def spec(self) -> DLMSMeterSpec: ...

    @property
    def session(self) -> Session: ...

    async def prove(self, priority: Priority = Priority.COMMAND) -> None:
        """Make sure, in the association that stands, that it is this meter."""

    async def read(
        self, codes: Sequence[OBIS], *, source: Source = Source.READ, priority: Priority = Priority.READ
    ) -> list[Reading]: ...


async def announce(meter: CommandedMeter, sent: Sent, detail: str) -> Associated:
    """Write down that a command is about to be sent; gives the association it may be sent in.

    Raises what `prove` raises, and `LinkDown`: nothing was sent.
    """
    await meter.prove()
    await sent(detail)
    # Writing down takes its time, and the association may be another one since.
    await meter.prove()
    if meter.session.agreed is None:
        raise LinkDown("the association has gone, so nothing was sent")
    return meter.session.agreed


async def ask(meter: CommandedMeter, attributes: Sequence[AttributeDescriptor]) -> list[DataResult]:
    """Attributes as that meter has them now. Raises what `Session.get` and `prove` raise."""
    found = await meter.session.get([(each, None) for each in attributes], priority=Priority.COMMAND)
    await meter.prove()
    return found
