"""Who may do what."""

from __future__ import annotations

from enum import StrEnum

from hesd.store.users import Role


class Permission(StrEnum):
    """What an address of the API asks of whoever calls it."""

    SELF = "self"  # one's own session
    SEE = "see"  # meters, lines, values and history
    READ_METERS = "read meters"  # talk to a meter now
    EDIT_METERS = "edit meters"  # meters and areas
    COMMAND_METERS = "command meters"  # relays, credit tokens, clocks
    MANAGE_TOKENS = "load management tokens"  # they change keys and clear credit
    SETTLE_JOBS = "settle jobs in doubt"  # what was settled may be done again
    WRITE_METERS = "write to meters"  # settings; it can cut a meter off or falsify it
    MANAGE_USERS = "manage users"


_VIEWER = frozenset({Permission.SELF, Permission.SEE})
_OPERATOR = _VIEWER | {Permission.READ_METERS, Permission.EDIT_METERS, Permission.COMMAND_METERS}

GRANTED: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.ADMIN: frozenset(Permission),
}
