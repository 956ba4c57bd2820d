"""Meters that dial in: a modem that calls, says who it is, and calls again when it is cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IConnector, IDelayedCall
from twisted.internet.protocol import ClientFactory

from hesd.dialin import family_h
from hesd.sim.dlms_line import MeterConnection, stream_of
from hesd.sim.dlms_login import ANSWERED, QUIET, heartbeat, login
from hesd.sim.dlms_meter import SimulatedDLMSMeter
from hesd.sim.dlms_plant import DialIn, DLMSMeter, Family, Framing
from hesd.sim.dlms_push import push_of
from hesd.sim.dlms_registration import Registration
from hesd.sim.dlms_stream import MeterStream
from hesd.sim.faults import FaultKind

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
_PATIENCE: Final = 3  # heartbeats without any answer
_CALLS_A_SECOND: Final = 500
_CONNECT_TIMEOUT: Final = 10.0
_COUNTED: Final = ("dialled", "refused", "lost", "connections", "heartbeats", "pushes")

MeterByAddress = Mapping[int | None, SimulatedDLMSMeter]


class DialInLine:
    """All callers of one `DialIn` table. `report` tells how they fare."""

    def __init__(
        self, place: DialIn, meters: Mapping[str, SimulatedDLMSMeter], reactor: Any, random: Random
    ) -> None:
        """`meters` are the simulated ones by serial."""
        self._place = place
        self.reactor = reactor
        self.random = random
        self.host, self.port = place.address
        self.counters = dict.fromkeys(_COUNTED, 0)
        self._callers: dict[str, Caller] = {}
        for number, group in _by_connection(place).items():
            behind = {_key(each, meters[each.serial], place.framing): meters[each.serial] for each in group}
            caller = Caller(self, group[0].family or place.family, number, behind)
            self._callers |= {each.serial: caller for each in group}

    @property
    def endpoint(self) -> str:
        """Where they dial."""
        return f"tcp:{self.host}:{self.port}"

    @property
    def period(self) -> float:
        return self._place.heartbeat

    @property
    def framing(self) -> Framing:
        return self._place.framing

    def plug(self) -> None:
        for index, caller in enumerate(set(self._callers.values())):
            caller.start(index / _CALLS_A_SECOND)

    def unplug(self) -> Deferred[Any]:
        for caller in set(self._callers.values()):
            caller.stop()
        return succeed(None)

    def report(self) -> dict[str, float]:
        return dict(self.counters)

    def cut(self, serial: str) -> None:
        """The connection a meter has now is dead; it dials anew when it notices."""
        self._callers[serial].cut()

    def mend(self, serial: str) -> None:
        """Close what was cut."""
        self._callers[serial].mend()

    def stream(self, meters: MeterByAddress, transmit: Callable[[bytes], None]) -> MeterStream:
        return stream_of(self._place.framing, meters, self.reactor, transmit, self.random)


def _by_connection(place: DialIn) -> dict[str, list[DLMSMeter]]:
    groups: dict[str, list[DLMSMeter]] = {}
    for meter in place.meters:
        groups.setdefault(meter.via or meter.serial, []).append(meter)
    return groups


def _key(entry: DLMSMeter, meter: SimulatedDLMSMeter, framing: Framing) -> int | None:
    return meter.server_sap if framing == "wrapper" else entry.address


class Caller(ClientFactory):
    """One modem, with the meters behind it."""

    noisy = False

    def __init__(self, line: DialInLine, family: Family, number: str, meters: MeterByAddress) -> None:
        self._line = line
        self._family = family
        self._number = number
        self._meters = meters
        self._wait = _FIRST_WAIT
        self._timer: IDelayedCall | None = None
        self._connector: IConnector | None = None
        self._connection: _Call | None = None
        self._dead: tuple[_Call, ...] = ()
        self._unanswered = 0
        self._is_on = False

    def start(self, delay: float) -> None:
        """Dial, that many seconds from now."""
        self._is_on = True
        self._wait_for(delay, self._dial)

    def stop(self) -> None:
        """Hang up, and dial no more."""
        self._is_on = False
        self._stop_waiting()
        for call in (*self._dead, *([self._connection] if self._connection else ())):
            call.drop()
        if self._connector is not None:
            self._connector.disconnect()

    def cut(self) -> None:
        """From now on nothing gets through on this connection."""
        if self._connection is not None:
            self._connection.is_cut = True

    def mend(self) -> None:
        """What was cut is closed after all, and dialled anew."""
        for call in (*self._dead, *([self._connection] if self._connection else ())):
            if call.is_cut:
                call.drop()

    def buildProtocol(self, addr: object) -> _Call:  # noqa: ARG002
        return _Call(self, lambda transmit: self._line.stream(self._meters, transmit))

    def clientConnectionFailed(self, connector: IConnector, reason: object) -> None:  # noqa: ARG002
        self._line.counters["refused"] += 1
        self._dial_again()

    def connected(self, call: _Call) -> None:
        """The head end has picked up."""
        self._line.counters["connections"] += 1
        self._connector = None
        self._connection = call
        self._wait = _FIRST_WAIT
        self._unanswered = 0
        if self._family == "push":
            self._push(call)
        elif self._family == "inverted":
            call.register(Registration(self._line.framing))
        else:
            call.write(login(self._family, self._number))
        self._beat_later()

    def answered(self) -> None:
        """Something came: the connection is alive."""
        self._unanswered = 0

    def lost(self, call: _Call) -> None:
        """A connection is closed."""
        self._line.counters["connections"] -= 1
        self._line.counters["lost"] += 1
        self._dead = tuple(each for each in self._dead if each is not call)
        if call is self._connection:
            self._connection = None
            self._dial_again()

    def _dial(self) -> None:
        self._timer = None
        self._line.counters["dialled"] += 1
        line = self._line
        self._connector = line.reactor.connectTCP(line.host, line.port, self, timeout=_CONNECT_TIMEOUT)

    def _dial_again(self) -> None:
        self._connector = None
        if self._is_on:
            self._wait_for(self._wait * (0.5 + self._line.random.random()), self._dial)
            self._wait = min(2 * self._wait, _LONGEST_WAIT)

    def _beat_later(self) -> None:
        if self._line.period and self._family not in QUIET:
            self._wait_for(self._line.period, self._beat)

    def _beat(self) -> None:
        self._timer = None
        call = self._connection
        assert call is not None
        if self._unanswered >= _PATIENCE:
            self._give_up(call)
            return
        self._unanswered += self._family in ANSWERED
        if self._family == "push":
            self._push(call)
        else:
            self._line.counters["heartbeats"] += 1
            call.write(heartbeat(self._family, self._number))
        self._beat_later()

    def _push(self, call: _Call) -> None:
        for address, meter in self._meters.items():
            if FaultKind.DEAD not in meter.faults:
                self._line.counters["pushes"] += 1
                call.push(address, push_of(meter))

    def _give_up(self, call: _Call) -> None:
        """Nobody answers: leave that connection, which may hang on dead, and dial anew."""
        self._connection = None
        if call.is_cut:
            self._dead = (*self._dead, call)
        else:
            call.close()
        self._dial_again()

    def _wait_for(self, delay: float, then: Callable[[], None]) -> None:
        self._stop_waiting()
        self._timer = self._line.reactor.callLater(delay, then)

    def _stop_waiting(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None


class _Call(MeterConnection):
    """The connection of a caller."""

    def __init__(self, caller: Caller, make: Callable[[Callable[[bytes], None]], MeterStream]) -> None:
        super().__init__(make)
        self._caller = caller
        self._registration: Registration | None = None

    def register(self, registration: Registration) -> None:
        """Take the client's part, until that is over."""
        self._registration = registration
        self.write(registration.begin())

    def connectionMade(self) -> None:
        self._caller.connected(self)

    def dataReceived(self, data: bytes) -> None:
        if self.is_cut:
            return
        self._caller.answered()
        # The answer to a family H heartbeat may stand before, between and behind frames.
        data = data.replace(family_h.ACKNOWLEDGEMENT, b"")
        registration = self._registration
        if registration is not None:
            self.write(registration.receive(data))
            self._registration = None if registration.is_over else registration
        elif data:
            super().dataReceived(data)

    def connectionLost(self, reason: object = None) -> None:
        super().connectionLost(reason)
        self._caller.lost(self)
