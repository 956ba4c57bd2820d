"""Why a push is not looked at, beyond what is wrong with its octets."""

from __future__ import annotations

from hesd.model.errors import HesdError


class UnknownTitle(HesdError):
    """No meter that is placed here is known by this system title."""


class SharedTitle(HesdError):
    """Several meters are registered with this system title, so it tells nothing."""


class TooMany(HesdError):
    """So many pushes of one meter wait already that another one cannot."""
