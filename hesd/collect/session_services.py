"""What a session asks of a meter, however the meter names its attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hesd.collect.session_dialogue import Dialogue
from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.get import AttributeAccess
from hesd.dlms.selective_access import SelectiveAccess
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError


@dataclass(frozen=True, slots=True)
class LongResult:
    """A long value: its A-XDR octets as far as they came, and why that is not all of them.

    Where the meter refused it, `octets` is what came until then and `problem` an `AccessRefused`.
    """

    octets: bytes
    complete: bool = True
    problem: HesdError | None = None


class Services(Protocol):
    """Logical names or short names. Everything raises what `Dialogue.ask` raises.

    What changes a meter is sent once.
    """

    async def prepare(self, dialogue: Dialogue, priority: Priority) -> None:
        """Learn in an association that has just begun what is needed to ask."""

    async def get(
        self,
        dialogue: Dialogue,
        wanted: Sequence[AttributeAccess],
        results: list[DataResult],
        priority: Priority,
    ) -> None:
        """Go on behind the `results` so far: add at least one, and keep what came before a failure."""

    async def get_long(
        self, dialogue: Dialogue, wanted: AttributeAccess, again: int, priority: Priority
    ) -> LongResult:
        """A long value, each block asked for `again` times more where none comes.

        Raises only where nothing of it has come.
        """

    async def set(
        self,
        dialogue: Dialogue,
        attribute: AttributeDescriptor,
        value: Data,
        access: SelectiveAccess | None,
        priority: Priority,
    ) -> DataAccessResult: ...

    async def action(
        self, dialogue: Dialogue, method: MethodDescriptor, parameters: Data | None, priority: Priority
    ) -> ActionResponse: ...
