"""What the head end needs of meters that dial in: their connections, and what they tell.

A connection is told of once it is known to be a meter's, or may be one because it says
nothing at all. What it says it is stays a claim (see `hesd.dialin.identity`) until
somebody has spoken with the meter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hesd.dialin.event import AlarmReceived, Family, Layer
from hesd.dialin.identity import Claim
from hesd.links.apdu_line import APDULine, Push


class DialledIn(APDULine, Protocol):
    """The connection of a meter that dialled in, or of a concentrator with several.

    `listener` is the name of the listener it dialled, `address` where from (without the
    port, which is in `name`). `family` is what it speaks like and `claim` the meter it last
    said it is, both None for one that is silent. `framing` is what the conversation runs on:
    what was seen, else what the listener says. `last_seen_ms` is when the last octet came
    (UTC, ms since 1970).
    """

    listener: str
    address: str
    family: Family | None
    claim: Claim | None
    last_seen_ms: int

    @property
    def framing(self) -> Layer: ...

    def use_framing(self, framing: Layer) -> None:
        """Speak another framing from now on; conversations are begun anew."""

    def close(self, reason: str) -> None:
        """Hang up, and say why in the log. `DialInObserver.lost` follows."""


class DialInObserver(Protocol):
    """Who takes the meters of a listener; one for all its connections."""

    def identified(self, connection: DialledIn) -> None:
        """A meter said who it is, or pushed, or has been silent for the time of grace. First of all."""

    def heard(self, connection: DialledIn) -> None:
        """It logged in again, sent a heartbeat or registered again."""

    def claimed(self, connection: DialledIn) -> None:
        """Its `claim` is another meter's than before: a concentrator's next, or it was silent so far."""

    def pushed(self, connection: DialledIn, push: Push) -> None:
        """It said something unasked."""

    def alarmed(self, connection: DialledIn, alarm: AlarmReceived) -> None:
        """It raised a DSMR 4 alarm."""

    def lost(self, connection: DialledIn) -> None:
        """The connection is gone; last of all."""


@dataclass(slots=True)
class ListenerCounters:
    """What happened on a listener since the start.

    `refused` is by reason, `identified` by family ("silent" for those that said nothing).
    `strangers` closed without ever having been identified.
    """

    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    identified: dict[str, int] = field(default_factory=dict)
    strangers: int = 0
    heartbeats: int = 0
    pushes: int = 0
    alarms: int = 0
