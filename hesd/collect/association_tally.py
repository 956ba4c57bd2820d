"""How often meters are associated with, and why not."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from hesd.collect.failure_reason import reason_of

T = TypeVar("T")


@dataclass(slots=True)
class AssociationTally:
    """Since the start; `failed` is by reason."""

    opened: int = 0
    failed: dict[str, int] = field(default_factory=dict)

    async def counted(self, opening: Awaitable[T]) -> T:
        """What an attempt brings, counted. Raises what it raises."""
        try:
            opened = await opening
        except Exception as error:
            reason = reason_of(error)
            self.failed[reason] = self.failed.get(reason, 0) + 1
            raise
        self.opened += 1
        return opened
