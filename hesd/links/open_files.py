"""How many connections the system lets one process have."""

from __future__ import annotations

import resource
from typing import Final

# For everything that is no dialled-in meter: lines, people, the database.
_OTHERS: Final = 512


def make_room_for(connections: int) -> int:
    """Raise our limit of open files as far as that needs and we may; how many fit then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHERS
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(0, soft - _OTHERS)
