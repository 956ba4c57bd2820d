"""What can be wrong with what a meter says first."""

from __future__ import annotations

from hesd.model.errors import ProtocolError


class DialInError(ProtocolError):
    """Base of every error that leaves `hesd.dialin`."""


class LoginError(DialInError):
    """Octets that are no login or heartbeat, or an id that does not fit one."""


class PatternError(DialInError):
    """A listener's pattern for registrations that is no regular expression."""
