"""Meters that dial in, of all listeners: one crew speaks to them on whatever connection each has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from hesd.collect.dialled_in_proof import DialInProof
from hesd.collect.dialled_in_reception import Reception
from hesd.collect.dialled_in_register import DialInRegister
from hesd.collect.dialled_in_strangers import Strangers
from hesd.collect.dialled_in_watch import SilenceWatch
from hesd.collect.dlms_crew import DLMSCrew
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_home import DLMSHome
from hesd.collect.dlms_meter import DLMSMeter, NotProven
from hesd.collect.dlms_roster import DLMSRoster, Placed
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.line_status import ListenerStatus
from hesd.collect.meter import MeterState, MeterStatus
from hesd.config import Listener
from hesd.links.dial_in import DialledIn, ListenerCounters
from hesd.links.flight_recorder import RecordedFrame
from hesd.model.errors import HesdError, LinkDown

SESSIONS_AT_ONCE: Final = 200
MOST_STRANGERS: Final = 200
_RETRIES: Final = 1


class DialIn(DLMSHome):
    """The counterpart of `DLMSPoller` for meters that dial in; `reception` is told by the listeners."""

    def __init__(
        self, desk: DLMSDesk, *, limit: int = SESSIONS_AT_ONCE, most_strangers: int = MOST_STRANGERS
    ) -> None:
        self._desk = desk
        self._listeners: dict[str, tuple[Listener, ListenerCounters]] = {}
        self._register = DialInRegister()
        self._strangers = Strangers(desk.clock, desk.on_stranger, most_strangers)
        self._roster = DLMSRoster(
            desk.tell,
            desk.tiers_of,
            is_here=lambda serial: self._register.live(serial) is not None,
            by_silence=True,
        )
        self._crew = DLMSCrew(desk, self._roster, self._meter, limit=limit, on_problem=self._turn_failed)
        self._watch = SilenceWatch(desk, self._roster, self._register, self._crew, self._offline_after)
        proof = DialInProof(desk.clock, self._register, self._roster, self._crew, self._meter_on)
        self.reception = Reception(
            desk, self._roster, self._crew, self._register, self._strangers, proof, self._watch
        )

    def start(self) -> None:
        """Begin to speak with those that are here."""
        self._crew.start()

    async def stop(self) -> None:
        """Speak with nobody any more; done when what was asked for has come to its end."""
        self._watch.stop()
        await self._crew.stop()

    def add_listener(self, listener: Listener, counters: ListenerCounters) -> None:
        """Take the connections of a listener, which counts them itself."""
        self._listeners[listener.name] = listener, counters

    def remove_listener(self, name: str) -> None:
        """Hang up on those who dialled a listener; it takes no more."""
        for connection in [each for each in self.reception.here if each.listener == name]:
            connection.close("the listener is closed")
        self._listeners.pop(name, None)

    def set_meters(self, specs: Iterable[DLMSMeterSpec]) -> None:
        """Make these the meters that may dial in; those that stay as they are notice nothing."""
        self.reception.place(specs)

    def state(self, serial: str) -> MeterState:
        """How a meter is doing; heartbeats count as being seen. Raises `UnknownMeter`."""
        return self._seen(self._roster[serial])

    def states(self) -> list[MeterState]:
        """How all of them are doing."""
        return [self._seen(placed) for placed in self._roster]

    def status(self) -> list[ListenerStatus]:
        """How the listeners are doing."""
        connections = Counter(connection.listener for connection in self.reception.here)
        strangers = Counter(connection.listener for connection, _ in self._strangers)
        meters = Counter(placed.spec.line for placed in self._roster)
        online = Counter(
            placed.spec.line for placed in self._roster if placed.state.status is MeterStatus.ONLINE
        )
        return [
            ListenerStatus(
                name=name,
                endpoint=listener.endpoint,
                connections=connections[name],
                strangers=strangers[name],
                meters=meters[name],
                online=online[name],
                counters=counters,
            )
            for name, (listener, counters) in self._listeners.items()
        ]

    def trace(self, serial: str) -> list[RecordedFrame]:
        """The last frames of the connection a meter has. Raises `UnknownMeter`."""
        self._roster[serial]
        connection = self._register.live(serial)
        return [] if connection is None else list(connection.recorder)

    def _seen(self, placed: Placed) -> MeterState:
        seen = self._watch.last_seen_ms(placed)
        return placed.state if seen == placed.state.last_seen_ms else replace(placed.state, last_seen_ms=seen)

    def _meter(self, placed: Placed) -> DLMSMeter:
        connection = self._register.live(placed.spec.serial)
        if connection is None or not connection.up:
            raise LinkDown(f"{placed.spec.serial} has not dialled in")
        return self._meter_on(placed.spec, connection)

    def _meter_on(self, spec: DLMSMeterSpec, connection: DialledIn) -> DLMSMeter:
        return self._desk.meter(
            spec, connection, timeout=self._listener(connection.listener).timeout, retries=_RETRIES
        )

    def _turn_failed(self, placed: Placed, problem: HesdError) -> None:
        serial = placed.spec.serial
        connection = self._register.live(serial)
        if connection is None:
            self._roster.schedule.suspend(serial)
        elif isinstance(problem, NotProven) and self._register.served(connection) == (serial,):
            connection.close(f"it claims to be {serial}: {problem}")

    def _offline_after(self, placed: Placed) -> float:
        return self._listener(placed.spec.line).offline_after

    def _listener(self, name: str) -> Listener:
        """A listener's settings; those of any where it has been closed meanwhile."""
        known = self._listeners.get(name)
        return Listener(name=name, endpoint="") if known is None else known[0]
