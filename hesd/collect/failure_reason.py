"""The few words that failures are counted by, whatever a meter says."""

from __future__ import annotations

from typing import Final

from hesd.collect.push_errors import SharedTitle, TooMany, UnknownTitle
from hesd.collect.session_errors import AssociationFailed
from hesd.dlms.errors import SecurityError
from hesd.model.errors import LinkDown, NoReply, ProtocolError

# The first that fits counts.
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
    """Why an association or a push failed."""
    return next((name for kind, name in _REASONS if isinstance(error, kind)), _OTHER)
