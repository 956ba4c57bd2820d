"""Asking the public client which of our invocation counters the meter has seen.

Whoever comes to a meter that another head end has spoken to before, or comes back from a
lost disk, is behind the meter's counter and gets no answer. Meters tell it to anybody, in
clear, so it is believed within bounds and only ever upwards (see `Counters.go_past`).
"""

from __future__ import annotations

from typing import Final

from twisted.internet.interfaces import IReactorTime

from hesd.collect.session_dialogue import Dialogue
from hesd.collect.session_errors import AssociationFailed
from hesd.dlms.association import Terms
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.get import AttributeAccess
from hesd.dlms.transfer import GetTransfer
from hesd.links.apdu_line import Conversation
from hesd.links.modbus_link import Priority
from hesd.model.errors import NoReply, ProtocolError
from hesd.model.obis import OBIS

PUBLIC_CLIENT: Final = 16
# One object for each association that is ciphered, by its number; profiles differ in which
# of them is the management client's.
_COUNTERS: Final[tuple[AttributeAccess, ...]] = tuple(
    (AttributeDescriptor(1, OBIS(f"0.0.43.1.{number}.255"), 2), None) for number in range(3)
)


async def counter_seen(
    conversation: Conversation,
    clock: IReactorTime,
    timeout: float,  # noqa: ASYNC109  # which is about asyncio
    priority: Priority,
) -> int | None:
    """The highest counter the meter says it has seen; None where it does not tell.

    `conversation` is that of the public client. Raises `LinkDown`.
    """
    dialogue = Dialogue(conversation, Terms(), clock, timeout)
    try:
        await dialogue.open(priority)
        found = [await _counter(dialogue, each, priority) for each in _COUNTERS]
        await dialogue.release(priority)
    except (NoReply, AssociationFailed, ProtocolError):
        return None
    finally:
        await conversation.close()
    return max((each for each in found if each is not None), default=None)


async def _counter(dialogue: Dialogue, wanted: AttributeAccess, priority: Priority) -> int | None:
    transfer = GetTransfer(next(dialogue.invokes), (wanted,))
    await dialogue.run(transfer, priority)
    (result,) = transfer.results
    value = result.value if isinstance(result, Data) else None
    return value if isinstance(value, int) and value >= 0 else None
