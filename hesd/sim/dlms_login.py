"""What a meter that dials in says of itself, by family."""

from __future__ import annotations

from typing import Final

from hesd.dialin import family_h, family_w
from hesd.sim.dlms_plant import Family

# Families whose heartbeats the head end answers.
ANSWERED: Final = ("wrapper", "hexcell")
# Those that say nothing of themselves, or only once.
QUIET: Final = ("silent", "inverted")
_SIGNAL: Final = 21
_SHORTEST: Final = min(family_w.ID_LENGTHS)


def login(family: Family, number: str) -> bytes:
    """What a meter says first; nothing for families that do not name it like this."""
    match family:
        case "wrapper":
            return _family_w(family_w.Message.LOGIN, number)
        case "hexcell":
            return _family_h(number)
        case "ascii":
            return f"{number}\r\n".encode()
    return b""


def heartbeat(family: Family, number: str) -> bytes:
    """What it goes on saying."""
    return _family_w(family_w.Message.HEARTBEAT, number) if family == "wrapper" else login(family, number)


def _family_w(message: family_w.Message, number: str) -> bytes:
    return family_w.FamilyWFrame(message, number.zfill(_SHORTEST)).encode()


def _family_h(number: str) -> bytes:
    sim = f"8923401{int(number) % 100_000:05d}"
    return family_h.heartbeat(number, _SIGNAL, sim).encode()
