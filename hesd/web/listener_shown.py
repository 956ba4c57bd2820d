"""A listener as the outside sees it; the data of a ``listeners/NAME`` event."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from hesd.collect.line_status import ListenerStatus


class ListenerTally(Struct):
    """Since the start; `refused` is by reason, `identified` by family. `strangers` hung up, or were
    hung up on, before anybody knew who they are."""

    accepted: int
    refused: dict[str, int]
    identified: dict[str, int]
    strangers: int
    heartbeats: int
    pushes: int
    alarms: int


class ListenerShown(Struct):
    """`connections` are open now, `strangers` of them are nobody's yet."""

    name: str
    endpoint: str
    connections: int
    strangers: int
    meters: int
    online: int
    counters: ListenerTally

    @classmethod
    def of(cls, status: ListenerStatus) -> Self:
        counters = status.counters
        return cls(
            name=status.name,
            endpoint=status.endpoint,
            connections=status.connections,
            strangers=status.strangers,
            meters=status.meters,
            online=status.online,
            counters=ListenerTally(
                accepted=counters.accepted,
                refused=dict(counters.refused),
                identified=dict(counters.identified),
                strangers=counters.strangers,
                heartbeats=counters.heartbeats,
                pushes=counters.pushes,
                alarms=counters.alarms,
            ),
        )
