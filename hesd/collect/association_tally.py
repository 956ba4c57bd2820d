"""How often meters are associated with, and why not."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from hesd.collect.push_errors import SharedTitle, TooMany, UnknownTitle
from hesd.collect.session_errors import AssociationFailed
from hesd.dlms.errors import SecurityError
from hesd.model.errors import LinkDown, NoReply, ProtocolError

T = TypeVar("T")

# The first that fits counts: a few words of ours, whatever a meter says.
_REASONS: Final = (
    (AssociationFailed, "refused"),
    (SecurityError, "security"),
    (ProtocolError, "broken rule"),
    (NoReply, "no answer"),
    (LinkDown, "link down"),
    (UnknownTitle, "unknown title"),
    (SharedTitle, "shared title"),
    (TooMany, "too many"),
)
_OTHER: Final = "other"


def reason_of(error: Exception) -> str:
    """The few words a failure is counted by."""
    return next((name for kind, name in _REASONS if isinstance(error, kind)), _OTHER)


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
